//! Opus as strangers send it and as it is sent to them; libopus 1.3.1 says how it has to sound.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};

use super::*;
use crate::codec::{Codec, Decoder, Encoder};

const CODEC: Codec = Codec::Opus(SampleRate::Hz16000);

/// Something like a voice: a vowel of a few harmonics whose pitch wanders, four times a second.
fn voice(rate_hz: u32, seconds: u32) -> Vec<i16> {
    let mut turns = 0.0;
    (0..rate_hz * seconds)
        .map(|n| {
            let time = f64::from(n) / f64::from(rate_hz);
            turns += (140.0 + 30.0 * (time * 3.0).sin()) / f64::from(rate_hz);
            let harmonic =
                |k: u32| (turns * f64::from(k) * std::f64::consts::TAU).sin() / f64::from(k);
            let syllables = 0.5 - 0.5 * (time * 4.0 * std::f64::consts::TAU).cos();
            ((1..=8).map(harmonic).sum::<f64>() * syllables * 8_000.0) as i16
        })
        .collect()
}

/// A buzz in noise four times a second, by integers alone.
fn buzz() -> Vec<i16> {
    let mut state = 12_345_u32;
    (0..16_000)
        .map(|n: i32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = i32::from((state >> 16) as i16) >> 6;
            let envelope = (n % 4_000).min(4_000 - n % 4_000);
            let saw = ((n % 110) * 2 - 110) * 60;
            ((saw * envelope).div_euclid(2_000) + noise) as i16
        })
        .collect()
}

/// A second of `buzz` as libopus encodes it at 24 kbit/s and complexity 5 for a loss of 10 %: each packet behind its length.
fn packets_of_libopus() -> Vec<&'static [u8]> {
    let mut rest = &include_bytes!("tests/libopus.packets")[..];
    let mut packets = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk() {
        let (packet, later) = after.split_at(u16::from_le_bytes(*length).into());
        packets.push(packet);
        rest = later;
    }
    packets
}

fn hash(samples: &[i16]) -> String {
    let octets: Vec<u8> = samples
        .iter()
        .flat_map(|sample| sample.to_le_bytes())
        .collect();
    let digest = Sha256::digest(&octets);
    digest.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn we_hear_what_libopus_hears_of_its_own_packets() {
    let mut decoder = Decoder::new(CODEC);
    let mut samples = Vec::new();
    for packet in packets_of_libopus() {
        decoder.decode(packet, &mut samples);
    }
    assert_eq!(
        hash(&samples),
        "4ab4667827d61a0310c8c34af907f150e369b135193e158dbc64d46042bc8309"
    );
}

/// Every fifth packet is lost whose next one repeats it; what libopus makes of the rest.
#[test]
fn we_recover_what_libopus_recovers() {
    let packets = packets_of_libopus();
    let mut decoder = Decoder::new(CODEC);
    let mut samples = Vec::new();
    for (number, pair) in packets.windows(2).enumerate() {
        match number % 5 == 4 && number != 24 {
            true => assert!(decoder.recover(pair[1], 320, &mut samples), "{number}"),
            false => decoder.decode(pair[0], &mut samples),
        }
    }
    assert_eq!(
        hash(&samples),
        "c2b65888bb56dc9cace61786c2ef94a759f8c7db7f7a23850babba4e32e3465c"
    );
    assert!(!decoder.recover(packets[25], 320, &mut samples));
}

/// The hash is that of what libopus hears.
#[test]
fn libopus_hears_our_packets_as_we_do() {
    let mut decoder = Decoder::new(CODEC);
    let mut samples = Vec::new();
    for packet in packets(&mut Encoder::new(CODEC), &buzz(), 320) {
        decoder.decode(&packet, &mut samples);
    }
    assert_eq!(
        hash(&samples),
        "5107534377fdc8ae6550f12a899868a01b5b57db6e898aa24292135d30fc9ccf"
    );
}

fn packets(encoder: &mut Encoder, sound: &[i16], samples: usize) -> Vec<Vec<u8>> {
    let packet = |piece: &[i16]| {
        let mut payload = Vec::new();
        encoder.encode(piece, &mut payload);
        payload
    };
    sound.chunks_exact(samples).map(packet).collect()
}

#[test]
fn packets_of_every_length_say_how_long_they_are() {
    for rate in [
        SampleRate::Hz8000,
        SampleRate::Hz16000,
        SampleRate::Hz24000,
        SampleRate::Hz48000,
    ] {
        let codec = Codec::Opus(rate);
        let sound = voice(rate.hz(), 1);
        for frames in 1..=6 {
            let samples = frames * codec.frame_samples();
            let mut decoder = Decoder::new(codec);
            for payload in packets(&mut Encoder::new(codec), &sound, samples) {
                assert_eq!(codec.packet_samples(&payload), samples, "{rate:?} {frames}");
                let mut decoded = Vec::new();
                decoder.decode(&payload, &mut decoded);
                assert_eq!(decoded.len(), samples);
            }
        }
    }
}

/// The table of RFC 6716 section 3.1, and the packets that section 3.4 forbids.
#[test]
fn the_length_of_a_packet_is_read_from_its_first_octets() {
    let milliseconds = |packet: &[u8]| CODEC.packet_samples(packet) as f64 / 16.0;
    for (packet, expected) in [
        (&[0 << 3, 0][..], 10.0),
        (&[1 << 3, 0], 20.0),
        (&[3 << 3, 0], 60.0),
        (&[11 << 3 | 1, 0], 120.0),
        (&[12 << 3], 10.0),
        (&[15 << 3], 20.0),
        (&[16 << 3], 2.5),
        (&[31 << 3 | 2, 0], 40.0),
        (&[31 << 3 | 3, 6, 0], 120.0),
        (&[31 << 3 | 3, 7, 0], 0.0),
        (&[3 << 3 | 3, 3, 0], 0.0),
        (&[31 << 3 | 3, 0], 0.0),
        (&[31 << 3 | 3], 0.0),
        (&[], 0.0),
    ] {
        assert_eq!(milliseconds(packet), expected, "{packet:?}");
    }
}

#[test]
fn a_lost_packet_is_recovered_from_the_next_when_loss_was_reported() {
    let sound = voice(16_000, 4);
    for loss in [0.0, 0.1] {
        let mut encoder = Encoder::new(CODEC);
        encoder.set_packet_loss(loss);
        let sent = packets(&mut encoder, &sound, 320);
        let (mut whole, mut lossy) = (Decoder::new(CODEC), Decoder::new(CODEC));
        let (mut recovered, mut alike, mut lost) = (0, 0, 0);
        let mut samples = Vec::new();
        for (number, payload) in sent.iter().enumerate() {
            samples.clear();
            whole.decode(payload, &mut samples);
            let mut heard = Vec::new();
            if number % 10 != 9 {
                lossy.decode(payload, &mut heard);
                continue;
            }
            lost += 1;
            if lossy.recover(
                sent.get(number + 1).map_or(&[], Vec::as_slice),
                320,
                &mut heard,
            ) {
                recovered += 1;
                alike += usize::from(correlation(&samples, &heard) > 0.8);
            } else {
                assert!(lossy.conceal(320, &mut heard));
            }
            assert_eq!(heard.len(), 320);
        }
        match loss > 0.0 {
            true => assert!(
                recovered * 10 >= lost * 7 && alike * 10 >= recovered * 9,
                "{recovered} {alike}"
            ),
            false => assert_eq!(recovered, 0),
        }
    }
}

fn correlation(a: &[i16], b: &[i16]) -> f64 {
    let sum = |a: &[i16], b: &[i16]| -> f64 {
        let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
        products.sum()
    };
    sum(a, b) / (sum(a, a) * sum(b, b)).sqrt()
}

#[test]
fn any_number_of_samples_is_concealed() {
    let mut decoder = Decoder::new(CODEC);
    let mut samples = Vec::new();
    for payload in packets(&mut Encoder::new(CODEC), &voice(16_000, 1), 320) {
        decoder.decode(&payload, &mut samples);
    }
    for count in [1, 39, 40, 41, 320, 500, 1_920, 5_000] {
        samples.clear();
        assert!(decoder.conceal(count, &mut samples));
        assert_eq!(samples.len(), count);
    }
    assert!(samples[4_000..].iter().all(|sample| sample.abs() < 500));
}

#[test]
fn silence_is_not_sent_when_the_peer_likes_that() {
    for dtx in [false, true] {
        let mut encoder = Encoder::new(CODEC);
        encoder.configure(&OpusConfig {
            dtx,
            ..OpusConfig::default()
        });
        let sent = packets(&mut encoder, &[0; 16_000 * 2], 320);
        let empty = sent.iter().filter(|payload| payload.is_empty()).count();
        assert_eq!(empty > 60, dtx, "{empty} of {}", sent.len());
    }
}

#[test]
fn the_bit_rate_and_the_bandwidth_are_what_is_asked_for() {
    let sound = voice(16_000, 4);
    let octets = |config: &OpusConfig| {
        let mut encoder = Encoder::new(CODEC);
        encoder.configure(config);
        let sent = packets(&mut encoder, &sound, 320);
        let lengths: Vec<usize> = sent.iter().map(Vec::len).collect();
        // The configurations of narrowband SILK are 0 to 3.
        let narrow = sent[50..].iter().all(|payload| payload[0] >> 3 < 4);
        (lengths, narrow)
    };
    let mean = |lengths: &[usize]| lengths.iter().sum::<usize>() * 8 * 50 / lengths.len();
    for bitrate_bps in [12_000, 24_000, 40_000] {
        let (lengths, narrow) = octets(&OpusConfig {
            bitrate_bps,
            ..OpusConfig::default()
        });
        let ratio = mean(&lengths) as f64 / f64::from(bitrate_bps);
        assert!(
            (0.3..1.15).contains(&ratio) && !narrow,
            "{bitrate_bps}: {ratio}"
        );
    }
    let constant = OpusConfig {
        constant_bitrate: true,
        ..OpusConfig::default()
    };
    assert!(octets(&constant).0[10..].iter().all(|length| *length == 60));
    let narrow = OpusConfig {
        max_playback_rate_hz: 8_000,
        ..OpusConfig::default()
    };
    assert!(octets(&narrow).1);
}

/// Whatever the network brings leads to as many samples as the packet says.
#[test]
fn any_packet_is_decoded_or_concealed() {
    let mut rng = StdRng::seed_from_u64(7);
    let sent = packets(&mut Encoder::new(CODEC), &voice(16_000, 2), 320);
    let mut decoder = Decoder::new(CODEC);
    let mut samples = Vec::new();
    for number in 0..3_000 {
        let mut payload = sent[number % sent.len()].clone();
        match rng.random_range(0..4) {
            0 => {
                payload = (0..rng.random_range(0..200))
                    .map(|_| rng.random())
                    .collect()
            }
            1 => payload.truncate(rng.random_range(0..payload.len())),
            2 => payload[0] = rng.random(),
            _ => {
                let at = rng.random_range(0..payload.len());
                payload[at] = rng.random();
            }
        }
        samples.clear();
        if rng.random_bool(0.1) {
            decoder.recover(&payload, 320, &mut samples);
            samples.clear();
        }
        decoder.decode(&payload, &mut samples);
        assert_eq!(samples.len(), CODEC.packet_samples(&payload));
    }
}
