//! Answers without a transaction: to defective requests, and when the table is full.

use std::time::Duration;

use rvoip_transaction_core::sip_core::Method;
use rvoip_transaction_core::sip_transport::TransportKind;
use rvoip_transaction_core::{TransactionConfig, TransactionError};

use crate::bed::{Bed, incoming, outgoing};

fn small() -> Bed {
    let config = TransactionConfig {
        max_transactions: 4,
        retry_after: Duration::from_secs(9),
        ..Default::default()
    };
    Bed::new(TransportKind::Udp, config)
}

fn branch(number: usize) -> String {
    format!(";branch=z9hG4bKpeer{number}")
}

/// An INVITE of a call of its own.
fn invite(number: usize) -> String {
    incoming("INVITE", &branch(number)).replace("call-7@", &format!("call-{number}@"))
}

#[test]
fn a_full_table_answers_503_and_says_when_to_come_back() {
    let mut bed = small();
    for number in 0..4 {
        bed.receive(invite(number));
    }
    bed.said();
    bed.receive(invite(4));
    bed.receive(invite(4));
    let refusals = bed.octets("SIP/2.0 503");
    assert_eq!(refusals.len(), 2);
    assert_eq!(
        refusals[0], refusals[1],
        "the same tag without a trace of the first"
    );
    assert!(String::from_utf8_lossy(&refusals[0]).contains("Retry-After: 9\r\n"));
    assert!(bed.said().is_empty());
    assert_eq!(
        (bed.layer.len(), bed.layer.counters().refused_table_full),
        (4, 2)
    );
}

#[test]
fn what_ends_calls_is_let_in_a_little_longer() {
    let mut bed = small();
    for number in 0..4 {
        bed.receive(invite(number));
    }
    bed.receive(incoming("BYE", &branch(5)));
    assert!(bed.times("SIP/2.0 503").is_empty());
    bed.receive(incoming("BYE", &branch(6)));
    assert_eq!(bed.times("SIP/2.0 503"), [0]);
    bed.said();
    bed.receive(incoming("CANCEL", &branch(1)));
    assert_eq!(bed.times("SIP/2.0 200"), [0], "a CANCEL always");
    assert_eq!(bed.said(), ["0 cancelled"]);
    assert_eq!(bed.layer.len(), 5);
}

#[test]
fn a_full_table_sends_no_new_request() {
    let mut bed = small();
    for _ in 0..4 {
        bed.invite();
    }
    let (now, target) = (bed.now(), bed.target());
    let refused = bed
        .layer
        .send_request(now, outgoing(Method::Invite), &target);
    assert!(matches!(refused, Err(TransactionError::TableFull)));
    assert_eq!(bed.sent_count(), 4);
}

#[test]
fn a_defective_request_is_answered_with_its_status_and_leaves_nothing() {
    let mut bed = Bed::udp();
    let cases = [
        (
            incoming("INVITE", &branch(0)).replace("SIP/2.0\r\nVia", "SIP/7.0\r\nVia"),
            "SIP/2.0 505",
        ),
        (
            incoming("OPTIONS", &branch(1)).replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"),
            "SIP/2.0 400",
        ),
        (
            incoming("OPTIONS", &branch(2)).replace("Content-Length: 0", "Content-Length: 10"),
            "SIP/2.0 400",
        ),
        (
            incoming("OPTIONS", &branch(3)).replace("Call-ID: call-7@192.0.2.7\r\n", ""),
            "SIP/2.0 400",
        ),
    ];
    for (number, (text, status)) in cases.into_iter().enumerate() {
        bed.receive(&text);
        bed.receive(&text);
        let answers = bed.octets("SIP/2.0");
        assert_eq!(answers.len(), 2 * number + 2, "{text}");
        assert!(answers[2 * number].starts_with(status.as_bytes()), "{text}");
        assert_eq!(answers[2 * number], answers[2 * number + 1]);
    }
    assert_eq!(bed.layer.counters().defective_answered, 8);
    bed.assert_empty();
}

#[test]
fn a_defective_ack_is_never_answered() {
    let mut bed = Bed::udp();
    bed.receive(incoming("ACK", &branch(0)).replace("CSeq: 1 ACK", "CSeq: 1 INVITE"));
    bed.receive(incoming("ACK", &branch(1)).replace("To: ", "Too: "));
    assert_eq!(bed.sent_count(), 0);
    bed.assert_empty();
}
