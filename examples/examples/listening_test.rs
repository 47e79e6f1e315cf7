//! Plays a WAV file through a call in virtual time, over a network that loses packets, and writes what is heard at the other end.
//!
//! ```text
//! cargo run --example listening_test -- --codec PCMU --loss 5 speech.wav heard.wav
//! ```
//!
//! The network is that of media-core's simulated ports: seconds of speech take milliseconds, and the same seed loses the same
//! packets. Without files it is a tone of five seconds with a twentieth of its packets lost. `--lost FILE` takes down when each lost packet was sent, in milliseconds since the file began.
//!
//! Ends by itself with exit code 0 when everything it shows is right.

use std::error::Error;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use clap::Parser;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_media_core::rtp_core::WallClock;
use rvoip_media_core::wav::WavWriter;
use rvoip_media_core::{
    Audio, AudioSource, Capabilities, Codec, EngineConfig, FRAME, MediaConfig, MediaEngine,
    MediaEvent, MediaSessionController, MediaSessionKey, MemoryRecording, RecordingSink,
    SampleRate, SimulatedMedia,
};

/// An hour of what is heard.
const MAX_SAMPLES: usize = 3_600 * 48_000;

#[derive(Parser)]
#[command(about = "Writes what a WAV file sounds like through a call")]
struct Arguments {
    /// The codec of the call, by its name in SDP
    #[arg(long, default_value = "PCMU")]
    codec: String,
    /// Packets that the network loses, in per cent
    #[arg(long)]
    loss: Option<f64>,
    /// How many packets are lost at a time, on average
    #[arg(long, default_value_t = 1.0)]
    burst: f64,
    /// The most that a packet is delayed, in milliseconds; each is delayed between nothing and this
    #[arg(long, default_value_t = 0)]
    jitter: u64,
    /// Where all chance comes from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Writes the times of the lost packets to this file, one per line
    #[arg(long)]
    lost: Option<PathBuf>,
    /// What is said
    #[arg(requires = "heard")]
    speech: Option<PathBuf>,
    /// What is heard
    heard: Option<PathBuf>,
}

/// One end of the call.
struct Party {
    media: SimulatedMedia,
    controller: MediaSessionController,
    key: MediaSessionKey,
}

impl Party {
    fn new(
        now: Instant,
        host: u8,
        codec: Codec,
        source: AudioSource,
    ) -> Result<Self, Box<dyn Error>> {
        let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
        let engine = MediaEngine::new(EngineConfig::default(), clock);
        let address = IpAddr::from([192, 0, 2, host]);
        let (media, ports) = SimulatedMedia::new(address, 10_000..=10_001, engine)?;
        let config = MediaConfig {
            capabilities: Capabilities {
                codecs: vec![codec],
                ..Capabilities::default()
            },
            source,
            ..MediaConfig::default()
        };
        let mut controller = MediaSessionController::new(
            config,
            Box::new(ports),
            StdRng::seed_from_u64(host.into()),
        );
        let key = controller.create_session(now)?;
        Ok(Self {
            media,
            controller,
            key,
        })
    }
}

/// A network between two parties that loses packets in bursts (Gilbert's model) and delays the others.
struct Network {
    rng: StdRng,
    losing: bool,
    /// The chance that a burst begins, and that it ends.
    begins: f64,
    ends: f64,
    jitter: Duration,
    began: Instant,
    lost: Vec<Duration>,
    wire: Vec<(Instant, SocketAddr, SocketAddr, Vec<u8>)>,
}

impl Network {
    fn new(now: Instant, arguments: &Arguments) -> Self {
        let usual = if arguments.speech.is_some() { 0.0 } else { 5.0 };
        let loss = (arguments.loss.unwrap_or(usual) / 100.0).clamp(0.0, 0.99);
        let ends = 1.0 / arguments.burst.max(1.0);
        Self {
            rng: StdRng::seed_from_u64(arguments.seed),
            losing: false,
            begins: (ends * loss / (1.0 - loss)).min(1.0),
            ends,
            jitter: Duration::from_millis(arguments.jitter),
            began: now,
            lost: Vec::new(),
            wire: Vec::new(),
        }
    }

    /// Takes a datagram on its way, or loses it.
    fn carry(&mut self, now: Instant, source: SocketAddr, destination: SocketAddr, payload: &[u8]) {
        let turn = if self.losing { self.ends } else { self.begins };
        self.losing ^= self.rng.random_bool(turn);
        if self.losing && destination.port().is_multiple_of(2) {
            self.lost.push(now - self.began);
            return;
        }
        let delay = self.jitter.mul_f64(self.rng.random());
        self.wire
            .push((now + delay, source, destination, payload.to_vec()));
    }

    /// The next instant at which something arrives.
    fn next_at(&self) -> Option<Instant> {
        self.wire.iter().map(|(at, ..)| *at).min()
    }
}

/// Five seconds of 440 Hz.
fn tone() -> Audio {
    let sample =
        |n: u32| (8_000.0 * (f64::from(n) * 440.0 * std::f64::consts::TAU / 8_000.0).sin()) as i16;
    Audio::new((0..5 * 8_000).map(sample).collect(), SampleRate::Hz8000)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let codec = Codec::from_name(&arguments.codec)
        .ok_or_else(|| format!("{}: no such codec", arguments.codec))?;
    let audio = Arc::new(match &arguments.speech {
        Some(path) => Audio::open(path)?,
        None => tone(),
    });
    let length = audio.duration();
    let mut now = Instant::now();
    let mut network = Network::new(now, &arguments);
    let repeat = false;
    let mut speaker = Party::new(now, 1, codec, AudioSource::File { audio, repeat })?;
    let mut listener = Party::new(now, 2, codec, AudioSource::None)?;

    let offer = speaker.controller.generate_offer(speaker.key)?;
    let answer = listener
        .controller
        .generate_answer(now, listener.key, &offer)?;
    speaker.controller.apply_answer(now, speaker.key, &answer)?;
    listener.controller.start(now, listener.key)?;
    // Into memory: a file is written in real time, and loses what comes faster.
    let heard = MemoryRecording::new(MAX_SAMPLES);
    let sink = RecordingSink::Memory(heard.clone());
    listener
        .controller
        .record(now, listener.key, Some(sink.into()))?;
    speaker.controller.start(now, speaker.key)?;

    // The rest is heard after the last packet has been sent.
    let end = now + length + Duration::from_millis(500) + FRAME;
    let parties = [&speaker.media, &listener.media];
    while let Some(next) = parties
        .iter()
        .filter_map(|media| media.poll_timeout())
        .chain(network.next_at())
        .min()
        .filter(|next| *next <= end)
    {
        now = next;
        let mut waiting = std::mem::take(&mut network.wire);
        for (_, source, destination, payload) in waiting.extract_if(.., |(at, ..)| *at <= now) {
            for media in parties {
                media.handle_datagram(now, source, destination, &payload);
            }
        }
        network.wire = waiting;
        for media in parties {
            media.handle_timeout(now);
            media.poll_transmits(|source, destination, payload| {
                network.carry(now, source, destination, payload);
            });
        }
    }
    let _ = listener.controller.stop(now, listener.key)?;
    let statistics = loop {
        listener.media.handle_timeout(now);
        listener.media.poll_transmits(|_, _, _| {});
        match listener.media.poll_event() {
            Some(MediaEvent::Ended { statistics, .. }) => break statistics,
            Some(_) => {}
            None => now += FRAME,
        }
    };
    if let Some(path) = &arguments.heard {
        WavWriter::create(path, codec.sample_rate(), 1)?.write(&heard.samples())?;
    }
    if let Some(path) = &arguments.lost {
        let mut times = String::new();
        for at in &network.lost {
            writeln!(times, "{}", at.as_millis())?;
        }
        std::fs::write(path, times)?;
    }
    println!(
        "{codec}: {} packets heard, {} lost, {} late, {:?} made up, {:?} cut, {:?} put in; delay {:?}",
        statistics.packets_received,
        network.lost.len(),
        statistics.jitter_buffer.late,
        statistics.jitter_buffer.concealed,
        statistics.jitter_buffer.accelerated,
        statistics.jitter_buffer.expanded,
        statistics.jitter_buffer.delay,
    );
    let sent = (length + Duration::from_millis(500)).as_millis() / FRAME.as_millis();
    let known = statistics.packets_received + network.lost.len() as u64;
    if u128::from(known).abs_diff(sent) > 2 {
        return Err(format!("{known} packets came or were lost, of {sent}").into());
    }
    Ok(())
}
