//! Digits as INFO, both ways: sent where the peer knows no telephone events, told once, and refused where they make no sense.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "sim")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_session_core::media_core::{AudioSource, MediaError};
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, Ladder, SimFaults, SimHost};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, DtmfMethod, SessionError, TerminalCause,
};

const SECOND: Duration = Duration::from_secs(1);

fn host(address: &str, dtmf: DtmfMethod, events: bool) -> SimHost {
    let mut host = SimHost::new(address.parse().unwrap()).answering(Answering::at_once());
    host.media.source = AudioSource::None;
    host.media.capabilities.telephone_event = events;
    host.settings.dtmf = dtmf;
    host
}

/// A host that takes 0 to 9, `*` and `#` as telephone events, and no more of them.
fn without_letters(address: &str) -> SimHost {
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 101\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-11\r\n"
    );
    let answer = CallDecision::Accept(Some(sdp));
    host(address, DtmfMethod::Auto, true).answering(Answering::After(Duration::ZERO, answer))
}

/// A call from the first host to the second.
fn call(
    simulation: &mut CallSimulation,
    (alice, bob): (SimHost, SimHost),
    transport: &str,
) -> ([HostId; 2], Arc<CallRecord>) {
    let hosts = [alice, bob].map(|host| simulation.add(host).unwrap());
    let target = format!("sip:bob@10.0.0.2;transport={transport}");
    let call = simulation
        .call(hosts[0], "sip:alice@10.0.0.1", &target)
        .unwrap();
    simulation.run_for(2 * SECOND);
    assert_eq!(call.state(), CallState::Active);
    (hosts, call)
}

/// What is told about keys: when, which, whether it is the end, and for how many milliseconds it is pressed by then.
fn told(simulation: &mut CallSimulation, host: HostId) -> Vec<(Instant, char, bool, u128)> {
    let events = simulation.events(host).into_iter();
    let told = events.filter_map(|(at, event)| match event {
        BasicSessionEvent::DtmfReceived {
            digit, duration, ..
        } => Some((at, digit, false, duration.as_millis())),
        BasicSessionEvent::DtmfEnded {
            digit, duration, ..
        } => Some((at, digit, true, duration.as_millis())),
        _ => None,
    });
    told.collect()
}

/// The presses that are told, each from beginning to end, and how long they are.
fn pressed(simulation: &mut CallSimulation, host: HostId) -> Vec<(char, u128)> {
    let told = told(simulation, host);
    let presses = told.chunks(2).map(|press| match press {
        [(_, begun, false, _), (_, ended, true, whole)] if begun == ended => (*begun, *whole),
        other => panic!("no press: {other:?}"),
    });
    presses.collect()
}

fn infos(simulation: &CallSimulation) -> usize {
    let wire = simulation.wire();
    wire.iter().filter(|it| it.label() == "INFO").count()
}

#[test]
fn digits_go_as_info_where_no_telephone_events_were_agreed_on() {
    for (method, events, by_info) in [
        (DtmfMethod::Auto, true, false),
        (DtmfMethod::Auto, false, true),
        (DtmfMethod::Info, true, true),
    ] {
        let mut simulation = CallSimulation::new(1);
        let parties = (
            host("10.0.0.1", method, true),
            host("10.0.0.2", DtmfMethod::Auto, events),
        );
        let (hosts, call) = call(&mut simulation, parties, "udp");
        let id = call.id();
        simulation
            .with(hosts[0], |core, now| core.send_dtmf(now, id, "1#"))
            .unwrap();
        simulation
            .with(hosts[0], |core, now| core.send_dtmf(now, id, "a"))
            .unwrap();
        simulation.run_for(5 * SECOND);
        assert_eq!(infos(&simulation), if by_info { 3 } else { 0 });
        let told = pressed(&mut simulation, hosts[1]);
        assert_eq!(told, [('1', 100), ('#', 100), ('A', 100)]);
    }
}

#[test]
fn digits_that_go_with_the_media_are_tones_for_a_peer_without_telephone_events() {
    let mut simulation = CallSimulation::new(3);
    let mut bob = host("10.0.0.2", DtmfMethod::Auto, false);
    bob.media.listening.in_band_dtmf = true;
    let alice = host("10.0.0.1", DtmfMethod::Rfc4733, true);
    let (hosts, call) = call(&mut simulation, (alice, bob), "udp");
    let id = call.id();
    simulation
        .with(hosts[0], |core, now| core.send_dtmf(now, id, "1#a"))
        .unwrap();
    simulation.run_for(5 * SECOND);
    assert_eq!(infos(&simulation), 0);
    let told = pressed(&mut simulation, hosts[1]).into_iter();
    assert_eq!(told.map(|(digit, _)| digit).collect::<String>(), "1#A");
}

/// RFC 4733 section 2.4.1.
#[test]
fn digits_that_the_peer_does_not_name_as_events_go_as_info() {
    for (digits, told) in [("1#", ""), ("1A", "1A"), ("!", "!")] {
        let mut simulation = CallSimulation::new(1);
        let parties = (
            host("10.0.0.1", DtmfMethod::Auto, true),
            without_letters("10.0.0.2"),
        );
        let (hosts, call) = call(&mut simulation, parties, "udp");
        let id = call.id();
        simulation
            .with(hosts[0], |core, now| core.send_dtmf(now, id, digits))
            .unwrap();
        simulation.run_for(2 * SECOND);
        let pressed = pressed(&mut simulation, hosts[1]).into_iter();
        assert_eq!(pressed.map(|(digit, _)| digit).collect::<String>(), told);
        assert_eq!(infos(&simulation), told.len());
    }
}

#[test]
fn a_hook_flash_that_has_no_way_is_refused() {
    let mut simulation = CallSimulation::new(1);
    let parties = (
        host("10.0.0.1", DtmfMethod::Rfc4733, true),
        without_letters("10.0.0.2"),
    );
    let (hosts, call) = call(&mut simulation, parties, "udp");
    let id = call.id();
    let mut send =
        |digits: &str| simulation.with(hosts[0], |core, now| core.send_dtmf(now, id, digits));
    send("1A").unwrap();
    let refused = send("2!");
    let flash = |refused: &SessionError| {
        let SessionError::Media { source, .. } = refused else {
            return false;
        };
        matches!(source, MediaError::NoHookFlash(_))
    };
    assert!(refused.as_ref().is_err_and(flash), "{refused:?}");
}

#[test]
fn a_press_passes_through_a_bridge_as_info_where_the_other_leg_does_not_name_it() {
    let mut simulation = CallSimulation::new(7);
    let server = host("10.0.0.9", DtmfMethod::Auto, true);
    let server = simulation.add(server).unwrap();
    let alice = simulation
        .add(host("10.0.0.1", DtmfMethod::Rfc4733, true))
        .unwrap();
    let bob = simulation.add(without_letters("10.0.0.2")).unwrap();
    let to_server = simulation
        .call(alice, "sip:alice@10.0.0.1", "sip:room@10.0.0.9")
        .unwrap();
    simulation.run_for(SECOND);
    let one = simulation.registry(server).calls()[0].id();
    let other = simulation
        .call(server, "sip:room@10.0.0.9", "sip:bob@10.0.0.2")
        .unwrap();
    simulation.run_for(SECOND);
    assert_eq!(other.state(), CallState::Active);
    simulation
        .with(server, |core, now| {
            core.bridge_sessions(now, one, other.id())
        })
        .unwrap();
    simulation.run_for(SECOND);
    simulation
        .with(alice, |core, now| {
            core.send_dtmf(now, to_server.id(), "1A!2")
        })
        .unwrap();
    simulation.run_for(5 * SECOND);
    let told = pressed(&mut simulation, bob);
    assert_eq!(told, [('A', 100), ('!', 100)]);
    assert_eq!(infos(&simulation), 2);
}

#[test]
fn digits_without_a_way_are_refused() {
    let mut simulation = CallSimulation::new(2);
    let parties = (
        host("10.0.0.1", DtmfMethod::Auto, true),
        host("10.0.0.2", DtmfMethod::Auto, true),
    );
    let (hosts, call) = call(&mut simulation, parties, "udp");
    let id = call.id();
    let sent = simulation.with(hosts[0], |core, now| core.send_dtmf(now, id, "1x"));
    assert!(matches!(sent, Err(SessionError::InvalidDigit('x'))));
    let bobs = simulation.registry(hosts[1]).calls()[0].id();
    simulation
        .with(hosts[1], |core, now| core.hold(now, bobs))
        .unwrap();
    simulation.run_for(SECOND);
    let sent = simulation.with(hosts[0], |core, now| core.send_dtmf(now, id, "1"));
    assert!(matches!(sent, Err(SessionError::Media { .. })), "{sent:?}");
    assert_eq!(infos(&simulation), 0);
}

#[test]
fn a_connection_that_breaks_under_digits_loses_none() {
    for later in (0..60).step_by(6) {
        let mut simulation = CallSimulation::new(later);
        let parties = (
            host("10.0.0.1", DtmfMethod::Info, true),
            host("10.0.0.2", DtmfMethod::Auto, true),
        );
        let (hosts, call) = call(&mut simulation, parties, "tcp");
        let id = call.id();
        simulation
            .with(hosts[0], |core, now| core.send_dtmf(now, id, "159"))
            .unwrap();
        simulation.run_for(Duration::from_millis(later));
        simulation.break_connections(hosts[1]);
        simulation.run_for(40 * SECOND);
        let mut told: Vec<char> = pressed(&mut simulation, hosts[1])
            .into_iter()
            .map(|(digit, _)| digit)
            .collect();
        // One whose response was lost may come twice.
        told.dedup();
        assert_eq!(told, ['1', '5', '9'], "{later}\n{}", simulation.ladder());
        simulation
            .with(hosts[0], |core, now| core.terminate(now, id))
            .unwrap();
        simulation.run_for(SECOND);
        assert_eq!(call.cause(), Some(&TerminalCause::LocalHangup));
    }
}

#[test]
fn a_press_in_the_media_is_told_with_its_first_packet() {
    let mut simulation = CallSimulation::new(4);
    let parties = ["10.0.0.1", "10.0.0.2"].map(|it| host(it, DtmfMethod::Rfc4733, true));
    let (hosts, call) = call(&mut simulation, parties.into(), "udp");
    let id = call.id();
    let start = simulation.now();
    simulation
        .with(hosts[0], |core, now| core.send_dtmf(now, id, "5"))
        .unwrap();
    simulation.run_for(SECOND);
    let told = told(&mut simulation, hosts[1]);
    let [(begun, '5', false, first), (ended, '5', true, whole)] = told[..] else {
        panic!("{told:?}");
    };
    // A frame until it leaves, and the way through the network.
    assert!(begun - start <= Duration::from_millis(40), "{told:?}");
    assert!(ended - begun >= Duration::from_millis(80), "{told:?}");
    assert_eq!((first, whole), (20, 100));
}

#[test]
fn a_press_is_told_in_the_turn_in_which_its_first_packet_comes() {
    let mut simulation = CallSimulation::new(5);
    let parties = ["10.0.0.1", "10.0.0.2"].map(|it| host(it, DtmfMethod::Auto, true));
    let (hosts, _) = call(&mut simulation, parties.into(), "udp");
    let [source, destination] = ["10.0.0.1:10000", "10.0.0.2:10000"].map(|it| it.parse().unwrap());
    simulation.set_faults(SimFaults {
        delay: Duration::ZERO..Duration::ZERO,
        ..SimFaults::default()
    });
    for place in 0..20_u8 {
        // At any place between two frames of the listener; the end of the press before it is missed by then.
        simulation.run_for(2 * SECOND + Duration::from_millis(1));
        let (sent, digit) = (simulation.now(), place % 10);
        let packet = [
            0x80,
            0x80 | 101,
            0,
            place,
            0,
            0,
            place,
            0,
            0,
            0,
            0,
            7,
            digit,
            10,
            0,
            160,
        ];
        simulation.send_media(source, destination, packet.to_vec().into());
        simulation.run_for(SECOND);
        let (at, heard, ended, _) = told(&mut simulation, hosts[1])[0];
        assert_eq!((at, heard, ended), (sent, char::from(b'0' + digit), false));
    }
}

/// Two telephones in a bridge of a server whose digits go by `method`; returns what the second hears of a press of the first, which
/// tells it as INFO or as events, and how many INFO crossed the network.
fn through_a_bridge(
    by_info: bool,
    method: DtmfMethod,
    events: bool,
    digits: &str,
) -> (Vec<(char, u128)>, usize) {
    let mut simulation = CallSimulation::new(7);
    let first = if by_info {
        DtmfMethod::Info
    } else {
        DtmfMethod::Rfc4733
    };
    let server = simulation.add(host("10.0.0.9", method, true)).unwrap();
    let mut bob = host("10.0.0.2", DtmfMethod::Auto, events);
    bob.media.listening.in_band_dtmf = !events;
    let phones = [host("10.0.0.1", first, true), bob];
    let calls = phones.map(|phone| {
        let phone = simulation.add(phone).unwrap();
        let call = simulation
            .call(phone, "sip:phone@example.com", "sip:room@10.0.0.9")
            .unwrap();
        simulation.run_for(SECOND);
        assert_eq!(call.state(), CallState::Active);
        (phone, call.id())
    });
    let legs = simulation.registry(server).calls();
    let (a, b) = (legs[0].id(), legs[1].id());
    simulation
        .with(server, |core, now| core.bridge_sessions(now, a, b))
        .unwrap();
    simulation.run_for(SECOND);
    let (alice, id) = calls[0];
    simulation
        .with(alice, |core, now| core.send_dtmf(now, id, digits))
        .unwrap();
    simulation.run_for(5 * SECOND);
    let told = pressed(&mut simulation, calls[1].0);
    assert_eq!(told.len(), digits.len(), "{told:?}");
    // The application of the server is told too, once.
    let heard: String = pressed(&mut simulation, server)
        .into_iter()
        .map(|(digit, _)| digit)
        .collect();
    assert_eq!(heard, digits);
    (told, infos(&simulation))
}

#[test]
fn a_press_passes_through_a_bridge_in_the_way_of_the_other_leg() {
    let expected = [('1', 100), ('#', 100), ('!', 100)];
    for (by_info, method, events, sent) in [
        (true, DtmfMethod::Auto, true, 3),
        (true, DtmfMethod::Info, true, 3),
        (true, DtmfMethod::Auto, false, 6),
        (false, DtmfMethod::Auto, true, 0),
        (false, DtmfMethod::Auto, false, 3),
        (false, DtmfMethod::Info, false, 3),
    ] {
        let (told, infos) = through_a_bridge(by_info, method, events, "1#!");
        assert_eq!(told, expected, "{by_info} {method:?} {events}");
        assert_eq!(infos, sent, "{by_info} {method:?} {events}");
    }
}

#[test]
fn a_press_passes_through_a_bridge_as_tones_where_that_is_asked_for() {
    for by_info in [true, false] {
        let (told, infos) = through_a_bridge(by_info, DtmfMethod::Rfc4733, false, "1#");
        let told: String = told.into_iter().map(|(digit, _)| digit).collect();
        assert_eq!((told.as_str(), infos), ("1#", 2 * usize::from(by_info)));
    }
}
