//! The boundary: what may be one, and where it parts a body (RFC 2046 section 5.1.1).

use memchr::memmem::Finder;
use sha2::{Digest, Sha256};

use crate::token::is_blank;
use crate::{ContentType, unquote};

const MAX_OCTETS: usize = 70;
const HYPHENS: &[u8] = b"--";

/// The boundary that a Content-Type names; `None` when there is none or it cannot be one.
pub(super) fn named(content_type: &ContentType) -> Option<String> {
    let boundary = unquote(content_type.params().get("boundary")?).into_owned();
    let may_stand = |octet: u8| octet.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&octet);
    let fits = (1..=MAX_OCTETS).contains(&boundary.len()) && !boundary.ends_with(' ');
    (fits && boundary.bytes().all(may_stand)).then_some(boundary)
}

/// A boundary made of the content, which stands nowhere in it.
pub(super) fn made_of<'a>(contents: impl Iterator<Item = &'a [u8]> + Clone) -> String {
    let mut hash = Sha256::new();
    contents.clone().for_each(|content| hash.update(content));
    let mut octets = hash.finalize();
    loop {
        // Half of the hash; nobody can write a content in which its own hash stands.
        let boundary = octets[..16]
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect::<String>();
        let finder = Finder::new(&boundary);
        if contents
            .clone()
            .all(|content| finder.find(content).is_none())
        {
            return boundary;
        }
        octets = Sha256::digest(octets);
    }
}

/// A line that parts a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Delimiter {
    /// Where the part in front of it ends: its line break belongs to the delimiter.
    pub(super) content_end: usize,
    /// Where its line starts.
    pub(super) start: usize,
    /// Behind its line.
    pub(super) end: usize,
    /// Whether no part follows.
    pub(super) is_last: bool,
}

/// The delimiters of a body in order.
pub(super) fn delimiters<'a>(
    body: &'a [u8],
    boundary: &str,
) -> impl Iterator<Item = Delimiter> + use<'a> {
    let dashed = [HYPHENS, boundary.as_bytes()].concat();
    let finder = Finder::new(&dashed).into_owned();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + finder.find(&body[from..])?;
            from = start + dashed.len();
            if let Some(delimiter) = delimiter(body, start, from) {
                return Some(delimiter);
            }
        }
    })
}

/// The delimiter of which the hyphens start at `start` and the boundary ends at `end`, when it is a line.
fn delimiter(body: &[u8], start: usize, end: usize) -> Option<Delimiter> {
    let content_end = match &body[..start] {
        [] => 0,
        [.., b'\r', b'\n'] => start - 2,
        [.., b'\n'] => start - 1,
        _ => return None,
    };
    let rest = &body[end..];
    let (rest, is_last) = match rest.strip_prefix(HYPHENS) {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let blanks = rest.iter().take_while(|octet| is_blank(**octet)).count();
    let line_break = match &rest[blanks..] {
        [] if is_last => 0,
        [b'\n', ..] => 1,
        [b'\r', b'\n', ..] => 2,
        _ => return None,
    };
    Some(Delimiter {
        content_end,
        start,
        end: body.len() - rest.len() + blanks + line_break,
        is_last,
    })
}
