//! Plays a WAV file through a call in virtual time, over a network that loses packets, and writes what is heard at the other end.
//!
//! ```text
//! cargo run --example listening_test -- --codec PCMU --loss 5 speech.wav heard.wav
//! ```
//!
//! The network is that of media-core's simulated ports: seconds of speech take milliseconds, and the same seed loses the same
//! packets. Without files it is a tone of five seconds with a twentieth of its packets lost.
//!
//! `--zero-filled FILE` writes what one hears who decodes what has come and has silence for the rest, and `--packets FILE` what has
//! come: the sound of a packet begins so many ticks of the RTP clock after that of the first one, and its payload in hexadecimal
//! digits.
//!
//! With `--application HZ` there are no files: an application speaks and listens at this rate, live or `--ahead`, and it is told how long
//! the way from mouth to ear is and what it consists of, how pure a tone comes through, or with `--sweep` tones of the whole band,
//! and how long the call of so many `--seconds` took.
//!
//! Ends by itself with exit code 0 when everything it shows is right.

mod application;

use std::error::Error;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use application::Application;
use clap::Parser;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_media_core::rtp_core::{RtpPacket, WallClock};
use rvoip_media_core::wav::WavWriter;
use rvoip_media_core::{
    Audio, AudioSource, Capabilities, Codec, Decoder, EngineConfig, FRAME, MediaConfig,
    MediaEngine, MediaEvent, MediaSessionController, MediaSessionKey, MemoryRecording,
    RecordingSink, SampleRate, SimulatedMedia,
};

/// An hour of what is heard.
const MAX_SAMPLES: usize = 3_600 * 48_000;
/// The hosts of the parties.
const SPEAKER: u8 = 1;
const LISTENER: u8 = 2;

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
    /// Writes what is heard without concealment, a lost packet being silence
    #[arg(long)]
    zero_filled: Option<PathBuf>,
    /// Writes the packets that arrive, one per line
    #[arg(long)]
    packets: Option<PathBuf>,
    /// Lets an application speak and listen at this rate
    #[arg(long, conflicts_with = "speech")]
    application: Option<u32>,
    /// How long it does
    #[arg(long, default_value_t = 10)]
    seconds: usize,
    /// How many samples it hands over at a time; 10 ms when left out
    #[arg(long)]
    chunk: Option<usize>,
    /// Whether it hands over all that there is room for, and not what a microphone has just taken
    #[arg(long)]
    ahead: bool,
    /// Goes through tones from 100 Hz to the end of the band, in place of one of 1 kHz
    #[arg(long, requires = "application")]
    sweep: bool,
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
    lost: u64,
    wire: Vec<(Instant, SocketAddr, SocketAddr, Vec<u8>)>,
}

impl Network {
    fn new(arguments: &Arguments) -> Self {
        let usual = if arguments.speech.is_some() || arguments.application.is_some() {
            0.0
        } else {
            5.0
        };
        let loss = (arguments.loss.unwrap_or(usual) / 100.0).clamp(0.0, 0.99);
        let ends = 1.0 / arguments.burst.max(1.0);
        Self {
            rng: StdRng::seed_from_u64(arguments.seed),
            losing: false,
            begins: (ends * loss / (1.0 - loss)).min(1.0),
            ends,
            jitter: Duration::from_millis(arguments.jitter),
            lost: 0,
            wire: Vec::new(),
        }
    }

    /// Takes a datagram on its way, or loses it.
    fn carry(&mut self, now: Instant, source: SocketAddr, destination: SocketAddr, payload: &[u8]) {
        let turn = if self.losing { self.ends } else { self.begins };
        self.losing ^= self.rng.random_bool(turn);
        if self.losing && destination.port().is_multiple_of(2) {
            self.lost += 1;
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

/// The packets of sound that a party is sent: where each begins, and its payload.
#[derive(Default)]
struct Arrived(Vec<(u32, Vec<u8>)>);

impl Arrived {
    /// Takes down a datagram that holds one.
    fn note(&mut self, destination: SocketAddr, datagram: &[u8]) {
        let is_rtp = destination.port().is_multiple_of(2);
        if let Some(packet) = RtpPacket::parse(datagram).ok().filter(|_| is_rtp) {
            let place = packet.header().timestamp;
            self.0.push((place, packet.payload().to_vec()));
        }
    }

    /// They in the order of their sound, which is counted from the first one's.
    fn in_order(&self) -> Vec<(u32, &[u8])> {
        let first = self.0.first().map_or(0, |(place, _)| *place);
        let mut packets: Vec<_> = self
            .0
            .iter()
            .map(|(place, payload)| (place.wrapping_sub(first), payload.as_slice()))
            .collect();
        packets.sort_by_key(|(place, _)| place.cast_signed());
        packets
    }

    /// What is decoded of them, and silence for the others.
    fn zero_filled(&self, codec: Codec) -> Vec<i16> {
        let mut decoder = Decoder::new(codec);
        let mut samples = Vec::new();
        let per_tick = |ticks: u32| {
            u64::from(ticks) * u64::from(codec.sample_rate_hz()) / u64::from(codec.clock_rate_hz())
        };
        for (place, payload) in self.in_order() {
            let place = per_tick(place) as usize;
            samples.resize(place.clamp(samples.len(), MAX_SAMPLES), 0);
            decoder.decode(payload, &mut samples);
        }
        samples
    }

    fn to_text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        for (place, payload) in self.in_order() {
            write!(text, "{place} ")?;
            for octet in payload {
                write!(text, "{octet:02x}")?;
            }
            text.push('\n');
        }
        Ok(text)
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
    let begin = Instant::now();
    let mut now = begin;
    let mut network = Network::new(&arguments);
    let repeat = false;
    let mut speaker = Party::new(
        now,
        SPEAKER,
        codec,
        AudioSource::File {
            audio: Arc::clone(&audio),
            repeat,
        },
    )?;
    let mut listener = Party::new(now, LISTENER, codec, AudioSource::None)?;

    let offer = speaker.controller.generate_offer(now, speaker.key)?;
    let answer = listener
        .controller
        .generate_answer(now, listener.key, &offer)?;
    speaker.controller.apply_answer(now, speaker.key, &answer)?;
    listener.controller.start(now, listener.key)?;
    // Into memory: a file is written in real time, and loses what comes faster.
    let heard = MemoryRecording::new(MAX_SAMPLES);
    let sink = RecordingSink::Memory(heard.clone());
    if arguments.heard.is_some() {
        listener
            .controller
            .record(now, listener.key, Some(sink.into()))?;
    }
    speaker.controller.start(now, speaker.key)?;
    let mut application = match arguments.application {
        Some(hz) => {
            let rate = SampleRate::from_hz(hz).ok_or("no such rate")?;
            let (speaker, listener) = (&mut speaker, &mut listener);
            Some(Application::new(
                now, rate, codec, &arguments, speaker, listener,
            )?)
        }
        None => None,
    };
    let length = match &application {
        Some(application) => application.duration(),
        None => audio.duration(),
    };

    // The rest is heard after the last packet has been sent.
    let end = now + length + Duration::from_millis(500) + FRAME;
    let parties = [&speaker.media, &listener.media];
    let mut arrived = Arrived::default();
    let writes_packets = arguments.zero_filled.is_some() || arguments.packets.is_some();
    while let Some(next) = parties
        .iter()
        .filter_map(|media| media.poll_timeout())
        .chain(network.next_at())
        .chain(application.as_ref().and_then(Application::next_at))
        .min()
        .filter(|next| *next <= end)
    {
        now = next;
        if let Some(application) = &mut application {
            application.speak(now)?;
        }
        let mut waiting = std::mem::take(&mut network.wire);
        for (_, source, destination, payload) in waiting.extract_if(.., |(at, ..)| *at <= now) {
            if writes_packets && destination.ip() == IpAddr::from([192, 0, 2, LISTENER]) {
                arrived.note(destination, &payload);
            }
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
        if let Some(application) = &mut application {
            application.listen(now);
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
    if let Some(path) = &arguments.zero_filled {
        let samples = arrived.zero_filled(codec);
        WavWriter::create(path, codec.sample_rate(), 1)?.write(&samples)?;
    }
    if let Some(path) = &arguments.packets {
        std::fs::write(path, arrived.to_text()?)?;
    }
    println!(
        "{codec}: {} packets heard, {} lost, {} late, {:?} recovered, {:?} made up, {:?} cut, {:?} put in; delay {:?}",
        statistics.packets_received,
        network.lost,
        statistics.jitter_buffer.late,
        statistics.jitter_buffer.recovered,
        statistics.jitter_buffer.concealed,
        statistics.jitter_buffer.accelerated,
        statistics.jitter_buffer.expanded,
        statistics.jitter_buffer.delay,
    );
    if let Some(application) = &application {
        application.judge(codec, &statistics)?;
        let took = begin.elapsed().as_secs_f64();
        println!("a call of {:.0} s took {took:.2} s", length.as_secs_f64());
    }
    let sent = (length + Duration::from_millis(500)).as_millis() / FRAME.as_millis();
    let known = statistics.packets_received + network.lost;
    if u128::from(known).abs_diff(sent) > 2 {
        return Err(format!("{known} packets came or were lost, of {sent}").into());
    }
    Ok(())
}
