//! The media engine without sockets: all that a relayed packet, and a conference member's 20 ms, cost in user space when there are
//! two thousand of them.
//!
//! Arguments: `relay` or `conference`, and how many frames; without them, what `cargo bench` asks for: a table.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};
use std::{env, hint};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::{
    AudioSource, BridgeKey, Codec, EngineConfig, FRAME, MediaCommand, MediaConfig, MediaEngine,
    MediaParameters, MediaSessionController, MediaSessionKey, SimulatedMedia,
};
use rvoip_rtp_core::{Channel, MediaCore, PayloadType, PortKey, RtpHeader, Ssrc, WallClock};

const LEGS: usize = 2000;
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Frames until buffers are filled and reports have been sent.
const WARM_UP: u32 = 150;

/// Keys, which only a controller makes.
fn keys() -> Vec<MediaSessionKey> {
    let now = Instant::now();
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let (_, ports) = SimulatedMedia::new(LOCALHOST, 10_000..=60_000, engine).unwrap();
    let rng = StdRng::seed_from_u64(1);
    let mut controller = MediaSessionController::new(MediaConfig::default(), Box::new(ports), rng);
    let keys = (0..LEGS).map(|_| controller.create_session(now));
    keys.collect::<Result<_, _>>().unwrap()
}

fn peer(leg: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 10_000 + leg as u16 * 2))
}

struct Site {
    engine: MediaEngine,
    headers: Vec<RtpHeader>,
    sound: [u8; 160],
    at: Instant,
}

impl Site {
    /// Legs in bridges of so many.
    fn new(members: usize) -> Site {
        let at = Instant::now();
        let clock = WallClock::new(at, SystemTime::UNIX_EPOCH);
        let mut engine = MediaEngine::new(EngineConfig::default(), clock);
        for (leg, key) in keys().into_iter().enumerate() {
            let parameters = MediaParameters::new(peer(leg), 0, Codec::Pcmu);
            for command in [
                MediaCommand::Open {
                    key,
                    port: PortKey(leg as u64),
                    seed: leg as u64,
                    source: AudioSource::Silence,
                },
                MediaCommand::Configure {
                    key,
                    parameters: Some(Box::new(parameters)),
                },
                MediaCommand::Start { key },
                MediaCommand::JoinBridge {
                    key,
                    bridge: BridgeKey((leg / members) as u64),
                },
            ] {
                engine.handle_command(at, command);
            }
        }
        let header = |leg| RtpHeader {
            marker: false,
            payload_type: PayloadType::PCMU,
            sequence: leg as u16,
            timestamp: leg as u32,
            ssrc: Ssrc(leg as u32 + 1),
        };
        Site {
            engine,
            headers: (0..LEGS).map(header).collect(),
            // A sawtooth of 100 Hz, at half of full scale.
            sound: std::array::from_fn(|n| 0x90 + (n % 80) as u8 / 2),
            at,
        }
    }

    /// A packet to every leg, evenly spread, and the frame; how many packets were sent.
    #[inline(never)]
    fn frame(&mut self) -> u64 {
        let mut sent = 0;
        let mut packet = Vec::with_capacity(172);
        for leg in 0..LEGS {
            packet.clear();
            self.headers[leg].write_packet(&self.sound, &mut packet);
            self.headers[leg].sequence = self.headers[leg].sequence.wrapping_add(1);
            self.headers[leg].timestamp = self.headers[leg].timestamp.wrapping_add(160);
            let now = self.at + FRAME * leg as u32 / LEGS as u32;
            let port = PortKey(leg as u64);
            self.engine
                .handle_packet(now, port, Channel::Rtp, peer(leg), &mut packet);
            sent += self.flush();
        }
        self.at += FRAME;
        while self.engine.poll_timeout().is_some_and(|at| at <= self.at) {
            self.engine.handle_timeout(self.at);
            sent += self.flush();
        }
        sent
    }

    fn flush(&mut self) -> u64 {
        let mut sent = 0;
        while let Some(transmit) = self.engine.poll_transmit() {
            hint::black_box(transmit.payload);
            sent += u64::from(transmit.channel == Channel::Rtp);
        }
        while self.engine.poll_connect().is_some() {}
        while self.engine.poll_event().is_some() {}
        sent
    }
}

fn main() {
    let mut arguments = env::args().skip(1).filter(|it| !it.starts_with("--"));
    let what = arguments.next();
    let frames = arguments.next().and_then(|it| it.parse().ok());
    for (name, members) in [("relay", 2), ("conference", 10)] {
        if what.as_deref().is_some_and(|what| what != name) {
            continue;
        }
        let mut site = Site::new(members);
        let (mut least, mut sent) = (Duration::MAX, 0);
        for _ in 0..WARM_UP {
            site.frame();
        }
        for _ in 0..frames.unwrap_or(500) {
            let begun = Instant::now();
            sent = site.frame();
            least = least.min(begun.elapsed());
        }
        println!(
            "{name}={} sent={sent}",
            least.as_nanos() as u64 / LEGS as u64
        );
    }
}
