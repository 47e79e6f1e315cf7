//! Payloads that several listeners are sent.

use crate::codec::{Codec, Encoder};

/// What listeners who hear the same are sent, encoded once for each codec that remembers nothing.
#[derive(Debug, Default)]
pub(crate) struct SharedPayloads {
    payloads: Vec<(Codec, Vec<u8>)>,
    /// How many of them are of the present frame.
    present: usize,
}

impl SharedPayloads {
    /// Forgets the frame before.
    pub(crate) fn clear(&mut self) {
        self.present = 0;
    }

    /// Whether payloads of this codec are the same for whoever hears the same.
    pub(super) fn can_hold(codec: Codec) -> bool {
        matches!(codec, Codec::Pcmu | Codec::Pcma | Codec::L16(_))
    }

    /// The payload of the present frame, encoded by whoever asks first.
    pub(super) fn payload(&mut self, codec: Codec, sound: &[i16]) -> &[u8] {
        let mut present = self.payloads[..self.present].iter();
        if let Some(known) = present.position(|(known, _)| *known == codec) {
            return &self.payloads[known].1;
        }
        if self.present == self.payloads.len() {
            self.payloads.push((codec, Vec::new()));
        }
        let (as_codec, payload) = &mut self.payloads[self.present];
        *as_codec = codec;
        payload.clear();
        Encoder::new(codec).encode(sound, payload);
        self.present += 1;
        payload
    }
}
