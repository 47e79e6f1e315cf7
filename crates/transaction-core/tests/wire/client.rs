//! The client side: matching, the ACK of a refusal, misuse, a network that fails.

use std::io;

use rvoip_transaction_core::sip_core::{HeaderName, Method, Strictness};
use rvoip_transaction_core::sip_transport::{Carrier, Input, ListenerId};
use rvoip_transaction_core::{TransactionError, shard_of};

use crate::bed::{Bed, PEER, outgoing, response};

#[test]
fn the_ack_of_a_refusal_is_built_from_invite_and_response() {
    let mut bed = Bed::udp();
    bed.invite();
    bed.answer("INVITE", 486);
    let (invite, ack) = (bed.last("INVITE"), bed.last("ACK"));
    assert_eq!(ack.raw_uri(), invite.raw_uri());
    assert_eq!(ack.vias().count(), 1);
    assert_eq!(ack.top_via().unwrap(), invite.top_via().unwrap());
    for name in [HeaderName::From, HeaderName::CallId] {
        assert_eq!(ack.headers().raw(&name), invite.headers().raw(&name));
    }
    assert_eq!(
        ack.headers().raw(&HeaderName::To),
        Some("<sip:bob@192.0.2.7>;tag=b1")
    );
    assert_eq!(ack.headers().raw(&HeaderName::CSeq), Some("4711 ACK"));
    let routes: Vec<&str> = ack.headers().raw_all(&HeaderName::Route).collect();
    assert_eq!(routes, ["<sip:192.0.2.7;lr>", "<sip:192.0.2.8;lr>"]);
    assert!(ack.headers().raw(&HeaderName::Require).is_none());
    assert!(ack.check(Strictness::Strict).is_ok());
}

#[test]
fn a_repeated_refusal_gets_the_same_ack_and_is_told_once() {
    let mut bed = Bed::udp();
    bed.invite();
    bed.answer("INVITE", 180);
    bed.answer("INVITE", 486);
    bed.answer("INVITE", 486);
    bed.answer("INVITE", 486);
    let acks = bed.octets("ACK");
    assert_eq!(acks.len(), 3);
    assert!(acks.iter().all(|ack| *ack == acks[0]));
    assert_eq!(bed.said(), ["0 response 180", "0 response 486"]);
}

#[test]
fn the_top_via_carries_sent_by_rport_and_a_branch_that_names_the_shard() {
    let mut bed = Bed::udp();
    bed.request(Method::Options);
    let via = bed.last("OPTIONS").top_via().unwrap();
    assert_eq!(via.sent_by.to_string(), "192.0.2.1:5060");
    assert_eq!(via.rport(), Some(None));
    assert_eq!(shard_of(via.branch().unwrap()), Some(0));
}

#[test]
fn responses_are_matched_by_branch_and_method_alone() {
    let mut bed = Bed::udp();
    bed.request(Method::Options);
    let text = String::from_utf8(response(&bed.last("OPTIONS"), 200).to_bytes().to_vec()).unwrap();
    let branch = bed
        .last("OPTIONS")
        .top_via()
        .unwrap()
        .branch()
        .unwrap()
        .to_owned();
    bed.receive(text.replace(&branch, "z9hG4bKother"));
    bed.receive(text.replace("4711 OPTIONS", "4711 INVITE"));
    assert_eq!(bed.said(), ["0 stray 200", "0 stray 200"]);
    assert_eq!(bed.layer.counters().stray_responses, 2);
    let source = "198.51.100.9:9".parse().unwrap();
    let payload = text
        .replace(
            &branch,
            &branch.to_uppercase().replacen("Z9HG4BK", "z9hG4bK", 1),
        )
        .into();
    bed.input(Input::Datagram {
        listener: ListenerId(0),
        source,
        payload,
    });
    assert_eq!(
        bed.said(),
        ["0 response 200"],
        "from any socket, in any case"
    );
}

#[test]
fn ack_and_cancel_begin_no_transaction() {
    let mut bed = Bed::udp();
    for method in [Method::Ack, Method::Cancel] {
        let (now, target) = (bed.now(), bed.target());
        let refused = bed.layer.send_request(now, outgoing(method), &target);
        assert!(matches!(
            refused,
            Err(TransactionError::NotARequestOfItsOwn)
        ));
    }
    assert_eq!((bed.layer.len(), bed.sent_count()), (0, 0));
}

#[test]
fn the_ack_of_a_2xx_has_its_own_branch_and_comes_again_in_the_same_octets() {
    let mut bed = Bed::udp();
    bed.invite();
    bed.answer("INVITE", 200);
    let (now, target) = (bed.now(), bed.target());
    let ack = outgoing(Method::Ack);
    let ack = bed.layer.send_ack(now, ack, &target).unwrap();
    bed.layer.resend_ack(now, &ack).unwrap();
    bed.run_for(0);
    bed.answer("INVITE", 200);
    let acks = bed.octets("ACK");
    assert_eq!((acks.len(), &acks[0]), (2, &acks[1]));
    assert_ne!(
        bed.last("ACK").top_via().unwrap().branch(),
        bed.last("INVITE").top_via().unwrap().branch()
    );
    assert_eq!(bed.layer.len(), 1);
}

#[test]
fn a_network_that_refuses_ends_what_waits_on_it() {
    let mut bed = Bed::udp();
    bed.invite();
    bed.request(Method::Options);
    let destination = PEER.parse().unwrap();
    let error = io::ErrorKind::ConnectionRefused;
    bed.input(Input::SendFailed {
        listener: ListenerId(0),
        destination,
        error,
    });
    let mut said = bed.said();
    said.sort();
    assert_eq!(
        said,
        [
            "0 client failed ConnectionRefused",
            "0 client failed ConnectionRefused"
        ]
    );
    bed.assert_empty();
}

#[test]
fn a_connection_that_fails_ends_its_own_transactions_only() {
    let mut bed = Bed::tcp();
    bed.invite();
    let Carrier::Connection(connection) = flow_carrier(&bed) else {
        panic!("a stream")
    };
    bed.kind = rvoip_transaction_core::sip_transport::TransportKind::Udp;
    bed.request(Method::Options);
    bed.input(Input::Closed {
        connection,
        error: Some(io::ErrorKind::ConnectionReset),
    });
    assert_eq!(bed.said(), ["0 client failed ConnectionReset"]);
    assert_eq!(bed.layer.len(), 1);
    let carriers: Vec<Carrier> = bed.failed_flows.iter().map(|flow| flow.carrier).collect();
    assert_eq!(carriers, [Carrier::Connection(connection)]);
}

fn flow_carrier(bed: &Bed) -> Carrier {
    let target = bed.target();
    bed.layer
        .transport()
        .route(&target)
        .unwrap()
        .flow
        .unwrap()
        .carrier
}

#[test]
fn a_target_that_cannot_be_reached_leaves_nothing_behind() {
    let mut bed = Bed::udp();
    let target = rvoip_transaction_core::sip_transport::Target::address(
        rvoip_transaction_core::sip_transport::TransportKind::Udp,
        "[2001:db8::1]:5060".parse().unwrap(),
    );
    let now = bed.now();
    let refused = bed
        .layer
        .send_request(now, outgoing(Method::Options), &target);
    assert!(matches!(refused, Err(TransactionError::Transport(_))));
    bed.assert_empty();
}
