//! A media worker that relays calls of G.711 on real sockets of 127.0.0.1, and the load on it: the least that relays, or the
//! media engine with its bridges, of two each or as conferences of ten who all speak.
//!
//! `cargo xtask bench relay` runs it in rounds. Every call has two parties that each send a packet every 20 ms, evenly
//! spread; every packet carries the time at which it was sent. Prints one line: processor time of the worker's thread for
//! each relayed packet, packets sent and lost, and how long they took from one party to the other.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::{
    AudioSource, BridgeKey, EngineConfig, MediaConfig, MediaEngine, MediaSessionController,
    SocketPorts,
};
use rvoip_rtp_core::driver::{MediaWorker, WorkerConfig, WorkerStatistics, bind_pair};
use rvoip_rtp_core::{
    Channel, Connect, DEFAULT_PORT_RANGE, MediaCore, PayloadType, PortKey, PortPool, RemoteAddress,
    RtpHeader, RtpSession, RtpSessionConfig, Ssrc, Transmit, WallClock,
};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const FRAME: Duration = Duration::from_millis(20);
const WARM_UP: Duration = Duration::from_secs(1);
/// How long the last packets may be under way.
const DRAIN: Duration = Duration::from_millis(200);
/// Packets sent before those that came back have their turn.
const MOST_AT_ONCE: usize = 16;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Two sessions whose packets go to each other's peers.
struct Leg {
    session: RtpSession,
    port: PortKey,
    connected: Option<SocketAddr>,
}

/// The least that relays: leg `n` is bridged with leg `n ^ 1`.
#[derive(Default)]
struct Relay {
    legs: Vec<Leg>,
    out: Vec<u8>,
    ready: Option<(PortKey, Channel, SocketAddr)>,
    connects: Vec<Connect>,
    look_at: Option<Instant>,
}

impl MediaCore for Relay {
    type Command = (PortKey, SocketAddr);
    type Event = ();

    fn handle_command(&mut self, now: Instant, (port, peer): (PortKey, SocketAddr)) {
        let config = RtpSessionConfig::new(8000, "relay", WallClock::new(now, SystemTime::now()));
        let mut session = RtpSession::new(now, config, port.0);
        let rtcp = SocketAddr::new(peer.ip(), peer.port() ^ 1);
        session.set_remote(
            now,
            Some(RemoteAddress {
                rtp: peer,
                rtcp: Some(rtcp),
            }),
        );
        self.legs.push(Leg {
            session,
            port,
            connected: None,
        });
        self.look_at = Some(now + FRAME);
    }

    fn handle_packet(
        &mut self,
        now: Instant,
        port: PortKey,
        channel: Channel,
        source: SocketAddr,
        payload: &mut [u8],
    ) {
        let index = port.0 as usize;
        let Some(leg) = self.legs.get_mut(index).filter(|_| channel == Channel::Rtp) else {
            return;
        };
        let Ok(received) = leg.session.handle_rtp(now, source, payload) else {
            return;
        };
        let Some(other) = self.legs.get_mut(index ^ 1) else {
            return;
        };
        let payload_type = received.packet.header().payload_type;
        self.out.clear();
        if other
            .session
            .forward(now, &received, payload_type, &mut self.out)
        {
            let destination = other.session.destination();
            self.ready = destination.map(|to| (other.port, Channel::Rtp, to));
        }
    }

    fn handle_port_failed(&mut self, _: Instant, port: PortKey, error: ErrorKind) {
        eprintln!("{port:?}: {error}");
    }

    fn handle_timeout(&mut self, now: Instant) {
        for leg in &mut self.legs {
            let peer = leg.session.connectable(now);
            if peer != leg.connected {
                leg.connected = peer;
                self.connects.push(Connect {
                    port: leg.port,
                    peer,
                });
            }
        }
        self.look_at = Some(now + FRAME);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.look_at
    }

    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        let (port, channel, destination) = self.ready.take()?;
        Some(Transmit {
            port,
            channel,
            destination,
            payload: &self.out,
        })
    }

    fn poll_connect(&mut self) -> Option<Connect> {
        self.connects.pop()
    }

    fn poll_closed_port(&mut self) -> Option<PortKey> {
        None
    }

    fn poll_event(&mut self) -> Option<()> {
        None
    }
}

/// One of the two in a call.
struct Party {
    socket: UdpSocket,
    header: RtpHeader,
    due: Instant,
}

/// What came back.
#[derive(Default)]
struct Tally {
    sent: u64,
    delays_ns: Vec<u32>,
}

/// All parties, sending and receiving in one thread that never sleeps.
struct Load {
    parties: Vec<Party>,
    poll: Poll,
    origin: Instant,
    next: usize,
    /// What every packet says, but for its time.
    sound: [u8; 160],
    tally: Tally,
}

impl Load {
    fn new(ports: &[SocketAddr], sound: [u8; 160]) -> io::Result<Load> {
        let poll = Poll::new()?;
        let origin = Instant::now() + FRAME;
        let mut parties = Vec::new();
        for (n, port) in ports.iter().enumerate() {
            let mut socket = UdpSocket::bind((LOCALHOST, 0).into())?;
            socket.connect(*port)?;
            poll.registry()
                .register(&mut socket, Token(n), Interest::READABLE)?;
            let header = RtpHeader {
                marker: false,
                payload_type: PayloadType::PCMU,
                sequence: n as u16,
                timestamp: n as u32,
                ssrc: Ssrc(n as u32 + 1),
            };
            let due = origin + FRAME * n as u32 / ports.len() as u32;
            parties.push(Party {
                socket,
                header,
                due,
            });
        }
        Ok(Load {
            parties,
            poll,
            origin,
            next: 0,
            sound,
            tally: Tally::default(),
        })
    }

    /// Sends for so long and takes what comes back.
    fn run(&mut self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        let mut events = Events::with_capacity(1024);
        let mut datagram = Vec::with_capacity(172);
        loop {
            let mut now = Instant::now();
            if now >= end {
                return Ok(());
            }
            for _ in 0..MOST_AT_ONCE {
                let party = &mut self.parties[self.next];
                if party.due > now {
                    break;
                }
                let stamp = (now - self.origin).as_nanos() as u64;
                let mut payload = self.sound;
                payload[..8].copy_from_slice(&stamp.to_be_bytes());
                datagram.clear();
                party.header.write_packet(&payload, &mut datagram);
                party.header.sequence = party.header.sequence.wrapping_add(1);
                party.header.timestamp = party.header.timestamp.wrapping_add(160);
                // What a busy machine keeps the load from sending in time is not sent later.
                party.due = (party.due + FRAME).max(now);
                self.tally.sent += u64::from(party.socket.send(&datagram).is_ok());
                self.next = (self.next + 1) % self.parties.len();
                now = Instant::now();
            }
            self.receive(&mut events)?;
        }
    }

    fn receive(&mut self, events: &mut Events) -> io::Result<()> {
        self.poll.poll(events, Some(Duration::ZERO))?;
        let mut buffer = [0; 2048];
        for event in events.iter() {
            let party = &self.parties[event.token().0];
            while let Ok(octets) = party.socket.recv(&mut buffer) {
                let stamp = buffer[12..octets]
                    .first_chunk()
                    .map(|stamp| u64::from_be_bytes(*stamp));
                let delay = self.origin.elapsed().as_nanos() as u64 - stamp.unwrap_or(0);
                self.tally
                    .delays_ns
                    .push(u32::try_from(delay).unwrap_or(u32::MAX));
            }
        }
        Ok(())
    }
}

/// Processor time of the worker's thread so far.
fn worker_time(thread: &str) -> io::Result<Duration> {
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?.path();
        if fs::read_to_string(task.join("comm"))?.trim() == thread {
            let statistics = fs::read_to_string(task.join("schedstat"))?;
            let nanos = statistics
                .split_whitespace()
                .next()
                .and_then(|first| first.parse().ok());
            return nanos
                .map(Duration::from_nanos)
                .ok_or(ErrorKind::InvalidData.into());
        }
    }
    Err(ErrorKind::NotFound.into())
}

/// What one datagram costs at its least on this machine at this moment, sent and received on two sockets: the shortest of
/// many rounds.
fn datagram_time() -> io::Result<Duration> {
    const ROUNDS: u32 = 500;
    let [from, to] = [(); 2].map(|()| std::net::UdpSocket::bind((LOCALHOST, 0)));
    let (from, to) = (from?, to?);
    let destination = to.local_addr()?;
    let mut buffer = [0; 2048];
    let mut least = Duration::MAX;
    for _ in 0..200 {
        let begun = Instant::now();
        for _ in 0..ROUNDS {
            from.send_to(&[0; 172], destination)?;
            to.recv_from(&mut buffer)?;
        }
        least = least.min(begun.elapsed() / ROUNDS);
    }
    Ok(least)
}

/// What is measured: a worker that relays between the parties of a call, in whatever way.
struct Measured {
    /// The name of its thread.
    thread: &'static str,
    /// Where each party sends.
    ports: Vec<SocketAddr>,
    /// Tells where a party is.
    introduce: Box<dyn FnMut(usize, SocketAddr) -> Outcome>,
    statistics: Box<dyn Fn() -> WorkerStatistics>,
}

/// [`Relay`] alone.
fn minimal(parties: u64) -> Outcome<Measured> {
    let mut pool = PortPool::new(DEFAULT_PORT_RANGE)?;
    let config = WorkerConfig {
        name: "relay".to_owned(),
        ..WorkerConfig::default()
    };
    let worker = MediaWorker::spawn(Relay::default(), |()| {}, config)?;
    let mut ports = Vec::new();
    for key in 0..parties {
        let (pair, (rtp, rtcp)) =
            pool.allocate(Instant::now(), |pair| bind_pair(LOCALHOST, pair))?;
        worker.add_port(PortKey(key), rtp, rtcp)?;
        ports.push(SocketAddr::new(LOCALHOST, pair.rtp()));
    }
    let handle = worker.clone();
    Ok(Measured {
        thread: "relay",
        ports,
        introduce: Box::new(move |key, party| Ok(worker.command((PortKey(key as u64), party))?)),
        statistics: Box::new(move || handle.statistics()),
    })
}

/// The media engine with bridges of so many, as calls have it.
fn engine(parties: u64, members: u64) -> Outcome<Measured> {
    let clock = WallClock::new(Instant::now(), SystemTime::now());
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let sockets = SocketPorts::new(LOCALHOST, DEFAULT_PORT_RANGE, engine, |_| {})?;
    let worker = sockets.worker();
    let config = MediaConfig {
        source: AudioSource::Silence,
        ..MediaConfig::default()
    };
    let rng = StdRng::seed_from_u64(1);
    let mut controller = MediaSessionController::new(config, Box::new(sockets), rng);
    let mut keys = Vec::new();
    let mut ports = Vec::new();
    for _ in 0..parties {
        let key = controller.create_session(Instant::now())?;
        controller.generate_offer(key)?;
        ports.extend(controller.local_rtp(key));
        keys.push(key);
    }
    let introduce = move |index: usize, party: SocketAddr| {
        let (now, key) = (Instant::now(), keys[index]);
        let answer = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {} RTP/AVP 0\r\n",
            party.port()
        );
        controller.apply_answer(now, key, &answer)?;
        controller.start(now, key)?;
        controller.join_bridge(now, key, BridgeKey(index as u64 / members))?;
        Ok(())
    };
    Ok(Measured {
        thread: "rvoip-media",
        ports,
        introduce: Box::new(introduce),
        statistics: Box::new(move || worker.statistics()),
    })
}

fn main() -> Outcome {
    let arguments = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    let arguments: Vec<String> = arguments.collect();
    let argument = |n: usize, default| arguments.get(n).map_or(default, String::as_str);
    let parties = argument(1, "1000").parse::<u64>()? * 2;
    let seconds = argument(2, "5").parse()?;
    let mut measured = match argument(0, "minimal") {
        "engine" => engine(parties, 2)?,
        "conference" => engine(parties, 10)?,
        _ => minimal(parties)?,
    };

    let floor = datagram_time()?;
    let sound = match argument(0, "minimal") {
        // A sawtooth of 100 Hz, at half of full scale.
        "conference" => std::array::from_fn(|n| 0x90 + (n % 80) as u8 / 2),
        _ => [0xff; 160],
    };
    let mut load = Load::new(&measured.ports, sound)?;
    for index in 0..load.parties.len() {
        let address = load.parties[index].socket.local_addr()?;
        (measured.introduce)(index, address)?;
        if index % 256 == 255 {
            // The queue of the worker is bounded.
            load.run(FRAME)?;
        }
    }
    load.run(WARM_UP)?;
    load.tally = Tally::default();
    let (time, before) = (worker_time(measured.thread)?, (measured.statistics)());
    load.run(Duration::from_secs(seconds))?;
    let time = worker_time(measured.thread)? - time;
    let after = (measured.statistics)();
    let sent = load.tally.sent;
    let silence = FRAME * 1000;
    load.parties
        .iter_mut()
        .for_each(|party| party.due += silence);
    load.run(DRAIN)?;

    let mut delays = load.tally.delays_ns;
    delays.sort_unstable();
    let share = |percent: usize| {
        delays
            .get(delays.len() * percent / 100)
            .map_or(0, |ns| ns / 1000)
    };
    let relayed = after.sent - before.sent;
    println!(
        "nanoseconds={} relayed={relayed} sent={sent} lost={} p50_us={} p99_us={} wakeups={} missed={} floor={}",
        time.as_nanos() as u64 / relayed.max(1),
        sent.saturating_sub(delays.len() as u64),
        share(50),
        share(99),
        after.wakeups - before.wakeups,
        after.deadlines_missed - before.deadlines_missed,
        floor.as_nanos(),
    );
    Ok(())
}
