//! Pieces of messages, `message/sipfrag` (RFC 3420): how the notifications of REFER tell how far the referred call has come
//! (RFC 3515 section 2.4.5).
//!
//! ```
//! use rvoip_sip_core::sipfrag::SipFrag;
//! use rvoip_sip_core::{Limits, StatusCode};
//!
//! let body = SipFrag::of_status(StatusCode::RINGING);
//! assert_eq!(body, "SIP/2.0 180 Ringing\r\n");
//! let read = SipFrag::parse(body, &Limits::DEFAULT)?;
//! assert_eq!(read.status(), Some(StatusCode::RINGING));
//! # Ok::<(), rvoip_sip_core::ParseError>(())
//! ```

use bytes::Bytes;
use memchr::memchr;

use crate::scan::{self, Index};
use crate::write::Lines;
use crate::{HeaderMap, HeaderName, Limits, Message, ParseError, Response, StatusCode};

/// The media type.
pub const MEDIA_TYPE: &str = "message/sipfrag";

/// A piece of a message.
#[derive(Clone, Debug)]
pub enum SipFrag {
    /// With a start line; headers and body may be missing in part or altogether.
    Message(Message),
    /// Without one.
    Headers {
        /// The header lines.
        headers: HeaderMap,
        /// The body; empty if there is none.
        body: Bytes,
    },
}

impl SipFrag {
    /// Reads a piece.
    ///
    /// # Errors
    /// When it has neither start line nor header, or one that breaks the grammar, or exceeds a cap. Nothing is said of
    /// what is missing.
    pub fn parse(octets: Bytes, limits: &Limits) -> Result<SipFrag, ParseError> {
        if has_start_line(&octets) {
            let message = Message::parse(octets, limits)?;
            return match message.flaw() {
                // What Content-Length counted may have been left out, and so may the blank line.
                None
                | Some(
                    ParseError::HeadWithoutEnd
                    | ParseError::TruncatedBody { .. }
                    | ParseError::TextNotUtf8,
                ) => Ok(SipFrag::Message(message)),
                Some(flaw) => Err(flaw.clone()),
            };
        }
        // The index wants a line in front of the headers.
        let octets = Bytes::from([b"-\r\n", &octets[..]].concat());
        let Index {
            octets,
            headers,
            flaw,
            ..
        } = scan::index(octets, limits)?;
        match flaw {
            None | Some(ParseError::HeadWithoutEnd | ParseError::TextNotUtf8) => {}
            Some(flaw) => return Err(flaw),
        }
        if headers.is_empty() {
            return Err(ParseError::NotSip);
        }
        let body = octets.slice(headers.head.len()..);
        Ok(SipFrag::Headers { headers, body })
    }

    /// The status, when the piece is one of a response: 1xx while the referred call is on its way, 2xx when it has been
    /// answered, above when it has failed.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            SipFrag::Message(Message::Response(response)) => Some(response.status()),
            _ => None,
        }
    }

    /// The header lines.
    pub fn headers(&self) -> &HeaderMap {
        match self {
            SipFrag::Message(message) => message.headers(),
            SipFrag::Headers { headers, .. } => headers,
        }
    }

    /// The body; empty if there is none.
    pub fn body(&self) -> &Bytes {
        match self {
            SipFrag::Message(message) => message.body(),
            SipFrag::Headers { body, .. } => body,
        }
    }

    /// A status line with the usual reason phrase: all that a notification of REFER must tell.
    pub fn of_status(status: StatusCode) -> Bytes {
        format!("SIP/2.0 {} {}\r\n", status.code(), status.reason()).into()
    }

    /// The status line of a response and those of its headers that are named. What else it says is nobody's business:
    /// RFC 3515 section 5.2 warns of telling more.
    pub fn of_response(response: &Response, names: &[HeaderName]) -> Bytes {
        let (status, reason) = (response.status().code(), response.reason_phrase());
        let headers = response.headers();
        let mut lines = Lines::with_capacity(headers.head.len(), headers.len());
        lines.start_line(|out| out.push_str(&format!("SIP/2.0 {status} {reason}")));
        for name in names {
            lines.copy(&headers.head, headers.lines_named(name).copied());
        }
        Bytes::copy_from_slice(lines.text().as_bytes())
    }
}

/// Whether the first line is a Status-Line or a Request-Line, and not a header.
fn has_start_line(octets: &[u8]) -> bool {
    let line = &octets[..memchr(b'\n', octets).unwrap_or(octets.len())];
    let line = line.trim_ascii_end();
    let is_version = |text: &[u8]| text.len() > 4 && text[..4].eq_ignore_ascii_case(b"SIP/");
    let last = line.iter().rposition(|octet| *octet == b' ');
    let first_is_name = line
        .iter()
        .position(|octet| *octet == b' ')
        .is_some_and(|end| line[..end].contains(&b':'));
    is_version(line) || last.is_some_and(|last| !first_is_name && is_version(&line[last + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Method;

    fn parse(text: &str) -> Result<SipFrag, ParseError> {
        SipFrag::parse(Bytes::copy_from_slice(text.as_bytes()), &Limits::DEFAULT)
    }

    /// RFC 3420 section 3.1 and RFC 3515 section 2.4.5, with and without the line break that peers leave out.
    #[test]
    fn a_status_line_alone_is_enough() {
        for (text, code) in [
            ("SIP/2.0 100 Trying", 100),
            ("SIP/2.0 100 Trying\r\n", 100),
            ("SIP/2.0 200 OK\r\n\r\n", 200),
            ("SIP/2.0 603 Declined\n", 603),
            ("SIP/2.0 503 ", 503),
            ("SIP/2.0 180 Ringing\r\nContent-Length: 5\r\n", 180),
        ] {
            let read = parse(text).unwrap();
            assert_eq!(read.status().map(StatusCode::code), Some(code), "{text}");
            assert!(read.body().is_empty());
        }
    }

    /// RFC 3420 section 3.2.
    #[test]
    fn the_pieces_of_rfc_3420() {
        let headers = "From: Alice <sip:alice@atlanta.example.com>\r\nTo: Bob <sip:bob@biloxi.example.com>\r\n";
        let read = parse(headers).unwrap();
        assert_eq!((read.status(), read.headers().len()), (None, 2));
        let line = "INVITE sip:alice@atlanta.example.com SIP/2.0\r\n";
        for text in [line.to_owned(), format!("{line}{headers}")] {
            let SipFrag::Message(Message::Request(request)) = parse(&text).unwrap() else {
                panic!("no request");
            };
            assert_eq!(*request.method(), Method::Invite);
        }
        let text = format!("{headers}Content-Type: text/plain\r\n\r\nfragment of a body");
        let read = parse(&text).unwrap();
        assert_eq!(read.body(), "fragment of a body");
        assert_eq!(
            read.headers().raw(&HeaderName::ContentType),
            Some("text/plain")
        );
        // A header whose value looks like the end of a start line.
        assert_eq!(parse("Subject: a SIP/2.0\r\n").unwrap().headers().len(), 1);
    }

    #[test]
    fn what_is_no_piece_is_refused() {
        for text in [
            "",
            "\r\n",
            "hello",
            "\r\nbody",
            "SIP/3.0 200 OK",
            "SIP/2.0 2000 OK",
            "SIP/2.0",
            "a: b\r\nc\r\n",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let limits = Limits {
            max_header_lines: 2,
            ..Limits::DEFAULT
        };
        let read = SipFrag::parse("a: b\r\na: b\r\na: b\r\n".into(), &limits);
        assert_eq!(
            read.unwrap_err(),
            ParseError::TooManyHeaderLines { limit: 2 }
        );
    }

    #[test]
    fn a_response_is_told_without_what_is_not_named() {
        let octets = "SIP/2.0 486 Busy\r\nVia: SIP/2.0/UDP a\r\nWarning: 399 a \"x\"\r\nWarning: 399 b \"y\"\r\n\r\n";
        let Ok(Message::Response(response)) = Message::parse(octets.into(), &Limits::DEFAULT)
        else {
            panic!("no response");
        };
        let told = SipFrag::of_response(&response, &[HeaderName::Warning, HeaderName::To]);
        assert_eq!(
            told,
            "SIP/2.0 486 Busy\r\nWarning: 399 a \"x\"\r\nWarning: 399 b \"y\"\r\n"
        );
        assert_eq!(
            SipFrag::parse(told, &Limits::DEFAULT).unwrap().status(),
            Some(StatusCode::BUSY_HERE)
        );
    }
}
