//! Percent escapes (RFC 3261 section 19.1.2).

/// The reserved characters: an escaped one is not the same as a plain one.
const RESERVED: &[u8] = b";/?:@&=+$,";

/// One character of a URI as it compares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Plain(u8),
    /// Escaped, and other than the plain one because it is reserved.
    Escaped(u8),
}

fn hex(octet: u8) -> Option<u8> {
    char::from(octet).to_digit(16).map(|digit| digit as u8)
}

/// The octet that an escape at the start of the text stands for.
fn escaped(text: &[u8]) -> Option<u8> {
    match text {
        [b'%', high, low, ..] => Some(hex(*high)? << 4 | hex(*low)?),
        _ => None,
    }
}

fn units(text: &str) -> impl Iterator<Item = Unit> {
    let mut rest = text.as_bytes();
    std::iter::from_fn(move || {
        let (first, behind) = rest.split_first()?;
        let Some(octet) = escaped(rest) else {
            rest = behind;
            return Some(Unit::Plain(*first));
        };
        rest = &rest[3..];
        Some(if RESERVED.contains(&octet) {
            Unit::Escaped(octet)
        } else {
            Unit::Plain(octet)
        })
    })
}

/// Whether two texts are the same once the escapes that need not be are resolved.
pub(super) fn same_text(a: &str, b: &str, ignore_case: bool) -> bool {
    let fold = |unit| match unit {
        Unit::Plain(octet) if ignore_case => Unit::Plain(octet.to_ascii_lowercase()),
        unit => unit,
    };
    units(a).map(fold).eq(units(b).map(fold))
}

/// The octets that the text stands for.
pub(super) fn unescape(text: &str) -> Vec<u8> {
    units(text)
        .map(|unit| match unit {
            Unit::Plain(octet) | Unit::Escaped(octet) => octet,
        })
        .collect()
}

/// Writes the text with everything escaped that is not `allowed`; escapes in it stay as they are.
pub(super) fn push_escaped(out: &mut String, text: &str, allowed: fn(&str) -> bool) {
    let mut buffer = [0; 4];
    for (at, character) in text.char_indices() {
        let plain = character.encode_utf8(&mut buffer);
        if allowed(plain) || escaped(&text.as_bytes()[at..]).is_some() {
            out.push_str(plain);
            continue;
        }
        for octet in plain.bytes() {
            out.push('%');
            for digit in [octet >> 4, octet & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
}
