//! One pass over the head of a message: where its lines stand.

use super::line_feed::LineFeeds;
use crate::header::{Line, lookup};
use crate::token::is_blank;
use crate::{Limits, ParseError, token};

const USUAL_LINES: usize = 24;

/// What one pass over the head finds.
pub(super) struct Scan {
    pub(super) lines: Vec<Line>,
    pub(super) start_line_end: usize,
    pub(super) head_end: usize,
    /// Carriage returns that belong to a line end.
    pub(super) returns: usize,
    pub(super) folded: bool,
    /// Whether a folded line has a line to belong to.
    open: bool,
    pub(super) flaw: Option<ParseError>,
}

impl Scan {
    /// Finds the lines of the head that the octets begin with.
    #[inline(never)]
    pub(super) fn over(octets: &[u8], limits: &Limits) -> Result<Scan, ParseError> {
        let window = &octets[..octets.len().min(limits.max_head_octets)];
        let mut scan = Scan {
            lines: Vec::with_capacity(USUAL_LINES),
            start_line_end: 0,
            head_end: 0,
            returns: 0,
            folded: false,
            open: false,
            flaw: None,
        };
        let mut start = 0;
        for feed in LineFeeds::new(window) {
            let mut line = &window[start..feed];
            if let [content @ .., b'\r'] = line {
                line = content;
                scan.returns += 1;
            }
            if start == 0 {
                scan.start_line_end = line.len();
            } else if line.is_empty() {
                scan.head_end = feed + 1;
                return Ok(scan);
            } else {
                scan.take(line, start, limits)?;
            }
            start = feed + 1;
        }
        if window.len() < octets.len() {
            return Err(ParseError::HeadTooLarge {
                limit: limits.max_head_octets,
            });
        }
        scan.end_early(window, start, limits)
    }

    /// Takes in a line of the head, without its line end.
    #[inline]
    fn take(&mut self, line: &[u8], start: usize, limits: &Limits) -> Result<(), ParseError> {
        if line.first().is_some_and(|first| is_blank(*first)) {
            self.fold(start + line.len());
            return Ok(());
        }
        let line = header_line(line, start);
        self.open = line.is_some();
        match line {
            Some(_) if self.lines.len() == limits.max_header_lines => {
                return Err(ParseError::TooManyHeaderLines {
                    limit: limits.max_header_lines,
                });
            }
            Some(line) => self.lines.push(line),
            None => self.note(ParseError::HeaderLine),
        }
        Ok(())
    }

    /// Takes in a line that goes on with the one above it.
    #[cold]
    fn fold(&mut self, end: usize) {
        self.folded = true;
        match self.lines.last_mut() {
            Some(line) if self.open => line.value_end = end as u32,
            _ => self.note(ParseError::HeaderLine),
        }
    }

    /// Takes in what there is of a head without end.
    #[cold]
    fn end_early(
        mut self,
        window: &[u8],
        start: usize,
        limits: &Limits,
    ) -> Result<Scan, ParseError> {
        if start == 0 {
            self.start_line_end = window.len();
        } else if start < window.len() {
            self.take(&window[start..], start, limits)?;
        }
        self.head_end = window.len();
        self.note(ParseError::HeadWithoutEnd);
        Ok(self)
    }

    #[cold]
    fn note(&mut self, flaw: ParseError) {
        self.flaw.get_or_insert(flaw);
    }
}

/// Where the parts of a line are that starts at `start`, given without its line end.
#[inline]
fn header_line(line: &[u8], start: usize) -> Option<Line> {
    let (name_len, code, value) = split_line(line)?;
    let mut value = &line[value..];
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    let value_start = start + line.len() - value.len();
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    Some(Line {
        start: start as u32,
        value_start: value_start as u32,
        value_end: (value_start + value.len()) as u32,
        name_len: u16::try_from(name_len).ok()?,
        code,
    })
}

/// The length of the name, its code and the place of the value in a header line.
#[inline]
pub(super) fn split_line(line: &[u8]) -> Option<(usize, u8, usize)> {
    let colon = token::find(line, b':')?;
    let mut name = &line[..colon];
    while let [start @ .., b' ' | b'\t'] = name {
        name = start;
    }
    let name_len = name.len();
    match lookup(name) {
        Some(code) => Some((name_len, code, colon + 1)),
        None => name
            .iter()
            .all(|octet| token::is_token_octet(*octet))
            .then_some((name_len, Line::UNKNOWN, colon + 1)),
    }
}
