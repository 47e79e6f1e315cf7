//! Timestamp (RFC 3261 section 20.38).

use std::time::Duration;

use bytestring::ByteString;

use super::grammar::{display_by_write, parse_number};
use super::{Header, HeaderName};
use crate::{ParseError, token};

/// When the request was sent, by the sender's clock; in a response, with the time the receiver took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp(ByteString);

impl Timestamp {
    /// A time of the sender's clock, with milliseconds.
    pub fn new(time: Duration) -> Timestamp {
        Timestamp(decimal(time).into())
    }

    /// The time as it stands, to be given back.
    pub fn time(&self) -> &str {
        self.parts().0
    }

    /// How long the receiver took; `None` when it does not say.
    pub fn delay(&self) -> Option<Duration> {
        let (seconds, fraction) = self
            .parts()
            .1
            .split_once('.')
            .unwrap_or((self.parts().1, ""));
        let nanoseconds = format!("{:0<9}", fraction.get(..9).unwrap_or(fraction));
        let whole = if seconds.is_empty() { "0" } else { seconds };
        (seconds.len() + fraction.len() > 0).then(|| {
            Some(Duration::new(
                u64::from(parse_number(whole)?),
                parse_number(&nanoseconds)?,
            ))
        })?
    }

    /// The same time with the delay, for a response.
    #[must_use]
    pub fn with_delay(&self, delay: Duration) -> Timestamp {
        Timestamp(format!("{} {}", self.time(), decimal(delay)).into())
    }

    fn parts(&self) -> (&str, &str) {
        let end = self
            .0
            .bytes()
            .position(token::is_blank)
            .unwrap_or(self.0.len());
        (&self.0[..end], token::trimmed(&self.0[end..]))
    }
}

fn decimal(time: Duration) -> String {
    format!("{}.{:03}", time.as_secs(), time.subsec_millis())
}

/// `*DIGIT ["." *DIGIT]`.
fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    digits(whole) && digits(fraction)
}

impl Header for Timestamp {
    const NAME: HeaderName = HeaderName::Timestamp;

    fn parse(value: ByteString) -> Result<Timestamp, ParseError> {
        let timestamp = Timestamp(value);
        let (time, delay) = timestamp.parts();
        let well_formed = time.starts_with(|first: char| first.is_ascii_digit())
            && is_decimal(time)
            && is_decimal(delay);
        match well_formed {
            true => Ok(timestamp),
            false => Err(ParseError::InvalidHeader(Self::NAME)),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

display_by_write!(Timestamp);
