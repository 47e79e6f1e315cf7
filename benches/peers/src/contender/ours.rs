//! The parser of this repository. The octets are copied first, as they would be out of a socket's buffer.

use std::hint::black_box;

use bytes::Bytes;
use rvoip_sip_core::{
    CSeq, CallId, Contact, From, HeaderMap, Limits, MaxForwards, Message, Method, NameAddr,
    Request, Response, Strictness, To, Uri, Via, ViaTransport,
};

use super::Contender;
use crate::{INVITE, OK};

pub fn contender() -> Contender {
    Contender {
        name: "rvoip-sip-core (this one)",
        works: vec![
            ("invite", Box::new(|| drop(black_box(request())))),
            ("invite-typed", Box::new(|| type_seven(&request()))),
            (
                "invite-checked",
                Box::new(|| request().check(Strictness::Lenient).unwrap()),
            ),
            ("ok", Box::new(|| drop(black_box(response())))),
            ("ok-typed", Box::new(|| type_six(&response()))),
            ("write", write()),
            ("octets", octets()),
        ],
        reads: |octets| match parse(octets) {
            Some(Message::Request(request)) => reads(request.headers()),
            Some(Message::Response(response)) => reads(response.headers()),
            None => false,
        },
        accepts: |octets| {
            parse(octets).is_some_and(|message| message.check(Strictness::Strict).is_ok())
        },
    }
}

fn parse(octets: &[u8]) -> Option<Message> {
    Message::parse(Bytes::copy_from_slice(octets), &Limits::DEFAULT).ok()
}

fn request() -> Request {
    match parse(INVITE) {
        Some(Message::Request(request)) => request,
        _ => panic!("no request"),
    }
}

fn response() -> Response {
    match parse(OK) {
        Some(Message::Response(response)) => response,
        _ => panic!("no response"),
    }
}

fn type_seven(invite: &Request) {
    black_box((
        invite.top_via().unwrap(),
        invite.from().unwrap(),
        invite.to().unwrap(),
    ));
    black_box((invite.call_id().unwrap(), invite.cseq().unwrap()));
    black_box((invite.contact().unwrap(), invite.max_forwards().unwrap()));
}

fn type_six(ok: &Response) {
    black_box((ok.top_via().unwrap(), ok.from().unwrap(), ok.to().unwrap()));
    black_box((
        ok.call_id().unwrap(),
        ok.cseq().unwrap(),
        ok.contact().unwrap(),
    ));
}

fn reads(headers: &HeaderMap) -> bool {
    headers.first::<Via>().is_ok()
        && headers.first::<From>().is_ok()
        && headers.first::<To>().is_ok()
        && headers.first::<CallId>().is_ok()
        && headers.first::<CSeq>().is_ok()
        && headers.first::<Contact>().is_ok()
        && headers.first::<MaxForwards>().is_ok()
}

fn write() -> Box<dyn Fn()> {
    let uri: Uri = "sip:bob@192.0.2.4:5060;transport=udp".parse().unwrap();
    let sent_by = "192.0.2.101:5062".parse().unwrap();
    let via = Via::new(ViaTransport::Udp, sent_by, "z9hG4bKnashds8");
    let from: NameAddr = "\"Alice Smith\" <sip:alice@atlanta.example.com>;tag=9fxced76sl"
        .parse()
        .unwrap();
    let from = From(from);
    let to: To = "\"Bob\" <sip:bob@biloxi.example.com>".parse().unwrap();
    let call_id = CallId::new("3848276298220188511@atlanta.example.com");
    let cseq = CSeq {
        number: 1,
        method: Method::Invite,
    };
    let contact = Contact::new("sip:alice@192.0.2.101:5062;transport=udp".parse().unwrap());
    let body = request().body().clone();
    Box::new(move || {
        let invite = Request::builder(Method::Invite, &uri)
            .header(&MaxForwards(70))
            .header(&from)
            .header(&to)
            .header(&call_id)
            .header(&cseq)
            .header(&contact)
            .body("application/sdp", body.clone())
            .via(&via)
            .build();
        black_box(invite.to_bytes());
    })
}

fn octets() -> Box<dyn Fn()> {
    let invite = request();
    Box::new(move || drop(black_box(invite.to_bytes())))
}
