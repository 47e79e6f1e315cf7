//! Warning (RFC 3261 section 20.43).

use std::borrow::Cow;

use bytestring::ByteString;

use super::grammar::{display_by_write, parse_number};
use super::{Header, HeaderName, Values};
use crate::quoted::quoted_end;
use crate::write::push_number;
use crate::{ParseError, quote, token, unquote};

/// More about a failure: `399 example.com "text"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    code: u16,
    agent: ByteString,
    /// In its quotes.
    text: ByteString,
}

impl Warning {
    /// A warning of three digits from a named host, with text for people.
    pub fn new(code: u16, agent: impl Into<ByteString>, text: &str) -> Warning {
        Warning {
            code: code.min(999),
            agent: agent.into(),
            text: quote(text).into(),
        }
    }

    /// The three digits.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The host that warns.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// The text for people, without quotes.
    pub fn text(&self) -> Cow<'_, str> {
        unquote(&self.text)
    }

    fn read(value: &str) -> Option<(u16, &str, &str)> {
        let (code, rest) = value.split_once(' ')?;
        let (agent, text) = token::trimmed(rest).split_once(' ')?;
        let text = token::trimmed(text);
        let quoted = text
            .strip_prefix('"')
            .and_then(|inner| quoted_end(inner.as_bytes()));
        let code = parse_number(code).filter(|_| code.len() == 3)? as u16;
        (quoted == Some(text.len().wrapping_sub(1))).then_some((code, agent, text))
    }
}

impl Header for Warning {
    const NAME: HeaderName = HeaderName::Warning;
    const VALUES: Values = Values::Each;

    fn parse(value: ByteString) -> Result<Warning, ParseError> {
        let (code, agent, text) =
            Self::read(&value).ok_or(ParseError::InvalidHeader(Self::NAME))?;
        Ok(Warning {
            code,
            agent: value.slice_ref(agent),
            text: value.slice_ref(text),
        })
    }

    fn check(value: &str) -> Result<(), ParseError> {
        Self::read(value)
            .map(drop)
            .ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.code));
        out.push(' ');
        out.push_str(&self.agent);
        out.push(' ');
        out.push_str(&self.text);
    }
}

display_by_write!(Warning);
