//! The words of SIP: messages, headers, URIs.
//!
//! A message is indexed once over its shared octets ([`Message::parse`]); headers are typed when somebody asks for them
//! and are slices of the message, not copies. New messages are written straight into one buffer
//! ([`Request::builder`], [`Response::builder_for`]), and a message that passes through is changed without being parsed
//! again ([`Request::edit`]).
//!
//! There is no clock, no socket and no task in this crate.

mod build;
mod edit;
mod error;
pub mod header;
mod host;
mod limits;
mod message;
mod method;
mod name_addr;
mod param;
mod quoted;
pub mod scan;
mod status;
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
    RetryAfter, Route, Server, Supported, To, Unsupported, UserAgent, Values, Via, ViaTransport,
    Warning,
};
pub use host::{Host, HostPort};
pub use limits::Limits;
pub use message::{Message, Request, Response};
pub use method::Method;
pub use name_addr::NameAddr;
pub use param::Params;
pub use quoted::{quote, unquote};
pub use status::StatusCode;
pub use uri::{Scheme, Uri, UriHeaders};
