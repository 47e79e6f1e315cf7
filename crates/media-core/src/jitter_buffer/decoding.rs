//! Waiting packets into samples: in the order of their timestamps, as late as they can be, and with what the codec itself
//! does about those that are missing.

use super::JitterBuffer;
use super::packet_queue::{Content, Waiting};
use crate::codec::{Codec, Decoder};

/// Codecs that a stream may have heard so far.
const MAX_DECODERS: usize = 8;
/// A payload of so many octets of a codec that conceals by itself says that the sender pauses.
const PAUSE_OCTETS: usize = 2;
/// For so long a codec goes on by itself: a fifth of a second; in a pause without end.
const CODEC_GAPS_PER_SECOND: i64 = 5;
/// Codecs conceal whole pieces of 2.5 ms.
const PIECES_PER_SECOND: i64 = 400;

/// What has been decoded so far, and by what.
#[derive(Debug)]
pub(super) struct Decoding {
    decoders: Vec<Decoder>,
    /// The place of the present one among them.
    present: usize,
    sample_rate_hz: i64,
    /// Where what has been decoded ends.
    position: i64,
    /// The last packet.
    sequence: u64,
    samples: i64,
    /// Whether it said that the sender pauses.
    paused: bool,
    /// Samples that the codec has made up since.
    made_up: i64,
    output: Vec<i16>,
}

impl Decoding {
    pub(super) fn new(sample_rate_hz: u32, longest_packet: usize) -> Self {
        Self {
            decoders: Vec::with_capacity(MAX_DECODERS),
            present: 0,
            sample_rate_hz: sample_rate_hz.into(),
            position: i64::MIN,
            sequence: 0,
            samples: 0,
            paused: false,
            made_up: 0,
            output: Vec::with_capacity(longest_packet),
        }
    }

    /// Another run of sound: nothing is missing before it.
    pub(super) fn restart(&mut self) {
        self.position = i64::MIN;
    }

    /// Where what has been decoded ends, for a codec that has to be given its packets in order.
    pub(super) fn position(&self) -> i64 {
        self.position
    }

    /// Turns to the decoder of this codec; returns whether there is one.
    fn turn_to(&mut self, codec: Codec) -> bool {
        let known = self
            .decoders
            .iter()
            .position(|known| known.codec() == codec);
        self.present = known.unwrap_or(self.decoders.len());
        if known.is_none() && self.decoders.len() < MAX_DECODERS {
            self.decoders.push(Decoder::new(codec));
        }
        self.present < self.decoders.len()
    }

    /// Takes note of a packet that has been decoded.
    fn follow(&mut self, packet: &Waiting, octets: usize) {
        self.position = self.position.max(packet.first + packet.samples);
        (self.sequence, self.samples) = (packet.sequence, packet.samples);
        self.paused = octets <= PAUSE_OCTETS;
        self.made_up = 0;
    }
}

impl JitterBuffer {
    /// Decodes what begins before `end`. A gap that the codec would fill by itself is filled up to `due` and left alone beyond:
    /// the packet may still come.
    pub(super) fn decode_until(&mut self, due: i64, end: i64) {
        while let Some((packet, _)) = self.queue.first().filter(|(packet, _)| packet.first < end) {
            if self.bridge(packet.first, due) {
                return;
            }
            self.decode_first();
        }
        self.bridge(due, due);
    }

    fn decode_first(&mut self) {
        let Some((packet, payload)) = self.queue.first() else {
            return;
        };
        match packet.content {
            Content::Noise => self.concealer.pause(payload),
            Content::Audio(codec) if self.decoding.turn_to(codec) => {
                self.concealer.go_on();
                let decoding = &mut self.decoding;
                decoding.output.clear();
                decoding.decoders[decoding.present].decode(payload, &mut decoding.output);
                self.store.put(packet.first, &decoding.output);
                decoding.follow(&packet, payload.len());
            }
            Content::Audio(_) => {}
        }
        self.queue.pop();
    }

    /// Lets the codec fill the gap before `until` as far as it is due; returns whether more of it is to be filled later.
    fn bridge(&mut self, until: i64, due: i64) -> bool {
        while self.decoding.position < until && self.decoding.conceals() {
            if self.decoding.position >= due {
                return true;
            }
            let missing = until - self.decoding.position;
            if self.recover(missing) || self.conceal_by_codec(missing) {
                continue;
            }
            self.decoding.position = until;
        }
        false
    }

    /// Takes what the next packet repeats of the one before it.
    fn recover(&mut self, missing: i64) -> bool {
        let Some((packet, payload)) = self.queue.first() else {
            return false;
        };
        let decoding = &mut self.decoding;
        let next_to = packet.first == decoding.position + missing && missing <= packet.samples;
        let lost = packet.sequence > decoding.sequence + 1;
        let same = packet.content == Content::Audio(decoding.decoders[decoding.present].codec());
        decoding.output.clear();
        let decoder = &mut decoding.decoders[decoding.present];
        let recovered = next_to
            && lost
            && same
            && decoder.recover(payload, missing as usize, &mut decoding.output);
        if recovered {
            let place = decoding.position;
            self.store.put(place, &decoding.output);
            decoding.position += missing;
            self.statistics.recovered += self.rate.duration(missing);
        }
        recovered
    }

    /// Lets the codec make up the next packet, or what is missing of it.
    fn conceal_by_codec(&mut self, missing: i64) -> bool {
        let decoding = &mut self.decoding;
        let piece = decoding.sample_rate_hz / PIECES_PER_SECOND;
        let count = missing.min(decoding.samples.max(piece)).max(piece) / piece * piece;
        let patience = decoding.sample_rate_hz / CODEC_GAPS_PER_SECOND;
        if decoding.made_up >= patience && !decoding.paused {
            return false;
        }
        decoding.output.clear();
        let decoder = &mut decoding.decoders[decoding.present];
        if !decoder.conceal(count as usize, &mut decoding.output) {
            return false;
        }
        self.store.put(decoding.position, &decoding.output);
        decoding.position += count;
        decoding.made_up += count;
        let made_up = self.rate.duration(count);
        match decoding.paused {
            true => self.statistics.paused += made_up,
            false => self.unexplained += made_up,
        }
        true
    }
}

impl Decoding {
    /// Whether the present codec has to be given its packets in order, and goes on by itself where one is missing.
    pub(super) fn conceals(&self) -> bool {
        let decoder = self.decoders.get(self.present);
        self.position > i64::MIN
            && decoder.is_some_and(|decoder| !decoder.codec().is_sample_based())
    }
}
