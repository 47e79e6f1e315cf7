//! Limits, and who has to go when they are reached.

use super::*;

fn speak(layer: &mut TransportLayer, now: Instant, connection: ConnectionId) {
    let text = options("TCP 10.0.0.9;branch=z");
    layer.handle_input(now, stream(connection, &text));
    request(layer);
}

#[test]
fn a_request_beyond_the_limit_goes_over_a_stream_unless_its_user_says_otherwise() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(config());
    let udp = Target::address(TransportKind::Udp, addr("10.0.0.9:5060"));
    let tcp = Target::address(TransportKind::Tcp, addr("10.0.0.9:5060"));
    assert_eq!(layer.stream_instead(&udp, 1300), None);
    assert_eq!(layer.stream_instead(&udp, 1301), Some(tcp.clone()));
    assert_eq!(layer.stream_instead(&tcp, 1301), None);
    // The Via says what is really used.
    let route = |target: &Target| {
        layer
            .route(target)
            .unwrap()
            .via_transport
            .as_str()
            .to_owned()
    };
    assert_eq!((route(&udp).as_str(), route(&tcp).as_str()), ("UDP", "TCP"));
    // Whoever asks for datagrams gets them.
    layer
        .send_request(now, vec![b'x'; 1301].into(), &udp)
        .unwrap();
    assert!(matches!(outputs(&mut layer)[..], [Output::Datagram { .. }]));
}

#[test]
fn one_host_cannot_take_all_connections() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(TransportConfig {
        max_connections_per_peer: 2,
        ..config()
    });
    for number in 1..=3 {
        let peer = format!("10.0.0.9:{}", 40_000 + number);
        layer.handle_input(now, accepted(ConnectionId::accepted(number), &peer));
    }
    let connection = ConnectionId::accepted(3);
    assert_eq!(outputs(&mut layer), [Output::Close { connection }]);
    assert_eq!(layer.counters().dropped(DropReason::TooManyOfPeer), 1);
    layer.handle_input(now, accepted(ConnectionId::accepted(4), "10.0.0.8:40000"));
    assert_eq!(layer.connection_count(), 3);
    // An end makes room again.
    let error = None;
    let connection = ConnectionId::accepted(1);
    layer.handle_input(now, Input::Closed { connection, error });
    layer.handle_input(now, accepted(ConnectionId::accepted(5), "10.0.0.9:50000"));
    assert_eq!(layer.connection_count(), 3);
}

#[test]
fn peers_leave_an_eighth_of_the_connections_to_us() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(TransportConfig {
        max_connections: 16,
        ..config()
    });
    for number in 1..=16 {
        layer.handle_input(now, accepted(ConnectionId::accepted(number), "10.0.0.9:1"));
    }
    assert_eq!(layer.connection_count(), 14);
    for host in 1..=3 {
        let peer = SocketAddr::from(([10, 0, 1, host], 5060));
        let target = Target::address(TransportKind::Tcp, peer);
        let sent = layer.send_request(now, Bytes::from("x"), &target);
        assert_eq!(sent.is_ok(), host < 3);
    }
}

#[test]
fn connections_being_established_have_a_limit_of_their_own() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(TransportConfig {
        max_connecting: 1,
        ..config()
    });
    let mut send = |host| {
        let peer = SocketAddr::from(([10, 0, 1, host], 5060));
        let target = Target::address(TransportKind::Tcp, peer);
        layer.send_request(now, Bytes::from("x"), &target)
    };
    let connection = send(1).unwrap().connection().unwrap();
    let error = TransportError::TooManyConnections { limit: 1 };
    assert_eq!(send(2), Err(error));
    let (local, peer) = (addr("192.0.2.1:50000"), None);
    layer.handle_input(
        now,
        Input::Connected {
            connection,
            local,
            peer,
        },
    );
    let target = Target::address(TransportKind::Tcp, addr("10.0.1.2:5060"));
    layer.send_request(now, Bytes::from("x"), &target).unwrap();
}

#[test]
fn a_full_table_makes_room_by_ending_what_would_end_first() {
    let start = Instant::now();
    let mut layer = TransportLayer::new(TransportConfig {
        max_connections: 4,
        ..config()
    });
    let id = ConnectionId::accepted;
    let at = |second| start + Duration::from_secs(second);
    for number in 1..=4 {
        layer.make_room(|_| false);
        layer.handle_input(at(number), accepted(id(number), "10.0.0.9:1"));
        if number != 3 {
            speak(&mut layer, at(number), id(number));
        }
    }
    // The first is used again, the second carries a transaction, the third has never spoken.
    layer.handle_input(at(5), stream(id(1), "\r\n\r\n"));
    outputs(&mut layer);
    let mut evicted = Vec::new();
    for number in 5..=7 {
        layer.make_room(|flow| flow.connection() == Some(id(2)));
        layer.handle_input(at(6), accepted(id(number), "10.0.0.9:1"));
        speak(
            layer_with_failures(&mut layer, &mut evicted),
            at(6),
            id(number),
        );
    }
    assert_eq!(evicted, [id(3), id(4), id(1)]);
    assert_eq!(layer.counters().connections_evicted, 3);
    assert_eq!(layer.counters().dropped_total(), 0);
}

/// Takes the failed flows out of the events.
fn layer_with_failures<'a>(
    layer: &'a mut TransportLayer,
    evicted: &mut Vec<ConnectionId>,
) -> &'a mut TransportLayer {
    while let Some(TransportEvent::FlowFailed { flow, error }) = layer.poll_event() {
        assert_eq!(error, io::ErrorKind::ConnectionAborted);
        evicted.push(flow.connection().unwrap());
    }
    layer
}

/// Somebody else's stack looked at every entry of a full table for each newcomer.
#[test]
fn making_room_looks_at_a_bounded_number_of_connections_however_many_there_are() {
    let now = Instant::now();
    let mut layer = TransportLayer::new(TransportConfig {
        max_connections: 20_000,
        max_connections_per_peer: 20_000,
        ..config()
    });
    for number in 0..17_500 {
        layer.handle_input(now, accepted(ConnectionId::accepted(number), "10.0.0.9:1"));
    }
    for newcomer in 0..100 {
        let mut looks = 0;
        layer.make_room(|_| {
            looks += 1;
            true
        });
        assert!((1..=64).contains(&looks), "{looks} for newcomer {newcomer}");
    }
    assert_eq!(layer.counters().connections_evicted, 0, "all are spared");
    let connection = ConnectionId::accepted(20_000);
    layer.handle_input(now, accepted(connection, "10.0.0.9:1"));
    assert_eq!(outputs(&mut layer), [Output::Close { connection }]);
}

#[test]
fn keep_alives_alone_do_not_keep_a_connection_that_never_speaks() {
    let start = Instant::now();
    let mut layer = TransportLayer::new(config());
    let connection = ConnectionId::accepted(1);
    layer.handle_input(start, accepted(connection, "10.0.0.9:40000"));
    for second in 0..10 {
        let now = start + Duration::from_secs(second);
        layer.handle_timeout(now);
        layer.handle_input(now, stream(connection, "\r\n\r\n"));
    }
    layer.handle_timeout(start + config().message_timeout);
    assert_eq!(layer.connection_count(), 0);
    assert_eq!(layer.counters().dropped(DropReason::SlowMessage), 1);
}

/// The rest of a message that was cut by the network stays where it was (sipgo 145).
#[test]
fn a_message_in_pieces_is_one_message_and_the_next_one_is_whole() {
    let now = Instant::now();
    let body = "v=0\r\n\r\nx=y";
    let one = options("TCP 10.0.0.9;branch=z1").replace(
        "Content-Length: 0\r\n\r\n",
        &format!("Content-Length: {}\r\n\r\n{body}", body.len()),
    );
    let two = options("TCP 10.0.0.9;branch=z2");
    let text = format!("{one}{two}");
    for cut in 1..text.len() {
        let mut layer = TransportLayer::new(config());
        let connection = ConnectionId::accepted(1);
        layer.handle_input(now, accepted(connection, "10.0.0.9:40000"));
        layer.handle_input(now, stream(connection, &text[..cut]));
        layer.handle_input(now, stream(connection, &text[cut..]));
        let first = request(&mut layer).0;
        assert_eq!(
            (first.branch(), &first.body()[..]),
            (Some("z1"), body.as_bytes())
        );
        assert_eq!(request(&mut layer).0.branch(), Some("z2"));
        assert!(layer.poll_event().is_none());
    }
}
