//! What a peer may send besides the audio that was agreed on: it is counted, not heard, and never makes memory grow.

#![cfg(test)]

use std::f64::consts::TAU;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use rvoip_media_core::rtp_core::{Channel, Latching, MediaCore, PortKey, WallClock};
use rvoip_media_core::{
    AudioSource, Codec, Encoder, EngineConfig, FRAME, MediaCommand, MediaConfig, MediaEngine,
    MediaEvent, MediaParameters, MediaSessionController, MediaSessionKey, MediaStatistics,
    MemoryRecording, RecordingSink, SimulatedMedia, TelephoneEventSet, negotiate::TelephoneEvent,
};

const PORT: PortKey = PortKey(1);
const SSRC: u32 = 0x1234_5678;

/// An engine with one stream that receives PCMU as 0, PCMA as 8 and telephone events as 101.
struct Receiver {
    engine: MediaEngine,
    key: MediaSessionKey,
    start: Instant,
    recording: MemoryRecording,
    sequence: u16,
}

impl Receiver {
    fn new() -> Self {
        Self::latching(Latching::default())
    }

    fn latching(latching: Latching) -> Self {
        let start = Instant::now();
        let clock = WallClock::new(start, SystemTime::UNIX_EPOCH);
        let mut receiver = Self {
            engine: MediaEngine::new(
                EngineConfig {
                    latching,
                    ..EngineConfig::default()
                },
                clock,
            ),
            key: key(),
            start,
            recording: MemoryRecording::new(8_000 * 10),
            sequence: 65_500,
        };
        let key = receiver.key;
        let parameters = MediaParameters {
            receive: vec![(0, Codec::Pcmu), (8, Codec::Pcma)],
            telephone_event: Some(TelephoneEvent {
                send: 101,
                receive: 101,
                clock_rate_hz: 8_000,
                events: TelephoneEventSet::DIGITS,
            }),
            ..MediaParameters::new(peer(), 0, Codec::Pcmu)
        };
        let source = AudioSource::Silence;
        let (port, seed) = (PORT, 1);
        let sink = RecordingSink::Memory(receiver.recording.clone());
        for command in [
            MediaCommand::Open {
                key,
                port,
                seed,
                source,
            },
            MediaCommand::Configure {
                key,
                parameters: Some(Box::new(parameters)),
            },
            MediaCommand::Record {
                key,
                recording: Some(sink.into()),
            },
            MediaCommand::Start { key },
        ] {
            receiver.engine.handle_command(start, command);
        }
        receiver
    }

    /// The next packet of the peer arrives.
    fn packet(&mut self, now: Instant, payload_type: u8, timestamp: u32, payload: &[u8]) {
        self.packet_from(peer(), now, payload_type, timestamp, payload);
    }

    fn packet_from(
        &mut self,
        source: SocketAddr,
        now: Instant,
        payload_type: u8,
        timestamp: u32,
        payload: &[u8],
    ) {
        let mut datagram = Vec::with_capacity(12 + payload.len());
        datagram.extend([0x80, payload_type]);
        datagram.extend(self.sequence.to_be_bytes());
        datagram.extend(timestamp.to_be_bytes());
        datagram.extend(SSRC.to_be_bytes());
        datagram.extend(payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.engine
            .handle_packet(now, PORT, Channel::Rtp, source, &mut datagram);
    }

    fn pass(&mut self, now: Instant) {
        self.engine.handle_timeout(now);
        while self.engine.poll_transmit().is_some() {}
        while self.engine.poll_event().is_some() {}
    }

    fn end(mut self, now: Instant) -> (Vec<i16>, MediaStatistics) {
        let key = self.key;
        self.engine.handle_command(now, MediaCommand::Close { key });
        loop {
            if let MediaEvent::Ended { statistics, .. } = self.engine.poll_event().unwrap() {
                return (self.recording.samples(), statistics);
            }
        }
    }
}

fn peer() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 2], 4_000))
}

/// A key, which only a controller makes.
fn key() -> MediaSessionKey {
    let now = Instant::now();
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let address = IpAddr::from([192, 0, 2, 1]);
    let (_, ports) = SimulatedMedia::new(address, 10_000..=10_001, engine).unwrap();
    let mut controller = MediaSessionController::new(
        MediaConfig::default(),
        Box::new(ports),
        StdRng::seed_from_u64(1),
    );
    controller.create_session(now).unwrap()
}

/// A frame of 440 Hz as PCMU.
fn tone(number: u32) -> Vec<u8> {
    let samples: Vec<i16> = (number * 160..(number + 1) * 160)
        .map(|n| (f64::sin(TAU * 440.0 * f64::from(n) / 8_000.0) * 16_000.0) as i16)
        .collect();
    let mut payload = Vec::new();
    Encoder::new(Codec::Pcmu).encode(&samples, &mut payload);
    payload
}

/// Five seconds of the tone, with what `between` adds after each packet.
fn heard(between: impl Fn(&mut Receiver, Instant, u32)) -> (Vec<i16>, MediaStatistics) {
    let mut receiver = Receiver::new();
    let mut now = receiver.start;
    for number in 0..250 {
        let timestamp = (u32::MAX - 20_000).wrapping_add(number * 160);
        receiver.packet(now, 0, timestamp, &tone(number));
        between(&mut receiver, now, number);
        now += FRAME;
        receiver.pass(now);
    }
    receiver.end(now)
}

/// Behind a NAT the peer is elsewhere than it said: audio goes where it comes from, unless the policy forbids it.
#[test]
fn the_policy_says_whether_a_peer_elsewhere_is_heard_and_sent_to() {
    let elsewhere = SocketAddr::from(([198, 51, 100, 7], 4_444));
    for (latching, destination) in [(Latching::Always, elsewhere), (Latching::Off, peer())] {
        let mut receiver = Receiver::latching(latching);
        let start = receiver.start;
        for number in 0..3 {
            receiver.packet_from(elsewhere, start, 0, number * 160, &tone(number));
        }
        receiver.engine.handle_timeout(start + FRAME);
        let transmit = receiver.engine.poll_transmit().unwrap();
        assert_eq!(
            (transmit.channel, transmit.destination),
            (Channel::Rtp, destination)
        );
        let (_, statistics) = receiver.end(start + FRAME);
        let heard = if latching == Latching::Off { 0 } else { 2 };
        assert_eq!(statistics.packets_received, heard);
    }
}

#[test]
fn the_socket_is_connected_while_the_peer_sends_from_where_it_said() {
    let mut receiver = Receiver::new();
    let start = receiver.start;
    receiver.packet(start, 0, 0, &tone(0));
    let mut connects = Vec::new();
    for number in 1..=110 {
        receiver.pass(start + FRAME * number);
        while let Some(connect) = receiver.engine.poll_connect() {
            assert_eq!(connect.port, PORT);
            connects.push((number, connect.peer));
        }
    }
    assert_eq!(connects, [(1, Some(peer())), (100, None)]);
}

#[test]
fn what_is_not_agreed_on_is_counted_and_not_heard() {
    let (clean, undisturbed) = heard(|_, _, _| {});
    assert_eq!(undisturbed.packets_ignored, 0);
    let from = clean.iter().position(|sample| *sample != 0).unwrap();
    let loud = |sample: &i16| sample.unsigned_abs() > 1_000;
    let gaps = clean[from + 40..].split(loud).map(<[i16]>::len);
    assert!(gaps.max() < Some(4));

    let (recorded, statistics) = heard(|receiver, now, number| {
        // Telephone events that keep the timestamp of their start (RFC 4733).
        let start = (u32::MAX - 20_000).wrapping_add((number & !15) * 160);
        let duration = ((number & 15) as u16 * 160).to_be_bytes();
        let event = [5, 0x0A, duration[0], duration[1]];
        receiver.packet(now, 101, start, &event);
        // Comfort noise, a codec that was not offered, a number without meaning, at times beyond all sense.
        receiver.packet(now, 13, start, &[70]);
        receiver.packet(now, 9, number.wrapping_mul(0x9E37_79B9), &[0xFF; 160]);
        receiver.packet(now, 40, 0, &[]);
        // Audio of more than 200 ms.
        receiver.packet(now, 0, start, &[0x80; 1_601]);
    });
    assert_eq!(statistics.packets_received, 6 * 250);
    assert_eq!(statistics.packets_ignored, 5 * 250);
    assert_eq!(statistics.packets_lost, 0);
    assert_eq!(statistics.jitter_buffer, undisturbed.jitter_buffer);
    assert!(recorded == clean);
}

#[test]
fn hostile_sequences_and_timestamps_take_no_memory() {
    let mut receiver = Receiver::new();
    let mut rng = StdRng::seed_from_u64(17);
    let mut datagram = [0x80; 12 + 2_000];
    let mut now = receiver.start;
    let mut run = |packets: u32| {
        for number in 0..packets {
            let jumps = rng.random_range(0..8_u8);
            let sequence: u16 = match jumps {
                0 => rng.random(),
                1 => receiver.sequence.wrapping_add(2_900),
                2 => receiver.sequence.wrapping_sub(99),
                _ => receiver.sequence.wrapping_add(1),
            };
            receiver.sequence = sequence;
            let timestamp: u32 = match rng.random_range(0..6) {
                0 => rng.random(),
                1 => u32::MAX - number,
                2 => (1 << 31) + number * 160,
                3 => number.wrapping_mul(4_095),
                _ => number * 160,
            };
            let ssrc = if rng.random_range(0..50) == 0 {
                rng.random()
            } else {
                SSRC
            };
            datagram[1] = [0, 8, 101, rng.random()][rng.random_range(0..4)];
            datagram[2..4].copy_from_slice(&sequence.to_be_bytes());
            datagram[4..8].copy_from_slice(&timestamp.to_be_bytes());
            datagram[8..12].copy_from_slice(&ssrc.to_be_bytes());
            rng.fill_bytes(&mut datagram[12..]);
            let length = 12 + rng.random_range(0..2_000);
            let from = &mut datagram[..length];
            receiver
                .engine
                .handle_packet(now, PORT, Channel::Rtp, peer(), from);
            now += Duration::from_micros(rng.random_range(0..2_000));
            receiver.pass(now);
        }
    };
    // The outbox and the recording reach their sizes.
    run(15_000);
    let allocated = allocation_counter::measure(|| run(30_000));
    // But for a queue that grows, once, to what it has not needed before.
    assert!(allocated.count_total <= 8, "{allocated:?}");
    assert!(allocated.bytes_current <= 8_192, "{allocated:?}");
    let (_, statistics) = receiver.end(now);
    assert!(statistics.packets_received > 15_000, "{statistics:?}");
    assert!(statistics.packets_ignored > 5_000, "{statistics:?}");
    assert!(statistics.jitter_buffer.restarts > 500, "{statistics:?}");
}
