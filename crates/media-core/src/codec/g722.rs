//! G.722 at 64 kbit/s: two bands of 8 kHz, split and joined by quadrature mirror filters, each an ADPCM of its own.
//!
//! Names of blocks and tables are those of the Recommendation. All arithmetic is its own, to the last bit.

mod band;
mod mirror_filter;
mod predictor;

use band::{Higher, Lower};
use mirror_filter::{Join, Split};

/// Sound of 16 kHz into octets, one for two samples.
#[derive(Debug, Default)]
pub(super) struct G722Encoder {
    filter: Split,
    lower: Lower,
    higher: Higher,
}

impl G722Encoder {
    /// Appends the octets of `samples`; an odd sample at the end is left out.
    pub(super) fn encode(&mut self, samples: &[i16], payload: &mut Vec<u8>) {
        let (lower, higher) = (&mut self.lower, &mut self.higher);
        self.filter.split(samples, |low, high| {
            payload.push(higher.encode(high) << 6 | lower.encode(low));
        });
    }
}

/// Octets into sound of 16 kHz.
#[derive(Debug, Default)]
pub(super) struct G722Decoder {
    filter: Join,
    lower: Lower,
    higher: Higher,
}

impl G722Decoder {
    /// Appends two samples for each octet.
    pub(super) fn decode(&mut self, payload: &[u8], samples: &mut Vec<i16>) {
        let (lower, higher) = (&mut self.lower, &mut self.higher);
        let bands = payload
            .iter()
            .map(|octet| (lower.decode(octet & 0x3F), higher.decode(octet >> 6)));
        self.filter.join(bands, samples);
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn hash(octets: &[u8]) -> String {
        let digest = Sha256::digest(octets);
        digest.iter().map(|octet| format!("{octet:02x}")).collect()
    }

    /// The hashes are those of the ITU's software tool library (G.191).
    #[test]
    fn it_is_that_of_the_itu() {
        let mut state = 12_345_u32;
        let samples: Vec<i16> = (0..32_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as i16 >> 2
            })
            .collect();
        let (mut payload, mut decoded) = (Vec::new(), Vec::new());
        let mut encoder = G722Encoder::default();
        let mut decoder = G722Decoder::default();
        // Packets of many lengths are one stream.
        for (number, packet) in samples.chunks(640).enumerate() {
            for piece in packet.chunks(2 + 2 * number) {
                encoder.encode(piece, &mut payload);
            }
        }
        for packet in payload.chunks(77) {
            decoder.decode(packet, &mut decoded);
        }
        let decoded: Vec<u8> = decoded
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        assert_eq!(
            hash(&payload),
            "089c300b920774e1672e4542a7532b46ab52231890686a8041514c6f471a1807"
        );
        assert_eq!(
            hash(&decoded),
            "e6173afc5abd325aeb571e679603c6665cd534891edf7b1c6993aabd3b7f4622"
        );
    }

    #[test]
    fn the_loudest_sound_saturates() {
        let (mut payload, mut decoded) = (Vec::new(), Vec::new());
        let square: Vec<i16> = (0..3_200)
            .map(|n| if n % 40 < 20 { i16::MIN } else { i16::MAX })
            .collect();
        G722Encoder::default().encode(&square, &mut payload);
        G722Decoder::default().decode(&payload, &mut decoded);
        for (sent, heard) in square.iter().zip(&decoded[22..]).skip(400) {
            let steep = heard.unsigned_abs() < 16_384;
            assert!(steep || (*sent > 0) == (*heard > 0), "{sent} {heard}");
        }
    }
}
