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
            pub fn header<H: Header>(mut self, header: &H) -> $type {
                self.draft.header(header);
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
            pub fn raw(mut self, name: &HeaderName, value: &str) -> $type {
                self.draft.raw(name, value);
                self
            }

            /// Sets the body and adds its Content-Type.
            #[must_use]
            pub fn body(mut self, content_type: &str, body: Bytes) -> $type {
                self.draft.body(content_type, body);
                self
            }
        }
    };
}
use drafting;

/// Room for Content-Length, its value and the blank line.
const LENGTH_OCTETS: usize = 32;

/// What both builders gather: lines in the order of the calls, and the body.
#[derive(Clone, Debug, Default)]
struct Draft {
    lines: Lines,
    body: Bytes,
}

impl Draft {
    fn header<H: Header>(&mut self, header: &H) {
        if H::NAME != HeaderName::ContentLength {
            self.lines.header(header);
        }
    }

    fn raw(&mut self, name: &HeaderName, value: &str) {
        if *name != HeaderName::ContentLength {
            self.lines.line(name, |out| out.push_str(value));
        }
    }

    fn body(&mut self, content_type: &str, body: Bytes) {
        self.raw(&HeaderName::ContentType, content_type);
        self.body = body;
    }

    /// The octets and the lines that the draft adds to a message.
    fn size(&self) -> (usize, usize) {
        (
            self.lines.len() + LENGTH_OCTETS + self.body.len(),
            self.lines.lines().len() + 1,
        )
    }

    /// The message: what is written, the lines of the draft, Content-Length, body.
    fn finish(&self, mut lines: Lines) -> Parts {
        lines.append(&self.lines);
        lines.line(&HeaderName::ContentLength, |out| {
            push_number(out, self.body.len() as u64)
        });
        lines.finish(&self.body, None)
    }
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
