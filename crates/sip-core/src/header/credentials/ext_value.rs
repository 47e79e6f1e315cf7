//! `ext-value`: text in a parameter that is not ASCII (RFC 8187 section 3.2).

/// The text behind `UTF-8'language'`; `None` when it has another character encoding or is not coded rightly.
pub(super) fn decode(coded: &str) -> Option<String> {
    let (charset, rest) = coded.split_once('\'')?;
    let (_language, text) = rest.split_once('\'')?;
    if !charset.eq_ignore_ascii_case("UTF-8") {
        return None;
    }
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = match (first, behind) {
            (b'%', [high, low, behind @ ..]) => {
                let digit = |octet: u8| char::from(octet).to_digit(16);
                octets.push((digit(*high)? << 4 | digit(*low)?) as u8);
                behind
            }
            (octet, behind) if is_attr_char(*octet) => {
                octets.push(*octet);
                behind
            }
            _ => return None,
        };
    }
    String::from_utf8(octets).ok()
}

/// The text as `UTF-8''...`.
pub(super) fn encode(text: &str) -> String {
    let mut coded = String::from("UTF-8''");
    for octet in text.bytes() {
        if is_attr_char(octet) {
            coded.push(char::from(octet));
        } else {
            coded.push('%');
            for digit in [octet >> 4, octet & 15] {
                coded.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    coded
}

fn is_attr_char(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7616_and_back() {
        // RFC 7616 section 3.9.2.
        let coded = "UTF-8''J%C3%A4s%C3%B8n%20Doe";
        assert_eq!(decode(coded).as_deref(), Some("J\u{e4}s\u{f8}n Doe"));
        assert_eq!(encode("J\u{e4}s\u{f8}n Doe"), coded);
        assert_eq!(decode("utf-8'en'a").as_deref(), Some("a"));
    }

    #[test]
    fn other_encodings_and_broken_escapes_are_refused() {
        for coded in [
            "",
            "a",
            "UTF-8'a",
            "iso-8859-1''a",
            "UTF-8''%C3",
            "UTF-8''%2",
            "UTF-8''%zz",
            "UTF-8''a b",
        ] {
            assert_eq!(decode(coded), None, "{coded}");
        }
    }
}
