//! MIME-Version (RFC 3261 section 20.24).

use super::grammar::text_header;

text_header! {
    /// The version of MIME that the body is made after: `1.0`.
    MimeVersion, |text| text.split_once('.').is_some_and(|(major, minor)| is_number(major) && is_number(minor))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit())
}
