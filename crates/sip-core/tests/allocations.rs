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
use rvoip_sip_core::{Limits, Message, Request};

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
    let count = allocations(|| invite.check().unwrap());
    assert_eq!(count, 0);
}

#[test]
fn a_response_takes_two() {
    let octets = Bytes::from(OK.to_vec());
    let count = allocations(|| {
        let response = Message::parse(octets, &Limits::DEFAULT).unwrap();
        response.check().unwrap();
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
