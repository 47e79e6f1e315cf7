//! What 20 ms of a call cost in each codec, at each change of rate, and in a call from Opus to G.711 and back.

use std::f64::consts::TAU;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use rvoip_media_core::{Codec, ComfortNoise, Decoder, Encoder, Resampler, SampleRate};

/// Two seconds of something like a voice: a vowel of a few harmonics whose pitch wanders, four times a second.
fn voice(rate_hz: u32) -> Vec<i16> {
    let mut turns = 0.0;
    (0..rate_hz * 2)
        .map(|n| {
            let time = f64::from(n) / f64::from(rate_hz);
            turns += (140.0 + 30.0 * (time * 3.0).sin()) / f64::from(rate_hz);
            let harmonic = |k: u32| (turns * f64::from(k) * TAU).sin() / f64::from(k);
            let syllable = 0.5 - 0.5 * (time * 4.0 * TAU).cos();
            ((1..=8).map(harmonic).sum::<f64>() * syllable * 8_000.0) as i16
        })
        .collect()
}

fn packets(codec: Codec) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::new(codec);
    let sound = voice(codec.sample_rate_hz());
    let packet = |frame: &[i16]| {
        let mut payload = Vec::new();
        encoder.encode(frame, &mut payload);
        payload
    };
    let frames = sound.chunks_exact(codec.frame_samples());
    frames.map(packet).collect()
}

fn codecs(criterion: &mut Criterion) {
    for codec in [
        Codec::Pcmu,
        Codec::Pcma,
        Codec::G722,
        Codec::L16(SampleRate::Hz16000),
        Codec::Opus(SampleRate::Hz8000),
        Codec::Opus(SampleRate::Hz16000),
        Codec::Opus(SampleRate::Hz48000),
    ] {
        let name = format!("{codec} {} kHz", codec.sample_rate_hz() / 1_000);
        let sound = voice(codec.sample_rate_hz());
        let mut frames = sound.chunks_exact(codec.frame_samples()).cycle();
        let mut encoder = Encoder::new(codec);
        let mut payload = Vec::with_capacity(1_500);
        criterion.bench_function(&format!("encode/{name}"), |bencher| {
            bencher.iter(|| {
                payload.clear();
                encoder.encode(frames.next().unwrap_or(&[]), &mut payload);
                black_box(payload.len())
            });
        });
        let packets = packets(codec);
        let mut packets = packets.iter().cycle();
        let mut decoder = Decoder::new(codec);
        let mut samples = Vec::with_capacity(2_000);
        criterion.bench_function(&format!("decode/{name}"), |bencher| {
            bencher.iter(|| {
                samples.clear();
                decoder.decode(packets.next().map_or(&[], Vec::as_slice), &mut samples);
                black_box(samples.len())
            });
        });
    }
}

/// Opus comes in wide and goes out narrow at complexity 5; the other leg is G.711. Sockets and the jitter buffer are not in it.
fn transcoded_call(criterion: &mut Criterion) {
    let narrow = Codec::Opus(SampleRate::Hz8000);
    let (wide, g711) = (
        packets(Codec::Opus(SampleRate::Hz16000)),
        packets(Codec::Pcmu),
    );
    let mut arriving = wide.iter().zip(&g711).cycle();
    let (mut from_opus, mut to_g711) = (Decoder::new(narrow), Encoder::new(Codec::Pcmu));
    let (mut from_g711, mut to_opus) = (Decoder::new(Codec::Pcmu), Encoder::new(narrow));
    let (mut samples, mut payload) = (Vec::with_capacity(500), Vec::with_capacity(1_500));
    criterion.bench_function("call/Opus to G.711 and back", |bencher| {
        bencher.iter(|| {
            let Some((opus, pcmu)) = arriving.next() else {
                return;
            };
            samples.clear();
            payload.clear();
            from_opus.decode(opus, &mut samples);
            to_g711.encode(&samples, &mut payload);
            samples.clear();
            payload.clear();
            from_g711.decode(pcmu, &mut samples);
            to_opus.encode(&samples, &mut payload);
            black_box(&payload);
        });
    });
}

fn rates(criterion: &mut Criterion) {
    for (from_hz, to_hz) in [
        (8_000, 16_000),
        (16_000, 8_000),
        (48_000, 8_000),
        (8_000, 48_000),
        (44_100, 8_000),
        (48_000, 16_000),
    ] {
        let sound = voice(from_hz);
        let mut frames = sound.chunks_exact(from_hz as usize / 50).cycle();
        let mut resampler = Resampler::new(from_hz, to_hz);
        let mut out = Vec::with_capacity(2_000);
        criterion.bench_function(&format!("resample/{from_hz} to {to_hz}"), |bencher| {
            bencher.iter(|| {
                out.clear();
                resampler.process(frames.next().unwrap_or(&[]), &mut out);
                black_box(out.len())
            });
        });
    }
}

fn comfort_noise(criterion: &mut Criterion) {
    let mut noise = ComfortNoise::new();
    noise.update(&[50, 60, 150, 120, 130, 127, 140, 100, 127, 127, 127]);
    let mut frame = [0; 160];
    criterion.bench_function("comfort noise", |bencher| {
        bencher.iter(|| {
            noise.fill(&mut frame);
            black_box(frame[0])
        });
    });
}

criterion_group!(benches, codecs, transcoded_call, rates, comfort_noise);
criterion_main!(benches);
