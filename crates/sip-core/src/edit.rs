//! Changing a message that passes through, at the cost of one copy and no second parse.

use crate::header::{Line, split_first};
use crate::message::Parts;
use crate::write::Lines;
use crate::{Header, HeaderName, Values};

/// A change under way. The operations take effect in their order; [`Edit::finish`] copies the message once.
#[derive(Clone, Debug)]
pub struct Edit<M> {
    message: M,
    access: Access<M>,
    pieces: Vec<Piece>,
    written: Lines,
}

/// How to get at the parts of a message of this kind.
#[derive(Debug)]
pub(crate) struct Access<M> {
    pub(crate) parts: fn(&M) -> &Parts,
    pub(crate) with_parts: fn(M, Parts) -> M,
}

impl<M> Clone for Access<M> {
    fn clone(&self) -> Self {
        Access { ..*self }
    }
}

/// A line of the message to come.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Whether it is a written line, not one of the message.
    new: bool,
    line: Line,
}

impl<M> Edit<M> {
    pub(crate) fn new(message: M, access: Access<M>) -> Edit<M> {
        let lines = &(access.parts)(&message).headers.lines;
        let pieces = lines
            .iter()
            .map(|line| Piece {
                new: false,
                line: *line,
            })
            .collect();
        Edit {
            message,
            access,
            pieces,
            written: Lines::default(),
        }
    }

    /// Puts a line above all lines of the same header; at the top of the head if there are none.
    #[must_use]
    pub fn push_front<H: Header>(mut self, header: &H) -> Edit<M> {
        let place = self.first(&H::NAME).unwrap_or(0);
        self.insert(place, &H::NAME, |out| header.write(out));
        self
    }

    /// Puts a line below all lines of the same header; at the end of the head if there are none.
    #[must_use]
    pub fn push_back<H: Header>(mut self, header: &H) -> Edit<M> {
        let last = self
            .pieces
            .iter()
            .rposition(|piece| self.is_named(piece, &H::NAME));
        let place = last.map_or(self.pieces.len(), |last| last + 1);
        self.insert(place, &H::NAME, |out| header.write(out));
        self
    }

    /// Puts a value in the place of the first value of the same header; as [`Edit::push_back`] if there is none. Of a
    /// header whose values belong together ([`Values::Together`]) the first line is replaced.
    #[must_use]
    pub fn replace_first<H: Header>(mut self, header: &H) -> Edit<M> {
        let Some(place) = self.first(&H::NAME) else {
            return self.push_back(header);
        };
        let rest = self.behind_first::<H>(place);
        self.pieces.remove(place);
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
    pub fn remove_first<H: Header>(mut self) -> Edit<M> {
        let Some(place) = self.first(&H::NAME) else {
            return self;
        };
        let rest = self.behind_first::<H>(place);
        self.pieces.remove(place);
        if let Some(rest) = rest {
            self.insert(place, &H::NAME, |out| out.push_str(&rest));
        }
        self
    }

    /// Takes away all lines of a header.
    #[must_use]
    pub fn remove_all(mut self, name: &HeaderName) -> Edit<M> {
        let pieces = std::mem::take(&mut self.pieces);
        self.pieces = pieces
            .into_iter()
            .filter(|piece| !self.is_named(piece, name))
            .collect();
        self
    }

    /// The changed message. Its lines end with CRLF, whatever they ended with before.
    pub fn finish(self) -> M {
        let parts = self.parts();
        let start_line = parts.headers.head.lines().next().unwrap_or("");
        let octets = parts.octets.len() + self.written.len() + 2;
        let mut lines =
            Lines::with_start_line(octets, self.pieces.len(), |out| out.push_str(start_line));
        for piece in &self.pieces {
            lines.copy(self.text_of(piece), &piece.line);
        }
        let parts = lines.finish(&parts.body, parts.flaw.clone());
        (self.access.with_parts)(self.message, parts)
    }

    fn parts(&self) -> &Parts {
        (self.access.parts)(&self.message)
    }

    /// The text a piece points into.
    fn text_of(&self, piece: &Piece) -> &str {
        if piece.new {
            self.written.text()
        } else {
            &self.parts().headers.head
        }
    }

    fn is_named(&self, piece: &Piece, name: &HeaderName) -> bool {
        piece.line.is_named(self.text_of(piece), name)
    }

    fn first(&self, name: &HeaderName) -> Option<usize> {
        self.pieces
            .iter()
            .position(|piece| self.is_named(piece, name))
    }

    fn insert(&mut self, place: usize, name: &HeaderName, write: impl FnOnce(&mut String)) {
        if let Some(line) = self.written.line(name, write) {
            self.pieces.insert(place, Piece { new: true, line });
        }
    }

    /// The values that share the line with its first one.
    fn behind_first<H: Header>(&self, place: usize) -> Option<String> {
        let piece = self
            .pieces
            .get(place)
            .filter(|_| H::VALUES == Values::Each)?;
        split_first(piece.line.value(self.text_of(piece)))
            .1
            .map(str::to_owned)
    }
}
