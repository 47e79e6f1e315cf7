//! A datagram that should be a message.

use bytes::Bytes;
use rvoip_sip_core::multipart::{Multipart, MultipartLimits};
use rvoip_sip_core::sipfrag::SipFrag;
use rvoip_sip_core::{
    Contact, HeaderName, Limits, Message, Request, Response, Route, StatusCode, Strictness, Via,
    scan,
};

use crate::{bound, header};

/// What a message may hold beyond its octets: the index of the lines, and room to begin with.
const OVERHEAD: usize = 4096;

/// Reading is bounded and never panics; what is written reads as the same; an edit equals a second reading; whoever is
/// strict is lenient too.
pub fn check(data: &[u8]) {
    let _ = (scan::find_head_end(data), scan::content_length(data));
    let octets = Bytes::copy_from_slice(data);
    let limit = OVERHEAD + 24 * data.len();
    let parsed = bound::within(limit, || Message::parse(octets.clone(), &Limits::DEFAULT));
    if let Ok(fragment) = SipFrag::parse(octets, &Limits::DEFAULT) {
        let _ = (
            fragment.status(),
            fragment.headers().len(),
            fragment.body().len(),
        );
    }
    let Ok(message) = parsed else {
        return;
    };
    if message.check(Strictness::Strict).is_ok() {
        assert_eq!(
            message.check(Strictness::Lenient),
            Ok(()),
            "strict but not lenient"
        );
    }
    assert_same(&message, "written");
    header::check_all(message.headers());
    read_body(&message);
    match message {
        Message::Request(request) => check_request(&request),
        Message::Response(response) => check_response(&response),
    }
}

/// That what a message is written as reads as the same.
fn assert_same(message: &Message, how: &str) {
    let octets = match message {
        Message::Request(request) => request.to_bytes(),
        Message::Response(response) => response.to_bytes(),
    };
    let again = Message::parse(octets, &UNBOUNDED);
    let again = again.unwrap_or_else(|error| panic!("{how}: {error}"));
    assert_eq!(seen(&again), seen(message), "{how}");
}

/// An answer or an edit may be longer than a message that is let in.
const UNBOUNDED: Limits = Limits {
    max_message_octets: usize::MAX,
    max_head_octets: usize::MAX,
    max_header_lines: usize::MAX,
};

/// All that can be seen of a message.
fn seen(message: &Message) -> (String, Vec<(HeaderName, &str)>, &Bytes) {
    let start = match message {
        Message::Request(request) => format!("{} {}", request.method(), request.raw_uri()),
        Message::Response(response) => {
            format!("{} {}", response.status(), response.reason_phrase())
        }
    };
    let lines = message.headers().iter().map(|line| (line.name, line.value));
    (start, lines.collect(), message.body())
}

fn read_body(message: &Message) {
    let Ok(Some(content_type)) = message.headers().first() else {
        return;
    };
    let limit = OVERHEAD + 256 * message.body().len();
    let body = message.body().clone();
    let Ok(multipart) = bound::within(limit, || {
        Multipart::parse(&content_type, body, &MultipartLimits::DEFAULT)
    }) else {
        return;
    };
    let (written, octets) = multipart.write();
    let again = written.parse().map(|content_type| {
        Multipart::parse(&content_type, octets.clone(), &MultipartLimits::DEFAULT)
    });
    match again {
        Ok(Ok(again)) => {
            assert_eq!(again.parts().len(), multipart.parts().len());
            assert_eq!(again.write(), (written, octets));
        }
        other => panic!("a multipart that is written cannot be read: {other:?}"),
    }
}

fn check_request(request: &Request) {
    let via: Via = match "SIP/2.0/UDP a;branch=z9hG4bK1".parse() {
        Ok(via) => via,
        Err(error) => unreachable!("{error}"),
    };
    let answer = Response::builder_for(request, StatusCode::BAD_REQUEST)
        .to_tag("t")
        .build();
    assert_same(&Message::Response(answer), "an answer");
    let forwarded = request
        .edit()
        .push_front(&via)
        .remove_first::<Route>()
        .finish();
    assert_eq!(forwarded.top_via(), Ok(via.clone()));
    assert_same(&Message::Request(forwarded), "forwarded");
    let edited = request
        .edit()
        .replace_first(&via)
        .remove_all(&HeaderName::Subject)
        .remove_first::<Contact>()
        .push_back(&via)
        .finish();
    assert_eq!(edited.method(), request.method());
    assert_same(&Message::Request(edited), "edited");
}

fn check_response(response: &Response) {
    let returned = response.edit().remove_first::<Via>().finish();
    assert_eq!(returned.status(), response.status());
    assert_same(&Message::Response(returned), "returned");
}
