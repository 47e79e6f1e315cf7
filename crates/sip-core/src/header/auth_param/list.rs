//! Where the parameters of a challenge stand, and where the next challenge begins.

use std::ops::Range;

use crate::quoted::quoted_end;
use crate::token;

/// The parameters of RFC 7616 and RFC 7615, and whether their value stands in quotes. In a challenge `qop` does, too.
pub(super) const DIGEST: [(&str, bool); 17] = [
    ("realm", true),
    ("nonce", true),
    ("opaque", true),
    ("domain", true),
    ("username", true),
    ("uri", true),
    ("response", true),
    ("cnonce", true),
    ("nextnonce", true),
    ("rspauth", true),
    ("qop", false),
    ("nc", false),
    ("algorithm", false),
    ("stale", false),
    ("charset", false),
    ("userhash", false),
    ("username*", false),
];

/// Where one parameter stands.
pub(super) struct Span {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
    /// Behind the parameter and the blanks after it.
    end: usize,
}

impl Span {
    fn read(octets: &[u8], start: usize) -> Option<Span> {
        let name = start..token::token_end(octets, start);
        let equals = token::blanks_end(octets, name.end);
        if name.is_empty() || octets.get(equals) != Some(&b'=') {
            return None;
        }
        let start = token::blanks_end(octets, equals + 1);
        let end = match octets.get(start) {
            Some(b'"') => start + 1 + quoted_end(&octets[start + 1..])?,
            // Padding belongs to a `token68`, not to a value.
            Some(b'=') => start,
            _ => token::value_end(octets, start),
        };
        (start < end).then(|| Span {
            name,
            value: start..end,
            end: token::blanks_end(octets, end),
        })
    }
}

/// The list without empty elements around it.
pub(in crate::header) fn trimmed(list: &str) -> &str {
    list.trim_matches([',', ' ', '\t'])
}

/// Behind the commas and blanks that start at `from`.
fn commas_end(octets: &[u8], from: usize) -> usize {
    let separates = |octet: &u8| *octet == b',' || token::is_blank(*octet);
    from + octets[from..]
        .iter()
        .take_while(|octet| separates(octet))
        .count()
}

/// The parameters in a text, up to the first that is none.
pub(super) fn spans(text: &str) -> impl Iterator<Item = Span> {
    let octets = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let span = Span::read(octets, commas_end(octets, at))?;
        at = span.end;
        Some(span)
    })
}

/// Whether the text is nothing, a `token68` or parameters that can be told apart.
pub(in crate::header) fn checked(text: &str) -> Option<()> {
    if is_token68(text) {
        Some(())
    } else {
        checked_params(text)
    }
}

/// Whether the text is parameters, of which none that Digest knows is there twice.
pub(in crate::header) fn checked_params(text: &str) -> Option<()> {
    let octets = text.as_bytes();
    let (mut seen, mut at) = (0_u32, commas_end(octets, 0));
    while at < octets.len() {
        let span = Span::read(octets, at)?;
        let name = &text[span.name];
        let known = DIGEST
            .iter()
            .position(|(known, _)| known.eq_ignore_ascii_case(name));
        let bit = known.map_or(0, |place| 1 << place);
        if seen & bit != 0 || !matches!(octets.get(span.end), None | Some(b',')) {
            return None;
        }
        seen |= bit;
        at = commas_end(octets, span.end);
    }
    Some(())
}

/// Where the parameters end that stand at `from` in a list of challenges: at the comma before the next scheme. `None` when
/// there is no further scheme.
pub(in crate::header) fn next_scheme(list: &str, from: usize) -> Option<(usize, usize)> {
    let octets = list.as_bytes();
    let mut at = from;
    while at < octets.len() {
        match octets[at] {
            b'"' => at += 1 + quoted_end(&octets[at + 1..])?,
            b',' => {
                let element = commas_end(octets, at);
                let name_end = token::token_end(octets, element);
                let behind = token::blanks_end(octets, name_end);
                if name_end > element && octets.get(behind) != Some(&b'=') {
                    return Some((at, element));
                }
                at = element;
            }
            _ => at += 1,
        }
    }
    None
}

/// `token68`: what Base64 and its kin are written with, at least one character, equals signs at the end.
pub(super) fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    let is_in_it = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~+/".contains(&octet);
    !body.is_empty() && body.bytes().all(is_in_it)
}
