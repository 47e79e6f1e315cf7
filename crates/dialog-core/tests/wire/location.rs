//! Calls to names: servers found by DNS, dead ones passed over, and the requests inside the dialog after that.

use std::time::Duration;

use rvoip_dialog_core::sip_core::{HeaderName, NameAddr};
use rvoip_dialog_core::sip_transport::LocateError;
use rvoip_dialog_core::sip_transport::sim::ZoneFault;
use rvoip_dialog_core::{CallKey, EndCause, OutgoingCall, TerminateCause};

use crate::kit::*;

/// Where nobody is, and where somebody else listens.
const DEAD: &str = "10.0.0.9:5060";

/// `example.com` is served by one server that is dead and by the peer, in this order.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let zone = bench.sim.zone();
    zone.srv("_sip._udp.example.com", (10, 0), "one.example.com", 5060)
        .srv("_sip._udp.example.com", (20, 0), "two.example.com", 5060)
        .address("one.example.com", addr(DEAD).ip())
        .address("two.example.com", addr(PEER).ip());
    bench
}

fn call(bench: &mut Bench, remote: &str) -> CallKey {
    let local: NameAddr = "<sip:alice@example.net>".parse().unwrap();
    let call = OutgoingCall {
        body: sdp(OFFER),
        ..OutgoingCall::new(local, remote.parse().unwrap())
    };
    bench.command(|manager, now| manager.invite(now, call))
}

/// The peer answers the INVITE that reached it, with this Contact; the ACK it got for that.
fn answer(bench: &mut Bench, invite: &Received, contact: &str) {
    let contact = format!("Contact: <{contact}>");
    bench.send(&reply(invite, "200 OK", Some("b1"), &[&contact], ANSWER));
    let names: Vec<String> = bench.events().iter().map(name).collect();
    assert_eq!(names, ["Answered"]);
}

#[test]
fn a_call_past_a_dead_primary_is_up_within_five_seconds() {
    let mut bench = bench();
    let key = call(&mut bench, "sip:bob@example.com");
    bench.run(4_300);
    let invite = bench.take_one("INVITE");
    assert!(invite.at < Duration::from_millis(4_100), "{:?}", invite.at);
    assert_eq!(invite.request().raw_uri(), "sip:bob@example.com");
    assert_eq!(
        invite.header(HeaderName::Contact),
        "<sip:alice@10.0.0.1:5060>"
    );
    answer(&mut bench, &invite, &format!("sip:bob@{PEER}"));
    let ack = bench.take_one("ACK");
    assert!(ack.at < Duration::from_secs(5), "{:?}", ack.at);

    // The next call does not wait at all.
    call(&mut bench, "sip:carol@example.com");
    let second = bench.take_one("INVITE");
    assert!(second.at - ack.at < Duration::from_millis(100));
    bench.send(&reply(&second, "486 Busy Here", Some("b2"), &[], ""));
    bench.take_one("ACK");
    bench.events();

    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn a_call_past_a_busy_primary_is_up_at_once() {
    let mut bench = bench();
    bench.sim.open_endpoint(addr(DEAD));
    call(&mut bench, "sip:bob@example.com");
    let (_, _, octets) = bench.sim.take_datagrams(addr(DEAD)).remove(0);
    let first = Received::parse(octets);
    let busy = reply(&first, "503 Service Unavailable", Some("b0"), &[], "");
    let busy = busy.replace('\n', "\r\n");
    bench.sim.send_datagram(addr(DEAD), addr(US), busy.into());
    bench.run(10);
    let invite = bench.take_one("INVITE");
    assert!(invite.at < Duration::from_millis(50), "{:?}", invite.at);
    bench.quiet();
    answer(&mut bench, &invite, &format!("sip:bob@{PEER}"));
    bench.take_one("ACK");
}

#[test]
fn the_dialog_works_when_its_ack_needs_a_lookup() {
    let mut bench = bench();
    let zone = bench.sim.zone();
    zone.set_delay(Duration::from_millis(200))
        .address("desk.example.com", addr(PEER).ip());
    let key = call(&mut bench, &format!("sip:bob@{PEER}"));
    let invite = bench.take_one("INVITE");
    answer(&mut bench, &invite, "sip:bob@desk.example.com:5060");
    assert!(bench.take().is_empty(), "the host is being looked for");
    bench.run(200);
    let ack = bench.take_one("ACK");
    assert_eq!(ack.request().raw_uri(), "sip:bob@desk.example.com:5060");
    // The 2xx comes again: the same ACK, octet by octet, and no second lookup.
    let contact = "Contact: <sip:bob@desk.example.com:5060>";
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[contact], ANSWER));
    assert_eq!(bench.take_one("ACK").text, ack.text);

    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.request().raw_uri(), "sip:bob@desk.example.com:5060");
    assert_ne!(bye.header(HeaderName::Via), ack.header(HeaderName::Via));
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn a_2xx_that_comes_again_before_the_host_of_its_ack_is_found_does_no_harm() {
    let mut bench = bench();
    bench
        .sim
        .zone()
        .set_delay(Duration::from_secs(1))
        .address("desk.example.com", addr(PEER).ip());
    call(&mut bench, &format!("sip:bob@{PEER}"));
    let invite = bench.take_one("INVITE");
    answer(&mut bench, &invite, "sip:bob@desk.example.com:5060");
    let contact = "Contact: <sip:bob@desk.example.com:5060>";
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[contact], ANSWER));
    assert!(bench.take().is_empty());
    bench.run(1_000);
    assert_eq!(bench.labels(), ["ACK"]);
}

#[test]
fn why_no_server_was_found_is_told() {
    for (remote, expected) in [
        ("sip:bob@nowhere.example", LocateError::NoSuchName),
        ("sip:bob@silent.example:5060", LocateError::NoAnswer),
        ("sip:bob@closed.example", LocateError::NotOffered),
    ] {
        let mut bench = bench();
        let zone = bench.sim.zone();
        zone.set_fault("silent.example", Some(ZoneFault::Silent))
            .srv("_sip._udp.closed.example", (0, 0), ".", 0)
            .srv("_sip._tcp.closed.example", (0, 0), ".", 0);
        call(&mut bench, remote);
        bench.run(5_000);
        let error = expected;
        assert_eq!(bench.ended(), EndCause::Unlocated { error }, "{remote}");
        bench.assert_clean();
    }
}

#[test]
fn a_server_that_answers_a_call_that_is_over_is_hung_up_on() {
    let mut bench = bench();
    bench.sim.open_endpoint(addr(DEAD));
    call(&mut bench, "sip:bob@example.com");
    bench.run(4_300);
    let (_, _, octets) = bench.sim.take_datagrams(addr(DEAD)).remove(0);
    let late = Received::parse(octets);
    let invite = bench.take_one("INVITE");
    bench.send(&reply(&invite, "486 Busy Here", Some("b2"), &[], ""));
    bench.take_one("ACK");
    assert!(matches!(bench.ended(), EndCause::Rejected { .. }));
    // Now the other one answers: it must not be left with an open line.
    let contact = format!("Contact: <sip:bob@{PEER}>");
    bench.send(&reply(&late, "200 OK", Some("b1"), &[&contact], ANSWER));
    assert_eq!(bench.labels(), ["ACK", "BYE"]);
    bench.quiet();
    bench.assert_clean();
}

#[test]
fn the_way_of_the_answer_is_the_way_of_the_dialog() {
    // The called party's address in its Contact is of no use here: the server that answered leads back.
    let mut bench = bench();
    let key = call(&mut bench, "sip:bob@example.com");
    bench.run(4_300);
    let invite = bench.take_one("INVITE");
    answer(&mut bench, &invite, "sip:bob@phone.invalid");
    bench.take_one("ACK");
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    bench.take_one("BYE");
}
