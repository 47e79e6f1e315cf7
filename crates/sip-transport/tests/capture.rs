//! A capture as tshark reads it: the messages that were sent, in order, with their addresses, ports and
//! times. Without tshark the tests say so and check nothing.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr)]

use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rvoip_sip_transport::driver::Capture;
use rvoip_sip_transport::{Direction, TransportKind, WireRecord, WireTap};

/// A file in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn options(call_id: &str, body: usize) -> Bytes {
    format!(
        "OPTIONS sip:bob@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1\r\n\
         Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n\
         Call-ID: {call_id}\r\nCSeq: 1 OPTIONS\r\nContent-Length: {body}\r\n\r\n{}",
        "x".repeat(body)
    )
    .into()
}

/// One line of tab-separated fields for each packet; `None` where there is no tshark.
fn tshark(capture: &[u8], options: &[&str], fields: &[&str]) -> Option<Vec<Vec<String>>> {
    let mut command = Command::new("tshark");
    command
        .args(["-r", "-", "-n", "-T", "fields"])
        .args(options);
    for field in fields {
        command.args(["-e", field]);
    }
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            eprintln!("skipped: tshark cannot be run: {error}");
            return None;
        }
    };
    child.stdin.take().unwrap().write_all(capture).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let fields = |line: &str| line.split('\t').map(str::to_owned).collect();
    Some(text.lines().map(fields).collect())
}

/// One message: way, transport, addresses, octets.
type Sent = (Direction, TransportKind, &'static str, &'static str, Bytes);

fn capture(start: Instant, messages: &[Sent]) -> Vec<u8> {
    let memory = Memory::default();
    let capture = Capture::start(memory.clone()).unwrap();
    for (number, (direction, kind, local, remote, octets)) in (0..).zip(messages) {
        capture.message(&WireRecord {
            time: start + Duration::from_millis(number * 250),
            direction: *direction,
            kind: *kind,
            local: addr(local),
            remote: addr(remote),
            octets,
        });
    }
    capture.finish().unwrap();
    assert_eq!(capture.dropped(), 0);
    let octets = memory.0.lock().unwrap();
    octets.clone()
}

#[test]
fn tshark_sees_the_same_messages() {
    let (own, peer) = ("192.0.2.1:5060", "198.51.100.7:5070");
    let (own6, peer6) = ("[2001:db8::1]:5060", "[2001:db8::7]:5062");
    let (incoming, outgoing) = (Direction::In, Direction::Out);
    let (udp, tcp) = (TransportKind::Udp, TransportKind::Tcp);
    let messages = [
        (incoming, udp, own, peer, options("one", 0)),
        (outgoing, udp, own, peer, options("two", 1)),
        (incoming, udp, own6, peer6, options("three", 63_000)),
        (outgoing, udp, own6, peer6, options("four", 0)),
        (outgoing, tcp, own, peer, options("five", 0)),
        (incoming, tcp, own, peer, options("six", 333)),
        (outgoing, tcp, own, peer, options("seven", 0)),
        (
            incoming,
            TransportKind::Tls,
            own6,
            peer6,
            options("eight", 1),
        ),
        (incoming, TransportKind::Ws, own6, peer, options("nine", 1)),
    ];
    let octets = capture(Instant::now(), &messages);
    let fields = [
        "sip.Call-ID",
        "sip.Method",
        "ip.src",
        "ipv6.src",
        "udp.srcport",
        "tcp.srcport",
        "udp.dstport",
        "tcp.dstport",
        "udp.checksum.status",
        "tcp.checksum.status",
        "tcp.seq_raw",
        "tcp.ack_raw",
        "frame.time_delta",
        "frame.comment",
        "sip.msg_body",
    ];
    let checked = [
        "-o",
        "udp.check_checksum:TRUE",
        "-o",
        "tcp.check_checksum:TRUE",
    ];
    let Some(packets) = tshark(&octets, &checked, &fields) else {
        return;
    };
    assert_eq!(packets.len(), messages.len());
    let mut streams = [[0; 2]; 2];
    for (number, (packet, (direction, kind, local, remote, octets))) in
        packets.iter().zip(&messages).enumerate()
    {
        let names = [
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
        ];
        assert_eq!(packet[..2], [names[number], "OPTIONS"], "{packet:?}");
        let (source, destination) = match direction {
            Direction::In => (addr(remote), addr(local)),
            Direction::Out => (addr(local), addr(remote)),
        };
        let mapped = source.is_ipv6() != destination.is_ipv6();
        let (ip, ip6) = match source.ip() {
            std::net::IpAddr::V4(ip) if mapped => (String::new(), format!("::ffff:{ip}")),
            ip if ip.is_ipv4() => (ip.to_string(), String::new()),
            ip => (String::new(), ip.to_string()),
        };
        assert_eq!(packet[2..4], [ip, ip6]);
        let ports = [source.port().to_string(), destination.port().to_string()];
        let [none, valid] = [String::new(), "1".to_owned()];
        if kind.is_reliable() {
            assert_eq!(
                packet[4..8],
                [&none, &ports[0], &none, &ports[1]].map(String::clone)
            );
            assert_eq!(packet[8..10], [none, valid]);
        } else {
            assert_eq!(
                packet[4..8],
                [&ports[0], &none, &ports[1], &none].map(String::clone)
            );
            assert_eq!(packet[8..10], [valid, none]);
        }
        // Two of the connections carry several messages: their numbers run.
        if number == 4 || number == 5 || number == 6 {
            let sent = &mut streams[0];
            let own = usize::from(*direction == Direction::In);
            assert_eq!(
                packet[10..12],
                [sent[own].to_string(), sent[1 - own].to_string()]
            );
            sent[own] += octets.len();
        }
        if number > 0 {
            assert_eq!(packet[12], "0.250000000");
        }
        let comment = match kind {
            TransportKind::Tls => "carried by TLS",
            TransportKind::Ws => "carried by WS",
            _ => "",
        };
        assert_eq!(packet[13], comment);
        let body = packet[14].len();
        assert_eq!(body > 0, octets.ends_with(b"x"), "{packet:?}");
    }
}

#[test]
fn a_long_message_is_several_segments_that_tshark_joins() {
    let (own, peer) = ("192.0.2.1:5060", "198.51.100.7:5070");
    let long = (
        Direction::Out,
        TransportKind::Tcp,
        own,
        peer,
        options("long", 150_000),
    );
    let next = (
        Direction::Out,
        TransportKind::Tcp,
        own,
        peer,
        options("next", 0),
    );
    let octets = capture(Instant::now(), &[long, next]);
    let Some(packets) = tshark(
        &octets,
        &["-Y", "sip"],
        &["sip.Call-ID", "tcp.reassembled.length"],
    ) else {
        return;
    };
    let calls: Vec<&str> = packets.iter().map(|packet| packet[0].as_str()).collect();
    assert_eq!(calls, ["long", "next"]);
    let joined: usize = packets[0][1].parse().unwrap();
    assert_eq!(joined, options("long", 150_000).len());
}

/// A file that takes nothing until it is let go.
struct Stuck(std::sync::mpsc::Receiver<()>);

impl Write for Stuck {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        // The head is written where the capture is started, everything else by its thread.
        if std::thread::current().name() == Some("sip-capture") {
            let _ = self.0.recv();
        }
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_stuck_file_costs_messages_and_nobody_waits() {
    let (let_go, stuck) = std::sync::mpsc::channel();
    let capture = Capture::start(Stuck(stuck)).unwrap();
    let octets = options("one", 10_000);
    let time = Instant::now();
    for _ in 0..20_000 {
        capture.message(&WireRecord {
            time,
            direction: Direction::In,
            kind: TransportKind::Udp,
            local: addr("192.0.2.1:5060"),
            remote: addr("198.51.100.7:5070"),
            octets: &octets,
        });
    }
    assert!(capture.dropped() > 10_000, "{}", capture.dropped());
    drop(let_go);
    capture.finish().unwrap();
}
