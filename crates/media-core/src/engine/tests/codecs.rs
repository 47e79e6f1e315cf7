//! Calls in every codec: what is heard, and what RTP looks like.

use super::*;
use crate::codec::{Codec, SampleRate};

fn knowing(codecs: &[Codec]) -> Capabilities {
    Capabilities {
        codecs: codecs.to_vec(),
        ..Capabilities::default()
    }
}

/// A call of ten seconds in which both parties know one codec.
fn call(codec: Codec, ptime_ms: u64, loss: f64, seconds: u64) -> Call {
    let capabilities = Capabilities {
        ptime: Duration::from_millis(ptime_ms),
        ..knowing(&[codec])
    };
    let mut call = Call::knowing([TONE, OTHER_TONE], [capabilities.clone(), capabilities]);
    call.loss = loss;
    call.start();
    call.run(Duration::from_secs(seconds));
    call
}

/// The codecs that every build has, and how pure a tone comes out of each.
const PURITIES: [(Codec, f64); 4] = [
    (Codec::Pcma, 0.999),
    (Codec::G722, 0.995),
    (Codec::L16(SampleRate::Hz16000), 0.9999),
    (Codec::L16(SampleRate::Hz32000), 0.9999),
];

fn check(codec: Codec, least: f64) {
    for ptime_ms in [20, 60] {
        let mut call = call(codec, ptime_ms, 0.0, 10);
        for (party, hz) in call.parties.iter().zip([1_000.0, 440.0]) {
            let recorded = party.recording.samples();
            let heard = heard(&recorded);
            assert!(heard.len() > 8_000 * 9, "{codec}: {}", heard.len());
            for second in heard[4_000..].chunks_exact(8_000) {
                let purity = purity(second, hz);
                assert!(purity > least, "{codec} in {ptime_ms} ms: {purity}");
            }
        }
        let ticks = codec.clock_rate_hz() * ptime_ms as u32 / 1_000;
        for pair in call.sent.windows(2) {
            let step = timestamp(&pair[1]).wrapping_sub(timestamp(&pair[0]));
            assert_eq!(step, ticks, "{codec} in {ptime_ms} ms");
        }
        for statistics in call.stop() {
            assert_eq!(statistics.codec, Some(codec));
            assert_eq!(statistics.jitter_buffer.concealed, Duration::ZERO);
            assert!(statistics.jitter < Duration::from_millis(1));
        }
    }
}

#[test]
fn a_tone_crosses_every_codec() {
    for (codec, least) in PURITIES {
        check(codec, least);
    }
}

#[cfg(feature = "opus")]
mod opus {
    use super::*;

    #[test]
    fn a_tone_crosses_opus_at_every_rate() {
        for rate in [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000] {
            check(Codec::Opus(rate), 0.95);
        }
    }

    #[test]
    fn loss_that_the_peer_reports_is_met_by_error_correction() {
        let mut lossy = call(Codec::Opus(SampleRate::Hz16000), 20, 0.1, 60);
        for statistics in lossy.stop() {
            let buffer = statistics.jitter_buffer;
            // A tenth of a minute is lost, and a tenth of that has a next packet that is lost too.
            assert!(buffer.recovered > Duration::from_secs(2), "{buffer:?}");
        }
    }

    #[test]
    fn a_call_changes_from_opus_to_g711_and_back() {
        let opus = Codec::Opus(SampleRate::Hz16000);
        let mut call = Call::knowing(
            [TONE, OTHER_TONE],
            [knowing(&[opus, Codec::Pcmu]), knowing(&[Codec::Pcmu, opus])],
        );
        call.start();
        call.run(Duration::from_secs(5));
        for expected in [Codec::Pcmu, opus] {
            call.parties.swap(0, 1);
            call.negotiate();
            call.run(Duration::from_secs(5));
            for party in &call.parties {
                let statistics = party.events.iter().rev().find_map(|event| match event {
                    MediaEvent::Statistics { statistics, .. } => Some(statistics.clone()),
                    _ => None,
                });
                assert_eq!(statistics.unwrap().codec, Some(expected));
            }
        }
        for (party, hz) in call.parties.iter().zip([1_000.0, 440.0]) {
            let recorded = party.recording.samples();
            let heard = heard(&recorded);
            assert!(heard.len() > 8_000 * 14, "{}", heard.len());
            // Each of the three parts, away from the changes.
            for from in [1, 6, 11] {
                let purity = purity(&heard[from * 8_000..][..3 * 8_000], hz);
                assert!(purity > 0.95, "from second {from}: {purity}");
            }
        }
        for statistics in call.stop() {
            assert_eq!(statistics.packets_lost, 0);
        }
    }
}
