//! The header lines of a message: ranges over its shared head, in the order they came.

use bytestring::ByteString;

use super::{Header, HeaderName, Values};
use crate::ParseError;

/// One header line; its places are offsets into the text it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) start: u32,
    pub(crate) value_start: u32,
    pub(crate) value_end: u32,
    pub(crate) name_len: u16,
    /// [`HeaderName::code`] or [`Line::UNKNOWN`].
    pub(crate) code: u8,
}

impl Line {
    /// Code of a name that is not a known one.
    pub(crate) const UNKNOWN: u8 = u8::MAX;

    /// The same line at another place.
    pub(crate) fn moved_to(self, start: u32) -> Line {
        let moved = |place: u32| place - self.start + start;
        Line {
            start,
            value_start: moved(self.value_start),
            value_end: moved(self.value_end),
            ..self
        }
    }

    pub(crate) fn name(self, text: &str) -> &str {
        &text[self.start as usize..][..usize::from(self.name_len)]
    }

    pub(crate) fn value(self, text: &str) -> &str {
        &text[self.value_start as usize..self.value_end as usize]
    }

    pub(crate) fn is_named(self, text: &str, name: &HeaderName) -> bool {
        match name {
            HeaderName::Other(other) => {
                self.code == Line::UNKNOWN && self.name(text).eq_ignore_ascii_case(other)
            }
            known => known.code() == Some(self.code),
        }
    }
}

/// The header lines of a message.
#[derive(Clone, Debug)]
pub struct HeaderMap {
    /// Start line to blank line; the lines are ranges of it.
    pub(crate) head: ByteString,
    pub(crate) lines: Vec<Line>,
}

/// One header line as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderLine<'a> {
    /// The name.
    pub name: HeaderName,
    /// All that stands behind the colon, unfolded, without white space around it.
    pub value: &'a str,
}

impl HeaderMap {
    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines in the order they stand.
    pub fn iter(&self) -> impl Iterator<Item = HeaderLine<'_>> {
        self.lines.iter().map(|line| HeaderLine {
            name: self.name_of(line),
            value: self.value_of(line),
        })
    }

    /// Whether there is a line of this name.
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.lines_named(name).next().is_some()
    }

    /// What stands on the first line of this name.
    pub fn raw(&self, name: &HeaderName) -> Option<&str> {
        self.lines
            .iter()
            .find(|line| self.is_named(line, name))
            .map(|line| self.value_of(line))
    }

    /// What stands on each line of this name.
    pub fn raw_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a str> {
        self.lines_named(name).map(|line| self.value_of(line))
    }

    /// The first value of a header, `None` when there is none. Of a header whose values belong together
    /// ([`Values::Together`]) this is all of them.
    ///
    /// # Errors
    /// What [`Header::parse`] says of the value.
    pub fn first<H: Header>(&self) -> Result<Option<H>, ParseError> {
        let name = H::NAME;
        let mut lines = self.lines_named(&name);
        let Some(line) = lines.next() else {
            return Ok(None);
        };
        let value = self.value_of(line);
        let value = match H::VALUES {
            Values::One => value,
            Values::Each => split_first(value).0,
            Values::Together => {
                if lines.next().is_some() {
                    let joined = self.raw_all(&name).collect::<Vec<_>>().join(", ");
                    return H::parse(joined.into()).map(Some);
                }
                value
            }
        };
        H::parse(self.head.slice_ref(value)).map(Some)
    }

    /// All values of a header in order, lines and commas alike.
    pub fn all<H: Header>(&self) -> impl Iterator<Item = Result<H, ParseError>> {
        self.lines
            .iter()
            .filter(|line| self.is_named(line, &H::NAME))
            .flat_map(move |line| {
                let mut rest = Some(self.value_of(line));
                std::iter::from_fn(move || {
                    let value = rest?;
                    let (first, behind) = if H::VALUES == Values::Each {
                        split_first(value)
                    } else {
                        (value, None)
                    };
                    rest = behind;
                    Some(H::parse(self.head.slice_ref(first)))
                })
            })
    }

    /// Moves the ends of all values inwards over white space.
    pub(crate) fn trim_values(&mut self) {
        for line in &mut self.lines {
            let value = line.value(&self.head);
            let trimmed = value.trim_start_matches([' ', '\t']);
            line.value_start += (value.len() - trimmed.len()) as u32;
            line.value_end = line.value_start + trimmed.trim_end_matches([' ', '\t']).len() as u32;
        }
    }

    fn is_named(&self, line: &Line, name: &HeaderName) -> bool {
        line.is_named(&self.head, name)
    }

    fn lines_named<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a Line> {
        self.lines
            .iter()
            .filter(move |line| self.is_named(line, name))
    }

    fn value_of(&self, line: &Line) -> &str {
        line.value(&self.head)
    }

    fn name_of(&self, line: &Line) -> HeaderName {
        HeaderName::from_code(line.code)
            .unwrap_or_else(|| HeaderName::Other(self.head.slice_ref(line.name(&self.head))))
    }
}

/// The first of the comma-separated values, and what stands behind its comma. Commas in quotes and in angle brackets
/// belong to the value.
pub(crate) fn split_first(list: &str) -> (&str, Option<&str>) {
    let mut quoted = false;
    let mut bracketed = false;
    let mut escaped = false;
    for (at, octet) in list.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if !bracketed => quoted = !quoted,
            _ if quoted => {}
            b'<' => bracketed = true,
            b'>' => bracketed = false,
            b',' if !bracketed => {
                return (list[..at].trim_end(), Some(list[at + 1..].trim_start()));
            }
            _ => {}
        }
    }
    (list, None)
}
