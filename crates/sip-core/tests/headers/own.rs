//! Headers that the crate does not know: a type of the user is taken as any other.

use rvoip_sip_core::{
    ByteString, Header, HeaderName, Method, ParseError, Request, Response, StatusCode, Uri, Values,
};

use crate::table::with_line;

/// A number each, with commas between.
#[derive(Debug, PartialEq)]
struct Each(u8);

/// All numbers together.
#[derive(Debug, PartialEq)]
struct Together(Vec<u8>);

/// A type of the user for a name that the crate knows.
#[derive(Debug, PartialEq)]
struct Topic(ByteString);

/// Values that end at a bar.
#[derive(Debug, PartialEq)]
struct Barred(ByteString);

impl Header for Each {
    const NAME: HeaderName = HeaderName::Other(ByteString::from_static("X-Each"));
    const VALUES: Values = Values::Each;

    fn parse(value: ByteString) -> Result<Each, ParseError> {
        let number = value.parse();
        number
            .map(Each)
            .map_err(|_| ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.0.to_string());
    }
}

impl Header for Together {
    const NAME: HeaderName = HeaderName::Other(ByteString::from_static("X-Together"));
    const VALUES: Values = Values::Together;

    fn parse(value: ByteString) -> Result<Together, ParseError> {
        let numbers = value.split(',').map(|number| number.trim().parse());
        let numbers: Result<_, _> = numbers.collect();
        numbers
            .map(Together)
            .map_err(|_| ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        let numbers: Vec<_> = self.0.iter().map(u8::to_string).collect();
        out.push_str(&numbers.join(", "));
    }
}

impl Header for Topic {
    const NAME: HeaderName = HeaderName::Other(ByteString::from_static("subject"));

    fn parse(value: ByteString) -> Result<Topic, ParseError> {
        Ok(Topic(value))
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

impl Header for Barred {
    const NAME: HeaderName = HeaderName::Other(ByteString::from_static("X-Barred"));
    const VALUES: Values = Values::Each;

    fn split_first(line: &str) -> (&str, Option<&str>) {
        line.split_once('|')
            .map_or((line, None), |(first, rest)| (first, Some(rest)))
    }

    fn parse(value: ByteString) -> Result<Barred, ParseError> {
        Ok(Barred(value))
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

fn request(name: &HeaderName, lines: &[&str]) -> Request {
    let target: Uri = "sip:bob@example.com".parse().unwrap();
    let builder = Request::builder(Method::Options, &target);
    lines
        .iter()
        .fold(builder, |builder, line| builder.raw(name, line))
        .build()
}

#[test]
fn values_on_lines_and_behind_commas_are_each_one() {
    let request = request(&"x-EACH".parse().unwrap(), &["1, 2", "3"]);
    let all: Result<Vec<Each>, _> = request.headers().all().collect();
    assert_eq!(all, Ok(vec![Each(1), Each(2), Each(3)]));
    assert_eq!(request.headers().first(), Ok(Some(Each(1))));
    let edited = request
        .edit()
        .replace_first(&Each(7))
        .push_front(&Each(0))
        .push_back(&Each(9))
        .finish();
    let lines: Vec<_> = edited.headers().raw_all(&Each::NAME).collect();
    assert_eq!(lines, ["0", "7, 2", "3", "9"]);
    let rest = edited
        .edit()
        .remove_first::<Each>()
        .remove_first::<Each>()
        .finish();
    let lines: Vec<_> = rest.headers().raw_all(&Each::NAME).collect();
    assert_eq!(lines, ["2", "3", "9"]);
}

#[test]
fn values_that_belong_together_are_one() {
    let request = request(&Together::NAME, &["1, 2", "3"]);
    assert_eq!(request.headers().first(), Ok(Some(Together(vec![1, 2, 3]))));
    let response = Response::builder_for(&request, StatusCode::OK)
        .header(&Together(vec![4, 5]))
        .build();
    assert_eq!(response.headers().first(), Ok(Some(Together(vec![4, 5]))));
}

#[test]
fn an_invalid_value_is_told_with_its_name() {
    let request = request(&Each::NAME, &["1, x"]);
    let all: Vec<Result<Each, _>> = request.headers().all().collect();
    assert_eq!(
        all,
        [
            Ok(Each(1)),
            Err(ParseError::InvalidHeader("X-Each".parse().unwrap()))
        ]
    );
    assert_eq!(Each::check("x"), Err(ParseError::InvalidHeader(Each::NAME)));
    assert_eq!(request.headers().first::<Together>(), Ok(None));
}

#[test]
fn a_known_name_keeps_its_compact_form() {
    let topic = Ok(Some(Topic("boxes".into())));
    for name in ["Subject", "s", "S", "subject"] {
        assert_eq!(with_line(name, "boxes").headers().first(), topic, "{name}");
    }
    let edited = with_line("s", "boxes")
        .edit()
        .replace_first(&Topic("hats".into()))
        .finish();
    assert_eq!(edited.headers().raw(&HeaderName::Subject), Some("hats"));
    assert_eq!(edited.headers().len(), 1);
}

#[test]
fn values_may_be_parted_in_a_way_of_their_own() {
    let request = request(&Barred::NAME, &["a,b|c", "d"]);
    let all: Vec<Barred> = request.headers().all().map(Result::unwrap).collect();
    assert_eq!(all, ["a,b", "c", "d"].map(|value| Barred(value.into())));
    let rest = request.edit().remove_first::<Barred>().finish();
    let lines: Vec<_> = rest.headers().raw_all(&Barred::NAME).collect();
    assert_eq!(lines, ["c", "d"]);
}
