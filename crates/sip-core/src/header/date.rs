//! Date (RFC 3261 section 20.17).

use std::time::{Duration, SystemTime};

use bytestring::ByteString;

use super::grammar::{display_by_write, parse_number};
use super::{Header, HeaderName};
use crate::ParseError;
use crate::write::push_number;

/// When the message was first sent, to the second: `Sat, 13 Nov 2010 23:29:00 GMT`. The years are 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    unix_seconds: u64,
}

const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY: u64 = 86_400;
/// The last second of the year 9999.
const LAST: u64 = 253_402_300_799;

impl Date {
    /// So many seconds after the beginning of 1970.
    pub fn from_unix_seconds(seconds: u64) -> Date {
        Date {
            unix_seconds: seconds.min(LAST),
        }
    }

    /// The seconds since the beginning of 1970.
    pub fn unix_seconds(self) -> u64 {
        self.unix_seconds
    }

    fn read(value: &str) -> Option<Date> {
        let (weekday, rest) = value.split_once(',')?;
        WEEKDAYS
            .iter()
            .position(|name| name.eq_ignore_ascii_case(weekday))?;
        let mut words = rest.split_ascii_whitespace();
        let mut word = || words.next();
        let (day, month) = (word()?, word()?);
        let month = MONTHS
            .iter()
            .position(|name| name.eq_ignore_ascii_case(month))?;
        let (year, time, zone) = (word()?, word()?, word()?);
        let mut clock = time.split(':').map(|number| digits(number, 2));
        let mut clock = || clock.next().flatten();
        let (hour, minute, second) = (clock()?, clock()?, clock()?);
        let (day, year) = (digits(day, 2)?, digits(year, 4)?);
        // A leap second is taken.
        let is_time = hour < 24 && minute < 60 && second <= 60 && time.len() == 8;
        let is_day = year >= 1970 && (1..=days_in(year, month)).contains(&day);
        if !is_time || !is_day || zone != "GMT" || word().is_some() {
            return None;
        }
        let days = days_before(year, month) + day - 1;
        Some(Date::from_unix_seconds(
            days * DAY + hour * 3600 + minute * 60 + second,
        ))
    }
}

/// A number of so many digits.
fn digits(text: &str, count: usize) -> Option<u64> {
    parse_number(text)
        .filter(|_| text.len() == count)
        .map(u64::from)
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// The days of a month, which counts from 0.
fn days_in(year: u64, month: usize) -> u64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// The days from the beginning of 1970 to that of a month, which counts from 0.
fn days_before(year: u64, month: usize) -> u64 {
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    years + (0..month).map(|month| days_in(year, month)).sum::<u64>()
}

impl From<SystemTime> for Date {
    /// Times outside of 1970 to 9999 become the nearest inside.
    fn from(time: SystemTime) -> Date {
        let since = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Date::from_unix_seconds(since.as_secs())
    }
}

impl From<Date> for SystemTime {
    fn from(date: Date) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(date.unix_seconds)
    }
}

impl Header for Date {
    const NAME: HeaderName = HeaderName::Date;

    fn parse(value: ByteString) -> Result<Date, ParseError> {
        Self::read(&value).ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn check(value: &str) -> Result<(), ParseError> {
        Self::read(value)
            .map(drop)
            .ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        let (mut days, seconds) = (self.unix_seconds / DAY, self.unix_seconds % DAY);
        out.push_str(WEEKDAYS[(days % 7) as usize]);
        out.push_str(", ");
        // The mean year errs by less than one.
        let mut year = 1971 + days * 400 / 146_097;
        while days_before(year, 0) > days {
            year -= 1;
        }
        days -= days_before(year, 0);
        let mut month = 0;
        while days >= days_in(year, month) {
            days -= days_in(year, month);
            month += 1;
        }
        push_padded(out, days + 1);
        out.push(' ');
        out.push_str(MONTHS[month]);
        out.push(' ');
        push_number(out, year);
        for (number, before) in [
            (seconds / 3600, ' '),
            (seconds / 60 % 60, ':'),
            (seconds % 60, ':'),
        ] {
            out.push(before);
            push_padded(out, number);
        }
        out.push_str(" GMT");
    }
}

fn push_padded(out: &mut String, number: u64) {
    if number < 10 {
        out.push('0');
    }
    push_number(out, number);
}

display_by_write!(Date);
