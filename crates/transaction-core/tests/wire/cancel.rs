//! CANCEL in both directions (RFC 3261 section 9).

use rvoip_transaction_core::TransactionError;
use rvoip_transaction_core::sip_core::{HeaderName, Method, Strictness};
use rvoip_transaction_core::sip_transport::Input;

use crate::bed::{Bed, incoming};

const BRANCH: &str = ";branch=z9hG4bKpeer1";

#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut bed = Bed::udp();
    let invite = bed.invite();
    bed.cancel(invite);
    bed.run_for(700);
    assert!(bed.times("CANCEL").is_empty());
    bed.answer("INVITE", 100);
    assert_eq!(bed.times("CANCEL"), [700]);
    bed.answer("CANCEL", 200);
    bed.answer("INVITE", 487);
    bed.run_for(40_000);
    let expected = [
        "700 response 100",
        "700 response 200",
        "700 response 487",
        "5750 client terminated",
        "32750 client terminated",
    ];
    assert_eq!(bed.said(), expected);
    assert_eq!(
        (bed.times("CANCEL"), bed.times("ACK")),
        (vec![700], vec![700])
    );
    bed.assert_empty();
}

#[test]
fn a_cancel_copies_what_names_the_invite_and_nothing_else() {
    let mut bed = Bed::udp();
    let invite = bed.invite();
    bed.answer("INVITE", 180);
    bed.cancel(invite);
    let (invite, cancel) = (bed.last("INVITE"), bed.last("CANCEL"));
    assert_eq!(cancel.raw_uri(), invite.raw_uri());
    assert_eq!(cancel.vias().count(), 1);
    assert_eq!(cancel.top_via().unwrap(), invite.top_via().unwrap());
    for name in [HeaderName::From, HeaderName::To, HeaderName::CallId] {
        assert_eq!(cancel.headers().raw(&name), invite.headers().raw(&name));
    }
    assert_eq!(cancel.headers().raw(&HeaderName::CSeq), Some("4711 CANCEL"));
    assert_eq!(cancel.headers().raw_all(&HeaderName::Route).count(), 2);
    assert!(cancel.headers().raw(&HeaderName::Require).is_none());
    assert!(cancel.check(Strictness::Strict).is_ok());
}

#[test]
fn a_cancel_held_back_ends_unsent_with_its_invite() {
    for status in [200, 486] {
        let mut bed = Bed::udp();
        let invite = bed.invite();
        bed.cancel(invite);
        bed.answer("INVITE", status);
        assert_eq!(
            bed.said(),
            [format!("0 response {status}"), "0 client terminated".into()]
        );
        bed.run_for(32_000);
        assert_eq!(bed.said(), ["32000 client terminated"]);
        assert!(bed.times("CANCEL").is_empty());
        bed.assert_empty();
    }
    let mut bed = Bed::udp();
    let invite = bed.invite();
    bed.cancel(invite);
    bed.run_for(32_000);
    assert_eq!(
        bed.said(),
        ["32000 client terminated", "32000 client timed out"]
    );
    bed.assert_empty();
}

#[test]
fn an_invite_without_a_final_response_ends_64_t1_after_its_cancel() {
    let mut bed = Bed::udp();
    let invite = bed.invite();
    bed.answer("INVITE", 180);
    bed.run_for(1_000);
    bed.cancel(invite);
    bed.run_for(40_000);
    assert_eq!(bed.times("CANCEL").len(), 11);
    let said = bed.said();
    assert_eq!(
        said,
        [
            "0 response 180",
            "33000 client timed out",
            "33000 client timed out"
        ]
    );
    bed.assert_empty();
}

#[test]
fn cancelling_twice_too_late_or_the_wrong_thing_is_refused() {
    let mut bed = Bed::udp();
    let (invite, options) = (bed.invite(), bed.request(Method::Options));
    let now = bed.now();
    assert!(matches!(
        bed.layer.cancel(now, options),
        Err(TransactionError::NotCancellable)
    ));
    let cancel = bed.cancel(invite);
    assert!(matches!(
        bed.layer.cancel(now, invite),
        Err(TransactionError::WrongState)
    ));
    assert!(matches!(
        bed.layer.cancel(now, cancel),
        Err(TransactionError::NotCancellable)
    ));
    bed.answer("INVITE", 200);
    assert!(matches!(
        bed.layer.cancel(now, cancel),
        Err(TransactionError::Unknown)
    ));
    let mut bed = Bed::udp();
    let invite = bed.invite();
    bed.answer("INVITE", 200);
    let now = bed.now();
    assert!(matches!(
        bed.layer.cancel(now, invite),
        Err(TransactionError::WrongState)
    ));
}

#[test]
fn a_cancel_received_is_answered_here_and_told_once() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 180);
    bed.receive(incoming("CANCEL", BRANCH));
    bed.receive(incoming("CANCEL", BRANCH));
    let answers = bed.octets("SIP/2.0 200");
    assert_eq!(answers.len(), 2);
    assert_eq!(answers[0], answers[1]);
    let text = String::from_utf8_lossy(&answers[0]).into_owned();
    assert!(
        text.contains("CSeq: 1 CANCEL") && text.contains(";tag=b1"),
        "the tag of the 180: {text}"
    );
    bed.respond(key, &request, 487);
    bed.receive(incoming("ACK", BRANCH));
    bed.run_for(40_000);
    assert_eq!(
        bed.said(),
        ["0 request INVITE", "0 cancelled", "5000 server terminated"]
    );
    bed.assert_empty();
}

#[test]
fn a_cancel_with_a_branch_of_its_own_finds_its_invite() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    bed.receive(incoming("CANCEL", ";branch=z9hG4bKanother"));
    assert_eq!(bed.times("SIP/2.0 200"), [0]);
    assert_eq!(bed.said(), ["0 request INVITE", "0 cancelled"]);
}

#[test]
fn a_cancel_of_another_call_is_answered_481() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    for (part, other) in [
        ("call-7@", "call-8@"),
        ("tag=b7", "tag=b8"),
        ("CSeq: 1 ", "CSeq: 2 "),
    ] {
        let branch = format!(";branch=z9hG4bKanother{}", other.len());
        bed.receive(incoming("CANCEL", &branch).replace(part, other));
    }
    assert_eq!(bed.times("SIP/2.0 481"), [0, 0, 0]);
    assert_eq!(bed.said(), ["0 request INVITE"]);
    assert_eq!(bed.layer.counters().cancels_unmatched, 3);
    assert_eq!(bed.layer.len(), 1, "they leave nothing");
}

#[test]
fn a_cancel_after_the_answer_changes_nothing() {
    for status in [200, 486] {
        let mut bed = Bed::udp();
        bed.receive(incoming("INVITE", BRANCH));
        let (key, request) = bed.incoming();
        bed.respond(key, &request, status);
        bed.receive(incoming("CANCEL", BRANCH));
        assert_eq!(bed.said(), ["0 request INVITE"]);
        assert!(
            bed.octets("SIP/2.0 200")
                .iter()
                .any(|octets| octets.windows(8).any(|part| part == b"1 CANCEL"))
        );
    }
}

#[test]
fn a_ringing_invite_outlives_its_connection_and_is_cancelled_over_a_new_one() {
    let mut bed = Bed::tcp();
    let invite = bed.invite();
    bed.answer("INVITE", 180);
    let connection = bed.last_connection();
    bed.input(Input::Closed {
        connection,
        error: None,
    });
    bed.cancel(invite);
    assert_ne!(bed.last_connection(), connection);
    assert_eq!(bed.times("CANCEL"), [0]);
    bed.answer("CANCEL", 200);
    bed.answer("INVITE", 487);
    let expected = [
        "0 response 180",
        "0 response 200",
        "0 client terminated",
        "0 response 487",
        "0 client terminated",
    ];
    assert_eq!(bed.said(), expected);
    assert_eq!((bed.times("ACK").len(), bed.layer.len()), (1, 0));
}
