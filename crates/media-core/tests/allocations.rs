//! A call that runs allocates nothing: not per packet sent, received, played or recorded in memory.

#![cfg(test)]

use std::net::{IpAddr, SocketAddr};
use std::time::{Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::rtp_core::srtp::{SrtpKey, SrtpKeys, SrtpSender, SrtpSuite};
use rvoip_media_core::rtp_core::{Channel, MediaCore, PortKey, WallClock};
use rvoip_media_core::{
    AudioSource, BridgeKey, Codec, EngineConfig, FRAME, FrameContext, FrameProcessor,
    FrameProcessors, MediaCommand, MediaConfig, MediaEngine, MediaParameters,
    MediaSessionController, MediaSessionKey, SimulatedMedia,
};

/// A key, which only a controller makes: that of its session of this number.
fn key(number: u64) -> MediaSessionKey {
    let now = Instant::now();
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let address = IpAddr::from([192, 0, 2, 1]);
    let (_, ports) = SimulatedMedia::new(address, 10_000..=10_099, engine).unwrap();
    let mut controller = MediaSessionController::new(
        MediaConfig::default(),
        Box::new(ports),
        StdRng::seed_from_u64(1),
    );
    let keys = (0..=number).map(|_| controller.create_session(now).unwrap());
    keys.last().unwrap()
}

/// Opens a leg that sends back what it hears.
fn open(engine: &mut MediaEngine, now: Instant, key: MediaSessionKey, port: PortKey, codec: Codec) {
    let parameters = parameters(codec);
    for command in [
        MediaCommand::Open {
            key,
            port,
            seed: 1,
            source: AudioSource::Echo,
        },
        MediaCommand::Configure {
            key,
            parameters: Some(Box::new(parameters)),
        },
        MediaCommand::Start { key },
    ] {
        engine.handle_command(now, command);
    }
}

fn parameters(codec: Codec) -> MediaParameters {
    MediaParameters::new(remote(), 0, codec)
}

/// Lets packets of 20 ms come to a port; returns how many were sent.
fn run(
    engine: &mut MediaEngine,
    start: Instant,
    port: PortKey,
    codec: Codec,
    frames: std::ops::Range<u32>,
    mut theirs: Option<&mut SrtpSender>,
) -> u32 {
    let ticks = codec.clock_rate_hz() / 50;
    let mut packet = vec![0; 256];
    let mut sent = 0;
    for number in frames {
        let now = start + FRAME * number;
        packet.clear();
        packet.extend_from_slice(&[0x80, 0]);
        packet.extend_from_slice(&(number as u16).to_be_bytes());
        packet.extend_from_slice(&(number * ticks).to_be_bytes());
        packet.resize(172, 0x55);
        if let Some(theirs) = &mut theirs {
            theirs.protect_rtp(&mut packet, 0).unwrap();
        }
        engine.handle_packet(now, port, Channel::Rtp, remote(), &mut packet);
        engine.handle_timeout(now);
        while let Some(transmit) = engine.poll_transmit() {
            sent += u32::from(transmit.channel == Channel::Rtp);
        }
        while engine.poll_event().is_some() {}
    }
    sent
}

fn remote() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 2], 4_000))
}

fn engine(start: Instant) -> MediaEngine {
    let clock = WallClock::new(start, SystemTime::UNIX_EPOCH);
    MediaEngine::new(EngineConfig::default(), clock)
}

#[test]
fn nothing_is_allocated_per_packet() {
    let start = Instant::now();
    for codec in [Codec::Pcmu, Codec::G722] {
        let (mut engine, port) = (engine(start), PortKey(0));
        open(&mut engine, start, key(0), port, codec);
        run(&mut engine, start, port, codec, 0..1_000, None);
        let mut sent = 0;
        let measured = allocation_counter::measure(|| {
            sent = run(&mut engine, start, port, codec, 1_000..4_000, None);
        });
        assert!(sent > 2_900, "{sent}");
        // The packet that comes in is the test's own.
        assert_eq!(measured.count_total, 1, "in a minute of {codec}");
    }
}

/// Makes the sound fainter.
#[derive(Debug)]
struct Gain;

impl FrameProcessor for Gain {
    fn process(&mut self, frame: &mut [i16], _: FrameContext<'_>) {
        frame.iter_mut().for_each(|sample| *sample /= 2);
    }
}

#[test]
fn nothing_is_allocated_per_packet_that_is_processed() {
    let (start, codec) = (Instant::now(), Codec::Pcmu);
    let (mut engine, port, key) = (engine(start), PortKey(0), key(0));
    open(&mut engine, start, key, port, codec);
    let processors = FrameProcessors::new().on_received(|| Gain);
    let processors = processors.on_sent(|| Gain).timed_by(Instant::now);
    #[cfg(feature = "gain-control")]
    let processors = processors.on_received(rvoip_media_core::GainControl::default);
    let chains = Box::new(processors.make());
    engine.handle_command(start, MediaCommand::Process { key, chains });
    run(&mut engine, start, port, codec, 0..1_000, None);
    let measured = allocation_counter::measure(|| {
        run(&mut engine, start, port, codec, 1_000..4_000, None);
    });
    assert_eq!(measured.count_total, 1, "in a minute");
}

/// Makes noise of the sound.
#[cfg(feature = "noise-suppression")]
#[derive(Debug)]
struct Noise(u32);

#[cfg(feature = "noise-suppression")]
impl FrameProcessor for Noise {
    fn process(&mut self, frame: &mut [i16], _: FrameContext<'_>) {
        for sample in frame {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *sample = (self.0 >> 18) as i16;
        }
    }
}

#[cfg(feature = "noise-suppression")]
#[test]
fn nothing_is_allocated_per_packet_whose_noise_is_suppressed() {
    let (start, codec) = (Instant::now(), Codec::Pcmu);
    let (mut engine, port, key) = (engine(start), PortKey(0), key(0));
    open(&mut engine, start, key, port, codec);
    let processors = FrameProcessors::new().on_received(|| Noise(1));
    let processors = processors.on_received(rvoip_media_core::NoiseSuppression::new);
    let chains = Box::new(processors.make());
    engine.handle_command(start, MediaCommand::Process { key, chains });
    run(&mut engine, start, port, codec, 0..200, None);
    let measured = allocation_counter::measure(|| {
        run(&mut engine, start, port, codec, 200..400, None);
    });
    assert_eq!(measured.count_total, 1, "in four seconds");
}

#[test]
fn nothing_is_allocated_per_secured_packet() {
    let (start, codec) = (Instant::now(), Codec::Pcmu);
    for suite in SrtpSuite::ALL {
        let generate = |seed| SrtpKey::generate(suite, &mut StdRng::from_seed([seed; 32]));
        let (send, receive) = (generate(1), generate(2));
        let mut theirs = SrtpSender::new(&receive);
        let (mut engine, port, key) = (engine(start), PortKey(0), key(0));
        open(&mut engine, start, key, port, codec);
        let secured = MediaParameters {
            security: Some(SrtpKeys { send, receive }),
            ..parameters(codec)
        };
        let parameters = Some(Box::new(secured));
        engine.handle_command(start, MediaCommand::Configure { key, parameters });
        let mut frames = |frames| run(&mut engine, start, port, codec, frames, Some(&mut theirs));
        frames(0..1_000);
        let mut sent = 0;
        let measured = allocation_counter::measure(|| sent = frames(1_000..4_000));
        assert!(sent > 2_900, "{sent}");
        assert_eq!(measured.count_total, 1, "in a minute of {suite:?}");
    }
}

/// The memory of a leg beside others, with all that a second of sound both ways makes it keep; of Opus most is the library's.
#[test]
fn a_leg_keeps_to_its_memory() {
    let codecs = [
        (Codec::Pcmu, 16_384),
        (Codec::G722, 26_000),
        #[cfg(feature = "opus")]
        (Codec::Opus(rvoip_media_core::SampleRate::Hz16000), 136_000),
    ];
    for (codec, limit) in codecs {
        let start = Instant::now();
        let mut engine = engine(start);
        for port in 0..2 {
            open(&mut engine, start, key(port), PortKey(port), codec);
            let frames = port as u32 * 50..port as u32 * 50 + 50;
            run(&mut engine, start, PortKey(port), codec, frames, None);
        }
        let third = key(2);
        let measured = allocation_counter::measure(|| {
            open(&mut engine, start, third, PortKey(2), codec);
            run(&mut engine, start, PortKey(2), codec, 100..150, None);
        });
        let octets = measured.bytes_current;
        println!("a leg of {codec}: {octets} octets");
        assert!(octets <= limit, "{codec}: {octets}");
    }
}

/// Opens legs of G.711 and bridges them.
fn bridge(engine: &mut MediaEngine, now: Instant, legs: std::ops::Range<u64>) {
    let bridge = BridgeKey(legs.start);
    for leg in legs {
        let key = key(leg);
        open(engine, now, key, PortKey(leg), Codec::Pcmu);
        engine.handle_command(now, MediaCommand::JoinBridge { key, bridge });
    }
}

/// Lets all of these legs say something; returns how many packets were sent.
fn talk(
    engine: &mut MediaEngine,
    start: Instant,
    legs: std::ops::Range<u64>,
    frames: std::ops::Range<u32>,
) -> u32 {
    let mut packet = [0x55; 172];
    packet[..2].copy_from_slice(&[0x80, 0]);
    let mut sent = 0;
    for number in frames {
        let now = start + FRAME * number;
        packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(number * 160).to_be_bytes());
        for port in legs.clone().map(PortKey) {
            engine.handle_packet(now, port, Channel::Rtp, remote(), &mut packet);
        }
        engine.handle_timeout(now);
        while let Some(transmit) = engine.poll_transmit() {
            sent += u32::from(transmit.channel == Channel::Rtp);
        }
        while engine.poll_event().is_some() {}
    }
    sent
}

#[test]
fn nothing_is_allocated_per_packet_of_a_relay_or_a_conference() {
    let start = Instant::now();
    for legs in [2, 5] {
        let mut engine = engine(start);
        bridge(&mut engine, start, 0..legs);
        talk(&mut engine, start, 0..legs, 0..1_000);
        let mut sent = 0;
        let measured = allocation_counter::measure(|| {
            sent = talk(&mut engine, start, 0..legs, 1_000..4_000);
        });
        assert!(sent > 2_900 * legs as u32, "{sent}");
        assert_eq!(measured.count_total, 0, "in a minute of {legs} legs");
    }
}

/// A leg whose packets pass through has no jitter buffer and no codec.
#[test]
fn a_relayed_leg_keeps_to_its_memory() {
    let start = Instant::now();
    let mut engine = engine(start);
    bridge(&mut engine, start, 0..2);
    talk(&mut engine, start, 0..2, 0..50);
    let keys: Vec<MediaSessionKey> = (0..16).map(key).collect();
    let measured = allocation_counter::measure(|| {
        for (port, key) in (2..16).zip(&keys[2..]) {
            open(&mut engine, start, *key, PortKey(port), Codec::Pcmu);
            let (key, bridge) = (*key, BridgeKey(port / 2));
            engine.handle_command(start, MediaCommand::JoinBridge { key, bridge });
        }
        talk(&mut engine, start, 2..16, 50..150);
    });
    let octets = measured.bytes_current / 14;
    println!("a relayed leg: {octets} octets");
    assert!(octets <= 4_096, "{octets}");
}
