//! Keep-alives of ours and what they tell (RFC 5626, RFC 8489).

use super::*;
use crate::stun::{self, Stun, TransactionId};

const INTERVAL: Duration = Duration::from_secs(100);

/// A layer with an established outgoing connection.
fn connected(config: TransportConfig) -> (TransportLayer, Flow, Instant) {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config);
    let target = Target::address(TransportKind::Tcp, addr("198.51.100.7:5060"));
    let flow = layer
        .send_request(now, Bytes::from("one"), &target)
        .unwrap();
    let connection = flow.connection().unwrap();
    let local = addr("192.0.2.1:50000");
    let peer = None;
    layer.handle_input(
        now,
        Input::Connected {
            connection,
            local,
            peer,
        },
    );
    outputs(&mut layer);
    (layer, flow, now)
}

fn written(flow: &Flow, text: &'static str) -> Output<Infallible> {
    Output::Stream {
        connection: flow.connection().unwrap(),
        payload: Bytes::from(text),
    }
}

/// Runs until something is sent or told; returns when that was and what was sent.
fn run(layer: &mut TransportLayer) -> (Instant, Vec<Output<Infallible>>) {
    loop {
        let due = layer.poll_timeout().unwrap();
        layer.handle_timeout(due);
        let sent = outputs(layer);
        if !sent.is_empty() || !layer.events.is_empty() {
            return (due, sent);
        }
    }
}

/// The id of the binding request that was sent, and where it went.
fn binding(outputs: &[Output<Infallible>]) -> (TransactionId, SocketAddr) {
    let [
        Output::Datagram {
            destination,
            payload,
            ..
        },
    ] = outputs
    else {
        panic!("{outputs:?}");
    };
    match Stun::parse(payload) {
        Some(Stun::Request { id, unknown, .. }) => {
            assert!(unknown.is_empty());
            (id, *destination)
        }
        other => panic!("{other:?}"),
    }
}

fn seen(id: &TransactionId, mapped: &str) -> Input {
    Input::Datagram {
        listener: UDP,
        source: addr("198.51.100.7:5060"),
        payload: stun::success(id, addr(mapped), true),
    }
}

fn udp_flow(layer: &TransportLayer) -> Flow {
    let target = Target::address(TransportKind::Udp, addr("198.51.100.7:5060"));
    layer.route(&target).unwrap().flow.unwrap()
}

#[test]
fn a_stream_is_pinged_within_80_to_100_percent_of_the_interval_as_long_as_it_answers() {
    let (mut layer, flow, mut rested) = connected(TransportConfig {
        stream_keep_alive: Some(INTERVAL),
        ..config()
    });
    let mut pauses = Vec::new();
    for _ in 0..50 {
        let (due, sent) = run(&mut layer);
        assert_eq!(sent, [written(&flow, "\r\n\r\n")]);
        assert!((INTERVAL.mul_f64(0.8)..=INTERVAL).contains(&(due - rested)));
        pauses.push(due - rested);
        // The answer, cut in two, right before a message.
        rested = due + Duration::from_secs(9);
        let connection = flow.connection().unwrap();
        layer.handle_input(rested, stream(connection, "\r"));
        let text = format!("\n{}", options("TCP 198.51.100.7;branch=z"));
        layer.handle_input(rested, stream(connection, &text));
        request(&mut layer);
        assert!(outputs(&mut layer).is_empty(), "a pong is not answered");
    }
    pauses.sort_unstable();
    assert!(pauses[49] - pauses[0] > INTERVAL.mul_f64(0.1), "{pauses:?}");
    assert_eq!(layer.counters().keep_alives_sent, 50);
}

#[test]
fn a_stream_that_does_not_answer_within_10_seconds_has_failed() {
    let (mut layer, flow, _) = connected(TransportConfig {
        stream_keep_alive: Some(INTERVAL),
        ..config()
    });
    let (pinged, _) = run(&mut layer);
    // The peer talks on but does not answer.
    let connection = flow.connection().unwrap();
    let text = options("TCP 198.51.100.7;branch=z");
    layer.handle_input(pinged + Duration::from_secs(5), stream(connection, &text));
    request(&mut layer);
    let (due, sent) = run(&mut layer);
    assert_eq!(due, pinged + Duration::from_secs(10));
    assert_eq!(sent, [Output::Close { connection }]);
    assert_eq!(failure(&mut layer), (flow, io::ErrorKind::TimedOut));
    assert_eq!(layer.poll_timeout(), None);
    assert_eq!(layer.counters().keep_alives_unanswered, 1);
}

#[test]
fn a_ping_of_the_peer_is_not_the_answer_to_ours_once_that_has_come() {
    let (mut layer, flow, _) = connected(config());
    let connection = flow.connection().unwrap();
    let now = Instant::now();
    layer.keep_alive(now, &flow, Some(INTERVAL)).unwrap();
    let (pinged, _) = run(&mut layer);
    layer.handle_input(pinged, stream(connection, "\r\n\r\n\r\n"));
    assert_eq!(outputs(&mut layer), [written(&flow, "\r\n")]);
}

#[test]
fn a_keep_alive_ends_when_asked_and_with_its_flow() {
    let (mut layer, flow, now) = connected(config());
    let idle = now + config().idle_timeout;
    assert_eq!(layer.poll_timeout(), Some(now + config().connect_timeout));
    layer.keep_alive(now, &flow, Some(INTERVAL)).unwrap();
    layer.handle_timeout(now + config().connect_timeout);
    assert!(layer.poll_timeout().unwrap() <= now + INTERVAL);
    layer.keep_alive(now, &flow, None).unwrap();
    assert_eq!(layer.poll_timeout(), Some(idle));
    layer.keep_alive(now, &flow, Some(INTERVAL)).unwrap();
    let connection = flow.connection().unwrap();
    let error = None;
    layer.handle_input(now, Input::Closed { connection, error });
    assert_eq!(layer.poll_timeout(), None);
    let ended = layer.keep_alive(now, &flow, Some(INTERVAL));
    assert_eq!(ended, Err(TransportError::FlowEnded));
}

#[test]
fn a_binding_request_is_answered_with_the_address_it_came_from() {
    let mut layer = TransportLayer::new(config());
    let id = [7; 12];
    let source = addr("198.51.100.7:1024");
    layer.handle_input(
        Instant::now(),
        Input::Datagram {
            listener: UDP,
            source,
            payload: stun::request(&id),
        },
    );
    let sent = outputs(&mut layer);
    let [
        Output::Datagram {
            listener: UDP,
            destination,
            payload,
        },
    ] = &sent[..]
    else {
        panic!("{sent:?}");
    };
    assert_eq!(*destination, source);
    let success = Stun::Success { id, mapped: source };
    assert_eq!(Stun::parse(payload), Some(success));
    assert!(layer.poll_event().is_none());
    assert_eq!(layer.counters().dropped_total(), 0);
}

#[test]
fn a_mapped_address_is_told_when_it_is_new() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let flow = udp_flow(&layer);
    layer.keep_alive(now, &flow, Some(INTERVAL)).unwrap();
    let mut told = Vec::new();
    for mapped in [
        "203.0.113.5:4000",
        "203.0.113.5:4000",
        "203.0.113.5:4001",
        "203.0.113.5:4001",
    ] {
        let (due, sent) = run(&mut layer);
        let (id, destination) = binding(&sent);
        assert_eq!(destination, flow.remote);
        // Somebody else's answer, or an old one, changes nothing.
        layer.handle_input(due, seen(&[9; 12], "192.0.2.66:66"));
        layer.handle_input(due, seen(&id, mapped));
        layer.handle_input(due, seen(&id, "192.0.2.66:66"));
        while let Some(event) = layer.poll_event() {
            let TransportEvent::MappedAddress {
                mapped, previous, ..
            } = event
            else {
                panic!("{event:?}");
            };
            told.push((mapped, previous));
        }
    }
    let (first, second) = (addr("203.0.113.5:4000"), addr("203.0.113.5:4001"));
    assert_eq!(told, [(first, None), (second, Some(first))]);
    // Off by default: what we tell is still our own address.
    let target = Target::address(TransportKind::Udp, flow.remote);
    let route = layer.route(&target).unwrap();
    assert_eq!(route.sent_by.to_string(), "192.0.2.1:5060");
}

/// RFC 8489 section 6.2.1: at 0, 500, 1500, 3500, 7500, 15500 and 31500 ms; the end at 39500 ms.
#[test]
fn an_unanswered_binding_request_is_repeated_as_the_rfc_says_and_then_fails_its_flow() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let flow = udp_flow(&layer);
    layer.keep_alive(now, &flow, Some(INTERVAL)).unwrap();
    let (first, sent) = run(&mut layer);
    let (id, _) = binding(&sent);
    let mut times = vec![0];
    for _ in 0..6 {
        let (due, sent) = run(&mut layer);
        assert_eq!(binding(&sent).0, id);
        times.push((due - first).as_millis());
    }
    assert_eq!(times, [0, 500, 1500, 3500, 7500, 15_500, 31_500]);
    let (due, sent) = run(&mut layer);
    assert_eq!((due - first).as_millis(), 39_500);
    assert!(sent.is_empty());
    assert_eq!(failure(&mut layer), (flow, io::ErrorKind::TimedOut));
    assert_eq!(layer.poll_timeout(), None);
}
