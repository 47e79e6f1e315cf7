//! Sessions on two media threads, over real sockets of 127.0.0.1: whoever joins a bridge that lives on the other thread moves
//! there, and its peer hears one source go on.

#![cfg(test)]

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::rtp_core::driver::MediaWorkers;
use rvoip_media_core::rtp_core::{DEFAULT_PORT_RANGE, RtpHeader, RtpPacket, WallClock};
use rvoip_media_core::{
    AudioSource, BridgeKey, Codec, Decoder, Encoder, EngineConfig, MediaConfig, MediaEngine,
    MediaEvent, MediaSessionController, MediaSessionKey, MediaStatistics, SocketPorts,
};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// How long a test waits for what must come; only a test that fails takes that long.
const PATIENCE: Duration = Duration::from_secs(20);
const BRIDGES: [BridgeKey; 2] = [BridgeKey(1), BridgeKey(2)];

/// The peer of a session: it sends a packet of its tone for every one that it gets.
struct Peer {
    key: MediaSessionKey,
    socket: UdpSocket,
    to: SocketAddr,
    codec: Codec,
    hz: f64,
    sent: u32,
    last: Option<RtpHeader>,
    heard: Vec<i16>,
}

impl Peer {
    /// Takes a packet, which must succeed the one before, and sends one.
    fn turn(&mut self) {
        let mut datagram = [0; 2048];
        let length = self.socket.recv(&mut datagram).expect("a packet");
        let packet = RtpPacket::parse(&datagram[..length]).unwrap();
        let header = *packet.header();
        if let Some(last) = self.last.replace(header) {
            assert_eq!(header.ssrc, last.ssrc);
            assert_eq!(header.sequence, last.sequence.wrapping_add(1));
            let ticks = header.timestamp.wrapping_sub(last.timestamp);
            // More than one frame only where this machine stood still for longer than is made up for.
            assert!(ticks > 0 && ticks.is_multiple_of(160), "{ticks}");
        }
        Decoder::new(self.codec).decode(packet.payload(), &mut self.heard);

        let number = header.payload_type.number();
        let mut packet = vec![0x80, number];
        packet.extend_from_slice(&(self.sent as u16).to_be_bytes());
        packet.extend_from_slice(&(self.sent * 160).to_be_bytes());
        packet.extend_from_slice(&[0, 0, 0, number]);
        let sample = |n: u32| {
            let angle = TAU * self.hz * f64::from(self.sent * 160 + n) / 8_000.0;
            (angle.sin() * 6_000.0) as i16
        };
        let sound: Vec<i16> = (0..160).map(sample).collect();
        Encoder::new(self.codec).encode(&sound, &mut packet);
        self.sent += 1;
        self.socket.send_to(&packet, self.to).unwrap();
    }

    /// How loud a frequency was of late.
    fn level(&self, hz: f64) -> f64 {
        let last = &self.heard[self.heard.len() - 8_000..];
        let turns = (0..).map(|n| TAU * hz * f64::from(n) / 8_000.0);
        let (mut cos, mut sin) = (0.0, 0.0);
        for (sample, angle) in last.iter().zip(turns) {
            cos += f64::from(*sample) * angle.cos();
            sin += f64::from(*sample) * angle.sin();
        }
        2.0 * f64::hypot(cos, sin) / last.len() as f64
    }
}

struct Scene {
    controller: MediaSessionController,
    workers: MediaWorkers<MediaEngine>,
    events: Receiver<MediaEvent>,
    peers: Vec<Peer>,
}

impl Scene {
    fn new(threads: usize) -> Self {
        let (sender, events) = channel();
        let clock = WallClock::new(Instant::now(), SystemTime::now());
        let engine = MediaEngine::new(EngineConfig::default(), clock);
        let tell = move |event| drop(sender.send(event));
        let ports = SocketPorts::new(LOCALHOST, DEFAULT_PORT_RANGE, engine, threads, tell).unwrap();
        let workers = ports.workers();
        let config = MediaConfig {
            source: AudioSource::Silence,
            ..MediaConfig::default()
        };
        let rng = StdRng::seed_from_u64(3);
        Self {
            controller: MediaSessionController::new(config, Box::new(ports), rng),
            workers,
            events,
            peers: Vec::new(),
        }
    }

    /// A session on the thread that has the fewest.
    fn open(&mut self, codec: Codec) {
        let now = Instant::now();
        let key = self.controller.create_session(now).unwrap();
        let socket = UdpSocket::bind((LOCALHOST, 0)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        self.controller.generate_offer(now, key).unwrap();
        let number = if codec == Codec::Pcma { 8 } else { 0 };
        let port = socket.local_addr().unwrap().port();
        let answer = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {number}\r\n"
        );
        self.controller.apply_answer(now, key, &answer).unwrap();
        self.controller.start(now, key).unwrap();
        self.peers.push(Peer {
            key,
            socket,
            to: self.controller.local_rtp(key).unwrap(),
            codec,
            hz: 400.0 + 150.0 * self.peers.len() as f64,
            sent: 0,
            last: None,
            heard: Vec::new(),
        });
    }

    fn join(&mut self, peer: usize, bridge: BridgeKey) {
        let key = self.peers[peer].key;
        let now = Instant::now();
        self.controller.join_bridge(now, key, bridge).unwrap();
    }

    fn run(&mut self, frames: usize) {
        for _ in 0..frames {
            self.peers.iter_mut().for_each(Peer::turn);
        }
    }

    /// Checks that each of these hears the others, who are at 6,000, and nobody else.
    fn check(&self, bridged: &[usize]) {
        for listener in bridged {
            for (speaker, other) in self.peers.iter().enumerate() {
                let level = self.peers[*listener].level(other.hz);
                match speaker != *listener && bridged.contains(&speaker) {
                    true => assert!(level > 3_000.0, "{listener} hears {speaker}: {level}"),
                    false => assert!(level < 1_500.0, "{listener} hears {speaker}: {level}"),
                }
            }
        }
    }

    /// How many ports each thread serves.
    fn loads(&self) -> Vec<u64> {
        let workers = self.workers.workers().iter();
        workers.map(|it| it.statistics().open_ports).collect()
    }

    /// Ends all sessions; the figures of each.
    fn end(mut self) -> Vec<MediaStatistics> {
        let mut ended = BTreeMap::new();
        for peer in &self.peers {
            let _ = self.controller.stop(Instant::now(), peer.key).unwrap();
        }
        while ended.len() < self.peers.len() {
            let event = self.events.recv_timeout(PATIENCE).expect("an event");
            self.controller.handle_event(Instant::now(), &event);
            assert!(!ended.contains_key(&event.key()), "{event:?} after the end");
            if let MediaEvent::Ended { key, statistics } = event {
                ended.insert(key, statistics);
            }
        }
        assert_eq!(self.controller.open_ports(), 0);
        assert_eq!(self.workers.statistics().open_ports, 0);
        self.workers.stop();
        assert_eq!(self.events.try_iter().count(), 0);
        ended.into_values().collect()
    }
}

#[test]
fn sessions_of_two_threads_hear_each_other_and_their_peers_hear_one_source() {
    let mut scene = Scene::new(2);
    for codec in [Codec::Pcmu, Codec::Pcma, Codec::Pcmu, Codec::Pcma] {
        scene.open(codec);
    }
    scene.run(10);
    assert_eq!(scene.loads(), [2, 2]);
    // One from each thread, then a third.
    scene.join(0, BRIDGES[0]);
    scene.join(1, BRIDGES[0]);
    scene.run(80);
    scene.check(&[0, 1]);
    assert_eq!(scene.loads(), [3, 1]);
    scene.join(3, BRIDGES[0]);
    scene.run(80);
    scene.check(&[0, 1, 3]);
    assert_eq!(scene.loads(), [4, 0]);
    // A fifth opens the other thread again; who joins it there goes back, and through another bridge at once.
    scene.open(Codec::Pcmu);
    scene.join(4, BRIDGES[1]);
    scene.join(1, BRIDGES[1]);
    scene.join(1, BRIDGES[0]);
    scene.join(1, BRIDGES[1]);
    scene.run(80);
    scene.check(&[0, 3]);
    scene.check(&[1, 4]);
    assert_eq!(scene.loads(), [3, 2]);
    let sent: Vec<u32> = scene.peers.iter().map(|peer| peer.sent).collect();
    // The last packet of each may not have been read when the end comes.
    for (sent, statistics) in sent.into_iter().zip(scene.end()) {
        assert!(u64::from(sent) - statistics.packets_received <= 1);
        assert_eq!(
            (statistics.packets_lost, statistics.packets_refused),
            (0, 0)
        );
    }
}

/// The bridge never was without members, so what everybody hears in it goes on.
#[test]
fn a_bridge_waits_for_who_is_on_the_way_when_the_last_one_leaves() {
    const MUSIC_HZ: f64 = 1_200.0;
    let mut scene = Scene::new(2);
    (0..2).for_each(|_| scene.open(Codec::Pcmu));
    let (now, first) = (Instant::now(), scene.peers[0].key);
    let music = AudioSource::Tone {
        frequency_hz: MUSIC_HZ,
        amplitude: 0.2,
    };
    scene.join(0, BRIDGES[0]);
    let controller = &mut scene.controller;
    controller.play_to_bridge(now, first, Some(music)).unwrap();
    scene.join(1, BRIDGES[0]);
    scene.controller.leave_bridge(now, first).unwrap();
    scene.run(80);
    assert_eq!(scene.loads(), [2, 0]);
    let levels = [0, 1].map(|peer| scene.peers[peer].level(MUSIC_HZ));
    assert!(levels[0] < 1_500.0 && levels[1] > 3_000.0, "{levels:?}");
    scene.end();
}

#[test]
fn sessions_that_end_on_their_way_end_once() {
    let mut scene = Scene::new(3);
    for _ in 0..6 {
        scene.open(Codec::Pcmu);
    }
    // Nobody waits for anybody: all of it is queued before the threads have looked at the first.
    for bridge in [BRIDGES[0], BRIDGES[1], BRIDGES[0]] {
        (0..6).for_each(|peer| scene.join(peer, bridge));
    }
    scene.end();
}

#[test]
fn stopping_while_sessions_are_on_their_way_leaves_nothing() {
    let mut scene = Scene::new(3);
    for _ in 0..6 {
        scene.open(Codec::Pcmu);
    }
    (0..6).for_each(|peer| scene.join(peer, BRIDGES[0]));
    scene.workers.stop();
    assert_eq!(scene.workers.statistics().open_ports, 0);
    for peer in &scene.peers {
        UdpSocket::bind(peer.to).unwrap();
    }
}
