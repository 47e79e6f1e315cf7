//! Longer traces: losses in bursts, an hour of drift, pauses of every kind, and codecs that help themselves.

use super::*;

#[cfg(feature = "opus")]
mod redundancy;

/// The two states of Gilbert and Elliott: 5 % of loss in bursts of three on average.
fn gilbert() -> impl FnMut(&mut StdRng) -> bool {
    let mut bad = false;
    move |rng| {
        bad = match bad {
            true => !rng.random_bool(1.0 / 3.0),
            false => rng.random_bool(0.0175),
        };
        bad
    }
}

#[test]
fn losses_in_bursts_cost_no_delay_and_no_click() {
    let mut lost = gilbert();
    let heard = Trace::new(120).run(|rng, _| (!lost(rng)).then_some(milliseconds(15.0)));
    let limits = Limits {
        late_percent: 0.0,
        made_up_percent: 5.5,
        delay_ms: 40.0,
        impurity: 0.03,
        gap: 2_400,
    };
    heard.check("Gilbert 5 % in bursts", limits);
    assert_eq!(heard.statistics.restarts, 0);
    assert!(
        heard
            .delays
            .iter()
            .all(|delay| *delay <= milliseconds(60.0))
    );
}

#[test]
fn bursts_on_a_radio_network_stay_within_its_delay() {
    let mut lost = gilbert();
    let heard = Trace::new(120).run(|rng, _| {
        let tail: f64 = -(1.0 - rng.random::<f64>()).ln() - (1.0 - rng.random::<f64>()).ln();
        (!lost(rng)).then_some(milliseconds(5.0 + 7.0 * tail))
    });
    let limits = Limits {
        late_percent: 0.1,
        made_up_percent: 6.0,
        delay_ms: 72.0,
        impurity: 0.03,
        gap: 2_400,
    };
    heard.check("Gilbert 5 % on gamma Wi-Fi", limits);
    let longest = heard.delays.iter().max().unwrap();
    assert!(*longest <= milliseconds(130.0), "{longest:?}");
}

/// A sound whose packets are all alike, so that an hour of it is cheap: 400 Hz has whole periods in a frame.
fn hour(parts_per_million: f64) -> (JitterBufferStatistics, Duration, i32) {
    let mut sound = [0; 160];
    Tone::new(400.0, 0.5, 8_000).fill(&mut sound);
    let mut payload = Vec::new();
    Encoder::new(CODEC).encode(&sound, &mut payload);
    let mut rng = StdRng::seed_from_u64(6);
    let mut buffer = JitterBuffer::new(8_000);
    let start = Instant::now();
    let sender_frame = 0.020 * (1.0 + parts_per_million / 1e6);
    let (mut number, mut steep, mut last, mut longest) = (0_u32, 0, 0, Duration::ZERO);
    let mut arrival = start;
    for frame in 0..180_000 {
        let now = start + FRAME * frame + milliseconds(7.0);
        while arrival <= now {
            let encoded = (CODEC, &payload[..]);
            arrive_as(
                &mut buffer,
                arrival,
                number,
                number.wrapping_mul(160),
                encoded,
            );
            number += 1;
            let sent = start + Duration::from_secs_f64(sender_frame * f64::from(number));
            arrival = sent + milliseconds(rng.random::<f64>() * 4.0);
        }
        let mut output = [0; 160];
        buffer.play(now, &mut output);
        for sample in output {
            steep = steep.max((i32::from(sample) - last).abs());
            last = sample.into();
        }
        longest = longest.max(buffer.statistics().delay);
    }
    (buffer.statistics(), longest, steep)
}

#[test]
fn an_hour_of_drift_is_followed_without_a_click() {
    for parts_per_million in [-200.0, 200.0] {
        let (statistics, longest, steepest) = hour(parts_per_million);
        println!("{parts_per_million} ppm for an hour: {statistics:?}, {longest:?} at most");
        let adjusted = (statistics.accelerated + statistics.expanded).as_millis();
        // 200 ppm of an hour are 720 ms.
        assert!((650..800).contains(&adjusted), "{statistics:?}");
        assert!(longest <= milliseconds(60.0), "{longest:?}");
        assert_eq!((statistics.late, statistics.restarts), (0, 0));
        assert_eq!(statistics.concealed, Duration::ZERO);
        // 400 Hz at half of full scale, and what a join may add.
        assert!(steepest <= 5_130 + JOIN_STEP, "{steepest}");
    }
}

/// Talkspurts of a second whose timestamps count on as if there were no pauses between them.
fn standing_clock(marked: bool, pause_frames: u32) -> (usize, JitterBufferStatistics) {
    let mut buffer = JitterBuffer::new(8_000);
    let start = Instant::now();
    let (mut sent, mut loud) = (0, 0);
    for number in 0..10 * (50 + pause_frames) {
        let now = start + FRAME * number;
        let place = number % (50 + pause_frames);
        if place < 50 {
            let mut payload = Vec::new();
            Encoder::new(CODEC).encode(&[LEVEL; 160], &mut payload);
            let packet = AudioPacket {
                codec: CODEC,
                timestamp: sent * 160,
                sequence: u64::from(sent),
                marker: marked && place == 0,
                payload: &payload,
            };
            assert!(buffer.insert(now, &packet));
            sent += 1;
        }
        let mut output = [0; 160];
        buffer.play(now, &mut output);
        loud += output.iter().filter(|sample| **sample == LEVEL).count();
    }
    (loud, buffer.statistics())
}

#[test]
fn a_talkspurt_after_a_clock_that_stood_still_is_heard_from_its_first_sample() {
    for (marked, pause_frames) in [
        (true, 3),
        (true, 20),
        (true, 250),
        (false, 20),
        (false, 250),
    ] {
        let (loud, statistics) = standing_clock(marked, pause_frames);
        println!(
            "{marked} {pause_frames}: {loud} of {} samples, {statistics:?}",
            10 * 50 * 160
        );
        assert_eq!(statistics.late, 0, "{marked} {pause_frames}");
        assert_eq!(statistics.restarts, 0, "{marked} {pause_frames}");
        assert_eq!(
            statistics.concealed,
            Duration::ZERO,
            "{marked} {pause_frames}"
        );
        // But for the fades; what is left of the last talkspurt has not been played.
        assert!(
            loud + 10 * 40 + 640 >= 10 * 50 * 160,
            "{marked} {pause_frames}: {loud}"
        );
    }
}

#[test]
fn a_pause_is_filled_with_the_noise_that_was_described() {
    for (level, expected) in [(&[40_u8][..], 327.0), (&[60], 32.7), (&[], 0.0)] {
        let mut buffer = JitterBuffer::new(8_000);
        let start = Instant::now();
        let mut sent = 0;
        let mut noise = Vec::new();
        for number in 0..1_000_u32 {
            let now = start + FRAME * number;
            match number % 200 {
                0..50 => {
                    arrive(&mut buffer, now, sent, number * 160, &[LEVEL; 160]);
                    sent += 1;
                }
                50 => buffer.pause(number * 160, u64::from(1_000 + sent), level),
                _ => {}
            }
            let mut output = [0; 160];
            buffer.play(now, &mut output);
            if (60..200).contains(&(number % 200)) {
                noise.extend(output);
            }
        }
        let squares = noise.iter().map(|sample| f64::from(*sample).powi(2));
        let loudness = (squares.sum::<f64>() / noise.len() as f64).sqrt();
        assert!(
            (loudness - expected).abs() <= expected * 0.3,
            "{level:?}: {loudness}"
        );
        let statistics = buffer.statistics();
        assert_eq!((statistics.late, statistics.restarts), (0, 0));
        assert_eq!(statistics.concealed, Duration::ZERO, "{level:?}");
    }
}

#[test]
fn after_a_word_of_a_pause_the_sound_ends_at_once() {
    let mut heard = [false, true].map(|told| {
        let mut buffer = JitterBuffer::new(8_000);
        let start = Instant::now();
        let mut loud = 0;
        for number in 0..100_u32 {
            let now = start + FRAME * number;
            if number < 50 {
                arrive(&mut buffer, now, number, number * 160, &[LEVEL; 160]);
            } else if number == 50 && told {
                buffer.pause(number * 160, 1_050, &[]);
            }
            let mut output = [0; 160];
            buffer.play(now, &mut output);
            loud += output.iter().filter(|sample| **sample > 100).count();
        }
        loud
    });
    heard[1] += 50 * 8;
    assert!(heard[1] <= heard[0], "{heard:?}");
}

#[cfg(feature = "opus")]
#[test]
fn a_pause_of_opus_is_no_loss() {
    let codec = Codec::Opus(SampleRate::Hz48000);
    let config = crate::codec::OpusConfig {
        dtx: true,
        ..Default::default()
    };
    let mut encoder = Encoder::new(codec);
    encoder.configure(&config);
    let mut buffer = JitterBuffer::new(48_000);
    let start = Instant::now();
    let mut sent = 0;
    for number in 0..1_000_u32 {
        let now = start + FRAME * number;
        let loud = number % 200 < 50;
        let samples: Vec<i16> = (0..960)
            .map(|n| {
                let angle = std::f64::consts::TAU * 200.0 * f64::from(n) / 48_000.0;
                if loud {
                    (angle.sin() * 9_000.0) as i16
                } else {
                    0
                }
            })
            .collect();
        let mut payload = Vec::new();
        encoder.encode(&samples, &mut payload);
        if !payload.is_empty() {
            arrive_as(&mut buffer, now, sent, number * 960, (codec, &payload));
            sent += 1;
        }
        buffer.play(now, &mut [0; 960]);
    }
    assert!(sent < 800, "{sent} packets of 1000: pauses are not sent");
    let statistics = buffer.statistics();
    assert_eq!(
        (statistics.late, statistics.restarts),
        (0, 0),
        "{statistics:?}"
    );
    assert_eq!(statistics.concealed, Duration::ZERO, "{statistics:?}");
}

/// A pause of Opus has no end by itself, whatever the clock does meanwhile.
#[cfg(feature = "opus")]
#[test]
fn a_leap_of_the_clock_in_a_pause_of_opus_costs_no_time() {
    let codec = Codec::Opus(SampleRate::Hz48000);
    let mut buffer = JitterBuffer::new(48_000);
    let mut now = Instant::now();
    let mut frame = [0; 960];
    for number in 0..100_u32 {
        // A packet of one octet is a frame that was left out.
        arrive_as(&mut buffer, now, number, number * 960, (codec, &[0x08]));
        for _ in 0..5 {
            buffer.play(now, &mut frame);
            now += Duration::from_secs(100_000_000);
        }
    }
}

#[cfg(feature = "opus")]
#[test]
fn anything_may_come_in_as_opus() {
    let mut rng = StdRng::seed_from_u64(9);
    let codecs = [
        Codec::Opus(SampleRate::Hz16000),
        Codec::Opus(SampleRate::Hz48000),
        Codec::G722,
    ];
    let mut buffer = JitterBuffer::new(16_000);
    let mut now = Instant::now();
    for number in 0..2_000_u32 {
        let timestamp = match rng.random_range(0..5) {
            0 => rng.random(),
            1 => rng.random_range(0..20_000),
            _ => number * 960,
        };
        let length = rng.random_range(0..200);
        let payload: Vec<u8> = (0..length).map(|_| rng.random()).collect();
        let codec = codecs[rng.random_range(0..codecs.len())];
        let sequence = number + rng.random_range(0..3);
        arrive_as(&mut buffer, now, sequence, timestamp, (codec, &payload));
        buffer.pause(timestamp, number.into(), &payload);
        buffer.play(now, &mut [0; 320]);
        now += Duration::from_micros(rng.random_range(0..40_000));
    }
}
