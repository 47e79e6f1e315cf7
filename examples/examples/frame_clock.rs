//! Sends many streams on sockets of 127.0.0.1 and tells how late the packets of one of them come, as whoever hears it sees it.
//!
//! ```text
//! cargo run --release --example frame_clock -- --streams 1000 --seconds 60
//! ```
//!
//! A packet's lateness is how much later it comes than the earliest of all by its RTP timestamp; the listener's own waking up is
//! in it. The drift is what the last second is later than the first one.
//!
//! Ends by itself with exit code 0 when no packet is missing and nothing drifts.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant, SystemTime};

use clap::Parser;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::rtp_core::{RtpPacket, WallClock};
use rvoip_media_core::{
    AudioSource, EngineConfig, MediaConfig, MediaEngine, MediaSessionController, SocketPorts,
};

const HOST: Ipv4Addr = Ipv4Addr::LOCALHOST;
const TICKS_PER_SECOND: f64 = 8_000.0;
const PACKETS_PER_SECOND: usize = 50;
/// The clocks of the machine are one: what drifts is the grid.
const MOST_DRIFT_MS: f64 = 1.0;

#[derive(Parser)]
#[command(about = "Tells how late the frames of many streams are")]
struct Arguments {
    /// How many streams are sent by one thread
    #[arg(long, default_value_t = 10)]
    streams: usize,
    /// For how long
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..))]
    seconds: u32,
}

fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { streams, seconds } = Arguments::parse();
    let now = Instant::now();
    let clock = WallClock::new(now, SystemTime::now());
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let ports = SocketPorts::new(IpAddr::V4(HOST), 20_000..=60_000, engine, 1, |_| {})?;
    let workers = ports.workers();
    let config = MediaConfig {
        source: AudioSource::Tone {
            frequency_hz: 440.0,
            amplitude: 0.5,
        },
        ..MediaConfig::default()
    };
    let rng = StdRng::seed_from_u64(1);
    let mut controller = MediaSessionController::new(config, Box::new(ports), rng);
    // Nobody reads what the others send: it costs the sender the same.
    let (heard, unheard) = (UdpSocket::bind((HOST, 0))?, UdpSocket::bind((HOST, 0))?);
    heard.set_read_timeout(Some(Duration::from_secs(2)))?;
    for number in 0..streams.max(1) {
        let now = Instant::now();
        let key = controller.create_session(now)?;
        controller.generate_offer(now, key)?;
        let sink = if number == 0 { &heard } else { &unheard };
        let port = sink.local_addr()?.port();
        let answer = format!(
            "v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\n"
        );
        controller.apply_answer(now, key, &answer)?;
        controller.start(now, key)?;
    }
    // What waits is from before all of them were there.
    let begin = Instant::now();
    let mut offsets = Vec::new();
    let mut first = None;
    let mut datagram = [0; 2_048];
    let wanted = seconds as usize * PACKETS_PER_SECOND;
    while offsets.len() < wanted {
        let octets = heard.recv(&mut datagram)?;
        let arrival = begin.elapsed().as_secs_f64();
        let packet = RtpPacket::parse(&datagram[..octets])?;
        let timestamp = packet.header().timestamp;
        if arrival < 1.0 {
            continue;
        }
        let first = *first.get_or_insert(timestamp);
        let sent = f64::from(timestamp.wrapping_sub(first)) / TICKS_PER_SECOND;
        offsets.push((sent, (arrival - sent) * 1_000.0));
    }
    let statistics = workers.statistics();
    workers.stop();
    let lasted = offsets.last().map_or(0.0, |(sent, _)| *sent);
    let missing = (lasted * PACKETS_PER_SECOND as f64).round() as usize + 1 - wanted;
    let of = |part: &[(f64, f64)]| {
        let mut lateness: Vec<f64> = part.iter().map(|(_, offset)| *offset).collect();
        lateness.sort_by(f64::total_cmp);
        lateness
    };
    let all = of(&offsets);
    let late = |share: f64| all[((all.len() - 1) as f64 * share) as usize] - all[0];
    let begins = of(&offsets[..PACKETS_PER_SECOND]);
    let ends = of(&offsets[wanted - PACKETS_PER_SECOND..]);
    // The least of a second is what neither side was held up for.
    let drift = ends[0] - begins[0];
    println!(
        "{streams} streams for {seconds} s: late by {:.3} ms (p50), {:.3} ms (p99), {:.3} ms at most; drift {drift:.3} ms; {missing} missing",
        late(0.5),
        late(0.99),
        late(1.0),
    );
    println!(
        "deadlines of the worker: {}, of them {} missed by 1 ms",
        statistics.deadlines, statistics.deadlines_missed
    );
    match missing == 0 && drift.abs() <= MOST_DRIFT_MS {
        true => Ok(()),
        false => Err("packets are missing, or the clock drifts".into()),
    }
}
