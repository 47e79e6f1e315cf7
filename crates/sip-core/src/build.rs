//! New messages.

use bytes::Bytes;

use crate::message::Parts;
use crate::write::{Lines, push_number};
use crate::{Header, HeaderName};

mod request;
mod response;

pub use request::RequestBuilder;
pub use response::ResponseBuilder;

/// Room for the lines of a usual message.
const USUAL_OCTETS: usize = 512;
const USUAL_LINES: usize = 16;
/// Room for Content-Length, its value and the blank line.
const LENGTH_OCTETS: usize = 32;

/// What both builders gather: lines in the order of the calls, and the body.
#[derive(Clone, Debug)]
struct Draft {
    lines: Lines,
    body: Bytes,
}

impl Draft {
    fn new() -> Draft {
        Draft {
            lines: Lines::with_capacity(USUAL_OCTETS, USUAL_LINES),
            body: Bytes::new(),
        }
    }

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

    /// The message: start line, the lines on top, the lines of the draft, Content-Length, body.
    fn build(&self, start_line: &[&str], top: &Lines) -> Parts {
        let start_octets: usize = start_line.iter().map(|piece| piece.len()).sum();
        let octets = start_octets + top.len() + self.lines.len() + LENGTH_OCTETS + self.body.len();
        let count = top.lines().len() + self.lines.lines().len() + 1;
        let mut lines = Lines::with_start_line(start_line, octets, count);
        lines.append(top);
        lines.append(&self.lines);
        lines.line(&HeaderName::ContentLength, |out| {
            push_number(out, self.body.len() as u64)
        });
        lines.finish(&self.body, None)
    }
}
