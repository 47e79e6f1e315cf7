//! Calls of G.711 relayed on real sockets of 127.0.0.1, and the load on what relays: the bare reading and sending, the least that
//! relays RTP, the media engine with its bridges (of two each, or conferences of ten who all speak), or rtpengine.
//!
//! `cargo xtask bench relay` runs it in rounds. Every call has two parties that each send a packet every 20 ms, evenly
//! spread; every packet carries the time at which it was sent. Prints one line: processor time of what relays for each packet
//! that came back, packets sent and lost, and how long they took from one party to the other.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs, process};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::{
    AudioSource, BridgeKey, EngineConfig, MediaConfig, MediaEngine, MediaSessionController,
    SocketPorts,
};
use rvoip_rtp_core::{DEFAULT_PORT_RANGE, WallClock};

mod bare;
mod load;
mod minimal;
mod rtpengine;

use load::{FRAME, Load, Tally};

const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const WARM_UP: Duration = Duration::from_secs(1);
/// How long the last packets may be under way.
const DRAIN: Duration = Duration::from_millis(200);

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Processor time so far of the threads of a process that have such a name.
fn times(process: u32, is_wanted: impl Fn(&str) -> bool) -> io::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for task in fs::read_dir(format!("/proc/{process}/task"))? {
        let task = task?.path();
        if is_wanted(fs::read_to_string(task.join("comm"))?.trim()) {
            let statistics = fs::read_to_string(task.join("schedstat"))?;
            let nanos = statistics.split(' ').next();
            let nanos = nanos.and_then(|first| first.parse().ok());
            times.push(Duration::from_nanos(nanos.ok_or(ErrorKind::InvalidData)?));
        }
    }
    Ok(times)
}

/// Processor time of a thread of this process so far.
fn thread_time(thread: &str) -> io::Result<Duration> {
    let time = times(process::id(), |name| name == thread)?.pop();
    time.ok_or(ErrorKind::NotFound.into())
}

/// What is measured: it relays between the parties of a call, in whatever way.
struct Measured {
    /// Its processor time so far.
    time: Box<dyn Fn() -> io::Result<Duration>>,
    /// Where each party sends.
    ports: Vec<SocketAddr>,
    /// Tells where a party is.
    introduce: Box<dyn FnMut(usize, SocketAddr) -> Outcome>,
    /// Deadlines that it missed, if it has any.
    missed: Box<dyn Fn() -> u64>,
}

/// The media engine with bridges of so many, as calls have it.
fn engine(parties: usize, members: u64) -> Outcome<Measured> {
    let clock = WallClock::new(Instant::now(), SystemTime::now());
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let sockets = SocketPorts::new(LOCALHOST, DEFAULT_PORT_RANGE, engine, 1, |_| {})?;
    let workers = sockets.workers();
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
        controller.generate_offer(Instant::now(), key)?;
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
        time: Box::new(|| thread_time("rvoip-media")),
        ports,
        introduce: Box::new(introduce),
        missed: Box::new(move || workers.statistics().deadlines_missed),
    })
}

fn main() -> Outcome {
    let arguments = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"));
    let arguments: Vec<String> = arguments.collect();
    let argument = |n: usize, default| arguments.get(n).map_or(default, String::as_str);
    let what = argument(0, "engine");
    let parties = argument(1, "1000").parse::<usize>()? * 2;
    let seconds = argument(2, "5").parse()?;
    let sound = match what {
        // A sawtooth of 100 Hz, at half of full scale.
        "conference" => std::array::from_fn(|n| 0x90 + (n % 80) as u8 / 2),
        _ => [0xff; 160],
    };

    let mut load = Load::new(parties, sound)?;
    let addresses = load.addresses()?;
    let mut measured = match what {
        "bare" => bare::bare(&addresses)?,
        "minimal" => minimal::minimal(parties)?,
        "engine" => engine(parties, 2)?,
        "conference" => engine(parties, 10)?,
        "rtpengine" => rtpengine::rtpengine(&addresses)?,
        _ => return Err(format!("nothing is called {what}").into()),
    };
    load.connect(&measured.ports)?;
    for (index, address) in addresses.into_iter().enumerate() {
        (measured.introduce)(index, address)?;
        if index % 256 == 255 {
            // The queue of the worker is bounded.
            load.run(FRAME)?;
        }
    }
    load.run(WARM_UP)?;
    load.tally = Tally::default();
    let (time, missed) = ((measured.time)()?, (measured.missed)());
    load.run(Duration::from_secs(seconds))?;
    let time = (measured.time)()? - time;
    let missed = (measured.missed)() - missed;
    let relayed = load.tally.delays_ns.len() as u64;
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
    println!(
        "nanoseconds={} relayed={relayed} sent={sent} lost={} p50_us={} p99_us={} missed={missed}",
        time.as_nanos() as u64 / relayed.max(1),
        sent.saturating_sub(delays.len() as u64),
        share(50),
        share(99),
    );
    Ok(())
}
