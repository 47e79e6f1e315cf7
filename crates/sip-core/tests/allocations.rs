//! How much a message costs in allocations: a bound that must not creep up.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::hint::black_box;

use bytes::Bytes;
use rvoip_sip_core::{ByteString, Header, Limits, Message, Request, Strictness, header};

const INVITE: &[u8] = include_bytes!("../../../benches/testdata/invite.sip");
const OK: &[u8] = include_bytes!("../../../benches/testdata/ok200.sip");

fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

fn request(octets: Bytes) -> Request {
    match Message::parse(octets, &Limits::DEFAULT).unwrap() {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a response"),
    }
}

/// Index, Via, From, To, CSeq, Call-ID, Contact and Max-Forwards: the list of lines, and the counter of whoever shares
/// the octets.
#[test]
fn an_invite_with_seven_typed_headers_takes_two() {
    let octets = Bytes::from(INVITE.to_vec());
    let count = allocations(|| {
        let invite = request(octets);
        black_box((
            invite.top_via().unwrap(),
            invite.from().unwrap(),
            invite.to().unwrap(),
        ));
        black_box((invite.cseq().unwrap(), invite.call_id().unwrap()));
        black_box((invite.contact().unwrap(), invite.max_forwards().unwrap()));
    });
    assert!(count <= 2, "{count} allocations");
}

#[test]
fn a_check_takes_none() {
    let invite = request(Bytes::from(INVITE.to_vec()));
    let count = allocations(|| invite.check(Strictness::Lenient).unwrap());
    assert_eq!(count, 0);
}

#[test]
fn a_response_takes_two() {
    let octets = Bytes::from(OK.to_vec());
    let count = allocations(|| {
        let response = Message::parse(octets, &Limits::DEFAULT).unwrap();
        response.check(Strictness::Lenient).unwrap();
        black_box(response);
    });
    assert!(count <= 2, "{count} allocations");
}

/// However long a hostile message is, its index is bounded by the caps.
#[test]
fn a_hostile_message_costs_no_more_than_the_caps_allow() {
    let mut hostile = b"OPTIONS sip:a@b SIP/2.0\r\n".to_vec();
    hostile.extend(b"a:\r\n".repeat(10_000));
    let octets = Bytes::from(hostile);
    let info = allocation_counter::measure(|| {
        black_box(Message::parse(octets, &Limits::DEFAULT)).unwrap_err();
    });
    assert!(info.bytes_max < 16_384, "{} octets", info.bytes_max);
}

/// A typed header is slices of the message, and whether a value is one is told without memory.
#[test]
fn typed_headers_take_none() {
    fn costs<H: Header>(value: &'static str) {
        let shared = ByteString::from_static(value);
        let read = allocations(|| _ = black_box(H::parse(shared)).unwrap());
        let checked = allocations(|| H::check(black_box(value)).unwrap());
        assert_eq!((read, checked), (0, 0), "{value}");
    }
    costs::<header::WwwAuthenticate>("Digest realm=\"a\", nonce=\"b\", qop=\"auth\"");
    costs::<header::Authorization>("Digest username=\"a\", nc=00000001, uri=\"sip:b\"");
    costs::<header::AuthenticationInfo>("nextnonce=\"a\", nc=00000001");
    costs::<header::ReferTo>("\"B\" <sip:b@example.com;method=INVITE>;x=y");
    costs::<header::HistoryInfo>("<sip:bob@example.com>;index=1.1;rc=1");
    costs::<header::SessionExpires>("1800;refresher=uac");
    costs::<header::SubscriptionState>("active;expires=60");
    costs::<header::AllowEvents>("presence, refer");
    costs::<header::Event>("refer;id=7");
    costs::<header::Date>("Sat, 13 Nov 2010 23:29:00 GMT");
    costs::<header::RAck>("776656 1 INVITE");
    costs::<header::Warning>("399 a \"b\"");
    costs::<header::RetryAfter>("5 (soon);duration=9");
    costs::<header::UserToUser>("\"a\";encoding=hex");
}
