//! New messages and changed ones: where lines stand, and that no value becomes a line.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use bytes::Bytes;
use rvoip_sip_core::{
    CallId, Contact, HeaderName, Limits, Message, Method, Request, Response, Route, StatusCode,
    Strictness, Uri, Via,
};

fn request(octets: &str) -> Request {
    match Message::parse(Bytes::from(octets.to_owned()), &Limits::DEFAULT).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a response"),
    }
}

fn text(octets: Bytes) -> String {
    String::from_utf8(octets.to_vec()).unwrap()
}

/// Name and value of each line.
fn lines(message: &Message) -> Vec<(HeaderName, String)> {
    let lines = message.headers().iter();
    lines
        .map(|line| (line.name, line.value.to_owned()))
        .collect()
}

/// What was written is what is read of it.
fn assert_indexed(message: &Message) {
    let again = Message::parse(message.to_bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(lines(&again), lines(message));
    assert_eq!(again.body(), message.body());
}

fn via(branch: &str) -> Via {
    format!("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK{branch}")
        .parse()
        .unwrap()
}

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

const INVITE: &str = "INVITE sip:bob@192.0.2.4 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
    Route: <sip:p1.example;lr>, <sip:p2.example;lr>\r\n\
    From: <sip:alice@atlanta.example>;tag=1\r\n\
    To: Bob <sip:bob@biloxi.example>\r\n\
    Call-ID: a84b4c76e66710\r\n\
    CSeq: 63104 INVITE\r\n\
    Contact: <sip:alice@192.0.2.1:5060>\r\n\
    Content-Length: 3\r\n\r\nabc";

#[test]
fn a_via_stands_above_whatever_was_added_before_and_behind() {
    let request = Request::builder(Method::Options, &uri("sip:a@b.example?Subject=x"))
        .max_forwards(70)
        .via(&via("1"))
        .header(&CallId::new("c"))
        .via(&via("2"))
        .raw(&HeaderName::Subject, " y ")
        .build();
    assert_eq!(
        text(request.to_bytes()),
        "OPTIONS sip:a@b.example SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK2\r\n\
         Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\r\n\
         Max-Forwards: 70\r\n\
         Call-ID: c\r\n\
         Subject:  y\r\n\
         Content-Length: 0\r\n\r\n"
    );
    assert_eq!(request.headers().raw(&HeaderName::Subject), Some("y"));
    assert_indexed(&Message::Request(request));
}

#[test]
fn a_builder_can_be_built_more_than_once_by_its_clones() {
    let builder = Request::builder(Method::Options, &uri("sip:a@b.example"))
        .header(&CallId::new("c"))
        .body("text/plain", Bytes::from_static(b"hello"));
    assert_eq!(builder.uri(), "sip:a@b.example");
    let [first, second] = ["1", "2"].map(|branch| builder.clone().via(&via(branch)).build());
    assert_eq!(
        (first.branch(), second.branch()),
        (Some("z9hG4bK1"), Some("z9hG4bK2"))
    );
    assert!(builder.octets() >= builder.build().to_bytes().len());
    assert_eq!(&second.body()[..], b"hello");
}

#[test]
fn a_response_repeats_its_request_and_says_its_own() {
    let response = Response::builder_for(&request(INVITE), StatusCode::OK)
        .header(&Contact::new(uri("sip:bob@192.0.2.4")))
        .to_tag("314")
        .reason_phrase("Fine")
        .to_tag("159")
        .body("text/plain", Bytes::from_static(b"x"))
        .build();
    assert_eq!(response.reason_phrase(), "Fine");
    assert_eq!(
        text(response.to_bytes()),
        "SIP/2.0 200 Fine\r\n\
         Via: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK2, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
         From: <sip:alice@atlanta.example>;tag=1\r\n\
         To: Bob <sip:bob@biloxi.example>;tag=314\r\n\
         Call-ID: a84b4c76e66710\r\n\
         CSeq: 63104 INVITE\r\n\
         Contact: <sip:bob@192.0.2.4>\r\n\
         Content-Type: text/plain\r\n\
         Content-Length: 1\r\n\r\nx"
    );
    response.check(Strictness::Strict).unwrap();
    assert_indexed(&Message::Response(response));
}

#[test]
fn no_value_becomes_a_line() {
    let evil = "x\r\nEvil: 1\r\n\r\n";
    let request = Request::builder(
        Method::Extension("A\r\nEvil: 1".into()),
        &uri("sip:a@b.example"),
    )
    .header(&CallId::new(evil))
    .raw(&HeaderName::Subject, evil)
    .build();
    let response = Response::builder_for(&request, StatusCode::OK)
        .reason_phrase(evil)
        .to_tag(evil)
        .raw(&HeaderName::Other("X-\r\nEvil".into()), evil)
        .raw(&HeaderName::Server, evil)
        .build();
    let edited = request.edit().push_back(&CallId::new(evil)).finish();
    for octets in [request.to_bytes(), response.to_bytes(), edited.to_bytes()] {
        let text = text(octets);
        assert!(
            !text.contains("\nEvil") && text.contains(" Evil: 1"),
            "{text}"
        );
        assert_eq!(text.matches("\r\n\r\n").count(), 1, "{text}");
    }
    assert_eq!(
        request.headers().raw(&HeaderName::Subject),
        Some("x  Evil: 1")
    );
    assert_indexed(&Message::Response(response));
}

#[test]
fn what_a_proxy_changes_is_what_is_read_again() {
    let folded = INVITE.replace("<sip:p1.example;lr>, <", "<sip:p1.example;lr>,\r\n <");
    for octets in [INVITE.to_owned(), folded, INVITE.replace("\r\n", "\n")] {
        let request = request(&octets);
        let forwarded = request
            .edit()
            .push_front(&via("3"))
            .remove_first::<Route>()
            .finish();
        let routes: Vec<Route> = forwarded.routes().map(Result::unwrap).collect();
        assert_eq!(routes, ["<sip:p2.example;lr>".parse().unwrap()]);
        assert_eq!(forwarded.top_via().unwrap(), via("3"));
        assert_eq!(forwarded.vias().count(), 3);
        assert_indexed(&Message::Request(forwarded.clone()));

        let back = forwarded
            .edit()
            .remove_first::<Via>()
            .push_front(&routes[0])
            .finish();
        let back = back
            .edit()
            .replace_first(&"<sip:p1.example;lr>".parse::<Route>().unwrap());
        let back = back.finish();
        assert_eq!(back.vias().count(), 2);
        assert_eq!(back.routes().count(), 2);
        let popped = back
            .edit()
            .remove_first::<Route>()
            .remove_first::<Via>()
            .finish();
        assert_eq!(popped.top_via().unwrap().branch(), Some("z9hG4bK1"));
        assert_indexed(&Message::Request(popped));
    }
}

#[test]
fn what_is_read_in_place_is_what_the_typed_headers_say() {
    let invite = request(INVITE);
    assert_eq!(
        invite.from_uri(),
        Some(invite.from().unwrap().uri().as_str())
    );
    assert_eq!(invite.to_uri(), Some("sip:bob@biloxi.example"));
    assert_eq!(invite.contact_uri(), Some("sip:alice@192.0.2.1:5060"));
    assert_eq!(invite.cseq_number(), Some(63104));
    let all = request("REGISTER sip:b SIP/2.0\r\nContact: *\r\nCSeq: 2147483648 REGISTER\r\n\r\n");
    assert_eq!(
        (all.contact_uri(), all.cseq_number(), all.to_uri()),
        (None, None, None)
    );
}
