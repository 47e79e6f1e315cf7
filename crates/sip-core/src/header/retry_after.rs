//! Retry-After (RFC 3261 section 20.33).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write, parse_number};
use crate::write::push_number;
use crate::{Params, ParseError};

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
}

impl Header for RetryAfter {
    const NAME: HeaderName = HeaderName::RetryAfter;

    fn parse(value: ByteString) -> Result<RetryAfter, ParseError> {
        let invalid = || ParseError::InvalidHeader(Self::NAME);
        let digits = value
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(value.len());
        let seconds = parse_number(&value[..digits]).ok_or_else(invalid)?;
        let rest = skip_comment(value[digits..].trim_start()).ok_or_else(invalid)?;
        Ok(RetryAfter {
            seconds,
            params: Params::parse_slice(&value, rest).map_err(|_| invalid())?,
        })
    }

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
