//! Payloads into sound, and what a codec makes of packets that are missing.

use super::{Codec, pcma, pcmu};

/// The decoder of one direction of one stream, with what it remembers from packet to packet: it is given packets in order.
#[derive(Debug)]
pub struct Decoder {
    codec: Codec,
}

impl Decoder {
    /// A decoder at the beginning of its sound.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        Self { codec }
    }

    /// What it decodes.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends the sound of `payload` to `samples`: [`Codec::packet_samples`] of them, none of a malformed payload.
    pub fn decode(&mut self, payload: &[u8], samples: &mut Vec<i16>) {
        match self.codec {
            Codec::Pcmu => samples.extend(payload.iter().map(|octet| pcmu::decode(*octet))),
            Codec::Pcma => samples.extend(payload.iter().map(|octet| pcma::decode(*octet))),
        }
    }

    /// Appends `count` samples in place of packets that are missing, and returns `true`; returns `false` when the codec has no
    /// concealment of its own, and the listener makes the sound up.
    pub fn conceal(&mut self, _count: usize, _samples: &mut Vec<i16>) -> bool {
        false
    }

    /// Appends the `count` samples before `next` from what `next` repeats of them (in-band forward error correction), and
    /// returns `true`; returns `false` when it repeats nothing. `next` itself is still to be decoded.
    pub fn recover(&mut self, _next: &[u8], _count: usize, _samples: &mut Vec<i16>) -> bool {
        false
    }
}
