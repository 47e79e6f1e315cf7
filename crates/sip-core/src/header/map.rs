//! The header lines of a message: ranges over its shared head, in the order they came.

use bytestring::ByteString;
use memchr::{memchr, memchr2};

use super::{Header, HeaderName, Values};
use crate::quoted::quoted_end;
use crate::{ParseError, token};

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
        let moved = |place: u32| place.wrapping_add(start.wrapping_sub(self.start));
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

    #[inline]
    pub(crate) fn value(self, text: &str) -> &str {
        &text[self.value_start as usize..self.value_end as usize]
    }

    pub(crate) fn is_named(&self, text: &str, name: &HeaderName) -> bool {
        match name.code() {
            Some(code) => self.code == code,
            None => {
                self.code == Line::UNKNOWN && self.name(text).eq_ignore_ascii_case(name.as_str())
            }
        }
    }
}

/// The lines of one name.
struct Named<'a> {
    text: &'a str,
    lines: std::slice::Iter<'a, Line>,
    code: u8,
    /// The name, when it is not a known one.
    other: Option<ByteString>,
}

impl<'a> Iterator for Named<'a> {
    type Item = &'a Line;

    #[inline]
    fn next(&mut self) -> Option<&'a Line> {
        let Named {
            text,
            lines,
            code,
            other,
        } = self;
        lines.find(|line| {
            line.code == *code
                && other
                    .as_ref()
                    .is_none_or(|other| line.name(text).eq_ignore_ascii_case(other))
        })
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
    #[inline]
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.raw(name).is_some()
    }

    /// What stands on the first line of this name.
    // Inlined, as the code of a name that is written out is known then.
    #[inline(always)]
    pub fn raw(&self, name: &HeaderName) -> Option<&str> {
        match name.code() {
            Some(code) => self.raw_known(code),
            None => self.raw_all(name).next(),
        }
    }

    fn raw_known(&self, code: u8) -> Option<&str> {
        let line = self.lines.iter().find(|line| line.code == code);
        line.map(|line| self.value_of(line))
    }

    /// What stands on each line of this name.
    #[inline]
    pub fn raw_all(&self, name: &HeaderName) -> impl Iterator<Item = &str> + use<'_> {
        self.lines_named(name).map(|line| self.value_of(line))
    }

    /// The first value of a header, `None` when there is none. Of a header whose values belong together
    /// ([`Values::Together`]) this is all of them.
    ///
    /// # Errors
    /// What [`Header::parse`] says of the value.
    pub fn first<H: Header>(&self) -> Result<Option<H>, ParseError> {
        let mut lines = self.lines_named(&H::NAME);
        let Some(line) = lines.next() else {
            return Ok(None);
        };
        let value = self.value_of(line);
        let value = match H::VALUES {
            Values::One => value,
            Values::Each => H::split_first(value).0,
            Values::Together => {
                if lines.next().is_some() {
                    let joined = self.raw_all(&H::NAME).collect::<Vec<_>>().join(", ");
                    return H::parse(joined.into()).map(Some);
                }
                value
            }
        };
        H::parse(self.head.slice_ref(value)).map(Some)
    }

    /// All values of a header in order, lines and commas alike.
    pub fn all<H: Header>(&self) -> impl Iterator<Item = Result<H, ParseError>> {
        self.values::<H>()
            .map(|value| H::parse(self.head.slice_ref(value)))
    }

    /// The text of all values of a header in order, lines and commas alike.
    pub(crate) fn values<H: Header>(&self) -> impl Iterator<Item = &str> + use<'_, H> {
        let mut lines = self.lines_named(&H::NAME);
        let mut rest = None;
        std::iter::from_fn(move || {
            let value = match rest.take() {
                Some(value) => value,
                None => self.value_of(lines.next()?),
            };
            let (first, behind) = H::split_first(value);
            rest = behind;
            Some(first)
        })
    }

    /// Moves the ends of all values inwards over white space.
    pub(crate) fn trim_values(&mut self) {
        for line in &mut self.lines {
            let value = line.value(&self.head);
            let blanks = value.bytes().position(|octet| !token::is_blank(octet));
            line.value_start += blanks.unwrap_or(0) as u32;
            line.value_end = line.value_start + token::trimmed(value).len() as u32;
        }
    }

    #[inline]
    pub(crate) fn lines_named(&self, name: &HeaderName) -> impl Iterator<Item = &Line> + use<'_> {
        let (code, other) = match (name.code(), name) {
            (None, HeaderName::Other(other)) => (Line::UNKNOWN, Some(other.clone())),
            (code, _) => (code.unwrap_or(Line::UNKNOWN), None),
        };
        Named {
            text: &self.head,
            lines: self.lines.iter(),
            code,
            other,
        }
    }

    #[inline]
    fn value_of(&self, line: &Line) -> &str {
        line.value(&self.head)
    }

    pub(crate) fn name_of(&self, line: &Line) -> HeaderName {
        HeaderName::from_code(line.code)
            .unwrap_or_else(|| HeaderName::Other(self.head.slice_ref(line.name(&self.head))))
    }
}

/// The first of the comma-separated values, and what stands behind its comma. Commas in quotes and in angle brackets
/// belong to the value.
pub(crate) fn split_first(list: &str) -> (&str, Option<&str>) {
    let Some(comma) = memchr(b',', list.as_bytes()) else {
        return (list, None);
    };
    let octets = list.as_bytes();
    let mut bracketed = false;
    let mut at = if memchr2(b'"', b'<', &octets[..comma]).is_some() {
        0
    } else {
        comma
    };
    while let Some(octet) = octets.get(at) {
        match octet {
            b'"' if !bracketed => at += quoted_end(&octets[at + 1..]).unwrap_or(octets.len()),
            b'<' => bracketed = true,
            b'>' => bracketed = false,
            b',' if !bracketed => {
                return (
                    token::trimmed(&list[..at]),
                    Some(token::trimmed(&list[at + 1..])),
                );
            }
            _ => {}
        }
        at += 1;
    }
    (list, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_quotes_and_brackets_separate_nothing() {
        let list = r#""a, \" b" <sip:c,d@e>;x="1,2" ,<sip:f>"#;
        let first = r#""a, \" b" <sip:c,d@e>;x="1,2""#;
        assert_eq!(split_first(list), (first, Some("<sip:f>")));
        assert_eq!(split_first("a , b,c"), ("a", Some("b,c")));
        assert_eq!(split_first("a,"), ("a", Some("")));
        assert_eq!(split_first(r#""a,b"#), (r#""a,b"#, None));
        assert_eq!(split_first(""), ("", None));
    }
}
