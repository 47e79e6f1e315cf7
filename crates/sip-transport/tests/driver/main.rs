//! The tokio driver on real sockets: a small core that answers every request with 200.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use rvoip_sip_transport::driver::{self, Sockets, StreamConfig, TryPostError};
use rvoip_sip_transport::sip_core::{HostPort, Response, StatusCode};
use rvoip_sip_transport::{DropReason, Location, Sought, TransportConfig, TransportKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};

#[cfg(feature = "tls")]
mod certificates;
mod endpoint;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "ws")]
mod web_socket;

use endpoint::{Answerer, Endpoint, Seen, pressing_requests, request, response};

/// Reads one message without a body.
async fn read_response(stream: &mut TcpStream) -> Response {
    let mut octets = Vec::new();
    while !octets.ends_with(b"\r\n\r\n") {
        octets.push(stream.read_u8().await.unwrap());
    }
    response(&octets)
}

async fn ask_udp(host: SocketAddr, number: usize) -> Response {
    let socket = UdpSocket::bind(SocketAddr::new(host.ip(), 0))
        .await
        .unwrap();
    let octets = request("UDP client.invalid", number);
    socket.send_to(octets.as_bytes(), host).await.unwrap();
    let mut buffer = [0; 2000];
    let (octets, source) = socket.recv_from(&mut buffer).await.unwrap();
    assert_eq!(source, host);
    let response = response(&buffer[..octets]);
    let via = response.top_via().unwrap();
    assert_eq!(via.rport(), Some(Some(socket.local_addr().unwrap().port())));
    assert_eq!(via.received(), Some(host.ip()));
    response
}

async fn ask_tcp(host: SocketAddr, number: usize) -> Response {
    let mut stream = TcpStream::connect(host).await.unwrap();
    let octets = request("TCP client.invalid", number);
    stream.write_all(octets.as_bytes()).await.unwrap();
    read_response(&mut stream).await
}

async fn answers_both_ways(ip: &str) {
    let host = Endpoint::on(ip);
    assert_eq!(host.listeners[0].local_addr, host.listeners[1].local_addr);
    for number in 0..20 {
        let response = ask_udp(host.addr(), number).await;
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.call_id().unwrap().to_string(), number.to_string());
        let response = ask_tcp(host.addr(), number).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    host.shard.stop().await;
}

#[tokio::test]
async fn ipv4_on_one_thread() {
    answers_both_ways("127.0.0.1").await;
}

#[tokio::test]
async fn ipv6_on_one_thread() {
    answers_both_ways("::1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ipv4_on_two_threads() {
    answers_both_ways("127.0.0.1").await;
}

#[tokio::test]
async fn a_burst_of_datagrams_is_answered_whole() {
    let host = Endpoint::on("127.0.0.1");
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    // More than one receive batch, less than any socket buffer.
    for number in 0..100 {
        let octets = request("UDP client.invalid", number);
        socket
            .send_to(octets.as_bytes(), host.addr())
            .await
            .unwrap();
    }
    let mut buffer = [0; 2000];
    for number in 0..100 {
        let (octets, _) = socket.recv_from(&mut buffer).await.unwrap();
        let response = response(&buffer[..octets]);
        assert_eq!(response.call_id().unwrap().to_string(), number.to_string());
    }
}

#[tokio::test]
async fn a_datagram_larger_than_any_packet_is_answered() {
    let host = Endpoint::on("127.0.0.1");
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let padding = format!("Subject: {}\r\n\r\n", "x".repeat(30_000));
    let octets = request("UDP client.invalid", 1).replace("\r\n\r\n", &format!("\r\n{padding}"));
    socket
        .send_to(octets.as_bytes(), host.addr())
        .await
        .unwrap();
    let mut buffer = [0; 2000];
    let (octets, _) = socket.recv_from(&mut buffer).await.unwrap();
    assert_eq!(response(&buffer[..octets]).status(), StatusCode::OK);
}

#[tokio::test]
async fn pieces_and_pipelines_on_one_connection() {
    let host = Endpoint::on("127.0.0.1");
    let mut stream = TcpStream::connect(host.addr()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let first = request("TCP client.invalid", 0);
    for piece in first.as_bytes().chunks(100) {
        stream.write_all(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    read_response(&mut stream).await;
    let all: String = (1..200)
        .map(|number| request("TCP client.invalid", number))
        .collect();
    stream.write_all(all.as_bytes()).await.unwrap();
    for number in 1..200 {
        let response = read_response(&mut stream).await;
        assert_eq!(response.call_id().unwrap().to_string(), number.to_string());
    }
}

#[tokio::test]
async fn many_connections_at_once() {
    let host = Endpoint::on("127.0.0.1");
    let mut streams = Vec::new();
    for _ in 0..200 {
        streams.push(TcpStream::connect(host.addr()).await.unwrap());
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        let octets = request("TCP client.invalid", number);
        stream.write_all(octets.as_bytes()).await.unwrap();
    }
    for stream in &mut streams {
        read_response(stream).await;
    }
    let count = |core: &mut Answerer, _| core.transport.connection_count();
    assert_eq!(host.shard.call(count).await, Ok(200));
    drop(streams);
    let mut host = host;
    for _ in 0..200 {
        assert!(matches!(
            host.next().await,
            Seen::Failed(_, io::ErrorKind::UnexpectedEof)
        ));
    }
    assert_eq!(host.shard.call(count).await, Ok(0));
}

#[tokio::test]
async fn who_does_not_read_is_dropped_and_delays_nobody() {
    let mut host = Endpoint::on("127.0.0.1");
    let addr = host.addr();
    let (mut reader, mut writer) = TcpStream::connect(addr).await.unwrap().into_split();
    let flood = tokio::spawn(async move {
        let octets = pressing_requests("TCP client.invalid");
        // Fails when the other side has had enough.
        while writer.write_all(octets.as_bytes()).await.is_ok() {}
    });
    loop {
        ask_tcp(addr, 1).await;
        // Those who asked and left are reported as well.
        match host.next().await {
            Seen::Failed(_, io::ErrorKind::UnexpectedEof) => {}
            Seen::Failed(_, error) => {
                assert_eq!(error, io::ErrorKind::QuotaExceeded);
                break;
            }
            other => panic!("{other:?}"),
        }
    }
    flood.await.unwrap();
    let mut rest = Vec::new();
    let _ = reader.read_to_end(&mut rest).await;
    ask_udp(addr, 2).await;
}

/// Floods a listener with these bounds and reads nothing; how the connection ends.
async fn flood(bounds: StreamConfig) -> io::ErrorKind {
    let address = (TransportKind::Tcp, "127.0.0.1:0".parse().unwrap());
    let sockets = Sockets::bind(&[address]).unwrap().with_streams(bounds);
    let mut host = Endpoint::drive(sockets);
    let mut deaf = TcpStream::connect(host.addr()).await.unwrap();
    let octets = pressing_requests("TCP client.invalid");
    while deaf.write_all(octets.as_bytes()).await.is_ok() {}
    match host.next().await {
        Seen::Failed(_, error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_waits_is_bounded_for_each_for_all_and_in_time() {
    let unbounded = || {
        let mut bounds = StreamConfig::default();
        bounds.max_queued_octets = usize::MAX;
        bounds.max_queued_octets_in_all = usize::MAX;
        bounds.stall_timeout = Duration::from_secs(3600);
        bounds
    };
    let mut bounds = unbounded();
    bounds.max_queued_octets = 64 * 1024;
    assert_eq!(flood(bounds).await, io::ErrorKind::QuotaExceeded);
    let mut bounds = unbounded();
    bounds.max_queued_octets_in_all = 64 * 1024;
    assert_eq!(flood(bounds).await, io::ErrorKind::QuotaExceeded);
    let mut bounds = unbounded();
    bounds.stall_timeout = Duration::from_millis(20);
    assert_eq!(flood(bounds).await, io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_core_opens_a_connection_once_and_keeps_it() {
    let mut caller = Endpoint::on("127.0.0.1");
    let called = Endpoint::on("127.0.0.1");
    let addr = called.addr();
    let mut flows = Vec::new();
    for _ in 0..3 {
        let send = move |core: &mut Answerer, now| core.send(now, TransportKind::Tcp, addr);
        let flow = caller.shard.call(send).await.unwrap();
        let Seen::Response(response, answered) = caller.next().await else {
            panic!("no response");
        };
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(answered, flow);
        assert!(!answered.local.ip().is_unspecified());
        flows.push(flow);
    }
    assert!(flows.iter().all(|flow| *flow == flows[0]));
    called.shard.stop().await;
    match caller.next().await {
        Seen::Failed(flow, _) => assert_eq!(flow, flows[0]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refused_connection_is_reported() {
    let mut host = Endpoint::on("127.0.0.1");
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = closed.local_addr().unwrap();
    drop(closed);
    let send = move |core: &mut Answerer, now| core.send(now, TransportKind::Tcp, addr);
    let flow = host.shard.call(send).await.unwrap();
    match host.next().await {
        Seen::Failed(failed, error) => {
            assert_eq!((failed, error), (flow, io::ErrorKind::ConnectionRefused));
        }
        other => panic!("{other:?}"),
    }
}

/// Linux tells of ICMP errors with the next send or receive.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_unreachable_port_fails_its_flow_and_nothing_else() {
    let mut host = Endpoint::on("127.0.0.1");
    let closed = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let addr = closed.local_addr().unwrap();
    drop(closed);
    let send = move |core: &mut Answerer, now| core.send(now, TransportKind::Udp, addr);
    host.shard.call(send).await.unwrap();
    let flow = host.shard.call(send).await.unwrap();
    match host.next().await {
        Seen::Failed(failed, error) => {
            assert_eq!((failed, error), (flow, io::ErrorKind::ConnectionRefused));
        }
        other => panic!("{other:?}"),
    }
    ask_udp(host.addr(), 1).await;
}

#[tokio::test]
async fn hostile_octets_change_nothing_for_others() {
    let host = Endpoint::on("127.0.0.1");
    let addr = host.addr();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut noise = 1_u32;
    let mut octets = [0_u8; 1400];
    for round in 1..200 {
        for octet in &mut octets {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *octet = (noise >> 24) as u8;
        }
        let length = round * 7;
        socket.send_to(&octets[..length], addr).await.unwrap();
        if round % 10 == 0 {
            let mut stream = TcpStream::connect(addr).await.unwrap();
            // A space cannot begin a message: the connection ends whatever follows.
            octets[0] = b' ';
            let _ = stream.write_all(&octets[..length]).await;
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            assert!(rest.is_empty());
            ask_udp(addr, round).await;
        }
    }
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let head = format!("OPTIONS sip:a SIP/2.0\r\n{}", "X: y\r\n".repeat(20_000));
    let _ = stream.write_all(head.as_bytes()).await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    ask_tcp(addr, 1).await;
    assert!(host.dropped(DropReason::Malformed).await > 100);
    assert_eq!(host.dropped(DropReason::Framing).await, 20);
}

#[tokio::test]
async fn a_message_of_unknown_length_is_answered_before_the_connection_ends() {
    let host = Endpoint::on("127.0.0.1");
    let mut stream = TcpStream::connect(host.addr()).await.unwrap();
    let octets = request("TCP client.invalid", 1).replace("Content-Length: 0\r\n", "");
    // What follows is never read as a message, nor does it destroy the answer.
    let octets = octets + &"v=0\r\n".repeat(10_000);
    stream.write_all(octets.as_bytes()).await.unwrap();
    let response = read_response(&mut stream).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
}

#[tokio::test]
async fn stopped_sockets_can_be_bound_again_at_once() {
    let mut host = Endpoint::on("127.0.0.1");
    let addresses: Vec<_> = host
        .listeners
        .iter()
        .map(|info| (info.kind, info.local_addr))
        .collect();
    for number in 0..20 {
        let mut open = TcpStream::connect(host.addr()).await.unwrap();
        let octets = request("TCP client.invalid", number);
        open.write_all(octets.as_bytes()).await.unwrap();
        read_response(&mut open).await;
        ask_udp(host.addr(), number).await;
        host.shard.stop().await;
        assert!(host.shard.call(|_, _| ()).await.is_err());
        assert_eq!(
            host.shard.try_post(|_, _| ()).unwrap_err(),
            TryPostError::Closed
        );
        host = Endpoint::start(&addresses);
    }
}

#[tokio::test]
async fn the_last_handle_stops_the_shard() {
    let host = Endpoint::on("127.0.0.1");
    let addr = host.addr();
    let Endpoint {
        shard, mut events, ..
    } = host;
    let second = shard.clone();
    drop(shard);
    ask_udp(addr, 1).await;
    drop(second);
    // The sink is dropped with the shard.
    assert!(events.recv().await.is_none());
}

#[tokio::test]
async fn what_was_said_last_is_sent_before_the_sockets_close() {
    let host = Endpoint::on("127.0.0.1");
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let [udp, tcp] = [socket.local_addr().unwrap(), listener.local_addr().unwrap()];
    let send = move |core: &mut Answerer, now| core.send(now, TransportKind::Tcp, tcp);
    host.shard.call(send).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.read_exact(&mut [0; 100]).await.unwrap();
    let say = move |core: &mut Answerer, now| {
        core.send(now, TransportKind::Udp, udp);
        core.send(now, TransportKind::Tcp, tcp);
    };
    host.shard.try_post(say).unwrap();
    host.shard.stop().await;
    let mut buffer = [0; 2000];
    assert!(socket.try_recv(&mut buffer).is_ok() || socket.recv(&mut buffer).await.is_ok());
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    let whole = String::from_utf8(rest).unwrap();
    assert_eq!(whole.matches("Content-Length: 0\r\n\r\n").count(), 2);
}

#[tokio::test]
async fn deadlines_wake_the_core() {
    let mut host = Endpoint::on("127.0.0.1");
    let set = |core: &mut Answerer, now| core.alarm = Some(now + Duration::from_millis(5));
    for _ in 0..3 {
        host.shard.post(set).await.unwrap();
        assert!(matches!(host.next().await, Seen::Alarm));
    }
}

#[tokio::test]
async fn names_are_resolved_by_the_system() {
    let mut host = Endpoint::on("127.0.0.1");
    for (name, is_known) in [("localhost", true), ("no-such-host.invalid", false)] {
        let ask = move |core: &mut Answerer, now| {
            let name: HostPort = name.parse().unwrap();
            let sought = Sought::of_sent_by(&name, TransportKind::Udp);
            let location = core.transport.locate(now, sought);
            assert!(matches!(location, Ok(Location::Pending(_))));
        };
        host.shard.call(ask).await.unwrap();
        match host.next().await {
            Seen::Located(targets) => assert_eq!(targets > 0, is_known, "{name}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn without_a_runtime_there_is_an_error() {
    let sockets = Sockets::bind(&[(TransportKind::Udp, "127.0.0.1:0".parse().unwrap())]).unwrap();
    let core = Answerer::new(TransportConfig::new(sockets.listeners()));
    assert!(driver::spawn(sockets, core, drop).is_err());
}
