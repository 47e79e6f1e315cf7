//! rsiprtp 0.4: the parser for reading, the builder of its public API for writing.

use std::hint::black_box;

use rsiprtp::core::SipError;
use rsiprtp::sip::parser::typed::{CSeq, Contact, From, To, Via};
use rsiprtp::sip::parser::{Headers, Message, Request, Response};
use rsiprtp::sip::{Method, SipRequest};

use super::Contender;
use crate::{INVITE, OK};

pub fn contender() -> Contender {
    Contender {
        name: "rsiprtp 0.4",
        works: vec![
            ("invite", Box::new(|| drop(black_box(request())))),
            (
                "invite-typed",
                Box::new(|| type_all(&request().headers).unwrap()),
            ),
            ("ok", Box::new(|| drop(black_box(response())))),
            (
                "ok-typed",
                Box::new(|| type_all(&response().headers).unwrap()),
            ),
            ("write", write()),
            ("octets", octets()),
        ],
        reads,
        accepts: reads,
    }
}

fn request() -> Request {
    Request::parse(INVITE).unwrap()
}

fn response() -> Response {
    Response::parse(OK).unwrap()
}

/// Those that are there.
fn type_all(headers: &Headers) -> Result<(), SipError> {
    let value = |name| headers.get_first_value(name);
    black_box(value("Via").map(Via::parse).transpose()?);
    black_box(value("From").map(From::parse).transpose()?);
    black_box(value("To").map(To::parse).transpose()?);
    black_box(value("Call-ID").map(str::to_owned));
    black_box(value("CSeq").map(CSeq::parse).transpose()?);
    black_box(value("Contact").map(Contact::parse).transpose()?);
    black_box(value("Max-Forwards").map(str::parse::<u8>));
    Ok(())
}

fn reads(octets: &[u8]) -> bool {
    match Message::parse(octets) {
        Ok(Message::Request(request)) => type_all(&request.headers).is_ok(),
        Ok(Message::Response(response)) => type_all(&response.headers).is_ok(),
        Err(_) => false,
    }
}

fn write() -> Box<dyn Fn()> {
    let body = request().body;
    Box::new(move || {
        let invite = SipRequest::builder()
            .method(Method::Invite)
            .uri("sip:bob@192.0.2.4:5060;transport=udp")
            .via("192.0.2.101", 5062, "UDP", "z9hG4bKnashds8")
            .max_forwards(70)
            .from("sip:alice@atlanta.example.com", "9fxced76sl")
            .from_display("Alice Smith")
            .to("sip:bob@biloxi.example.com")
            .call_id("3848276298220188511@atlanta.example.com")
            .cseq(1)
            .contact("sip:alice@192.0.2.101:5062;transport=udp")
            .body(body.clone(), "application/sdp")
            .build();
        black_box(invite.unwrap().to_bytes());
    })
}

fn octets() -> Box<dyn Fn()> {
    let invite = request();
    Box::new(move || drop(black_box(invite.to_bytes())))
}
