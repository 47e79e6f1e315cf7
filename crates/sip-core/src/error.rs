//! What can be wrong with a message, and the status that says so to its sender.

use crate::{HeaderName, StatusCode};

/// Why octets are not the SIP element they were taken for. Always the sender's fault, never the caller's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The first line is neither a Request-Line nor a Status-Line.
    #[error("the first line is neither a Request-Line nor a Status-Line")]
    NotSip,
    /// The Request-Line can be told apart but breaks the grammar: more than one space, or a URI that is none.
    #[error("malformed Request-Line")]
    RequestLine,
    /// More blanks stand in the Request-Line than the one between its parts.
    #[error("blanks in the Request-Line")]
    RequestLineBlanks,
    /// The blank line that ends the head is missing.
    #[error("the head has no end")]
    HeadWithoutEnd,
    /// The head is not UTF-8.
    #[error("the head is not UTF-8")]
    NotUtf8,
    /// Display names or other texts for people are not UTF-8; all the rest of the head is.
    #[error("a text for people is not UTF-8")]
    TextNotUtf8,
    /// A header line has no colon, or no token before it.
    #[error("a header line has no name")]
    HeaderLine,
    /// A carriage return or line feed stands where no line ends.
    #[error("stray line break in the head")]
    StrayLineBreak,
    /// A line ends with a line feed alone.
    #[error("a line ends without a carriage return")]
    BareLineFeed,
    /// The message is longer than [`Limits::max_message_octets`](crate::Limits::max_message_octets).
    #[error("message longer than {limit} octets")]
    MessageTooLarge {
        /// The cap in octets.
        limit: usize,
    },
    /// The head is longer than [`Limits::max_head_octets`](crate::Limits::max_head_octets).
    #[error("head longer than {limit} octets")]
    HeadTooLarge {
        /// The cap in octets.
        limit: usize,
    },
    /// There are more header lines than [`Limits::max_header_lines`](crate::Limits::max_header_lines).
    #[error("more than {limit} header lines")]
    TooManyHeaderLines {
        /// The cap.
        limit: usize,
    },
    /// The SIP version is not 2.0.
    #[error("SIP version not supported")]
    UnsupportedVersion,
    /// The body is shorter than Content-Length says.
    #[error("body of {actual} octets where Content-Length says {declared}")]
    TruncatedBody {
        /// What Content-Length says, in octets.
        declared: usize,
        /// What came, in octets.
        actual: usize,
    },
    /// A mandatory header is missing.
    #[error("no {0} header")]
    MissingHeader(HeaderName),
    /// A header that may stand once stands more than once.
    #[error("more than one {0} header")]
    DuplicateHeader(HeaderName),
    /// The value of a header breaks its grammar.
    #[error("malformed {0} header")]
    InvalidHeader(HeaderName),
    /// The method in CSeq is not the method of the request.
    #[error("CSeq names another method than the request line")]
    MethodMismatch,
    /// Not a method.
    #[error("malformed method")]
    InvalidMethod,
    /// Not a status code from 100 to 699.
    #[error("malformed status code")]
    InvalidStatusCode,
    /// Not a URI.
    #[error("malformed URI")]
    InvalidUri,
    /// Not a host name, IPv4 address or bracketed IPv6 address.
    #[error("malformed host")]
    InvalidHost,
    /// Not a port number.
    #[error("malformed port")]
    InvalidPort,
    /// Not a list of parameters.
    #[error("malformed parameters")]
    InvalidParams,
    /// Not a display name and an address.
    #[error("malformed name and address")]
    InvalidNameAddr,
    /// Not a transport that may stand in a Via.
    #[error("malformed transport")]
    InvalidTransport,
    /// Not a header name.
    #[error("malformed header name")]
    InvalidHeaderName,
}

impl ParseError {
    /// Whether the message can be understood in one way only all the same.
    pub(crate) fn is_tolerable(&self) -> bool {
        matches!(self, Self::RequestLineBlanks | Self::TextNotUtf8)
    }
}

/// What [`Request::check`](crate::Request::check) or [`Response::check`](crate::Response::check) found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error} ({})", status.code())]
pub struct Defect {
    /// What is wrong.
    pub error: ParseError,
    /// The status that answers it; of a response: the status as which a client transaction should treat it.
    pub status: StatusCode,
}
