//! Tests of the transport layer as a whole, in virtual time.

mod keep_alive;
mod learned;
mod limits;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rvoip_sip_core::{Message, Request, Response, StatusCode, Strictness};

use super::*;
use crate::{
    Carrier, ConnectionId, Direction, DropReason, Flow, ListenerInfo, Target, TransportError,
    TransportKind, WireRecord, WireTap,
};

const UDP: ListenerId = ListenerId(0);
const TCP: ListenerId = ListenerId(1);

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn config() -> TransportConfig {
    TransportConfig::new(ListenerInfo::plan(&[
        (TransportKind::Udp, addr("192.0.2.1:5060")),
        (TransportKind::Tcp, addr("192.0.2.1:5060")),
        (TransportKind::Udp, addr("[2001:db8::1]:5060")),
        (TransportKind::Tcp, addr("[2001:db8::1]:5060")),
    ]))
}

fn options(via: &str) -> String {
    format!(
        "OPTIONS sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/{via}\r\nMax-Forwards: 70\r\n\
         From: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: c\r\n\
         CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

fn ok(via: &str) -> String {
    options(via).replacen("OPTIONS sip:bob@192.0.2.1 SIP/2.0", "SIP/2.0 200 OK", 1)
}

fn datagram(listener: ListenerId, source: &str, text: &str) -> Input {
    let payload = Bytes::copy_from_slice(text.as_bytes());
    Input::Datagram {
        listener,
        source: addr(source),
        payload,
    }
}

fn stream(connection: ConnectionId, text: &str) -> Input {
    let payload = Bytes::copy_from_slice(text.as_bytes());
    Input::Stream {
        connection,
        payload,
    }
}

fn accepted(connection: ConnectionId, remote: &str) -> Input {
    Input::Accepted {
        connection,
        listener: TCP,
        local: addr("192.0.2.1:5060"),
        remote: addr(remote),
        peer: None,
    }
}

fn outputs(layer: &mut TransportLayer) -> Vec<Output<Infallible>> {
    std::iter::from_fn(|| layer.poll_wire()).collect()
}

fn request(layer: &mut TransportLayer) -> (Request, Flow) {
    match layer.poll_event() {
        Some(TransportEvent::Request { request, flow }) => (request, flow),
        other => panic!("no request but {other:?}"),
    }
}

fn failure(layer: &mut TransportLayer) -> (Flow, io::ErrorKind) {
    match layer.poll_event() {
        Some(TransportEvent::FlowFailed { flow, error }) => (flow, error),
        other => panic!("no failed flow but {other:?}"),
    }
}

fn answer(request: &Request) -> Response {
    Response::builder_for(request, StatusCode::OK)
        .to_tag("2")
        .build()
}

/// RFC 3261 section 18.2.1, RFC 3581 section 4: what the top Via says, where the packet came from,
/// what the Via says afterwards.
#[test]
fn the_top_via_tells_where_a_request_came_from() {
    let cases = [
        ("UDP 10.0.0.9:5070;branch=z", "10.0.0.9:5070", ""),
        ("UDP 10.0.0.9:5070;branch=z", "10.0.0.9:1024", ""),
        (
            "UDP 10.0.0.9;branch=z",
            "198.51.100.7:1024",
            ";received=198.51.100.7",
        ),
        (
            "UDP phone.example.com;branch=z",
            "198.51.100.7:1024",
            ";received=198.51.100.7",
        ),
        (
            "UDP 10.0.0.9:5070;branch=z;rport",
            "10.0.0.9:5070",
            "rport=5070 received=10.0.0.9",
        ),
        (
            "UDP 10.0.0.9:5070;rport;branch=z",
            "198.51.100.7:1024",
            "rport=1024 received=198.51.100.7",
        ),
        (
            "UDP 10.0.0.9:5070;branch=z;rport=9;received=203.0.113.5",
            "198.51.100.7:1024",
            "rport=1024 received=198.51.100.7",
        ),
        (
            "UDP 10.0.0.9:5070;branch=z;received=203.0.113.5",
            "10.0.0.9:5070",
            ";received=10.0.0.9",
        ),
        (
            "UDP [2001:db8::9]:5070;branch=z;rport",
            "[2001:db8::7]:1024",
            "rport=1024 received=2001:db8::7",
        ),
    ];
    for (via, source, expected) in cases {
        let mut layer = TransportLayer::new(config());
        layer.handle_input(Instant::now(), datagram(UDP, source, &options(via)));
        let (request, flow) = request(&mut layer);
        assert_eq!(flow.remote, addr(source));
        let top = request.top_via().unwrap();
        let rport = expected
            .split([' ', ';'])
            .find_map(|word| word.strip_prefix("rport="));
        let received = expected
            .split([' ', ';'])
            .find_map(|word| word.strip_prefix("received="));
        assert_eq!(top.params.get("rport"), rport, "{via} from {source}");
        assert_eq!(top.params.get("received"), received, "{via} from {source}");
        assert_eq!(top.branch(), Some("z"));
    }
}

/// RFC 3261 section 18.2.2: where the response to a request goes.
#[test]
fn a_response_goes_where_the_top_via_says() {
    let cases = [
        // Neither received nor rport: sent-by, its port or the default one.
        ("10.0.0.9:5070;branch=z", "10.0.0.9:1024", "10.0.0.9:5070"),
        ("10.0.0.9;branch=z", "10.0.0.9:1024", "10.0.0.9:5060"),
        ("10.0.0.9:0;branch=z", "10.0.0.9:1024", "10.0.0.9:5060"),
        // received: there, but still to the port of sent-by.
        (
            "10.0.0.9:5070;branch=z",
            "198.51.100.7:1024",
            "198.51.100.7:5070",
        ),
        (
            "phone.example.com;branch=z",
            "198.51.100.7:1024",
            "198.51.100.7:5060",
        ),
        // rport: back to where it came from.
        (
            "10.0.0.9:5070;branch=z;rport",
            "10.0.0.9:1024",
            "10.0.0.9:1024",
        ),
        (
            "10.0.0.9:5070;branch=z;rport",
            "198.51.100.7:1024",
            "198.51.100.7:1024",
        ),
        // maddr goes before received, and to the port of sent-by.
        (
            "10.0.0.9:5070;branch=z;maddr=10.9.9.9",
            "198.51.100.7:1024",
            "10.9.9.9:5070",
        ),
        (
            "10.0.0.9;branch=z;maddr=10.9.9.9;rport",
            "198.51.100.7:1024",
            "10.9.9.9:5060",
        ),
        // Parameters that only look like others, and one that is quoted.
        (
            "10.0.0.9:5070;branch=z;xrport=1;received-by=x",
            "198.51.100.7:1024",
            "198.51.100.7:5070",
        ),
        (
            "10.0.0.9:5070;branch=z;x=\";rport=;received=\"",
            "198.51.100.7:1024",
            "198.51.100.7:5070",
        ),
        (
            "[2001:db8::9]:5070;branch=z",
            "[2001:db8::9]:1024",
            "[2001:db8::9]:5070",
        ),
        // A link-local address is nothing without its zone.
        (
            "[fe80::9]:5070;branch=z;rport",
            "[fe80::9%3]:1024",
            "[fe80::9%3]:1024",
        ),
    ];
    let now = Instant::now();
    for (via, source, expected) in cases {
        for listener in [UDP, ListenerId(2)] {
            let mut layer = TransportLayer::new(config());
            let text = options(&format!("UDP {via}"));
            layer.handle_input(now, datagram(listener, source, &text));
            let (request, flow) = request(&mut layer);
            let used = layer.send_response(now, &answer(&request), &flow).unwrap();
            assert_eq!(used.remote, addr(expected), "{via} from {source}");
            let [
                Output::Datagram {
                    listener: from,
                    destination,
                    ..
                },
            ] = outputs(&mut layer)[..]
            else {
                panic!("one datagram");
            };
            // From the socket that the request came to.
            assert_eq!((from, destination), (listener, addr(expected)));
        }
    }
}

#[test]
fn a_response_to_a_named_maddr_has_to_be_looked_up_first() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let text = options("UDP 10.0.0.9:5070;branch=z;rport;maddr=a.example");
    layer.handle_input(now, datagram(UDP, "198.51.100.7:1024", &text));
    let (request, flow) = request(&mut layer);
    let sent = layer.send_response(now, &answer(&request), &flow);
    assert_eq!(sent, Err(TransportError::NamedDestination));
    assert!(outputs(&mut layer).is_empty());
}

#[test]
fn a_response_over_a_stream_uses_its_connection_or_opens_one_to_sent_by() {
    let now = Instant::now();
    let connection = ConnectionId::accepted(1);
    let cases = [
        ("10.0.0.9:5070;branch=z", "10.0.0.9:40000", "10.0.0.9:5070"),
        ("10.0.0.9;branch=z;rport", "10.0.0.9:40000", "10.0.0.9:5060"),
        (
            "phone.example.com:5070;branch=z",
            "198.51.100.7:40000",
            "198.51.100.7:5070",
        ),
    ];
    for (via, source, reconnect) in cases {
        let mut layer = TransportLayer::new(config());
        layer.handle_input(now, accepted(connection, source));
        layer.handle_input(now, stream(connection, &options(&format!("TCP {via}"))));
        let (request, flow) = request(&mut layer);
        let response = answer(&request);
        assert_eq!(layer.send_response(now, &response, &flow), Ok(flow));
        let sent = Output::Stream {
            connection,
            payload: response.to_bytes(),
        };
        assert_eq!(outputs(&mut layer), [sent]);

        layer.handle_input(
            now,
            Input::Closed {
                connection,
                error: None,
            },
        );
        assert_eq!(failure(&mut layer), (flow, io::ErrorKind::UnexpectedEof));
        let used = layer.send_response(now, &response, &flow).unwrap();
        let again = used.connection().unwrap();
        assert!(!again.is_accepted());
        let destination = addr(reconnect);
        let kind = TransportKind::Tcp;
        let opened = Output::Connect {
            connection: again,
            kind,
            destination,
            name: via.starts_with("phone").then(|| "phone.example.com".into()),
        };
        assert_eq!(outputs(&mut layer), [opened]);
        let local = addr("192.0.2.1:50000");
        layer.handle_input(
            now,
            Input::Connected {
                connection: again,
                local,
                peer: None,
            },
        );
        let sent = Output::Stream {
            connection: again,
            payload: response.to_bytes(),
        };
        assert_eq!(outputs(&mut layer), [sent]);
    }
}

#[test]
fn requests_to_one_peer_share_a_connection() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let peer = addr("198.51.100.7:5060");
    let target = Target::address(TransportKind::Tcp, peer);
    let route = layer.route(&target).unwrap();
    assert_eq!(route.sent_by.to_string(), "192.0.2.1:5060");
    assert_eq!(route.flow, None);

    let (one, two, three) = (Bytes::from("one"), Bytes::from("two"), Bytes::from("three"));
    let flow = layer.send_request(now, one.clone(), &target).unwrap();
    assert_eq!(layer.send_request(now, two.clone(), &target), Ok(flow));
    let connection = flow.connection().unwrap();
    let connect = Output::Connect {
        connection,
        kind: TransportKind::Tcp,
        destination: peer,
        name: None,
    };
    assert_eq!(outputs(&mut layer), [connect]);

    let local = addr("192.0.2.1:50000");
    layer.handle_input(
        now,
        Input::Connected {
            connection,
            local,
            peer: None,
        },
    );
    let written = |payload| Output::Stream {
        connection,
        payload,
    };
    assert_eq!(outputs(&mut layer), [written(one), written(two)]);
    assert_eq!(
        layer.send_request(now, three.clone(), &target.clone()),
        Ok(flow)
    );
    assert_eq!(outputs(&mut layer), [written(three.clone())]);
    assert_eq!(layer.route(&target).unwrap().flow.unwrap().local, local);
    assert_eq!(layer.connection_count(), 1);

    layer.handle_input(
        now,
        Input::Closed {
            connection,
            error: None,
        },
    );
    assert_eq!(failure(&mut layer).0, flow);
    assert_eq!(
        layer.resend(now, three.clone(), &flow),
        Err(TransportError::FlowEnded)
    );
    assert_eq!(
        layer.route(&Target::Flow(flow)),
        Err(TransportError::FlowEnded)
    );
    let other = layer.send_request(now, three, &target).unwrap();
    assert_ne!(other, flow);
}

#[test]
fn an_accepted_connection_carries_requests_to_its_peer() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let connection = ConnectionId::accepted(1);
    layer.handle_input(now, accepted(connection, "198.51.100.7:40000"));
    let target = Target::address(TransportKind::Tcp, addr("198.51.100.7:40000"));
    let flow = layer
        .send_request(now, Bytes::from("one"), &target)
        .unwrap();
    assert_eq!(flow.connection(), Some(connection));
}

#[test]
fn only_responses_to_our_own_via_come_through() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let source = "198.51.100.7:5060";
    for via in [
        "UDP 192.0.2.1:5060;branch=z",
        "UDP 192.0.2.1;branch=z;rport=5060",
    ] {
        layer.handle_input(now, datagram(UDP, source, &ok(via)));
        assert!(
            matches!(layer.poll_event(), Some(TransportEvent::Response { .. })),
            "{via}"
        );
    }
    for via in ["UDP 192.0.2.2:5060;branch=z", "UDP 192.0.2.1:5061;branch=z"] {
        layer.handle_input(now, datagram(UDP, source, &ok(via)));
        assert!(layer.poll_event().is_none(), "{via}");
    }
    assert_eq!(layer.counters().dropped(DropReason::StrayResponse), 2);
}

#[test]
fn a_defective_request_is_told_and_a_defective_rest_is_dropped() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let good = options("UDP 10.0.0.9;branch=z");
    let bad = good.replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE");
    layer.handle_input(now, datagram(UDP, "10.0.0.9:5060", &bad));
    match layer.poll_event() {
        Some(TransportEvent::Invalid { defect, .. }) => {
            assert_eq!(defect.status, StatusCode::BAD_REQUEST);
        }
        other => panic!("{other:?}"),
    }
    let ack = bad.replace("OPTIONS sip", "ACK sip");
    layer.handle_input(now, datagram(UDP, "10.0.0.9:5060", &ack));
    let response = ok("UDP 192.0.2.1;branch=z").replace("CSeq: 1 OPTIONS", "CSeq: one");
    layer.handle_input(now, datagram(UDP, "10.0.0.9:5060", &response));
    layer.handle_input(now, datagram(UDP, "10.0.0.9:5060", "hello"));
    layer.handle_input(now, datagram(UDP, "10.0.0.9:5060", "\r\n\r\n"));
    layer.handle_input(now, datagram(UDP, "10.0.0.9:5060", "\0\0\0\0"));
    assert!(layer.poll_event().is_none());
    assert!(outputs(&mut layer).is_empty());
    let counters = layer.counters();
    assert_eq!(counters.dropped(DropReason::InvalidAck), 1);
    assert_eq!(counters.dropped(DropReason::InvalidResponse), 1);
    assert_eq!(counters.dropped(DropReason::Malformed), 1);
    assert_eq!(counters.dropped_total(), 3);
    assert_eq!(counters.keep_alives, 2);
    assert_eq!(counters.messages(Direction::In), 4);
}

#[test]
fn a_ping_is_answered_with_a_pong() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let connection = ConnectionId::accepted(1);
    layer.handle_input(now, accepted(connection, "10.0.0.9:40000"));
    layer.handle_input(now, stream(connection, "\r\n\r"));
    assert!(outputs(&mut layer).is_empty());
    layer.handle_input(now, stream(connection, "\n"));
    let pong = Output::Stream {
        connection,
        payload: Bytes::from("\r\n"),
    };
    assert_eq!(outputs(&mut layer), [pong]);
    // Many at once get as many pongs, and cost one write.
    layer.handle_input(now, stream(connection, &"\r\n".repeat(2000)));
    let pongs = Output::Stream {
        connection,
        payload: Bytes::from("\r\n".repeat(1000)),
    };
    assert_eq!(outputs(&mut layer), [pongs]);
    assert_eq!(layer.counters().keep_alives, 1001);
}

#[test]
fn a_connection_of_an_unknown_listener_is_closed() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let connection = ConnectionId::accepted(1);
    layer.handle_input(
        now,
        Input::Accepted {
            connection,
            listener: ListenerId(9),
            local: addr("192.0.2.1:5060"),
            remote: addr("10.0.0.9:40000"),
            peer: None,
        },
    );
    assert_eq!(outputs(&mut layer), [Output::Close { connection }]);
    assert_eq!(layer.connection_count(), 0);
}

#[test]
fn without_content_length_a_stream_is_answered_400_and_closed() {
    let now = Instant::now();
    for (line, status) in [
        ("", 400),
        ("Content-Length: x\r\n", 400),
        ("l: 99999\r\n", 513),
    ] {
        let mut layer = TransportLayer::new(config());
        let connection = ConnectionId::accepted(1);
        layer.handle_input(now, accepted(connection, "10.0.0.9:40000"));
        let text = options("TCP 10.0.0.9;branch=z").replace("Content-Length: 0\r\n", line);
        layer.handle_input(now, stream(connection, &text));
        let outputs = outputs(&mut layer);
        let [Output::Stream { payload, .. }, Output::Close { .. }] = &outputs[..] else {
            panic!("{outputs:?}");
        };
        let Ok(Message::Response(response)) = Message::parse(payload.clone(), &Default::default())
        else {
            panic!("a response");
        };
        assert_eq!(response.status().code(), status);
        assert_eq!(response.check(Strictness::Strict), Ok(()));
        assert_eq!(failure(&mut layer).1, io::ErrorKind::InvalidData);
        assert!(layer.poll_event().is_none());
        assert_eq!(layer.connection_count(), 0);
    }
}

#[test]
fn garbage_closes_a_stream_without_an_answer() {
    let now = Instant::now();
    let ack = options("TCP 10.0.0.9;branch=z").replace("OPTIONS", "ACK");
    let response = ok("TCP 192.0.2.1;branch=z");
    for text in [
        "\x16\x03\x01".to_owned(),
        "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n".to_owned(),
        ack.replace("Content-Length: 0\r\n", ""),
        response.replace("Content-Length: 0\r\n", ""),
        "x".repeat(40_000),
    ] {
        let mut layer = TransportLayer::new(config());
        let connection = ConnectionId::accepted(1);
        layer.handle_input(now, accepted(connection, "10.0.0.9:40000"));
        layer.handle_input(now, stream(connection, &text));
        assert_eq!(
            outputs(&mut layer),
            [Output::Close { connection }],
            "{text}"
        );
        assert_eq!(failure(&mut layer).1, io::ErrorKind::InvalidData);
        assert_eq!(layer.counters().dropped_total(), 1);
    }
}

#[test]
fn a_slow_head_is_cut_off_though_it_moves() {
    let start = Instant::now();
    let mut layer = TransportLayer::new(config());
    let connection = ConnectionId::accepted(1);
    layer.handle_input(start, accepted(connection, "10.0.0.9:40000"));
    layer.handle_input(start, stream(connection, &options("TCP 10.0.0.9;branch=z")));
    request(&mut layer);

    // A message begins after a minute of silence and gets one octet a second.
    let begun = start + Duration::from_secs(60);
    for second in 0..10 {
        let now = begun + Duration::from_secs(second);
        layer.handle_timeout(now);
        layer.handle_input(now, stream(connection, "O"));
        assert!(layer.poll_event().is_none());
    }
    assert_eq!(layer.poll_timeout(), Some(begun + config().message_timeout));
    layer.handle_timeout(begun + config().message_timeout);
    assert_eq!(outputs(&mut layer), [Output::Close { connection }]);
    assert_eq!(failure(&mut layer).1, io::ErrorKind::TimedOut);
    assert_eq!(layer.counters().dropped(DropReason::SlowMessage), 1);
    assert_eq!(layer.poll_timeout(), None);
}

#[test]
fn who_connects_and_says_nothing_is_cut_off() {
    let start = Instant::now();
    let mut layer = TransportLayer::new(config());
    layer.handle_input(start, accepted(ConnectionId::accepted(1), "10.0.0.9:40000"));
    layer.handle_timeout(start + config().message_timeout);
    assert_eq!(layer.connection_count(), 0);
}

#[test]
fn an_idle_connection_is_closed_and_a_used_one_is_not() {
    let start = Instant::now();
    let mut layer = TransportLayer::new(config());
    let (used, idle) = (ConnectionId::accepted(1), ConnectionId::accepted(2));
    for (connection, peer) in [(used, "10.0.0.9:40000"), (idle, "10.0.0.9:40001")] {
        layer.handle_input(start, accepted(connection, peer));
        layer.handle_input(start, stream(connection, &options("TCP 10.0.0.9;branch=z")));
        request(&mut layer);
    }
    let half = config().idle_timeout / 2;
    layer.handle_input(start + half, stream(used, "\r\n\r\n"));
    outputs(&mut layer);
    // Runs as a driver would: from deadline to deadline.
    let mut closed = Vec::new();
    while let Some(due) = layer.poll_timeout() {
        layer.handle_timeout(due);
        while let Some(TransportEvent::FlowFailed { flow, error }) = layer.poll_event() {
            assert_eq!(error, io::ErrorKind::TimedOut);
            closed.push((flow.connection().unwrap(), due - start));
        }
    }
    assert_eq!(closed, [(idle, half * 2), (used, half * 3)]);
    assert_eq!(layer.counters().dropped_total(), 0);
}

#[test]
fn connections_are_limited() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(TransportConfig {
        max_connections: 1,
        ..config()
    });
    layer.handle_input(now, accepted(ConnectionId::accepted(1), "10.0.0.9:40000"));
    let connection = ConnectionId::accepted(2);
    layer.handle_input(now, accepted(connection, "10.0.0.9:40001"));
    assert_eq!(outputs(&mut layer), [Output::Close { connection }]);
    assert_eq!(layer.counters().dropped(DropReason::TooManyConnections), 1);
    let target = Target::address(TransportKind::Tcp, addr("10.0.0.8:5060"));
    let error = layer
        .send_request(now, Bytes::from("x"), &target)
        .unwrap_err();
    assert_eq!(error, TransportError::TooManyConnections { limit: 1 });
    assert!(layer.poll_event().is_none());
}

#[test]
fn an_unanswered_connection_attempt_fails_in_time_and_its_queue_is_bounded() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(TransportConfig {
        max_queued_octets: 10,
        ..config()
    });
    let target = Target::address(TransportKind::Tcp, addr("10.0.0.8:5060"));
    let flow = layer
        .send_request(now, Bytes::from("12345678"), &target)
        .unwrap();
    let error = layer.resend(now, Bytes::from("123"), &flow).unwrap_err();
    assert_eq!(error, TransportError::QueueFull { limit: 10 });
    assert_eq!(layer.poll_timeout(), Some(now + config().connect_timeout));
    layer.handle_timeout(now + config().connect_timeout);
    assert_eq!(failure(&mut layer), (flow, io::ErrorKind::TimedOut));
    let connection = flow.connection().unwrap();
    layer.handle_input(
        now,
        Input::ConnectFailed {
            connection,
            error: io::ErrorKind::TimedOut,
        },
    );
    assert!(layer.poll_event().is_none(), "told once");
    let counters = layer.counters();
    assert_eq!(
        (counters.connections_opened, counters.connections_failed),
        (1, 1)
    );
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(TransportConfig::new(ListenerInfo::plan(&[(
        TransportKind::Udp,
        addr("192.0.2.1:5060"),
    )])));
    let udp = |to: &str| Target::address(TransportKind::Udp, addr(to));
    let mut send =
        |octets: usize, target: Target| layer.send_request(now, vec![0; octets].into(), &target);
    let no_listener = TransportError::NoListener {
        kind: TransportKind::Udp,
    };
    assert_eq!(send(1, udp("[2001:db8::7]:5060")), Err(no_listener));
    assert_eq!(
        send(1, udp("0.0.0.0:5060")),
        Err(TransportError::BadDestination)
    );
    assert_eq!(
        send(1, udp("10.0.0.9:0")),
        Err(TransportError::BadDestination)
    );
    let too_long = TransportError::TooLong { octets: 65_508 };
    assert_eq!(send(65_508, udp("10.0.0.9:5060")), Err(too_long));
    assert!(send(65_507, udp("10.0.0.9:5060")).is_ok());
    // Without a TCP listener the UDP one stands for this side.
    let tcp = Target::address(TransportKind::Tcp, addr("10.0.0.9:5060"));
    let route = layer.route(&tcp).unwrap();
    assert_eq!(route.via_transport.as_str(), "TCP");
    assert_eq!(route.sent_by.to_string(), "192.0.2.1:5060");
}

#[test]
fn loopback_and_the_rest_are_spoken_to_from_the_right_listener() {
    let layer = TransportLayer::new(TransportConfig::new(ListenerInfo::plan(&[
        (TransportKind::Udp, addr("127.0.0.1:5060")),
        (TransportKind::Udp, addr("192.0.2.1:5060")),
    ])));
    let from = |remote: &str| {
        layer
            .listener_for(TransportKind::Udp, addr(remote))
            .unwrap()
            .id
    };
    assert_eq!(from("127.0.0.1:5070"), ListenerId(0));
    assert_eq!(from("10.0.0.9:5060"), ListenerId(1));
}

#[test]
fn an_undeliverable_datagram_fails_its_flow_unless_it_is_a_mere_loss() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let destination = addr("10.0.0.9:5060");
    for error in [
        io::ErrorKind::WouldBlock,
        io::ErrorKind::PermissionDenied,
        io::ErrorKind::ConnectionRefused,
    ] {
        layer.handle_input(
            now,
            Input::SendFailed {
                listener: UDP,
                destination,
                error,
            },
        );
    }
    let (flow, error) = failure(&mut layer);
    assert_eq!(
        (flow.remote, error),
        (destination, io::ErrorKind::ConnectionRefused)
    );
    assert_eq!(flow.carrier, Carrier::Listener(UDP));
    assert!(layer.poll_event().is_none());
    let counters = layer.counters();
    assert_eq!(
        (
            counters.sends_lost,
            counters.sends_forbidden,
            counters.sends_failed
        ),
        (1, 1, 1)
    );
}

#[test]
fn the_tap_sees_every_message_both_ways() {
    #[derive(Default)]
    struct Tap(Mutex<Vec<(Direction, SocketAddr, usize)>>);
    impl WireTap for Tap {
        fn message(&self, record: &WireRecord<'_>) {
            let seen = (record.direction, record.remote, record.octets.len());
            self.0.lock().unwrap().push(seen);
        }
    }
    let now = Instant::now();
    let tap = Arc::new(Tap::default());
    let mut layer = TransportLayer::new(TransportConfig {
        tap: Some(tap.clone()),
        ..config()
    });
    let text = options("UDP 10.0.0.9;branch=z");
    layer.handle_input(now, datagram(UDP, "10.0.0.9:5060", &text));
    layer.handle_input(now, datagram(UDP, "10.0.0.9:5060", "garbage"));
    let (request, flow) = request(&mut layer);
    let response = answer(&request);
    layer.send_response(now, &response, &flow).unwrap();
    let peer = addr("10.0.0.9:5060");
    let seen = tap.0.lock().unwrap();
    let octets = response.to_bytes().len();
    let expected = [
        (Direction::In, peer, text.len()),
        (Direction::In, peer, 7),
        (Direction::Out, peer, octets),
    ];
    assert_eq!(seen[..], expected);
}
