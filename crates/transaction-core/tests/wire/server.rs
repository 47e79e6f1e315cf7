//! The server side: matching, repetition, RFC 2543 peers, misuse, a network that fails.

use std::io;

use rvoip_transaction_core::TransactionError;
use rvoip_transaction_core::sip_core::{Response, StatusCode};
use rvoip_transaction_core::sip_transport::{ConnectionId, Input};

use crate::bed::{Bed, incoming, response};

const BRANCH: &str = ";branch=z9hG4bKpeer1";

#[test]
fn a_repeated_request_is_told_once_and_answered_with_the_same_octets() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    bed.receive(incoming("INVITE", BRANCH));
    assert_eq!(bed.sent_count(), 0, "no answer yet");
    let (key, request) = bed.incoming();
    let ringing = bed.respond(key, &request, 180);
    bed.receive(incoming("INVITE", BRANCH));
    let busy = bed.respond(key, &request, 486);
    bed.receive(incoming("INVITE", BRANCH));
    assert_eq!(
        bed.octets("SIP/2.0"),
        [ringing.clone(), ringing, busy.clone(), busy]
    );
    assert_eq!(bed.said(), ["0 request INVITE"]);
    assert_eq!(bed.layer.counters().retransmissions_absorbed, 3);
}

#[test]
fn branch_sent_by_and_method_make_the_transaction() {
    let mut bed = Bed::udp();
    bed.receive(incoming("OPTIONS", BRANCH));
    bed.receive(incoming("INFO", BRANCH));
    bed.receive(incoming("OPTIONS", BRANCH).replace("UDP 192.0.2.7:5060", "UDP 192.0.2.7:5062"));
    bed.receive(incoming("OPTIONS", BRANCH).replace("UDP 192.0.2.7:5060", "UDP pc33.example.org"));
    bed.receive(incoming("OPTIONS", BRANCH).replace("UDP 192.0.2.7:5060", "udp PC33.example.org"));
    bed.receive(incoming("OPTIONS", ";branch=z9hG4bKPEER1"));
    let expected = [
        "0 request OPTIONS",
        "0 request INFO",
        "0 request OPTIONS",
        "0 request OPTIONS",
    ];
    assert_eq!(bed.said(), expected, "the last two are repetitions");
}

#[test]
fn a_peer_of_rfc_2543_is_matched_by_what_it_has() {
    for branch in ["", ";branch=1"] {
        let mut bed = Bed::udp();
        bed.receive(incoming("INVITE", branch));
        bed.receive(incoming("INVITE", branch));
        assert_eq!(bed.said(), ["0 request INVITE"]);
        bed.receive(incoming("INVITE", branch).replace("CSeq: 1", "CSeq: 2"));
        bed.receive(incoming("INVITE", branch).replace("tag=b7", "tag=b8"));
        bed.receive(incoming("INVITE", branch).replace("call-7", "call-8"));
        bed.receive(incoming("OPTIONS", branch));
        bed.receive(incoming("OPTIONS", branch).replace(
            "To: <sip:alice@192.0.2.1>",
            "To: <sip:alice@192.0.2.1>;tag=1",
        ));
        assert_eq!(bed.said().len(), 5);
        assert_eq!(bed.sent_count(), 0);
    }
}

#[test]
fn a_copy_of_an_invite_over_another_path_gets_482() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    let copy =
        incoming("INVITE", ";branch=z9hG4bKpath2").replace("INVITE sip:alice", "INVITE sip:bob");
    bed.receive(&copy);
    bed.receive(&copy);
    let refusals = bed.octets("SIP/2.0 482");
    assert_eq!(refusals.len(), 2);
    assert_eq!(refusals[0], refusals[1]);
    bed.receive(incoming("ACK", ";branch=z9hG4bKpath2"));
    assert_eq!(bed.said(), ["0 request INVITE", "0 ack"]);
    assert_eq!(
        (bed.layer.len(), bed.layer.counters().merged_refused),
        (1, 2)
    );
    for (number, (part, other)) in [
        ("CSeq: 1 ", "CSeq: 2 "),
        ("tag=b7", "tag=b8"),
        ("call-7@", "call-8@"),
    ]
    .into_iter()
    .enumerate()
    {
        bed.receive(
            incoming("INVITE", &format!(";branch=z9hG4bKmore{number}")).replace(part, other),
        );
    }
    assert_eq!(bed.said(), ["0 request INVITE"; 3], "requests of their own");
}

#[test]
fn an_invite_that_was_refused_may_come_again() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 486);
    bed.receive(incoming("INVITE", ";branch=z9hG4bKpath2"));
    bed.receive(incoming("INVITE", ";branch=z9hG4bKpath3"));
    assert_eq!(bed.said(), ["0 request INVITE"; 2]);
    assert_eq!(bed.times("SIP/2.0 482"), [0]);
    bed.receive(incoming("CANCEL", ";branch=z9hG4bKanother"));
    assert_eq!(bed.said(), ["0 cancelled"], "the one that can be");
}

#[test]
fn a_reinvite_is_no_copy() {
    let mut bed = Bed::udp();
    for branch in [BRANCH, ";branch=z9hG4bKpeer2"] {
        let reinvite =
            incoming("INVITE", branch).replace("alice@192.0.2.1>", "alice@192.0.2.1>;tag=b1");
        bed.receive(reinvite);
    }
    assert_eq!(
        bed.said(),
        ["0 request INVITE"; 2],
        "the dialog judges by CSeq"
    );
}

#[test]
fn the_ack_of_an_rfc_2543_peer_is_known_by_the_tag_it_was_given() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", ""));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 486);
    let ack = |tag: &str| {
        incoming("ACK", "").replace(
            "To: <sip:alice@192.0.2.1>",
            &format!("To: <sip:alice@192.0.2.1>{tag}"),
        )
    };
    bed.receive(ack(";tag=other"));
    assert_eq!(bed.said(), ["0 request INVITE", "0 ack"]);
    bed.receive(ack(";tag=b1"));
    bed.run_for(5_000);
    assert_eq!(bed.said(), ["5000 server terminated"]);
    bed.assert_empty();
}

#[test]
fn the_ack_of_a_2xx_goes_up_under_any_branch() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 200);
    bed.receive(incoming("ACK", ";branch=z9hG4bKnew"));
    bed.receive(incoming("ACK", BRANCH));
    assert_eq!(bed.said(), ["0 request INVITE", "0 ack", "0 ack"]);
}

#[test]
fn the_repetition_of_a_2xx_is_the_users() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 200);
    bed.run_for(500);
    bed.respond(key, &request, 200);
    bed.run_for(31_000);
    assert_eq!(bed.times("SIP/2.0 200"), [0, 500]);
}

#[test]
fn one_final_answer_and_no_more() {
    for (status, then) in [(486, 200), (486, 180), (200, 486), (200, 180)] {
        let mut bed = Bed::udp();
        bed.receive(incoming("INVITE", BRANCH));
        let (key, request) = bed.incoming();
        bed.respond(key, &request, status);
        let now = bed.now();
        let refused = bed.layer.respond(now, key, response(&request, then));
        assert!(
            matches!(refused, Err(TransactionError::WrongState)),
            "{status} then {then}"
        );
        assert_eq!(bed.sent_count(), 1);
    }
}

#[test]
fn an_answer_to_what_has_ended_is_refused() {
    let mut bed = Bed::tcp();
    bed.receive(incoming("OPTIONS", BRANCH));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 200);
    bed.receive(incoming("OPTIONS", ";branch=z9hG4bKnext"));
    let now = bed.now();
    let refused = bed.layer.respond(now, key, response(&request, 200));
    assert!(
        matches!(refused, Err(TransactionError::Unknown)),
        "the place is taken again, under another key"
    );
}

#[test]
fn a_response_finds_its_way_when_the_connection_is_gone() {
    let mut bed = Bed::tcp();
    bed.receive(incoming("INVITE", BRANCH).replace("UDP", "TCP"));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 180);
    bed.input(Input::Closed {
        connection: ConnectionId::accepted(1),
        error: None,
    });
    assert_eq!(bed.said(), ["0 request INVITE"]);
    bed.respond(key, &request, 486);
    bed.run_for(1);
    let to: Vec<String> = bed.destinations().iter().map(ToString::to_string).collect();
    assert_eq!(
        to,
        ["192.0.2.7:40001", "192.0.2.7:5060"],
        "first the connection, then the address of the Via"
    );
}

#[test]
fn a_repeated_request_over_a_new_connection_is_answered_there() {
    let mut bed = Bed::tcp();
    bed.receive(incoming("INVITE", BRANCH).replace("UDP", "TCP"));
    let (key, request) = bed.incoming();
    bed.respond(key, &request, 180);
    bed.input(Input::Closed {
        connection: ConnectionId::accepted(1),
        error: Some(io::ErrorKind::ConnectionReset),
    });
    bed.accept(2);
    bed.receive_on(2, incoming("INVITE", BRANCH).replace("UDP", "TCP"));
    let to: Vec<String> = bed.destinations().iter().map(ToString::to_string).collect();
    assert_eq!(to, ["192.0.2.7:40001", "192.0.2.7:40002"]);
    assert_eq!(bed.said(), ["0 request INVITE"]);
}

#[test]
fn a_response_that_the_network_refuses_ends_the_transaction() {
    let mut bed = Bed::udp();
    bed.receive(incoming("INVITE", BRANCH));
    let (key, request) = bed.incoming();
    let too_long = Response::builder_for(&request, StatusCode::OK)
        .body("text/plain", vec![b' '; 70_000].into())
        .build();
    let now = bed.now();
    let refused = bed.layer.respond(now, key, too_long.clone());
    assert!(
        matches!(refused, Err(TransactionError::Transport(_))),
        "{refused:?}"
    );
    assert_eq!(
        bed.said(),
        ["0 request INVITE"],
        "an accepted INVITE stays: its 2xx is the user's"
    );
    bed.respond(key, &request, 200);
    bed.receive(incoming("OPTIONS", BRANCH));
    let (key, _) = bed.incoming();
    let refused = bed.layer.respond(now, key, too_long);
    assert!(
        matches!(refused, Err(TransactionError::Transport(_))),
        "{refused:?}"
    );
    bed.run_for(32_000);
    let expected = [
        "0 request OPTIONS",
        "0 server failed Transport(InvalidInput)",
        "32000 server terminated",
    ];
    assert_eq!(bed.said(), expected);
    bed.assert_empty();
}

#[test]
fn a_connection_opened_for_a_response_ends_the_transaction_when_it_fails() {
    let mut bed = Bed::tcp();
    bed.receive(incoming("INVITE", BRANCH).replace("UDP", "TCP"));
    let (key, request) = bed.incoming();
    bed.input(Input::Closed {
        connection: ConnectionId::accepted(1),
        error: None,
    });
    bed.respond(key, &request, 180);
    let connection = bed.last_connection();
    assert!(!connection.is_accepted());
    bed.input(Input::Closed {
        connection,
        error: Some(io::ErrorKind::ConnectionReset),
    });
    assert_eq!(
        bed.said(),
        [
            "0 request INVITE",
            "0 server failed Transport(ConnectionReset)"
        ]
    );
    bed.assert_empty();
}
