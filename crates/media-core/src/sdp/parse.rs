//! Descriptions from text: strict where a call would go wrong, patient with everything else.
//!
//! Needed are `v=0` first, an `o=` line and well-formed `m=` and `c=` lines. Line ends may be CR LF, LF or CR; `s=` and `t=` may be
//! missing or empty; lines of any letter may stand anywhere in their section.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::{Address, Attribute, Line, MediaDescription, Origin, SessionDescription};

/// The largest description that is read, in octets.
pub const MAX_OCTETS: usize = 65_536;
/// The most lines that are read.
pub const MAX_LINES: usize = 2_048;
/// The most media sections that are read.
pub const MAX_MEDIA: usize = 64;

/// Why a text is no session description.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SdpError {
    /// More than [`MAX_OCTETS`].
    #[error("description of {0} octets is longer than {MAX_OCTETS}")]
    TooLong(usize),
    /// More than [`MAX_LINES`].
    #[error("description has more than {MAX_LINES} lines")]
    TooManyLines,
    /// More than [`MAX_MEDIA`] media sections.
    #[error("description has more than {MAX_MEDIA} media sections")]
    TooManyMedia,
    /// The first line is not `v=0`.
    #[error("description does not begin with v=0")]
    Version,
    /// There is no `o=` line.
    #[error("description has no o= line")]
    NoOrigin,
    /// A line, counted from 1, does not follow the grammar of its kind.
    #[error("line {line} is malformed")]
    Malformed {
        /// The line's number, from 1.
        line: usize,
    },
}

impl<'a> SessionDescription<'a> {
    /// Reads a description.
    ///
    /// # Errors
    /// [`SdpError`] when the text is no description or exceeds a cap.
    pub fn parse(text: &'a str) -> Result<Self, SdpError> {
        if text.len() > MAX_OCTETS {
            return Err(SdpError::TooLong(text.len()));
        }
        let mut reader = Reader::default();
        let lines = Lines(text).map(without_padding);
        let lines = lines.filter(|line| !line.is_empty());
        let has_nul = memchr(0, text.as_bytes()).is_some();
        for (index, line) in lines.enumerate() {
            if index == MAX_LINES {
                return Err(SdpError::TooManyLines);
            }
            let line = match line.as_bytes() {
                [_, b'=', ..] => line,
                _ => line.trim_start(),
            };
            match line.as_bytes() {
                [letter, b'=', value @ ..] if !has_nul || memchr(0, value).is_none() => {
                    reader.line(index, char::from(*letter), &line[2..])?;
                }
                _ if index == 0 => return Err(SdpError::Version),
                _ => return Err(SdpError::Malformed { line: index + 1 }),
            }
        }
        reader.finish()
    }
}

/// A line without the blanks and zeros that some peers fill it up with.
fn without_padding(line: &str) -> &str {
    let is_padding = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\0');
    let last = line.bytes().rposition(|octet| !is_padding(&octet));
    &line[..last.map_or(0, |last| last + 1)]
}

/// What stands between line ends of any kind.
struct Lines<'a>(&'a str);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let end = memchr2(b'\r', b'\n', self.0.as_bytes());
        let (line, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        let line_end = if rest.starts_with("\r\n") { 2 } else { 1 };
        self.0 = rest.get(line_end..).unwrap_or_default();
        Some(line)
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reader<'a> {
    origin: Option<Origin<'a>>,
    name: Option<&'a str>,
    lines: Vec<Line<'a>>,
    media: Vec<MediaDescription<'a>>,
}

impl<'a> Reader<'a> {
    fn line(&mut self, index: usize, letter: char, value: &'a str) -> Result<(), SdpError> {
        let malformed = SdpError::Malformed { line: index + 1 };
        let in_session = self.media.is_empty();
        let line = match letter {
            'v' if index == 0 && value.trim() == "0" => return Ok(()),
            _ if index == 0 => return Err(SdpError::Version),
            'o' if in_session && self.origin.is_none() => {
                self.origin = Some(origin(value).ok_or(malformed)?);
                return Ok(());
            }
            's' if in_session && self.name.is_none() => {
                self.name = Some(value);
                return Ok(());
            }
            'm' if self.media.len() == MAX_MEDIA => return Err(SdpError::TooManyMedia),
            'm' => {
                self.media.push(media(value).ok_or(malformed)?);
                return Ok(());
            }
            'c' => {
                let mut words = value.split_ascii_whitespace();
                Line::Connection(address(&mut words).ok_or(malformed)?)
            }
            'a' => Line::Attribute(attribute(value)),
            _ => Line::Other(letter, Cow::Borrowed(value)),
        };
        match self.media.last_mut() {
            Some(section) => section.lines.push(line),
            None => self.lines.push(line),
        }
        Ok(())
    }

    fn finish(self) -> Result<SessionDescription<'a>, SdpError> {
        match self.origin {
            Some(origin) => Ok(SessionDescription {
                origin,
                name: Cow::Borrowed(self.name.unwrap_or("-")),
                lines: self.lines,
                media: self.media,
            }),
            None => Err(SdpError::NoOrigin),
        }
    }
}

fn origin(value: &str) -> Option<Origin<'_>> {
    let mut words = value.split_ascii_whitespace();
    Some(Origin {
        username: words.next()?.into(),
        session_id: words.next()?.into(),
        version: words.next()?.into(),
        address: address(&mut words)?,
    })
}

/// `IN IP4 192.0.2.1`, perhaps with a multicast suffix.
fn address<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Address<'a>> {
    let (_network, kind, text) = (words.next()?, words.next()?, words.next()?);
    let (host, _) = cut(text, b'/');
    if host.is_empty() {
        return None;
    }
    let bare = host.strip_prefix('[').unwrap_or(host);
    let bare = bare.strip_suffix(']').unwrap_or(bare);
    Some(match bare.parse() {
        Ok(ip) => Address::Ip(ip),
        Err(_) => Address::Name {
            kind: kind.into(),
            host: host.into(),
        },
    })
}

fn attribute(value: &str) -> Attribute<'_> {
    match cut(value, b':') {
        (name, Some(value)) => Attribute::new(name.trim_ascii(), value),
        (name, None) => Attribute::property(name.trim_ascii()),
    }
}

/// What stands before and behind the first such character.
fn cut(text: &str, at: u8) -> (&str, Option<&str>) {
    match memchr(at, text.as_bytes()) {
        Some(place) => (&text[..place], Some(&text[place + 1..])),
        None => (text, None),
    }
}

fn media(value: &str) -> Option<MediaDescription<'_>> {
    let mut words = value.split_ascii_whitespace();
    let kind = words.next()?;
    let ports = words.next()?;
    let (port, port_count) = match ports.split_once('/') {
        Some((port, count)) => (port.parse().ok()?, count.parse().ok()?),
        None => (ports.parse().ok()?, 1),
    };
    Some(MediaDescription {
        kind: kind.into(),
        port,
        port_count,
        protocol: words.next()?.into(),
        formats: words.map(Cow::Borrowed).collect(),
        lines: Vec::new(),
    })
}
