//! L16: samples of 16 bits as they are, the most significant octet first (RFC 3551 section 4.5.11).

/// Appends the payload of `samples`.
pub(super) fn encode(samples: &[i16], payload: &mut Vec<u8>) {
    payload.extend(samples.iter().flat_map(|sample| sample.to_be_bytes()));
}

/// Appends the samples of `payload`; half a sample at its end is left out.
pub(super) fn decode(payload: &[u8], samples: &mut Vec<i16>) {
    let (pairs, _) = payload.as_chunks::<2>();
    samples.extend(pairs.iter().map(|pair| i16::from_be_bytes(*pair)));
}
