//! Silence that is left out: what is sent, and what is heard instead.

use super::*;
use crate::codec::{Codec, SampleRate};

/// The noise behind the voice, at its loudest.
const NOISE: i16 = 120;

/// A buzz that speaks for a second, and pauses for four, in noise.
fn speech(rate: SampleRate) -> AudioSource {
    let mut rng = StdRng::seed_from_u64(5);
    let hz = rate.hz() as usize;
    let sample = |at: usize| {
        let noise = rng.random_range(-NOISE..=NOISE);
        let speaks = at % (5 * hz) >= 4 * hz;
        let swell = (at % (hz / 4)) as f64 / (hz / 4) as f64;
        let buzz = ((at * 150 % hz) as f64 / hz as f64 - 0.5) * 16_000.0 * swell;
        if speaks { buzz as i16 + noise } else { noise }
    };
    let samples: Vec<i16> = (0..20 * hz).map(sample).collect();
    let audio = Arc::new(Audio::new(samples, rate));
    AudioSource::File {
        audio,
        repeat: false,
    }
}

fn call(codec: Codec, comfort_noise: bool) -> Call {
    let capabilities = Capabilities {
        codecs: vec![codec],
        comfort_noise,
        ..Capabilities::default()
    };
    let sources = [speech(codec.sample_rate()), AudioSource::None];
    let mut call = Call::knowing(sources, [capabilities.clone(), capabilities]);
    call.start();
    call.run(Duration::from_secs(20));
    call
}

fn loudness(samples: &[i16]) -> f64 {
    let squares: f64 = samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    (squares / samples.len() as f64).sqrt()
}

#[test]
fn silence_is_left_out_and_noise_heard_in_its_place() {
    for codec in [Codec::Pcmu, Codec::G722] {
        let mut call = call(codec, true);
        let described = |packet: &&Vec<u8>| packet[1] & 0x7F == 13;
        let descriptions = call.sent.iter().filter(described).count();
        let voice: Vec<&Vec<u8>> = call.sent.iter().filter(|it| !described(it)).collect();
        // Sixteen seconds of twenty are silence.
        assert!((150..350).contains(&voice.len()), "{}", voice.len());
        assert!((16..=40).contains(&descriptions), "{descriptions}");
        // RFC 3551 4.1: the first packet of a talkspurt is marked, a description never.
        let marked = |packet: &&Vec<u8>| packet[1] & 0x80 != 0;
        let marks = call.sent.iter().filter(marked).count();
        assert_eq!(marks, voice.iter().filter(|it| marked(it)).count());
        assert!((4..=8).contains(&marks), "{marks}");
        for pair in call.sent.windows(2) {
            assert_eq!(sequence(&pair[1]).wrapping_sub(sequence(&pair[0])), 1);
            let step = timestamp(&pair[1]).wrapping_sub(timestamp(&pair[0]));
            assert!(
                step.is_multiple_of(160) && (160..=50 * 160).contains(&step),
                "{step}"
            );
        }
        let [_, listener] = call.stop();
        assert_eq!(listener.packets_lost, 0);
        assert_eq!(listener.jitter_buffer.late, 0);
        assert_eq!(listener.jitter_buffer.losses.lost, 0);
        assert_eq!(listener.jitter_buffer.concealed, Duration::ZERO);
        let metrics = listener.quality_metrics.unwrap();
        assert_eq!(metrics.packet_loss_percent, 0.0);
        let events = &call.parties[1].events;
        let flow = |event: &&MediaEvent| {
            matches!(
                event,
                MediaEvent::FlowStarted { .. } | MediaEvent::FlowStopped { .. }
            )
        };
        assert_eq!(events.iter().filter(flow).count(), 1, "silence is no stop");
        // In the pauses it is as loud as the noise that was meant, all the time.
        let heard = call.parties[1].recording.samples();
        let meant = f64::from(NOISE) / 3.0_f64.sqrt();
        // What is recorded begins with the first voice.
        for pause in [2, 3, 7, 8, 12, 13] {
            let second = &heard[pause * 8_000..(pause + 1) * 8_000];
            for piece in second.chunks_exact(800) {
                let found = loudness(piece);
                assert!(
                    (0.4..2.0).contains(&(found / meant)),
                    "{codec}: {found} of {meant}"
                );
            }
        }
    }
}

#[test]
fn everything_is_sent_unless_comfort_noise_was_agreed_on() {
    let mut call = call(Codec::Pcmu, false);
    assert_eq!(call.stop()[0].packets_sent, 1_000);
}

#[test]
fn tones_and_mute_are_told_apart() {
    let capabilities = Capabilities {
        codecs: vec![Codec::Pcmu],
        comfort_noise: true,
        ..Capabilities::default()
    };
    let mut call = Call::knowing([TONE, OTHER_TONE], [capabilities.clone(), capabilities]);
    call.start();
    call.run(Duration::from_secs(10));
    let before = call.sent.len();
    assert_eq!(before, 500, "a tone is no noise");
    let Party {
        controller, key, ..
    } = &mut call.parties[0];
    controller.set_muted(call.now, *key, true).unwrap();
    call.run(Duration::from_secs(10));
    let sent = call.sent.len() - before;
    assert!((10..=11).contains(&sent), "{sent} descriptions of silence");
}
