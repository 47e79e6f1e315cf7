//! Retry-After (RFC 3261 section 20.33).

use bytestring::ByteString;

use super::grammar::{check_word_params, display_by_write, parse_number};
use super::{Header, HeaderName};
use crate::write::push_number;
use crate::{Params, ParseError, token};

/// When to try again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    /// Seconds from now.
    pub seconds: u32,
    /// The parameters, such as `duration`.
    pub params: Params,
}

impl RetryAfter {
    /// So many seconds from now.
    pub fn new(seconds: u32) -> RetryAfter {
        RetryAfter {
            seconds,
            params: Params::new(),
        }
    }

    /// How long the called party will be there from then on, in seconds.
    pub fn duration(&self) -> Option<u32> {
        self.params.get("duration").and_then(parse_number)
    }

    fn read(value: &str) -> Option<(u32, &str)> {
        let digits = value.bytes().take_while(u8::is_ascii_digit).count();
        let params = skip_comment(token::trimmed(&value[digits..]))?;
        Some((parse_number(&value[..digits])?, params))
    }
}

impl Header for RetryAfter {
    const NAME: HeaderName = HeaderName::RetryAfter;

    fn parse(value: ByteString) -> Result<RetryAfter, ParseError> {
        let parts = || {
            let (seconds, params) = Self::read(&value)?;
            let params = Params::parse_slice(&value, params).ok()?;
            Some(RetryAfter { seconds, params })
        };
        parts().ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    check_word_params!();

    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.seconds));
        self.params.write(out);
    }
}

/// What follows the comment, if there is one; comments nest. `None` when it does not end.
fn skip_comment(text: &str) -> Option<&str> {
    if !text.starts_with('(') {
        return Some(text);
    }
    let mut depth = 0_u32;
    let mut escaped = false;
    for (at, octet) in text.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'(' => depth += 1,
            b')' if depth == 1 => return Some(text[at + 1..].trim_start()),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

display_by_write!(RetryAfter);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comment_and_params() {
        let retry: RetryAfter = "120 (I'm (really) busy);duration=60".parse().unwrap();
        assert_eq!(
            (retry.seconds, retry.params.get("duration")),
            (120, Some("60"))
        );
        assert_eq!(retry.to_string(), "120;duration=60");
        for text in ["", "soon", "4294967296", "5 (open", "5 x"] {
            assert!(text.parse::<RetryAfter>().is_err(), "{text}");
        }
    }
}
