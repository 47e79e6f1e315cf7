//! Headers: their names, the map over a message's head, and one file for each typed header.

use bytestring::ByteString;

use crate::ParseError;

mod accept;
mod accept_encoding;
mod accept_language;
mod access_network_info;
mod allow;
mod asserted_identity;
mod auth_param;
mod authentication;
mod authentication_info;
mod call_id;
mod call_info;
mod caller_preference;
mod challenge;
mod comparison;
mod contact;
mod content_disposition;
mod content_encoding;
mod content_length;
mod content_type;
mod credentials;
pub(crate) mod cseq;
mod date;
mod diversion;
mod entity_tag;
mod event;
mod expires;
mod from_to;
mod geolocation;
mod grammar;
mod history_info;
mod identity;
mod in_reply_to;
mod map;
mod max_forwards;
mod mime_version;
mod name;
mod option_tag;
mod priority;
mod privacy;
mod reason;
mod refer;
mod replaces;
mod reply_to;
mod retry_after;
mod route;
mod rseq;
mod security_agreement;
mod session_expires;
mod subject;
mod subscription_state;
mod timestamp;
mod user_agent;
mod user_to_user;
mod via;
mod warning;

pub use accept::Accept;
pub use accept_encoding::AcceptEncoding;
pub use accept_language::AcceptLanguage;
pub use access_network_info::PAccessNetworkInfo;
pub use allow::Allow;
pub use asserted_identity::{PAssertedIdentity, PPreferredIdentity};
pub use auth_param::AuthParams;
pub use authentication_info::AuthenticationInfo;
pub use call_id::CallId;
pub use call_info::{AlertInfo, CallInfo, ErrorInfo};
pub use caller_preference::{AcceptContact, RejectContact, RequestDisposition};
pub use challenge::{Challenge, ProxyAuthenticate, WwwAuthenticate};
pub use contact::Contact;
pub use content_disposition::ContentDisposition;
pub use content_encoding::{ContentEncoding, ContentLanguage};
pub use content_length::ContentLength;
pub use content_type::ContentType;
pub use credentials::{Authorization, Credentials, ProxyAuthorization};
pub use cseq::CSeq;
pub use date::Date;
pub use diversion::Diversion;
pub use entity_tag::{SipEtag, SipIfMatch};
pub use event::{AllowEvents, Event};
pub use expires::{Expires, MinExpires};
pub use from_to::{From, To};
pub use geolocation::Geolocation;
pub(crate) use grammar::parse_number;
use grammar::{display_by_write, name_addr_header};
pub use history_info::{HistoryInfo, HistoryTarget};
pub use identity::Identity;
pub use in_reply_to::InReplyTo;
pub use map::{HeaderLine, HeaderMap};
pub(crate) use map::{Line, split_first};
pub use max_forwards::MaxForwards;
pub use mime_version::MimeVersion;
pub use name::HeaderName;
pub(crate) use name::{Seen, lookup};
pub use option_tag::{ProxyRequire, Require, Supported, Unsupported};
pub use priority::Priority;
pub use privacy::Privacy;
pub use reason::Reason;
pub use refer::{ReferSub, ReferTo, ReferredBy};
pub use replaces::{Join, Replaces, TargetDialog};
pub use reply_to::ReplyTo;
pub use retry_after::RetryAfter;
pub use route::{Path, RecordRoute, Route, ServiceRoute};
pub use rseq::{RAck, RSeq};
pub use security_agreement::{SecurityClient, SecurityServer, SecurityVerify};
pub use session_expires::{MinSe, Refresher, SessionExpires};
pub use subject::{Organization, Subject};
pub use subscription_state::{SubscriptionState, Substate};
pub use timestamp::Timestamp;
pub use user_agent::{Server, UserAgent};
pub use user_to_user::UserToUser;
pub use via::{MAGIC_COOKIE, Via, ViaLeads, ViaRef, ViaTransport};
pub(crate) use via::{branch_of, cut_branch};
pub use warning::Warning;

/// How the values of a header share lines (RFC 3261 section 7.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// One value, on one line.
    One,
    /// Values separated by commas or lines, each a value of its own.
    Each,
    /// Values separated by commas or lines, together one value of the type.
    Together,
}

/// A typed header. Implement it for headers of your own; [`HeaderMap::first`], [`HeaderMap::all`], the builders and
/// [`Edit`](crate::Edit) take any.
///
/// ```
/// use rvoip_sip_core::{ByteString, Header, HeaderName, Method, ParseError, Request, Uri, Values};
///
/// /// How many rooms away the caller is, one value for each door.
/// #[derive(Debug, PartialEq)]
/// struct Doors(u8);
///
/// impl Header for Doors {
///     const NAME: HeaderName = HeaderName::Other(ByteString::from_static("X-Doors"));
///     const VALUES: Values = Values::Each;
///
///     fn parse(value: ByteString) -> Result<Doors, ParseError> {
///         value.parse().map(Doors).map_err(|_| ParseError::InvalidHeader(Self::NAME))
///     }
///
///     fn write(&self, out: &mut String) {
///         out.push_str(&self.0.to_string());
///     }
/// }
///
/// let target: Uri = "sip:bob@example.com".parse()?;
/// let request = Request::builder(Method::Options, &target).raw(&Doors::NAME, "3, 2").build();
/// let request = request.edit().push_front(&Doors(4)).remove_first::<Doors>().push_back(&Doors(1)).finish();
/// let doors = request.headers().all().collect::<Result<Vec<Doors>, _>>()?;
/// assert_eq!(doors, [Doors(3), Doors(2), Doors(1)]);
/// # Ok::<(), ParseError>(())
/// ```
pub trait Header: Sized {
    /// Its name.
    const NAME: HeaderName;
    /// How its values share lines.
    const VALUES: Values = Values::One;

    /// The first of the values that share a line, and what stands behind its comma. Override it for values with commas of
    /// their own outside of quotes and angle brackets.
    fn split_first(line: &str) -> (&str, Option<&str>) {
        match Self::VALUES {
            Values::Each => split_first(line),
            Values::One | Values::Together => (line, None),
        }
    }

    /// Reads one value, unfolded and without white space around it. What is kept of it is a slice.
    ///
    /// # Errors
    /// [`ParseError::InvalidHeader`].
    fn parse(value: ByteString) -> Result<Self, ParseError>;

    /// Whether [`Header::parse`] takes the value. Override it where that can be told without keeping anything.
    ///
    /// # Errors
    /// [`ParseError::InvalidHeader`].
    fn check(value: &str) -> Result<(), ParseError> {
        Self::parse(ByteString::from(value)).map(drop)
    }

    /// Writes the value.
    fn write(&self, out: &mut String);
}
