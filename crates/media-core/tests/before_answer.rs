//! Media that is faster than the answer to our offer (RFC 3264 section 5.1): who is heard, and what it costs.

#![cfg(test)]

use std::f64::consts::TAU;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::rtp_core::{Latching, WallClock};
use rvoip_media_core::{
    AudioSource, Capabilities, Codec, Direction, Encoder, EngineConfig, FRAME, MediaConfig,
    MediaEngine, MediaEvent, MediaSessionController, MediaSessionKey, MediaStatistics,
    MemoryRecording, RecordingSink, SampleRate, SimulatedMedia, SrtpPolicy,
};

const OURS: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)), 10_000);

/// One who sends a tone.
struct Sender {
    address: SocketAddr,
    ssrc: u32,
    sequence: u16,
    frames: u32,
    encoder: Encoder,
    payload_type: u8,
    frequency_hz: f64,
}

impl Sender {
    fn new(port: u16, codec: Codec, payload_type: u8, frequency_hz: f64) -> Self {
        Self {
            address: SocketAddr::from(([192, 0, 2, 2], port)),
            ssrc: u32::from(port),
            sequence: 1,
            frames: 0,
            encoder: Encoder::new(codec),
            payload_type,
            frequency_hz,
        }
    }

    fn packet(&mut self) -> Vec<u8> {
        let codec = self.encoder.codec();
        let samples = u32::try_from(codec.frame_samples()).unwrap();
        let rate = f64::from(codec.sample_rate_hz());
        let at = |n: u32| (TAU * self.frequency_hz * f64::from(n) / rate).sin() * 16_000.0;
        let sound: Vec<i16> = (self.frames * samples..(self.frames + 1) * samples)
            .map(|n| at(n) as i16)
            .collect();
        let mut datagram = vec![0x80, self.payload_type];
        datagram.extend(self.sequence.to_be_bytes());
        // G.722 counts 8000 a second as well (RFC 3551 section 4.5.2).
        datagram.extend((self.frames * 160).to_be_bytes());
        datagram.extend(self.ssrc.to_be_bytes());
        self.encoder.encode(&sound, &mut datagram);
        self.sequence += 1;
        self.frames += 1;
        datagram
    }
}

struct Caller {
    now: Instant,
    media: SimulatedMedia,
    controller: MediaSessionController,
    key: MediaSessionKey,
    recording: MemoryRecording,
    events: Vec<MediaEvent>,
    sent: Vec<SocketAddr>,
}

impl Caller {
    fn new(config: MediaConfig, latching: Latching) -> Self {
        let now = Instant::now();
        let engine = MediaEngine::new(
            EngineConfig {
                latching,
                ..EngineConfig::default()
            },
            WallClock::new(now, SystemTime::UNIX_EPOCH),
        );
        let (media, ports) = SimulatedMedia::new(OURS.ip(), 10_000..=10_001, engine).unwrap();
        let rng = StdRng::seed_from_u64(1);
        let mut controller = MediaSessionController::new(config, Box::new(ports), rng);
        let key = controller.create_session(now).unwrap();
        let recording = MemoryRecording::new(16_000 * 20);
        let sink = RecordingSink::Memory(recording.clone());
        let recorded = rvoip_media_core::Recording {
            sample_rate: Some(SampleRate::Hz16000),
            ..sink.into()
        };
        controller.record(now, key, Some(recorded)).unwrap();
        Self {
            now,
            media,
            controller,
            key,
            recording,
            events: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn offering() -> Self {
        let mut caller = Self::new(MediaConfig::default(), Latching::Always);
        caller.offer();
        caller
    }

    fn offer(&mut self) -> String {
        let offer = self.controller.generate_offer(self.now, self.key).unwrap();
        offer.to_string()
    }

    /// The peer answers that it is at `port`, and speaks this codec.
    fn answer(&mut self, port: u16, payload_type: u8) {
        let answer = format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {payload_type}\r\n"
        );
        let (now, key) = (self.now, self.key);
        self.controller.apply_answer(now, key, &answer).unwrap();
        self.controller.start(now, key).unwrap();
    }

    /// Lets everybody send so many packets, one a frame.
    fn hear(&mut self, frames: u32, senders: &mut [&mut Sender]) {
        for _ in 0..frames {
            for sender in &mut *senders {
                let packet = sender.packet();
                self.media
                    .handle_datagram(self.now, sender.address, OURS, &packet);
            }
            self.now += FRAME;
            self.media.handle_timeout(self.now);
            let sent = &mut self.sent;
            self.media
                .poll_transmits(|_, destination, _| sent.push(destination));
            while let Some(event) = self.media.poll_event() {
                self.events.push(event);
            }
        }
    }

    fn end(mut self) -> (Vec<i16>, MediaStatistics, Vec<MediaEvent>) {
        let _ = self.controller.stop(self.now, self.key).unwrap();
        while let Some(event) = self.media.poll_event() {
            if let MediaEvent::Ended { statistics, .. } = event {
                return (self.recording.samples(), statistics, self.events);
            }
        }
        panic!("no end")
    }
}

/// How much of the power of a second of sound is a tone, by projection on its sine and cosine.
fn share(sound: &[i16], frequency_hz: f64) -> f64 {
    let power: f64 = sound.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let part = |phase: f64| {
        let samples = sound.iter().enumerate();
        let sum: f64 = samples
            .map(|(n, sample)| {
                f64::from(*sample) * (TAU * frequency_hz * n as f64 / 16_000.0 + phase).sin()
            })
            .sum();
        sum.powi(2) * 2.0 / sound.len() as f64
    };
    (part(0.0) + part(TAU / 4.0)) / power.max(1.0)
}

/// Sound that begins before the answer goes through it without a gap, at the codec's own rate, and without a second start.
#[test]
fn sound_before_the_answer_is_heard_and_the_answer_does_not_interrupt_it() {
    for (codec, payload_type) in [(Codec::Pcmu, 0), (Codec::Pcma, 8), (Codec::G722, 9)] {
        let mut caller = Caller::offering();
        let mut phone = Sender::new(4_000, codec, payload_type, 500.0);
        caller.hear(100, &mut [&mut phone]);
        assert!(caller.sent.is_empty(), "nothing is sent before the answer");
        let began = |event: &&MediaEvent| matches!(event, MediaEvent::FlowStarted { .. });
        assert_eq!(caller.events.iter().filter(began).count(), 1);
        caller.answer(4_000, payload_type);
        caller.hear(100, &mut [&mut phone]);
        assert!(caller.sent.contains(&phone.address));
        let (sound, statistics, events) = caller.end();
        assert_eq!(events.iter().filter(began).count(), 1, "{codec}: once");
        // The second one proves the source.
        assert_eq!(statistics.packets_received, 199, "{codec}");
        assert_eq!(statistics.jitter_buffer.concealed, Duration::ZERO);
        let begin = sound.iter().position(|it| it.unsigned_abs() > 1_000);
        let begin = begin.unwrap();
        assert!(sound.len() - begin > 16_000 * 38 / 10, "{codec}");
        // A step of phase or a gap anywhere, the answer included, would take from the tone.
        for second in sound[begin + 800..].chunks_exact(16_000) {
            let share = share(second, 500.0);
            assert!(share > 0.99, "{codec}: {share}");
        }
    }
}

/// A peer behind a NAT names an address that it never sends from; its early sound goes on, and after a while ours follows it.
#[test]
fn a_peer_behind_a_nat_goes_on_after_the_answer() {
    let mut caller = Caller::offering();
    let mut phone = Sender::new(4_000, Codec::Pcmu, 0, 500.0);
    caller.hear(50, &mut [&mut phone]);
    caller.answer(5_000, 0);
    caller.hear(90, &mut [&mut phone]);
    assert!(!caller.sent.contains(&phone.address));
    caller.hear(20, &mut [&mut phone]);
    assert_eq!(caller.sent.last(), Some(&phone.address));
    let (_, statistics, _) = caller.end();
    assert_eq!(statistics.packets_received, 159);
}

#[test]
fn only_what_was_offered_is_heard_and_only_where_it_can_be_read() {
    // What was not offered, and digits, which nobody can be held to yet.
    for payload_type in [18, 101] {
        let mut caller = Caller::offering();
        let mut stranger = Sender::new(4_000, Codec::Pcmu, payload_type, 500.0);
        caller.hear(50, &mut [&mut stranger]);
        let (sound, statistics, events) = caller.end();
        assert_eq!(statistics.packets_received, 0);
        assert!(sound.is_empty(), "{payload_type}");
        let digit = |event: &MediaEvent| matches!(event, MediaEvent::DtmfReceived { .. });
        assert!(!events.iter().any(digit));
    }
    let keyed = |srtp| MediaConfig {
        capabilities: Capabilities {
            srtp,
            ..Capabilities::default()
        },
        source: AudioSource::Silence,
        ..MediaConfig::default()
    };
    let deaf = [
        // Only the answer tells the peer's keys, or that it has none.
        (keyed(SrtpPolicy::Require), Latching::Always, true),
        (keyed(SrtpPolicy::Offer), Latching::Always, true),
        (MediaConfig::default(), Latching::Off, true),
        (MediaConfig::default(), Latching::Always, false),
    ];
    for (config, latching, offers) in deaf {
        let mut caller = Caller::new(config, latching);
        if offers {
            caller.offer();
        }
        let mut phone = Sender::new(4_000, Codec::Pcmu, 0, 500.0);
        caller.hear(50, &mut [&mut phone]);
        assert!(caller.end().0.is_empty());
    }
    // One who wants to send only has nothing to hear.
    let mut caller = Caller::new(MediaConfig::default(), Latching::Always);
    let key = caller.key;
    caller
        .controller
        .set_direction(key, Direction::SendOnly)
        .unwrap();
    caller.offer();
    caller.hear(50, &mut [&mut Sender::new(4_000, Codec::Pcmu, 0, 500.0)]);
    assert!(caller.end().0.is_empty());
}

/// What a stranger gets who guesses the port before the answer: he is heard until the peer speaks, and nothing is ever sent to
/// him; a second one at the same time is not heard; one who has stopped keeps nobody out.
#[test]
fn a_stranger_before_the_answer_is_heard_no_longer_than_until_the_peer_speaks() {
    let mut caller = Caller::offering();
    let mut stranger = Sender::new(6_666, Codec::Pcmu, 0, 300.0);
    let mut other = Sender::new(7_777, Codec::Pcmu, 0, 700.0);
    caller.hear(2, &mut [&mut stranger]);
    caller.hear(48, &mut [&mut stranger, &mut other]);
    caller.answer(4_000, 0);
    let mut phone = Sender::new(4_000, Codec::Pcmu, 0, 500.0);
    caller.hear(150, &mut [&mut stranger, &mut phone]);
    assert!(
        caller
            .sent
            .iter()
            .all(|to| [4_000, 4_001].contains(&to.port()))
    );
    let (sound, ..) = caller.end();
    let second = |n: usize| &sound[n * 16_000..][..16_000];
    assert!(share(&second(0)[800..12_800], 300.0) > 0.99);
    assert!(share(second(2), 500.0) > 0.99);

    // The peer is behind a NAT: it, too, takes the place of one who was there before the answer.
    let mut caller = Caller::offering();
    let mut stranger = Sender::new(6_666, Codec::Pcmu, 0, 300.0);
    caller.hear(50, &mut [&mut stranger]);
    caller.answer(4_000, 0);
    let mut phone = Sender::new(5_000, Codec::Pcmu, 0, 500.0);
    caller.hear(150, &mut [&mut stranger, &mut phone]);
    assert!(!caller.sent.contains(&stranger.address));
    assert_eq!(caller.sent.last(), Some(&phone.address));
    let (sound, ..) = caller.end();
    assert!(share(&sound[32_000..48_000], 500.0) > 0.99);

    let mut caller = Caller::offering();
    caller.hear(10, &mut [&mut Sender::new(6_666, Codec::Pcmu, 0, 300.0)]);
    caller.hear(100, &mut []);
    let mut phone = Sender::new(4_000, Codec::Pcmu, 0, 500.0);
    caller.hear(100, &mut [&mut phone]);
    let (_, statistics, _) = caller.end();
    assert!(statistics.packets_received > 100, "{statistics:?}");
}
