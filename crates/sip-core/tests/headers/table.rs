//! What holds for the values of any header, and the messages they stand in.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use bytes::Bytes;
use rvoip_sip_core::{Header, Limits, Message, Method, ParseError, Request, Uri};

/// A typed header that can be shown and compared.
pub(crate) trait Typed:
    Header + Display + FromStr<Err = ParseError> + PartialEq + Debug
{
}

impl<H: Header + Display + FromStr<Err = ParseError> + PartialEq + Debug> Typed for H {}

/// Reads a value that is valid.
pub(crate) fn typed<H: Typed>(value: &str) -> H {
    value
        .parse()
        .unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// Each value is read, written to the second text and read from there as the same; `check` says so too, and so it is
/// when the value stands in a message, behind its name or its compact form.
pub(crate) fn valid<H: Typed>(values: &[(&str, &str)]) {
    for (value, written) in values {
        let header: H = typed(value);
        assert_eq!(header.to_string(), *written, "{value}");
        assert_eq!(typed::<H>(written), header, "{value}");
        assert_eq!(H::check(value), Ok(()), "{value}");
        let request = with_line(H::NAME.as_str(), value);
        let all: Vec<H> = request.headers().all().map(Result::unwrap).collect();
        assert_eq!(all, [header], "{value}");
    }
}

/// As [`valid`] for values that are written as they stand.
pub(crate) fn kept<H: Typed>(values: &[&str]) {
    let pairs: Vec<_> = values.iter().map(|value| (*value, *value)).collect();
    valid::<H>(&pairs);
}

/// Each value is refused, by `parse` and by `check`.
pub(crate) fn refused<H: Typed>(values: &[&str]) {
    let error = ParseError::InvalidHeader(H::NAME);
    for value in values {
        assert_eq!(value.parse::<H>().as_ref(), Err(&error), "{value}");
        assert_eq!(H::check(value), Err(error.clone()), "{value}");
    }
}

/// The header is found by its compact form.
pub(crate) fn compact<H: Typed>(letter: &str, value: &str) {
    let request = with_line(letter, value);
    assert_eq!(request.headers().first(), Ok(Some(typed::<H>(value))));
}

/// The values on these lines.
pub(crate) fn on_lines<H: Typed>(lines: &[&str]) -> Vec<H> {
    let target: Uri = "sip:bob@example.com".parse().unwrap();
    let builder = Request::builder(Method::Options, &target);
    let builder = lines
        .iter()
        .fold(builder, |builder, line| builder.raw(&H::NAME, line));
    let request = builder.build();
    request.headers().all().map(Result::unwrap).collect()
}

pub(crate) fn with_line(name: &str, value: &str) -> Request {
    let text = format!("OPTIONS sip:bob@example.com SIP/2.0\r\n{name}: {value}\r\n\r\n");
    match Message::parse(Bytes::from(text), &Limits::DEFAULT) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}
