//! Payloads into sound, and what a codec makes of packets that are missing.

use super::g722::G722Decoder;
#[cfg(feature = "opus")]
use super::opus::OpusDecoder;
use super::{Codec, g711, l16, pcma, pcmu};

/// The decoder of one direction of one stream, with what it remembers from packet to packet: it is given packets in order.
#[derive(Debug)]
pub struct Decoder {
    codec: Codec,
    state: State,
}

/// What is remembered.
#[derive(Debug)]
enum State {
    Pcmu,
    Pcma,
    G722(Box<G722Decoder>),
    L16,
    #[cfg(feature = "opus")]
    Opus(OpusDecoder),
}

impl Decoder {
    /// A decoder at the beginning of its sound.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        let state = match codec {
            Codec::Pcmu => State::Pcmu,
            Codec::Pcma => State::Pcma,
            Codec::G722 => State::G722(Box::default()),
            Codec::L16(_) => State::L16,
            #[cfg(feature = "opus")]
            Codec::Opus(_) => State::Opus(OpusDecoder::new(codec.sample_rate())),
        };
        Self { codec, state }
    }

    /// What it decodes.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends the sound of `payload` to `samples`: [`Codec::packet_samples`] of them, none of a malformed payload.
    pub fn decode(&mut self, payload: &[u8], samples: &mut Vec<i16>) {
        match &mut self.state {
            State::Pcmu => g711::extend(payload, samples, pcmu::decode),
            State::Pcma => g711::extend(payload, samples, pcma::decode),
            State::G722(decoder) => decoder.decode(payload, samples),
            State::L16 => l16::decode(payload, samples),
            #[cfg(feature = "opus")]
            State::Opus(decoder) => decoder.decode(payload, samples),
        }
    }

    /// Appends `count` samples in place of packets that are missing, and returns `true`; returns `false` when the codec has no
    /// concealment of its own, and the listener makes the sound up.
    pub fn conceal(&mut self, count: usize, samples: &mut Vec<i16>) -> bool {
        match &mut self.state {
            #[cfg(feature = "opus")]
            State::Opus(decoder) => {
                decoder.conceal(count, samples);
                true
            }
            _ => {
                let _ = (count, samples);
                false
            }
        }
    }

    /// Appends the `count` samples before `next` from what `next` repeats of them (in-band forward error correction), and
    /// returns `true`; returns `false` when it repeats nothing. `next` itself is still to be decoded.
    pub fn recover(&mut self, next: &[u8], count: usize, samples: &mut Vec<i16>) -> bool {
        match &mut self.state {
            #[cfg(feature = "opus")]
            State::Opus(decoder) => decoder.recover(next, count, samples),
            _ => {
                let _ = (next, count, samples);
                false
            }
        }
    }
}
