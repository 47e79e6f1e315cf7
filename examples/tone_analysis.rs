//! Listens to a recording: which tone it holds, how pure, how long, and with what gaps.

use std::f64::consts::TAU;
use std::time::Duration;

/// The length of the frames in which a tone is looked for.
const FRAME: Duration = Duration::from_millis(5);

/// A frame holds the tone when at least this part of its energy is at the tone's frequency.
const HOLDS: f64 = 0.6;

/// Mean square below which a frame is silent: about -50 dB of full scale.
const SILENT: f64 = 100.0 * 100.0;

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ToneReport {
    /// The strongest frequency between 100 Hz and 3800 Hz; 0 when there is only silence.
    pub dominant_hz: f64,
    /// The part of the energy at the expected frequency, between the first and the last frame that hold it.
    pub purity: f64,
    /// The longest time without the tone between the first and the last frame that hold it.
    pub longest_gap: Duration,
    /// How long it lasts from the first to the last frame that hold it.
    pub seconds: f64,
}

impl ToneReport {
    /// Whether the expected tone is there, alone, and without a gap longer than `gap`.
    pub fn is_tone(&self, expected_hz: f64, gap: Duration) -> bool {
        (self.dominant_hz - expected_hz).abs() <= 5.0
            && self.purity > 0.9
            && self.longest_gap <= gap
    }
}

/// Listens to mono samples for a tone of `expected_hz`.
pub fn analyse(samples: &[i16], rate_hz: u32, expected_hz: f64) -> ToneReport {
    let frame = (f64::from(rate_hz) * FRAME.as_secs_f64()) as usize;
    let holds: Vec<bool> = samples
        .chunks_exact(frame.max(1))
        .map(|frame| holds(frame, rate_hz, expected_hz))
        .collect();
    let (first, last) = match (
        holds.iter().position(|held| *held),
        holds.iter().rposition(|held| *held),
    ) {
        (Some(first), Some(last)) => (first, last),
        _ => {
            return ToneReport {
                dominant_hz: dominant(samples, rate_hz),
                ..SILENCE
            };
        }
    };
    let gap = holds[first..=last]
        .split(|held| *held)
        .map(<[bool]>::len)
        .max()
        .unwrap_or(0);
    let sounding = &samples[first * frame..(last + 1) * frame];
    ToneReport {
        dominant_hz: dominant(sounding, rate_hz),
        purity: purity(sounding, rate_hz, expected_hz),
        longest_gap: FRAME * gap as u32,
        seconds: sounding.len() as f64 / f64::from(rate_hz),
    }
}

const SILENCE: ToneReport = ToneReport {
    dominant_hz: 0.0,
    purity: 0.0,
    longest_gap: Duration::ZERO,
    seconds: 0.0,
};

/// The energy of `samples` that a sine of `hz` explains best, whatever its phase: a least-squares fit, exact for frames
/// that do not hold whole periods.
fn energy_at(samples: &[i16], rate_hz: u32, hz: f64) -> f64 {
    let step = TAU * hz / f64::from(rate_hz);
    let (mut ss, mut cc, mut sc, mut xs, mut xc) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (index, sample) in samples.iter().enumerate() {
        let (sin, cos) = (step * index as f64).sin_cos();
        let x = f64::from(*sample);
        ss += sin * sin;
        cc += cos * cos;
        sc += sin * cos;
        xs += x * sin;
        xc += x * cos;
    }
    let determinant = ss * cc - sc * sc;
    if determinant <= f64::EPSILON {
        return 0.0;
    }
    let (a, b) = (
        (xs * cc - xc * sc) / determinant,
        (xc * ss - xs * sc) / determinant,
    );
    a * xs + b * xc
}

fn energy(samples: &[i16]) -> f64 {
    samples
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum()
}

fn holds(frame: &[i16], rate_hz: u32, hz: f64) -> bool {
    let total = energy(frame);
    total / frame.len() as f64 > SILENT && energy_at(frame, rate_hz, hz) >= HOLDS * total
}

/// The mean part of the energy at `hz`, in pieces of 100 ms: a slip of the phase between them costs nothing.
fn purity(samples: &[i16], rate_hz: u32, hz: f64) -> f64 {
    let piece = (rate_hz / 10) as usize;
    let (mut explained, mut total) = (0.0, 0.0);
    for piece in samples.chunks(piece.max(1)) {
        explained += energy_at(piece, rate_hz, hz);
        total += energy(piece);
    }
    if total > 0.0 {
        (explained / total).min(1.0)
    } else {
        0.0
    }
}

/// The strongest frequency of the middle second: coarsely by Goertzel's recursion, then to 1 Hz.
fn dominant(samples: &[i16], rate_hz: u32) -> f64 {
    let second = (rate_hz as usize).min(samples.len());
    let start = (samples.len() - second) / 2;
    let middle = &samples[start..start + second];
    if energy(middle) / (second.max(1) as f64) < SILENT {
        return 0.0;
    }
    let strongest = |from: u32, to: u32, step: usize| {
        let power = |hz: u32| goertzel(middle, rate_hz, f64::from(hz));
        (from..=to)
            .step_by(step)
            .max_by(|a, b| power(*a).total_cmp(&power(*b)))
            .unwrap_or(from)
    };
    // A second of sound has lines 1 Hz wide: the coarse look takes a tenth of it, whose lines are 10 Hz wide.
    let tenth = &middle[..second / 10];
    let coarse = (100..=3800)
        .step_by(5)
        .max_by(|a, b| {
            goertzel(tenth, rate_hz, f64::from(*a)).total_cmp(&goertzel(
                tenth,
                rate_hz,
                f64::from(*b),
            ))
        })
        .unwrap_or(100);
    f64::from(strongest(coarse - 10, coarse + 10, 1))
}

/// The power at one frequency.
fn goertzel(samples: &[i16], rate_hz: u32, hz: f64) -> f64 {
    let coefficient = 2.0 * (TAU * hz / f64::from(rate_hz)).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in samples {
        let next = f64::from(*sample) + coefficient * last - before;
        before = last;
        last = next;
    }
    last * last + before * before - coefficient * last * before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hz: f64, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|index| ((TAU * hz * index as f64 / 8000.0).sin() * 9000.0) as i16)
            .collect()
    }

    #[test]
    fn a_tone_is_found_with_its_length() {
        for hz in [300.0, 440.0, 1000.0, 2500.0] {
            let mut samples = vec![0; 4000];
            samples.extend(tone(hz, 16_000));
            let report = analyse(&samples, 8000, hz);
            assert!(report.is_tone(hz, Duration::ZERO), "{report:?}");
            assert!((report.seconds - 2.0).abs() < 0.02, "{report:?}");
        }
    }

    #[test]
    fn a_gap_is_measured_and_another_tone_is_not_taken_for_it() {
        let mut samples = tone(440.0, 8000);
        samples.extend(vec![0; 480]);
        samples.extend(tone(440.0, 8000));
        let report = analyse(&samples, 8000, 440.0);
        assert_eq!(report.longest_gap, Duration::from_millis(60));
        assert!(!report.is_tone(440.0, Duration::from_millis(40)));
        let other = analyse(&tone(1000.0, 8000), 8000, 440.0);
        assert!(!other.is_tone(440.0, Duration::from_secs(1)));
        assert_eq!(other.dominant_hz, 1000.0);
        assert_eq!(analyse(&[0; 8000], 8000, 440.0), SILENCE);
        assert_eq!(analyse(&[], 8000, 440.0), SILENCE);
    }
}
