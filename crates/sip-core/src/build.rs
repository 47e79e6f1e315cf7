//! New messages.

use bytes::Bytes;

use crate::message::Parts;
use crate::write::{Lines, push_number};
use crate::{Header, HeaderName};

mod request;
mod response;

pub use request::RequestBuilder;
pub use response::ResponseBuilder;

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
