//! Sound into payloads.

use super::g722::G722Encoder;
#[cfg(feature = "opus")]
use super::opus::OpusEncoder;
use super::{Codec, OpusConfig, g711, l16, pcma, pcmu};

/// The encoder of one direction of one stream, with what it remembers from packet to packet.
#[derive(Debug)]
pub struct Encoder {
    codec: Codec,
    state: State,
}

/// What is remembered.
#[derive(Debug)]
enum State {
    Pcmu,
    Pcma,
    G722(Box<G722Encoder>),
    L16,
    #[cfg(feature = "opus")]
    Opus(OpusEncoder),
}

impl Encoder {
    /// An encoder at the beginning of its sound.
    #[must_use]
    pub fn new(codec: Codec) -> Self {
        let state = match codec {
            Codec::Pcmu => State::Pcmu,
            Codec::Pcma => State::Pcma,
            Codec::G722 => State::G722(Box::default()),
            Codec::L16(_) => State::L16,
            #[cfg(feature = "opus")]
            Codec::Opus(_) => State::Opus(OpusEncoder::new(codec.sample_rate())),
        };
        Self { codec, state }
    }

    /// What it encodes to.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends the payload of a packet's `samples`, at [`Codec::sample_rate_hz`], to `payload`.
    ///
    /// A packet is encoded in one call, of whole frames of 20 ms, 120 ms at most: the payloads of some codecs cannot be joined.
    /// Nothing is appended when the codec finds that nothing needs to be sent.
    pub fn encode(&mut self, samples: &[i16], payload: &mut Vec<u8>) {
        match &mut self.state {
            State::Pcmu => g711::extend(samples, payload, pcmu::encode),
            State::Pcma => g711::extend(samples, payload, pcma::encode),
            State::G722(encoder) => encoder.encode(samples, payload),
            State::L16 => l16::encode(samples, payload),
            #[cfg(feature = "opus")]
            State::Opus(encoder) => encoder.encode(samples, payload),
        }
    }

    /// Takes the share of packets that the peer reports lost, 0 to 1; a codec that can arms its packets against it.
    pub fn set_packet_loss(&mut self, share: f64) {
        match &mut self.state {
            #[cfg(feature = "opus")]
            State::Opus(encoder) => encoder.set_packet_loss(share),
            // The others send every sample for itself.
            _ => _ = share,
        }
    }

    /// Takes how to encode, when that is Opus; it may change between any two packets.
    pub fn configure(&mut self, opus: &OpusConfig) {
        match &mut self.state {
            #[cfg(feature = "opus")]
            State::Opus(encoder) => encoder.configure(opus),
            _ => _ = opus,
        }
    }
}
