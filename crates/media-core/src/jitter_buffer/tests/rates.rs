//! The same networks for sound at other sampling rates, whose timestamps may count at another one again.

use super::*;

/// Two percent of loss, and the delays of a busy radio network.
fn radio(rng: &mut StdRng, _: u32) -> Option<Duration> {
    let tail: f64 = -(1.0 - rng.random::<f64>()).ln() - (1.0 - rng.random::<f64>()).ln();
    let delay = milliseconds(5.0 + 7.0 * tail);
    (!rng.random_bool(0.02)).then_some(delay)
}

fn codecs() -> [Codec; 5] {
    use SampleRate::{Hz8000, Hz16000, Hz24000, Hz48000};
    let linear = [Hz8000, Hz16000, Hz24000, Hz48000].map(Codec::L16);
    [linear[0], linear[1], linear[2], linear[3], Codec::G722]
}

#[test]
fn every_rate_is_as_good_as_the_lowest() {
    for codec in codecs() {
        // G.722 adds noise of its own.
        let noise = if codec == Codec::G722 { 0.002 } else { 0.0 };
        let heard = Trace::of(codec, 30).run(radio);
        let limits = Limits {
            late_percent: 0.1,
            made_up_percent: 2.5,
            delay_ms: 72.0,
            impurity: 0.0015 + noise,
            gap: 20,
        };
        heard.check(&format!("{codec} at {} Hz", codec.sample_rate_hz()), limits);
    }
}

#[test]
fn clocks_that_run_apart_are_kept_together_at_every_rate() {
    for codec in codecs() {
        let noise = if codec == Codec::G722 { 0.002 } else { 0.0 };
        for parts_per_million in [-200.0, 200.0] {
            let mut trace = Trace::of(codec, 100);
            trace.sender_frame = 0.020 * (1.0 + parts_per_million / 1e6);
            let heard = trace.run(|rng, _| Some(milliseconds(5.0 + rng.random::<f64>() * 3.0)));
            let limits = Limits {
                delay_ms: 44.0,
                impurity: 0.0003 + noise,
                ..STEADY
            };
            heard.check(&format!("{codec} {parts_per_million} ppm"), limits);
            assert_eq!(heard.statistics.restarts, 0);
        }
    }
}

/// PCMU and PCMA in turns, and a payload type that stays for a while: codecs switch with their packets, in order.
#[test]
fn codecs_change_in_the_middle_of_the_sound() {
    let mut rng = StdRng::seed_from_u64(8);
    let mut buffer = JitterBuffer::new(8_000);
    let start = Instant::now();
    let mut tone = Tone::new(TONE_HZ, 0.5, 8_000);
    let mut arrivals = Vec::new();
    for number in 0..1_000_u32 {
        let mut samples = [0; 160];
        tone.fill(&mut samples);
        let codec = [Codec::Pcmu, Codec::Pcma, CODEC][(number / 7 % 3) as usize];
        let mut payload = Vec::new();
        Encoder::new(codec).encode(&samples, &mut payload);
        let at = start + FRAME * number + milliseconds(rng.random_range(0.0..50.0));
        arrivals.push((at, number, codec, payload));
    }
    arrivals.sort_by_key(|(at, ..)| *at);
    let mut arrivals = arrivals.into_iter().peekable();
    let mut heard = Vec::new();
    for number in 0..1_000 {
        let now = start + FRAME * number;
        while let Some((at, number, codec, payload)) = arrivals.next_if(|(at, ..)| *at <= now) {
            arrive_as(&mut buffer, at, number, number * 160, (codec, &payload));
        }
        let mut frame = [0; 160];
        buffer.play(now, &mut frame);
        heard.extend(frame);
    }
    for piece in heard[8_000..].chunks_exact(800) {
        assert!(purity(piece, TONE_HZ) > 0.97, "{}", purity(piece, TONE_HZ));
    }
    assert!(steepest(&heard) < TONE_STEP + 1_024);
}

#[test]
fn a_codec_of_another_rate_is_brought_to_that_of_the_stream() {
    let start = Instant::now();
    for (codec, rate) in [
        (Codec::Pcmu, 16_000),
        (Codec::G722, 8_000),
        (Codec::L16(SampleRate::Hz16000), 48_000),
    ] {
        let own = codec.frame_samples() as f64 / 160.0;
        let mut buffer = JitterBuffer::new(rate);
        let mut tone = Tone::new(TONE_HZ / own, 0.5, 8_000);
        let mut encoder = Encoder::new(codec);
        let whole = rate as usize / 50;
        let mut heard = Vec::new();
        for number in 0..200_u32 {
            let mut samples = vec![0; codec.frame_samples()];
            tone.fill(&mut samples);
            let mut payload = Vec::new();
            encoder.encode(&samples, &mut payload);
            let now = start + FRAME * number;
            let ticks = codec.clock_rate_hz() / 50;
            arrive_as(&mut buffer, now, number, number * ticks, (codec, &payload));
            let mut frame = vec![0; whole];
            buffer.play(now, &mut frame);
            heard.extend(frame);
        }
        let hz = TONE_HZ * 8_000.0 / f64::from(rate);
        let worst = heard[whole * 10..]
            .chunks_exact(whole * 5)
            .map(|piece| purity(piece, hz));
        let worst = worst.fold(1.0, f64::min);
        assert!(worst > 0.995, "{codec} at {rate} Hz: {worst}");
        let statistics = buffer.statistics();
        assert_eq!((statistics.late, statistics.concealed), (0, Duration::ZERO));
    }
}
