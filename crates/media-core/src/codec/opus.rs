//! Opus (RFC 6716) in RTP (RFC 7587), by the ropus crate.
//!
//! ropus is libopus in Rust, bit by bit, and nearly all of it safe: what strangers send is decoded by it. It needs no C compiler
//! and no cmake, and takes 110 KB for a stream. At complexity 5 it is about as fast in wideband as libopus and a tenth to a
//! quarter slower in narrowband. What it allocates it allocates and frees within a packet.

mod packet;

use std::fmt;

use ropus::{Application, Bandwidth, Bitrate, Channels, DecodeMode, InbandFec, Signal};

pub(super) use packet::{repeats, samples};

use super::{OpusConfig, SampleRate};

/// The longest payload: it fits an Ethernet frame with all headers around it.
const MAX_OCTETS: usize = 1_275;
/// A payload of so many octets needs not be sent (DTX).
const NOTHING_OCTETS: usize = 2;
/// From this share of lost packets on it pays to repeat them.
const FEC_FROM_PERCENT: u8 = 1;
/// With less expected loss Opus repeats nothing in wideband at 24 kbit/s, which is worse from 1 % on.
const FEC_AT_LEAST_PERCENT: u8 = 15;
/// What remains of an expected loss at the next report of less: bursts come again.
const LOSS_KEPT: f64 = 0.75;

/// Sound into payloads.
pub(super) struct OpusEncoder {
    /// `None` is not to be expected: every rate and number of channels that is asked for exists.
    encoder: Option<Box<ropus::Encoder>>,
    config: OpusConfig,
    loss: f64,
    loss_percent: u8,
}

impl OpusEncoder {
    pub(super) fn new(rate: SampleRate) -> Self {
        let encoder = ropus::Encoder::builder(rate.hz(), Channels::Mono, Application::Voip)
            .signal(Signal::Voice)
            .build()
            .ok()
            .map(Box::new);
        let mut encoder = Self {
            encoder,
            config: OpusConfig::default(),
            loss: 0.0,
            loss_percent: 0,
        };
        encoder.apply();
        encoder
    }

    pub(super) fn configure(&mut self, config: &OpusConfig) {
        if self.config != *config {
            self.config = *config;
            self.apply();
        }
    }

    pub(super) fn set_packet_loss(&mut self, share: f64) {
        self.loss = share.max(self.loss * LOSS_KEPT);
        let percent = (self.loss * 100.0).round().clamp(0.0, 100.0) as u8;
        if self.loss_percent != percent {
            self.loss_percent = percent;
            self.apply();
        }
    }

    fn apply(&mut self) {
        let Some(encoder) = &mut self.encoder else {
            return;
        };
        let config = &self.config;
        let (fec, expected) = match config.inband_fec && self.loss_percent >= FEC_FROM_PERCENT {
            true => (
                InbandFec::Enabled,
                self.loss_percent.max(FEC_AT_LEAST_PERCENT),
            ),
            false => (InbandFec::Disabled, self.loss_percent),
        };
        let bandwidth = match config.max_playback_rate_hz {
            0..=8_000 => Bandwidth::Narrowband,
            8_001..=12_000 => Bandwidth::Mediumband,
            12_001..=16_000 => Bandwidth::Wideband,
            16_001..=24_000 => Bandwidth::Superwideband,
            _ => Bandwidth::Fullband,
        };
        // What is out of range has been limited: there is no error to be had.
        let _ = encoder.set_bitrate(Bitrate::Bits(config.bitrate_bps.clamp(6_000, 510_000)));
        let _ = encoder.set_complexity(config.complexity.min(10));
        let _ = encoder.set_vbr(!config.constant_bitrate);
        let _ = encoder.set_dtx(config.dtx);
        let _ = encoder.set_inband_fec(fec);
        let _ = encoder.set_packet_loss_perc(expected);
        let _ = encoder.set_max_bandwidth(bandwidth);
    }

    pub(super) fn encode(&mut self, samples: &[i16], payload: &mut Vec<u8>) {
        let Some(encoder) = &mut self.encoder else {
            return;
        };
        let begin = payload.len();
        payload.resize(begin + MAX_OCTETS, 0);
        let octets = encoder.encode(samples, &mut payload[begin..]);
        let octets = octets.unwrap_or(0).min(MAX_OCTETS);
        let needed = octets > NOTHING_OCTETS;
        payload.truncate(begin + if needed { octets } else { 0 });
    }
}

/// Payloads into sound.
pub(super) struct OpusDecoder {
    /// `None` is not to be expected, as with the encoder.
    decoder: Option<Box<ropus::Decoder>>,
    rate: SampleRate,
}

impl OpusDecoder {
    pub(super) fn new(rate: SampleRate) -> Self {
        let decoder = ropus::Decoder::new(rate.hz(), Channels::Mono);
        Self {
            decoder: decoder.ok().map(Box::new),
            rate,
        }
    }

    /// Appends as many samples as the payload says it has; what cannot be decoded is concealed.
    pub(super) fn decode(&mut self, payload: &[u8], samples: &mut Vec<i16>) {
        let count = packet::samples(payload, self.rate);
        if count > 0 && !self.run(payload, DecodeMode::Normal, count, samples) {
            self.conceal(count, samples);
        }
    }

    /// Appends `count` samples of what may have been.
    pub(super) fn conceal(&mut self, count: usize, samples: &mut Vec<i16>) {
        let end = samples.len() + count;
        let longest = self.rate.hz() as usize / 50;
        let step = longest / 8;
        while samples.len() < end {
            // Whole steps of 2.5 ms are made up, of which the last may not be needed in full.
            let wanted = (end - samples.len()).min(longest).next_multiple_of(step);
            if !self.run(&[], DecodeMode::Normal, wanted, samples) {
                samples.resize(end, 0);
            }
        }
        samples.truncate(end);
    }

    /// Appends the `count` samples before `next`, when `next` repeats them.
    pub(super) fn recover(&mut self, next: &[u8], count: usize, samples: &mut Vec<i16>) -> bool {
        let fits = count > 0 && count.is_multiple_of(self.rate.hz() as usize / 400);
        let within = count <= self.rate.hz() as usize * 3 / 25;
        fits && within && repeats(next) && self.run(next, DecodeMode::Fec, count, samples)
    }

    /// Appends `count` samples, or nothing and returns `false`.
    fn run(
        &mut self,
        payload: &[u8],
        mode: DecodeMode,
        count: usize,
        samples: &mut Vec<i16>,
    ) -> bool {
        let begin = samples.len();
        samples.resize(begin + count, 0);
        let written = match &mut self.decoder {
            Some(decoder) => decoder.decode(payload, &mut samples[begin..], mode).ok(),
            None => None,
        };
        let whole = written == Some(count);
        if !whole {
            samples.truncate(begin);
        }
        whole
    }
}

impl fmt::Debug for OpusEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut formatter = f.debug_struct("OpusEncoder");
        formatter.field("config", &self.config);
        formatter.field("loss_percent", &self.loss_percent);
        formatter.finish_non_exhaustive()
    }
}

impl fmt::Debug for OpusDecoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut formatter = f.debug_struct("OpusDecoder");
        formatter.field("rate", &self.rate).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
