//! Changing a message that passes through, at the cost of one copy and no second parse.

use crate::header::Line;
use crate::message::Parts;
use crate::write::Lines;
use crate::{Header, HeaderName, token};

/// A change under way. The operations take effect in their order; [`Edit::finish`] copies the message once.
#[derive(Clone, Debug)]
pub struct Edit<'a, M> {
    message: &'a M,
    with_parts: fn(&M, Parts) -> M,
    parts: &'a Parts,
    /// The lines of the message to come. Places behind the head of this one point into what is written.
    lines: Vec<Line>,
    written: Lines,
}

/// Room for what is written.
const USUAL_OCTETS: usize = 256;
const USUAL_LINES: usize = 4;

impl<'a, M> Edit<'a, M> {
    pub(crate) fn new(
        message: &'a M,
        parts: &'a Parts,
        with_parts: fn(&M, Parts) -> M,
    ) -> Edit<'a, M> {
        let lines = &parts.headers.lines;
        let mut kept = Vec::with_capacity(lines.len() + USUAL_LINES);
        kept.extend_from_slice(lines);
        Edit {
            message,
            with_parts,
            parts,
            lines: kept,
            written: Lines::default(),
        }
    }

    /// Puts a line above all lines of the same header; at the top of the head if there are none.
    #[must_use]
    pub fn push_front<H: Header>(mut self, header: &H) -> Self {
        let place = self.first(&H::NAME).unwrap_or(0);
        self.insert(place, &H::NAME, |out| header.write(out));
        self
    }

    /// Puts a line below all lines of the same header; at the end of the head if there are none.
    #[must_use]
    pub fn push_back<H: Header>(mut self, header: &H) -> Self {
        let last = self
            .lines
            .iter()
            .rposition(|line| self.is_named(line, &H::NAME));
        let place = last.map_or(self.lines.len(), |last| last + 1);
        self.insert(place, &H::NAME, |out| header.write(out));
        self
    }

    /// Puts a value in the place of the first value of the same header; as [`Edit::push_back`] if there is none. Of a
    /// header whose values belong together ([`Values::Together`](crate::Values::Together)) the first line is replaced.
    #[must_use]
    pub fn replace_first<H: Header>(mut self, header: &H) -> Self {
        let Some(place) = self.first(&H::NAME) else {
            return self.push_back(header);
        };
        let rest = self.behind_first::<H>(place);
        self.lines.remove(place);
        self.insert(place, &H::NAME, |out| {
            header.write(out);
            if let Some(rest) = rest {
                out.push_str(", ");
                out.push_str(&rest);
            }
        });
        self
    }

    /// Takes away the first value of a header, with its line if it is the only one there.
    #[must_use]
    pub fn remove_first<H: Header>(mut self) -> Self {
        let Some(place) = self.first(&H::NAME) else {
            return self;
        };
        let rest = self.behind_first::<H>(place);
        self.lines.remove(place);
        if let Some(rest) = rest {
            self.insert(place, &H::NAME, |out| out.push_str(&rest));
        }
        self
    }

    /// Takes away all lines of a header.
    #[must_use]
    pub fn remove_all(mut self, name: &HeaderName) -> Self {
        let mut lines = std::mem::take(&mut self.lines);
        lines.retain(|line| !self.is_named(line, name));
        self.lines = lines;
        self
    }

    /// The changed message. Its lines end with CRLF, whatever they ended with before.
    pub fn finish(self) -> M {
        let Parts {
            octets,
            headers,
            body,
            flaw,
        } = self.parts;
        let head: &str = &headers.head;
        let octets = octets.len() + self.written.text().len();
        let mut message = Lines::with_capacity(octets, self.lines.len());
        message.start_line(|out| out.push_str(first_line(head)));
        let behind = head.len() as u32;
        for run in self
            .lines
            .chunk_by(|a, b| (a.start < behind) == (b.start < behind))
        {
            if run[0].start < behind {
                message.copy(head, run.iter().copied());
            } else {
                let places = run.iter().map(|line| line.moved_to(line.start - behind));
                message.copy(self.written.text(), places);
            }
        }
        (self.with_parts)(self.message, message.finish(body, flaw.clone()))
    }

    /// The text a line stands in, and where.
    fn place(&self, line: &Line) -> (&str, Line) {
        let head: &str = &self.parts.headers.head;
        match line.start.checked_sub(head.len() as u32) {
            None => (head, *line),
            Some(start) => (self.written.text(), line.moved_to(start)),
        }
    }

    fn is_named(&self, line: &Line, name: &HeaderName) -> bool {
        match name.code() {
            Some(code) => line.code == code,
            None => {
                let (text, line) = self.place(line);
                line.is_named(text, name)
            }
        }
    }

    fn first(&self, name: &HeaderName) -> Option<usize> {
        self.lines.iter().position(|line| self.is_named(line, name))
    }

    #[inline]
    fn insert(&mut self, place: usize, name: &HeaderName, write: impl FnOnce(&mut String)) {
        if self.written.lines().is_empty() {
            self.written = Lines::with_capacity(USUAL_OCTETS, USUAL_LINES);
        }
        let count = self.written.lines().len();
        self.written.line(name, write);
        if let Some(line) = self.written.lines().get(count) {
            let behind = line.start + self.parts.headers.head.len() as u32;
            self.lines.insert(place, line.moved_to(behind));
        }
    }

    /// The values that share the line with its first one.
    fn behind_first<H: Header>(&self, place: usize) -> Option<String> {
        let (text, line) = self.place(self.lines.get(place)?);
        H::split_first(line.value(text)).1.map(str::to_owned)
    }
}

/// The start line of a head, without its line end.
fn first_line(head: &str) -> &str {
    let line = &head[..token::find(head, b'\n').unwrap_or(head.len())];
    line.strip_suffix('\r').unwrap_or(line)
}
