//! Waiting packets into samples: in the order of their timestamps, as late as they can be, and with what the codec itself
//! does about those that are missing.

use super::packet_queue::{Content, Waiting};
use super::voice::Voice;
use super::{HORIZON_FRAMES, JitterBuffer};
use crate::codec::Codec;

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
    voices: Vec<Voice>,
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
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        Self {
            voices: Vec::new(),
            present: 0,
            sample_rate_hz: sample_rate_hz.into(),
            position: i64::MIN,
            sequence: 0,
            samples: 0,
            paused: false,
            made_up: 0,
            output: Vec::new(),
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
        let of_codec = |voice: &Voice| voice.decoder.codec() == codec;
        let known = self.voices.iter().position(of_codec);
        self.present = known.unwrap_or(self.voices.len());
        if known.is_none() && self.voices.len() < MAX_DECODERS {
            let sample_rate_hz = self.sample_rate_hz as u32;
            self.voices.push(Voice::new(codec, sample_rate_hz));
        }
        self.present < self.voices.len()
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
                let last = (decoding.position > i64::MIN).then_some(decoding.sequence);
                let missing = packet.missing_after(last);
                self.statistics.losses.note(missing);
                if missing > 0 {
                    self.estimator.redundancy.note_loss();
                }
                let voice = &mut decoding.voices[decoding.present];
                voice.run(&mut decoding.output, |decoder, output| {
                    decoder.decode(payload, output)
                });
                self.store.put(packet.first, &decoding.output);
                decoding.follow(&packet, payload.len());
            }
            Content::Audio(_) => {}
        }
        self.queue.pop();
    }

    /// Lets the codec fill the gap before `until` as far as it is due; returns whether more of it is to be filled later.
    fn bridge(&mut self, until: i64, due: i64) -> bool {
        if self.decoding.conceals() {
            // Time that was skipped is not made up.
            let earliest = due.saturating_sub(HORIZON_FRAMES * self.rate.frame());
            self.decoding.position = self.decoding.position.max(earliest);
        }
        while self.decoding.position < until && self.decoding.conceals() {
            if self.decoding.position >= due {
                return true;
            }
            // The next packet may not be due yet, and repeat what is.
            let next = self
                .queue
                .first()
                .map_or(until, |(next, _)| next.first.max(until));
            let missing = next - self.decoding.position;
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
        let voice = &mut decoding.voices[decoding.present];
        let codec = voice.decoder.codec();
        let same = packet.content == Content::Audio(codec);
        let count = missing * i64::from(codec.sample_rate_hz()) / decoding.sample_rate_hz;
        let recovered = next_to
            && lost
            && same
            && voice.run(&mut decoding.output, |decoder, output| {
                decoder.recover(payload, count as usize, output)
            });
        if recovered {
            let place = decoding.position;
            self.store.put(place, &decoding.output);
            decoding.position += missing;
            self.statistics.recovered += self.rate.duration(missing);
        }
        recovered
    }

    /// Lets the codec make up the next packet, or what is missing up to the one that waits: codecs do worse with less.
    fn conceal_by_codec(&mut self, missing: i64) -> bool {
        let decoding = &mut self.decoding;
        let piece = decoding.sample_rate_hz / PIECES_PER_SECOND;
        let wanted = match self.queue.first() {
            Some(_) => missing.min(decoding.samples),
            None => decoding.samples,
        };
        let count = wanted.max(piece) / piece * piece;
        let patience = decoding.sample_rate_hz / CODEC_GAPS_PER_SECOND;
        if decoding.made_up >= patience && !decoding.paused {
            return false;
        }
        let voice = &mut decoding.voices[decoding.present];
        let own =
            count * i64::from(voice.decoder.codec().sample_rate_hz()) / decoding.sample_rate_hz;
        let made = voice.run(&mut decoding.output, |decoder, output| {
            decoder.conceal(own as usize, output)
        });
        if !made {
            return false;
        }
        let place = decoding.position;
        self.store.put(place, &decoding.output);
        decoding.position += count;
        decoding.made_up += count;
        match decoding.paused {
            true => self.statistics.paused += self.rate.duration(count),
            false => self.count_made_up(place, count),
        }
        true
    }
}

impl Decoding {
    /// Whether the present codec has to be given its packets in order, and goes on by itself where one is missing.
    pub(super) fn conceals(&self) -> bool {
        let voice = self.voices.get(self.present);
        self.position > i64::MIN
            && voice.is_some_and(|voice| !voice.decoder.codec().is_sample_based())
    }
}
