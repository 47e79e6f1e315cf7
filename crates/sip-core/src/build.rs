//! New messages.

use bytes::Bytes;

use crate::message::Parts;
use crate::write::{Lines, push_number};
use crate::{Header, HeaderName};

mod request;
mod response;

pub use request::RequestBuilder;
pub use response::ResponseBuilder;

/// The calls that add to the draft, the same for both builders.
macro_rules! drafting {
    ($type:ident) => {
        impl $type {
            /// Adds a header.
            #[must_use]
            #[inline]
            pub fn header<H: Header>(mut self, header: &H) -> $type {
                self.0.header(header);
                self
            }

            /// Adds several values of a header, a line each.
            #[must_use]
            pub fn headers<'a, H: Header + 'a>(
                self,
                headers: impl IntoIterator<Item = &'a H>,
            ) -> $type {
                headers.into_iter().fold(self, $type::header)
            }

            /// Adds a header line as it is given. Content-Length is left out, as the builder writes it; so is a line whose
            /// name is no token.
            #[must_use]
            #[inline]
            pub fn raw(mut self, name: &HeaderName, value: &str) -> $type {
                self.0.raw(name, value);
                self
            }

            /// Sets the body and adds its Content-Type.
            #[must_use]
            #[inline]
            pub fn body(mut self, content_type: &str, body: Bytes) -> $type {
                self.0.body(content_type, body);
                self
            }
        }
    };
}
use drafting;

/// Room for the head and the lines of a usual message.
const USUAL_OCTETS: usize = 1024;
const USUAL_LINES: usize = 16;

/// Room for Content-Length, its value and the blank line.
const LENGTH_OCTETS: usize = 32;

/// What both builders gather: the lines and the body, and what they know of their start line. It is in a box, as builders
/// are handed on by value with every call.
#[derive(Clone, Debug)]
struct Draft<S> {
    start: S,
    lines: Lines,
    body: Bytes,
}

impl<S> Draft<S> {
    #[inline]
    fn new(start: S, lines: Lines) -> Box<Draft<S>> {
        Box::new(Draft {
            start,
            lines,
            body: Bytes::new(),
        })
    }

    #[inline]
    fn header<H: Header>(&mut self, header: &H) {
        if !is_content_length(&H::NAME) {
            self.lines.header(header);
        }
    }

    fn raw(&mut self, name: &HeaderName, value: &str) {
        if !is_content_length(name) {
            self.lines.line(name, |out| out.push_str(value));
        }
    }

    fn body(&mut self, content_type: &str, body: Bytes) {
        self.raw(&HeaderName::ContentType, content_type);
        self.body = body;
    }
}

/// Whether the builder writes this header itself.
#[inline]
fn is_content_length(name: &HeaderName) -> bool {
    match name {
        HeaderName::ContentLength => true,
        HeaderName::Other(_) => *name == HeaderName::ContentLength,
        _ => false,
    }
}

/// Lines that begin with a start line, and room for a usual message.
#[inline]
fn begin(write_start_line: impl FnOnce(&mut String)) -> Lines {
    let mut lines = Lines::with_capacity(USUAL_OCTETS, USUAL_LINES);
    lines.start_line(write_start_line);
    lines
}

/// Adds Content-Length and the body.
fn finish(mut lines: Lines, body: &Bytes) -> Parts {
    let length = body.len() as u64;
    lines.line(&HeaderName::ContentLength, |out| push_number(out, length));
    lines.finish(body, None)
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Method, Request, Uri};

    #[test]
    fn no_spelling_of_content_length_gets_past_the_builder() {
        let uri: Uri = "sip:a@example.com".parse().unwrap();
        for name in ["Content-Length", "content-length", "l", "L"] {
            let request = Request::builder(Method::Options, &uri)
                .raw(&HeaderName::Other(name.into()), "99")
                .build();
            let lengths = request.headers().raw_all(&HeaderName::ContentLength);
            assert_eq!(lengths.collect::<Vec<_>>(), ["0"], "{name}");
            assert_eq!(request.headers().len(), 1, "{name}");
        }
    }

    #[test]
    fn a_known_name_that_is_spelt_out_is_found_by_its_name() {
        let uri: Uri = "sip:a@example.com".parse().unwrap();
        let request = Request::builder(Method::Options, &uri)
            .raw(&HeaderName::Other("subject".into()), "x")
            .build();
        let headers = request.headers();
        assert_eq!(headers.raw(&HeaderName::Subject), Some("x"));
        assert_eq!(headers.raw(&HeaderName::Other("s".into())), Some("x"));
    }
}
