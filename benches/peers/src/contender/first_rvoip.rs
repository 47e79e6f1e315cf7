//! rvoip-sip-core 0.4 of crates.io. It types all headers while it parses.

use std::hint::black_box;

use first_rvoip::{
    Message, ParseMode, Request, TypedHeader, parse_message, parse_message_with_mode,
};

use super::Contender;
use crate::{INVITE, OK};

pub fn contender() -> Contender {
    Contender {
        name: "rvoip-sip-core 0.4 (crates.io)",
        works: vec![
            (
                "invite-typed",
                Box::new(|| drop(black_box(parse_message(INVITE).unwrap()))),
            ),
            (
                "ok-typed",
                Box::new(|| drop(black_box(parse_message(OK).unwrap()))),
            ),
            ("write", write()),
            ("octets", octets()),
        ],
        reads: |octets| parse_message(octets).is_ok(),
        accepts: |octets| parse_message_with_mode(octets, ParseMode::Strict).is_ok(),
    }
}

fn request() -> Request {
    match parse_message(INVITE) {
        Ok(Message::Request(request)) => request,
        _ => panic!("no request"),
    }
}

/// The first header of each of these kinds.
fn wanted(header: &TypedHeader) -> bool {
    use TypedHeader::{CSeq, CallId, Contact, ContentType, From, MaxForwards, To, Via};
    matches!(
        header,
        Via(_)
            | MaxForwards(_)
            | From(_)
            | To(_)
            | CallId(_)
            | CSeq(_)
            | Contact(_)
            | ContentType(_)
    )
}

fn write() -> Box<dyn Fn()> {
    let invite = request();
    let mut headers: Vec<TypedHeader> = invite
        .all_headers()
        .iter()
        .filter(|header| wanted(header))
        .cloned()
        .collect();
    headers.dedup_by_key(|header| std::mem::discriminant(header));
    let body = invite.body_bytes().clone();
    Box::new(move || {
        let mut written = Request::new(invite.method(), invite.uri().clone());
        for header in &headers {
            written = written.with_header(header.clone());
        }
        black_box(written.with_body(body.clone()).to_bytes());
    })
}

fn octets() -> Box<dyn Fn()> {
    let invite = request();
    Box::new(move || drop(black_box(invite.to_bytes())))
}
