//! What codecs and sampling rate conversion take from the heap: per packet, and for a stream.

#![cfg(test)]

use allocation_counter::measure;
use rvoip_media_core::{Codec, ComfortNoise, Decoder, Encoder, Resampler, SampleRate};

const FRAMES: usize = 100;

/// A sawtooth in some noise.
fn sound(samples: usize) -> Vec<i16> {
    (0..samples)
        .map(|n| (n % 97 * 150 + n * n % 41 * 20) as i16 - 7_000)
        .collect()
}

/// Encodes and decodes; returns what is live on the heap afterwards, and how often something was taken in the second half.
fn run(codec: Codec) -> (i64, u64) {
    let frame = sound(codec.frame_samples());
    let (mut payload, mut samples) = (Vec::with_capacity(2_000), Vec::with_capacity(2_000));
    let mut later = 0;
    let mut kept = None;
    let live = measure(|| {
        let (mut encoder, mut decoder) = (Encoder::new(codec), Decoder::new(codec));
        let mut half = || {
            for _ in 0..FRAMES {
                payload.clear();
                samples.clear();
                encoder.encode(&frame, &mut payload);
                decoder.decode(&payload, &mut samples);
                assert_eq!(samples.len(), frame.len());
            }
        };
        half();
        later = measure(half).count_total;
        kept = Some((encoder, decoder));
    });
    drop(kept);
    (live.bytes_current, later)
}

#[test]
fn nothing_is_allocated_per_packet() {
    for codec in [
        Codec::Pcmu,
        Codec::Pcma,
        Codec::G722,
        Codec::L16(SampleRate::Hz16000),
    ] {
        let (live, later) = run(codec);
        assert_eq!(later, 0, "{codec}");
        assert!(live < 1_000, "{codec}: {live} octets");
    }
}

/// The crate that does Opus takes its working memory from the heap within a packet; nothing of it stays.
#[cfg(feature = "opus")]
#[test]
fn a_stream_of_opus_takes_110_kilobytes() {
    for rate in SampleRate::ALL {
        let (live, _) = run(Codec::Opus(rate));
        assert!((10_000..115_000).contains(&live), "{rate:?}: {live} octets");
    }
}

#[test]
fn rates_are_converted_and_noise_is_made_without_allocation() {
    let frame = sound(882);
    let mut out = Vec::with_capacity(2_000);
    for (from_hz, to_hz) in [(8_000, 48_000), (44_100, 16_000), (16_000, 8_000)] {
        let mut resampler = Resampler::new(from_hz, to_hz);
        let input = &frame[..from_hz as usize / 50];
        let taken = measure(|| {
            for _ in 0..FRAMES {
                out.clear();
                resampler.process(input, &mut out);
            }
        });
        assert_eq!(taken.count_total, 0, "{from_hz} to {to_hz}");
    }
    let mut noise = ComfortNoise::new();
    let mut frame = [0; 160];
    let taken = measure(|| {
        noise.update(&[40, 100, 150]);
        noise.fill(&mut frame);
    });
    assert_eq!(taken.count_total, 0);
}
