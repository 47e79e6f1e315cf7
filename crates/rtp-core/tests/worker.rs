//! The worker thread on real sockets of 127.0.0.1.

#![cfg(test)]

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rvoip_rtp_core::driver::{MediaWorker, WorkerConfig, bind_pair};
use rvoip_rtp_core::{
    Channel, Connect, FrameClock, MediaCore, PortKey, PortPair, PortPool, RtpError, Transmit,
};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// How long a test waits for what must come; only a test that fails takes that long.
const PATIENCE: Duration = Duration::from_secs(20);

enum Command {
    Ping,
    Close(PortKey),
    Connect(Connect),
    Frames {
        port: PortKey,
        destination: SocketAddr,
        count: u64,
    },
}

#[derive(Debug, PartialEq)]
enum Event {
    Pong,
    Closed(PortKey),
    PortFailed(PortKey, io::ErrorKind),
    FramesSent { origin: Instant },
}

struct Frames {
    clock: FrameClock,
    origin: Instant,
    port: PortKey,
    destination: SocketAddr,
    sent: u64,
    count: u64,
}

/// Sends every datagram back where it came from, and frames that carry their number.
#[derive(Default)]
struct Echo {
    frames: Option<Frames>,
    transmits: VecDeque<(PortKey, Channel, SocketAddr, Vec<u8>)>,
    current: Vec<u8>,
    connects: VecDeque<Connect>,
    closed: VecDeque<PortKey>,
    events: VecDeque<Event>,
}

impl MediaCore for Echo {
    type Command = Command;
    type Event = Event;
    type PortState = ();

    fn handle_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Ping => self.events.push_back(Event::Pong),
            Command::Connect(connect) => self.connects.push_back(connect),
            Command::Close(port) => {
                self.closed.push_back(port);
                self.events.push_back(Event::Closed(port));
            }
            Command::Frames {
                port,
                destination,
                count,
            } => {
                let clock = FrameClock::new(now, FrameClock::INTERVAL);
                self.frames = Some(Frames {
                    clock,
                    origin: now,
                    port,
                    destination,
                    sent: 0,
                    count,
                });
            }
        }
    }

    fn handle_packet(
        &mut self,
        _: Instant,
        port: PortKey,
        channel: Channel,
        source: SocketAddr,
        payload: &mut [u8],
    ) {
        self.transmits
            .push_back((port, channel, source, payload.to_vec()));
    }

    fn handle_port_failed(&mut self, _: Instant, port: PortKey, error: io::ErrorKind) {
        self.events.push_back(Event::PortFailed(port, error));
    }

    fn give_up_port(&mut self, _: Instant, _: PortKey) -> Option<()> {
        None
    }

    fn take_over_port(&mut self, _: Instant, _: PortKey, (): ()) {}

    fn end_port(&mut self, _: Instant, _: PortKey) {}

    fn handle_timeout(&mut self, now: Instant) {
        let Some(frames) = &mut self.frames else {
            return;
        };
        let tick = frames.clock.advance(now);
        for _ in 0..tick.skipped + u64::from(tick.due) {
            let number = frames.sent.to_be_bytes().to_vec();
            self.transmits
                .push_back((frames.port, Channel::Rtp, frames.destination, number));
            frames.sent += 1;
        }
        if frames.sent >= frames.count {
            self.events.push_back(Event::FramesSent {
                origin: frames.origin,
            });
            self.frames = None;
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.frames.as_ref().map(|frames| frames.clock.deadline())
    }

    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        let (port, channel, destination, payload) = self.transmits.pop_front()?;
        self.current = payload;
        Some(Transmit {
            port,
            channel,
            destination,
            payload: &self.current,
        })
    }

    fn poll_connect(&mut self) -> Option<Connect> {
        self.connects.pop_front()
    }

    fn poll_closed_port(&mut self) -> Option<PortKey> {
        self.closed.pop_front()
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

fn spawn() -> (MediaWorker<Echo>, Receiver<Event>) {
    let (sender, events) = channel();
    let sink = move |event| sender.send(event).unwrap();
    (
        MediaWorker::spawn(Echo::default(), sink, WorkerConfig::default()).unwrap(),
        events,
    )
}

/// A pair out of a range of 1000 ports that no other test here uses.
fn open(first: u16) -> (PortPair, UdpSocket, UdpSocket) {
    let mut pool = PortPool::new(first..=first + 999).unwrap();
    let (pair, (rtp, rtcp)) = pool
        .allocate(Instant::now(), |pair| bind_pair(LOCALHOST, pair))
        .unwrap();
    assert_eq!(rtp.local_addr().unwrap().port(), pair.rtp());
    assert_eq!(rtcp.local_addr().unwrap().port(), pair.rtp() + 1);
    (pair, rtp, rtcp)
}

fn client() -> UdpSocket {
    let client = UdpSocket::bind((LOCALHOST, 0)).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client
}

fn receive(client: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2048];
    let (octets, source) = client.recv_from(&mut buffer).unwrap();
    (buffer[..octets].to_vec(), source)
}

#[test]
fn datagrams_that_came_before_the_worker_are_all_read_and_answered_from_their_port() {
    let (worker, _events) = spawn();
    let (pair, rtp, rtcp) = open(21_000);
    let (media, reports) = (client(), client());
    // More than one socket's turn, so that the rest needs further turns without new readiness.
    for n in 0..100u8 {
        media.send_to(&[n, 1], (LOCALHOST, pair.rtp())).unwrap();
        reports.send_to(&[n, 2], (LOCALHOST, pair.rtcp())).unwrap();
    }
    worker.add_port(PortKey(7), rtp, rtcp).unwrap();
    for n in 0..100 {
        assert_eq!(
            receive(&media),
            (vec![n, 1], SocketAddr::from((LOCALHOST, pair.rtp())))
        );
        assert_eq!(
            receive(&reports),
            (vec![n, 2], SocketAddr::from((LOCALHOST, pair.rtcp())))
        );
    }
    // And the socket wakes the worker again after it was read empty.
    media.send_to(b"again", (LOCALHOST, pair.rtp())).unwrap();
    assert_eq!(receive(&media).0, b"again");
    worker.stop();
    let statistics = worker.statistics();
    assert_eq!(
        (statistics.received, statistics.sent, statistics.send_failed),
        (201, 201, 0)
    );
}

/// Strangers that write first are never heard, and others are, as soon as the peer may be elsewhere.
#[test]
#[cfg(target_os = "linux")]
fn a_connected_port_takes_packets_of_its_peer_alone_and_may_be_moved_and_let_go() {
    let (worker, events) = spawn();
    let (pair, rtp, rtcp) = open(27_000);
    worker.add_port(PortKey(3), rtp, rtcp).unwrap();
    let parties = [client(), client()];
    let connect = |party: Option<&UdpSocket>| {
        let peer = party.map(|party| party.local_addr().unwrap());
        let port = PortKey(3);
        worker
            .command(Command::Connect(Connect { port, peer }))
            .unwrap();
        worker.command(Command::Ping).unwrap();
        assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::Pong));
    };
    let say = |party: &UdpSocket| party.send_to(b"x", (LOCALHOST, pair.rtp())).unwrap();
    let mut received = 0;
    for (peer, stranger) in [(0, 1), (1, 0), (0, 1)] {
        connect(Some(&parties[peer]));
        say(&parties[stranger]);
        say(&parties[peer]);
        assert_eq!(receive(&parties[peer]).0, b"x");
        received += 1;
        assert_eq!(worker.statistics().received, received);
    }
    connect(None);
    for party in &parties {
        say(party);
        assert_eq!(
            receive(party),
            (b"x".to_vec(), SocketAddr::from((LOCALHOST, pair.rtp())))
        );
    }
    // A connected port still sends elsewhere.
    connect(Some(&parties[0]));
    let destination = parties[1].local_addr().unwrap();
    let frames = Command::Frames {
        port: PortKey(3),
        destination,
        count: 1,
    };
    worker.command(frames).unwrap();
    assert_eq!(receive(&parties[1]).0, 0u64.to_be_bytes());
    worker.stop();
    let statistics = worker.statistics();
    assert_eq!(statistics.send_failed, 0);
    assert_eq!(statistics.deadlines, 1);
    assert!(statistics.greatest_lateness > Duration::ZERO);
}

#[test]
fn an_event_after_a_closed_port_finds_its_sockets_closed() {
    let (worker, events) = spawn();
    let (pair, rtp, rtcp) = open(22_000);
    worker.add_port(PortKey(1), rtp, rtcp).unwrap();
    worker.command(Command::Close(PortKey(1))).unwrap();
    assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::Closed(PortKey(1))));
    let (rtp, rtcp) = bind_pair(LOCALHOST, pair).unwrap();
    assert_eq!(worker.statistics().open_ports, 0);
    // The same key may come back, with the same sockets' numbers.
    worker.add_port(PortKey(1), rtp, rtcp).unwrap();
    let client = client();
    client.send_to(b"x", (LOCALHOST, pair.rtp())).unwrap();
    assert_eq!(receive(&client).0, b"x");
    worker.stop();
}

#[test]
fn a_key_in_use_is_refused_and_its_port_goes_on() {
    let (worker, events) = spawn();
    let (pair, rtp, rtcp) = open(23_000);
    let (_, other_rtp, other_rtcp) = open(23_000);
    worker.add_port(PortKey(1), rtp, rtcp).unwrap();
    worker.add_port(PortKey(1), other_rtp, other_rtcp).unwrap();
    let failed = Event::PortFailed(PortKey(1), io::ErrorKind::AlreadyExists);
    assert_eq!(events.recv_timeout(PATIENCE), Ok(failed));
    let client = client();
    client.send_to(b"x", (LOCALHOST, pair.rtp())).unwrap();
    assert_eq!(receive(&client).0, b"x");
    worker.stop();
}

#[test]
fn stopping_carries_out_what_is_queued_and_closes_every_socket() {
    let (worker, events) = spawn();
    let (pair, rtp, rtcp) = open(24_000);
    worker.add_port(PortKey(1), rtp, rtcp).unwrap();
    for _ in 0..1000 {
        worker.command(Command::Ping).unwrap();
    }
    worker.stop();
    worker.stop();
    assert_eq!(events.try_iter().count(), 1000);
    assert_eq!(worker.statistics().open_ports, 0);
    assert_eq!(worker.command(Command::Ping), Err(RtpError::WorkerStopped));
    let (rtp, rtcp) = bind_pair(LOCALHOST, pair).unwrap();
    assert_eq!(
        worker.add_port(PortKey(2), rtp, rtcp),
        Err(RtpError::WorkerStopped)
    );
    bind_pair(LOCALHOST, pair).unwrap();
}

#[test]
fn the_thread_ends_with_its_last_handle() {
    let (worker, events) = spawn();
    let other = worker.clone();
    drop(worker);
    other.command(Command::Ping).unwrap();
    assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::Pong));
    drop(other);
    // The sink is dropped with the thread.
    assert!(
        events
            .recv_timeout(PATIENCE)
            .is_err_and(|error| error == std::sync::mpsc::RecvTimeoutError::Disconnected)
    );
}

#[test]
fn a_worker_may_be_stopped_from_its_own_thread() {
    let (handles, handle) = channel::<MediaWorker<Echo>>();
    let (sender, events) = channel();
    let sink = move |event| {
        handle.recv().unwrap().stop();
        sender.send(event).unwrap();
    };
    let worker = MediaWorker::spawn(Echo::default(), sink, WorkerConfig::default()).unwrap();
    handles.send(worker.clone()).unwrap();
    worker.command(Command::Ping).unwrap();
    assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::Pong));
    worker.stop();
}

#[test]
fn a_full_queue_is_said_and_nothing_in_it_is_lost() {
    let (gate, wait) = channel::<()>();
    let (sender, events) = channel();
    let sink = move |event| {
        sender.send(event).unwrap();
        wait.recv().unwrap();
    };
    let worker = MediaWorker::spawn(
        Echo::default(),
        sink,
        WorkerConfig {
            queue: 3,
            ..Default::default()
        },
    )
    .unwrap();
    worker.command(Command::Ping).unwrap();
    assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::Pong));
    for _ in 0..3 {
        worker.command(Command::Ping).unwrap();
    }
    assert_eq!(worker.command(Command::Ping), Err(RtpError::WorkerBusy));
    (0..4).for_each(|_| gate.send(()).unwrap());
    (0..3).for_each(|_| assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::Pong)));
    worker.stop();
}

#[test]
fn an_idle_worker_does_not_wake() {
    let (worker, events) = spawn();
    let (_, rtp, rtcp) = open(25_000);
    worker.add_port(PortKey(1), rtp, rtcp).unwrap();
    worker.command(Command::Ping).unwrap();
    assert_eq!(events.recv_timeout(PATIENCE), Ok(Event::Pong));
    // One more wakeup may be on its way from the second message.
    let before = worker.statistics().wakeups;
    assert!(events.recv_timeout(Duration::from_millis(200)).is_err());
    let after = worker.statistics().wakeups;
    assert!(after - before <= 1, "{} wakeups while idle", after - before);
    worker.stop();
}

#[test]
fn frames_keep_to_their_grid() {
    const COUNT: u64 = 50;
    let (worker, events) = spawn();
    let (_, rtp, rtcp) = open(26_000);
    let client = client();
    let destination = client.local_addr().unwrap();
    worker.add_port(PortKey(1), rtp, rtcp).unwrap();
    worker
        .command(Command::Frames {
            port: PortKey(1),
            destination,
            count: COUNT,
        })
        .unwrap();
    let mut arrivals = Vec::new();
    for number in 0..COUNT {
        assert_eq!(receive(&client).0, number.to_be_bytes());
        arrivals.push(Instant::now());
    }
    let Ok(Event::FramesSent { origin }) = events.recv_timeout(PATIENCE) else {
        panic!()
    };
    worker.stop();
    let due = |n| origin + FrameClock::INTERVAL * n;
    let late = (0..)
        .zip(&arrivals)
        .map(|(n, at)| at.checked_duration_since(due(n)));
    let mut late: Vec<Duration> = late.map(|late| late.expect("no frame is early")).collect();
    late.sort();
    let (median, most) = (late[late.len() / 2], late[late.len() - 1]);
    println!(
        "frames late: median {median:?}, most {most:?}; {} wakeups",
        worker.statistics().wakeups
    );
}
