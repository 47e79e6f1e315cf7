//! What a lenient reader lets through and a strict one refuses, row by row of docs/DEVIATIONS.md; and what neither does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use bytes::Bytes;
use rvoip_sip_core::{
    HeaderName, Limits, Message, ParseError, Request, Response, StatusCode, Strictness,
};

const LINES: [&str; 7] = [
    "OPTIONS sip:callee@server.example SIP/2.0",
    "Via: SIP/2.0/UDP client.example;branch=z9hG4bKstrict",
    "From: \"Caller\" <sip:caller@client.example>;tag=c1",
    "To: <sip:callee@server.example>",
    "Call-ID: strict.1@client.example",
    "CSeq: 7 OPTIONS",
    "Max-Forwards: 70",
];

/// An OPTIONS in which lines replace that of the same beginning, or are added.
fn text(lines: &[&str]) -> String {
    let mut all = LINES.map(str::to_owned).to_vec();
    for line in lines {
        let name = |line: &str| line.split([':', ' ']).next().unwrap_or_default().to_owned();
        match all.iter().position(|other| name(other) == name(line)) {
            Some(place) => all[place] = (*line).to_owned(),
            None => all.push((*line).to_owned()),
        }
    }
    all.join("\r\n") + "\r\n\r\n"
}

fn request(octets: impl Into<Bytes>) -> Request {
    match Message::parse(octets.into(), &Limits::DEFAULT) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}"),
    }
}

/// Lets the request through leniently, and returns it with what is wrong with it strictly.
fn tolerated(octets: impl Into<Bytes>) -> (Request, ParseError) {
    let request = request(octets);
    assert_eq!(request.check(Strictness::Lenient), Ok(()), "{request:?}");
    let defect = request.check(Strictness::Strict).expect_err("a defect");
    assert_eq!(defect.status, StatusCode::BAD_REQUEST);
    (request, defect.error)
}

fn tolerated_line(line: &str) -> (Request, ParseError) {
    tolerated(text(&[line]))
}

#[test]
fn what_a_strict_reader_takes() {
    let text = text(&[
        "Date: Sat, 13 Nov 2010 23:29:00 GMT",
        "Contact: *",
        "Route: <sip:a.example;lr>, <sip:[::1];lr>",
    ]);
    assert_eq!(request(text).check(Strictness::Strict), Ok(()));
}

#[test]
fn blanks_in_the_request_line() {
    for start in [
        "OPTIONS  sip:callee@server.example  SIP/2.0",
        "OPTIONS sip:callee@server.example SIP/2.0 \t",
    ] {
        let (request, error) = tolerated_line(start);
        assert_eq!(error, ParseError::RequestLineBlanks);
        assert_eq!(request.raw_uri(), "sip:callee@server.example");
    }
    // Something worse is not overlooked for it.
    let both = text(&[
        "OPTIONS  sip:callee@server.example SIP/2.0",
        "Content-Length: 5",
        "l: 6",
    ]);
    let error = request(both).check(Strictness::Lenient).unwrap_err().error;
    assert_eq!(
        error,
        ParseError::DuplicateHeader(HeaderName::ContentLength)
    );
}

#[test]
fn blanks_inside_angle_brackets() {
    let (request, error) = tolerated_line("To: < sip:callee@server.example >;x");
    assert_eq!(error, ParseError::InvalidHeader(HeaderName::To));
    assert_eq!(
        request.to().unwrap().to_string(),
        "<sip:callee@server.example>;x"
    );
}

#[test]
fn display_names_without_their_quotes() {
    for name in [
        "Caller, The",
        "+1 (555) 0100",
        "caller@client.example",
        "a/b [c] #d",
    ] {
        let (request, error) =
            tolerated_line(&format!("From: {name} <sip:caller@client.example>;tag=1"));
        assert_eq!(error, ParseError::InvalidHeader(HeaderName::From));
        let from = request.from().unwrap();
        assert_eq!(from.0.display_name().as_deref(), Some(name));
        // What goes out in later requests is right.
        let written = from.to_string();
        assert_eq!(
            written,
            format!("\"{name}\" <sip:caller@client.example>;tag=1")
        );
        let response = Response::builder_for(&request, StatusCode::OK).build();
        assert_eq!(
            response.headers().raw(&HeaderName::From),
            request.headers().raw(&HeaderName::From)
        );
    }
    // In a list the comma parts two values, neither of which is an address.
    let contact = text(&["Contact: Caller, The <sip:caller@client.example>"]);
    assert!(request(contact).check(Strictness::Lenient).is_err());
}

#[test]
fn a_semicolon_with_nothing_behind_it() {
    for (line, name) in [
        (
            "Via: SIP/2.0/UDP client.example;branch=z9hG4bKstrict;",
            HeaderName::Via,
        ),
        (
            "From: <sip:caller@client.example>;tag=c1; ",
            HeaderName::From,
        ),
        ("Contact: <sip:caller@client.example>;", HeaderName::Contact),
        ("Content-Type: application/sdp;", HeaderName::ContentType),
    ] {
        let (_, error) = tolerated_line(line);
        assert_eq!(error, ParseError::InvalidHeader(name));
    }
}

#[test]
fn values_of_parameters_that_are_no_tokens() {
    let (request, error) = tolerated_line("From: <sip:caller@client.example>;tag=YWJj+/==");
    assert_eq!(error, ParseError::InvalidHeader(HeaderName::From));
    assert_eq!(request.from_tag(), Some("YWJj+/=="));
}

#[test]
fn characters_of_a_call_id_that_are_in_no_word() {
    for value in ["a@b@c", "{a};b=c", "a,b", "@a"] {
        let (request, error) = tolerated_line(&format!("Call-ID: {value}"));
        assert_eq!(error, ParseError::InvalidHeader(HeaderName::CallId));
        assert_eq!(request.call_id().unwrap().as_str(), value);
    }
}

#[test]
fn a_branch_that_is_the_cookie_alone() {
    let (_, error) = tolerated_line("Via: SIP/2.0/UDP client.example;branch=z9hG4bK");
    assert_eq!(error, ParseError::InvalidHeader(HeaderName::Via));
}

#[test]
fn dates_that_are_not_in_gmt() {
    let (_, error) = tolerated_line("Date: Fri, 01 Jan 2010 16:00:00 EST");
    assert_eq!(error, ParseError::InvalidHeader(HeaderName::Date));
}

#[test]
fn lines_that_end_with_a_line_feed_alone() {
    let (_, error) = tolerated(text(&[]).replace("\r\n", "\n"));
    assert_eq!(error, ParseError::BareLineFeed);
}

#[test]
fn texts_in_iso_8859_1() {
    let latin = |line: &str| {
        let mut octets = text(&[line]).into_bytes();
        for octet in octets.iter_mut().filter(|octet| **octet == b'?') {
            *octet = 0xFC;
        }
        Bytes::from(octets)
    };
    for line in [
        "From: \"M?ller\" <sip:caller@client.example>;tag=1",
        "To: M?ller <sip:callee@server.example>",
        "Subject: ?ber",
        "User-Agent: f?n",
    ] {
        let (_, error) = tolerated(latin(line));
        assert_eq!(error, ParseError::TextNotUtf8, "{line}");
    }
    // Where something hangs on them they are no text.
    for line in [
        "OPTIONS sip:?@server.example SIP/2.0",
        "From: <sip:?@client.example>;tag=1",
        "From: <sip:caller@client.example>;tag=?",
        "From: sip:caller@client.example;tag=?",
        "Call-ID: ?",
        "Via: SIP/2.0/UDP client.example;branch=z9hG4bK?",
        "Route: \"?\" <sip:a@b.example>",
    ] {
        let defect = request(latin(line)).check(Strictness::Lenient).unwrap_err();
        assert_eq!(defect.error, ParseError::NotUtf8, "{line}");
    }
}

#[test]
fn the_same_length_said_twice() {
    let twice = text(&["Content-Length: 0", "l: 0"]);
    let (_, error) = tolerated(twice);
    assert_eq!(
        error,
        ParseError::DuplicateHeader(HeaderName::ContentLength)
    );
}

#[test]
fn headers_said_twice_that_hang_on_nothing() {
    for name in [
        "Expires",
        "Subject",
        "User-Agent",
        "Date",
        "Retry-After",
        "Organization",
    ] {
        let value = match name {
            "Date" => "Sat, 13 Nov 2010 23:29:00 GMT",
            _ => "1",
        };
        let one = text(&[&format!("{name}: {value}")]);
        let two = one.replacen(
            "Max-Forwards",
            &format!("{name}: {value}\r\nMax-Forwards"),
            1,
        );
        assert_eq!(request(one).check(Strictness::Strict), Ok(()), "{name}");
        let (_, error) = tolerated(two);
        assert_eq!(error, ParseError::DuplicateHeader(name.parse().unwrap()));
    }
}

/// Two readers could read these differently; mostly one of them would be a firewall.
#[test]
fn what_no_mode_lets_through() {
    for lines in [
        &["Content-Length: 5", "l: 0"][..],
        &["Content-Length: 1"],
        &["Content-Length: -1"],
        &["CSeq: 7 INVITE"],
        &[
            "From: <sip:a@b.example>;tag=1",
            "f: <sip:c@d.example>;tag=2",
        ],
        &["Call-ID: 1", "i: 1"],
        &["CSeq: 7 OPTIONS", "cseq: 7 OPTIONS"],
        &["Max-Forwards: 70", "max-forwards: 70"],
        &["Content-Type: application/sdp", "c: application/sdp"],
        &["To: \"Callee <sip:callee@server.example>"],
        &["Contact: sip:a@b.example?Route=%3Csip:c.example%3E"],
        &["OPTIONS sip:a@b.example?Route=%3Csip:c.example%3E SIP/2.0"],
        &["OPTIONS <sip:a@b.example> SIP/2.0"],
        &["OPTIONS sip:a@b.example; lr SIP/2.0"],
        &["Subject: a\rb"],
        &["Subject"],
        &["Max-Forwards: 256"],
    ] {
        let text = text(lines);
        assert!(
            request(text).check(Strictness::Lenient).is_err(),
            "{lines:?}"
        );
    }
}
