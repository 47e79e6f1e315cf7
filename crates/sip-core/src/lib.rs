//! The words of SIP: messages, headers, URIs.
//!
//! A message is indexed once over its shared octets ([`Message::parse`]); headers are typed when somebody asks for them
//! and are slices of the message, not copies. New messages are written straight into one buffer
//! ([`Request::builder`], [`Response::builder_for`]), and a message that passes through is changed without being parsed
//! again ([`Request::edit`]).
//!
//! All typed headers are in [`header`]; those that every message has stand here too. A header of your own is a type that
//! implements [`Header`].
//!
//! There is no clock, no socket and no task in this crate.
//!
//! ```
//! use rvoip_sip_core::{Limits, Message, Response, StatusCode, Strictness, Via};
//!
//! let octets = "OPTIONS sip:bob@192.0.2.4 SIP/2.0\r\n\
//!     Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport\r\n\
//!     From: <sip:alice@atlanta.example>;tag=1928301774\r\n\
//!     To: <sip:bob@biloxi.example>\r\n\
//!     Call-ID: a84b4c76e66710\r\n\
//!     CSeq: 63104 OPTIONS\r\n\
//!     Max-Forwards: 70\r\n\r\n";
//! let Message::Request(request) = Message::parse(octets.into(), &Limits::default())? else {
//!     return Ok(());
//! };
//! assert_eq!(request.check(Strictness::Lenient), Ok(()));
//! assert_eq!(request.from()?.uri().user(), Some("alice"));
//!
//! let via: Via = request.top_via()?.with_source(([203, 0, 113, 9], 40_000).into());
//! let stamped = request.edit().replace_first(&via).finish();
//! let response = Response::builder_for(&stamped, StatusCode::OK).to_tag("314159").build();
//! assert_eq!(response.top_via()?.rport(), Some(Some(40_000)));
//! # Ok::<(), rvoip_sip_core::ParseError>(())
//! ```

mod build;
pub mod digest;
mod edit;
mod error;
pub mod header;
mod host;
mod limits;
mod message;
mod method;
pub mod multipart;
mod name_addr;
mod param;
mod quoted;
pub mod scan;
pub mod sipfrag;
mod status;
mod strictness;
mod token;
mod uri;
mod write;

pub use build::{RequestBuilder, ResponseBuilder};
pub use bytestring::ByteString;
pub use edit::Edit;
pub use error::{Defect, ParseError};
pub use header::{
    Accept, Allow, CSeq, CallId, Contact, ContentLength, ContentType, Expires, From, Header,
    HeaderLine, HeaderMap, HeaderName, MaxForwards, ProxyRequire, Reason, RecordRoute, Require,
    RetryAfter, Route, Server, Supported, To, Unsupported, UserAgent, Values, Via, ViaLeads,
    ViaRef, ViaTransport, Warning,
};
pub use host::{Host, HostPort};
pub use limits::Limits;
pub use message::{Message, Request, Response};
pub use method::Method;
pub use name_addr::NameAddr;
pub use param::Params;
pub use quoted::{quote, unquote};
pub use status::StatusCode;
pub use strictness::Strictness;
pub use uri::{Scheme, Uri, UriHeaders};
