//! A peer that writes its packets itself, so that it is known when each leaves.

use std::f64::consts::TAU;
use std::time::Duration;

use rvoip_media_core::rtp_core::{PayloadType, RtpHeader, Ssrc};
use rvoip_media_core::{Codec, Encoder};

/// What a packet of sound has, at 8 kHz.
pub const SAMPLES: usize = 160;
pub const PACKET: Duration = Duration::from_millis(20);
/// Packets of a press before its end, which is told three times.
const PRESS_PACKETS: usize = 3;
pub const PRESS_AND_END: usize = PRESS_PACKETS + 2;

/// As both sides offer it.
pub const EVENTS: u8 = 101;
/// The keys, row by row, and their tones (Q.23).
pub const KEYS: &str = "123A456B789C*0#D";
const LOW_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH_HZ: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// The number of each key as an event (RFC 4733 section 3.2).
const EVENT_KEYS: &str = "0123456789*#ABCD";
/// -9 dBm0 and -7 dBm0.
const LOW_AMPLITUDE: f64 = 8_100.0;
const HIGH_AMPLITUDE: f64 = 10_200.0;

/// The packets of one source.
pub struct Peer {
    encoder: Encoder,
    sequence: u16,
    timestamp: u32,
}

impl Peer {
    pub fn new() -> Self {
        Self {
            encoder: Encoder::new(Codec::Pcmu),
            sequence: 1,
            timestamp: 0,
        }
    }

    /// The next 20 ms of sound.
    pub fn sound(&mut self, samples: &[i16]) -> Vec<u8> {
        let mut payload = Vec::new();
        self.encoder.encode(samples, &mut payload);
        let packet = self.packet(None, &payload);
        self.timestamp += SAMPLES as u32;
        packet
    }

    pub fn silence(&mut self) -> Vec<u8> {
        self.sound(&[0; SAMPLES])
    }

    /// A packet of a press, which is this one of its packets from 0 on; sound goes on after the last one.
    pub fn press(&mut self, key: char, number: usize) -> Vec<u8> {
        let event = EVENT_KEYS.find(key).unwrap_or_default() as u8;
        let ends = number + 1 >= PRESS_PACKETS;
        let ticks = ((number + 1).min(PRESS_PACKETS) * SAMPLES) as u16;
        let [high, low] = ticks.to_be_bytes();
        let packet = self.packet(
            PayloadType::new(EVENTS),
            &[event, u8::from(ends) << 7 | 10, high, low],
        );
        if number + 1 == PRESS_AND_END {
            self.timestamp += (PRESS_AND_END * SAMPLES) as u32;
        }
        packet
    }

    fn packet(&mut self, payload_type: Option<PayloadType>, payload: &[u8]) -> Vec<u8> {
        let header = RtpHeader {
            marker: false,
            payload_type: payload_type.unwrap_or(PayloadType::PCMU),
            sequence: self.sequence,
            timestamp: self.timestamp,
            ssrc: Ssrc(0x5eed),
        };
        self.sequence = self.sequence.wrapping_add(1);
        let mut packet = Vec::new();
        header.write_packet(payload, &mut packet);
        packet
    }
}

/// The sound of a key at 8 kHz.
pub fn tone(key: char, samples: usize) -> impl Iterator<Item = i16> {
    let place = KEYS.find(key).unwrap_or_default();
    let (low, high) = (LOW_HZ[place / 4], HIGH_HZ[place % 4]);
    (0..samples).map(move |n| {
        let turns = n as f64 / 8_000.0 * TAU;
        (LOW_AMPLITUDE * (low * turns).sin() + HIGH_AMPLITUDE * (high * turns).sin()) as i16
    })
}
