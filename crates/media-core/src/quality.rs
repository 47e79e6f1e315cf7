//! How a call sounds: the E-model of ITU-T G.107, narrowband, with its default values for everything a network stack cannot know.

use std::time::Duration;

mod alarm;
mod extended_report;
mod impairment;

pub use alarm::{QualityAlarm, QualityChange, QualityFigure, QualityThresholds};
pub use extended_report::RemoteQuality;
pub(crate) use extended_report::{Heard, voip_metrics};
pub use impairment::CodecImpairment;

/// Ro - Is with the defaults of G.107 table 3: noise and loudness of ordinary telephones.
const BASIC_RATING: f64 = 94.768_8 - 1.413_6;
/// Send loudness and noise in Ro, as G.107 needs them for echo.
const ECHO_RATING: f64 = 94.768_8;
/// Talker echo loudness and weighted echo path loss, in dB, of telephones without echo.
const TALKER_ECHO_LOUDNESS: f64 = 65.0;
const WEIGHTED_ECHO_PATH_LOSS: f64 = 110.0;

/// The quality over the last seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QualityMetrics {
    /// The mean opinion score, 1.0 to 4.5; `None` when nothing was received in the window.
    pub mos_score: Option<f64>,
    /// Packets that could not be played, in per cent: lost or too late.
    pub packet_loss_percent: f64,
    /// The interarrival jitter in milliseconds.
    pub jitter_ms: f64,
    /// The round trip in milliseconds; 0 until a report told it, unlike
    /// [`MediaStatistics::round_trip_time`](crate::MediaStatistics), which knows the difference.
    pub round_trip_time_ms: f64,
}

/// The transmission rating R: 93.2 for a perfect narrowband connection.
///
/// `delay` is one way, mouth to ear; `loss_percent` what could not be played; `burst_ratio` is 1 for random loss.
#[must_use]
pub fn rating(delay: Duration, loss_percent: f64, burst_ratio: f64, codec: CodecImpairment) -> f64 {
    let milliseconds = delay.as_secs_f64() * 1_000.0;
    let loss = loss_percent.clamp(0.0, 100.0);
    let CodecImpairment {
        equipment,
        robustness,
    } = codec;
    let effective = equipment + (95.0 - equipment) * loss / (loss / burst_ratio + robustness);
    BASIC_RATING - delay_impairment(milliseconds) - effective
}

/// The mean opinion score of a rating, 1.0 to 4.5.
#[must_use]
pub fn mos(rating: f64) -> f64 {
    let r = rating.clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

/// Id: talker echo, listener echo and the delay itself, for a delay of `t` milliseconds (G.107 section 7.4).
fn delay_impairment(t: f64) -> f64 {
    let terv = TALKER_ECHO_LOUDNESS - 40.0 * ((1.0 + t / 10.0) / (1.0 + t / 150.0)).log10()
        + 6.0 * (-0.3 * t * t).exp();
    let re = 80.0 + 2.5 * (terv - 14.0);
    let half = (ECHO_RATING - re) / 2.0;
    let talker = (half + (half * half + 100.0).sqrt() - 1.0) * (1.0 - (-t).exp());
    let rle = 10.5 * (WEIGHTED_ECHO_PATH_LOSS + 7.0) * (2.0 * t + 1.0).powf(-0.25);
    let half = (ECHO_RATING - rle) / 2.0;
    let listener = half + (half * half + 169.0).sqrt();
    talker + listener + pure_delay(t)
}

/// Idd: what delay does to a conversation even without echo.
fn pure_delay(t: f64) -> f64 {
    if t <= 100.0 {
        return 0.0;
    }
    let x = (t / 100.0).log2();
    let first = (1.0 + x.powi(6)).powf(1.0 / 6.0);
    let second = (1.0 + (x / 3.0).powi(6)).powf(1.0 / 6.0);
    25.0 * (first - 3.0 * second + 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(delay: u64) -> Duration {
        Duration::from_millis(delay)
    }

    #[test]
    fn delay_costs_what_g107_says() {
        let table = [
            (0, 93.2, 4.41),
            (100, 90.7, 4.35),
            (150, 89.5, 4.33),
            (200, 85.8, 4.22),
            (300, 72.7, 3.72),
            (400, 62.3, 3.22),
        ];
        for (delay, r, score) in table {
            let rating = rating(milliseconds(delay), 0.0, 1.0, CodecImpairment::G711);
            assert!((rating - r).abs() < 0.1, "{delay} ms: R {rating}");
            let found = mos(rating);
            assert!((found - score).abs() < 0.02, "{delay} ms: MOS {found}");
        }
    }

    #[test]
    fn loss_costs_what_g113_says() {
        let table = [
            (0.0, 4.41, 4.41),
            (1.0, 3.83, 4.33),
            (3.0, 2.79, 4.13),
            (5.0, 2.17, 3.92),
            (10.0, 1.48, 3.41),
        ];
        for (loss, bare, concealed) in table {
            for (codec, score) in [
                (CodecImpairment::G711, bare),
                (CodecImpairment::G711_CONCEALED, concealed),
            ] {
                let found = mos(rating(Duration::ZERO, loss, 1.0, codec));
                assert!(
                    (found - score).abs() < 0.02,
                    "{loss} %: MOS {found} {score}"
                );
            }
        }
    }

    /// Ie,eff = 95 * 5 / (5 / BurstR + 25.1), by hand.
    #[test]
    fn bursts_cost_more_than_single_losses() {
        let rated = |burst_ratio| {
            rating(
                Duration::ZERO,
                5.0,
                burst_ratio,
                CodecImpairment::G711_CONCEALED,
            )
        };
        let lost = |burst_ratio| rated(1.0) + 15.781 - rated(burst_ratio);
        for (burst_ratio, impairment) in [(1.0, 15.781), (2.0, 17.210), (5.0, 18.199)] {
            assert!(
                (lost(burst_ratio) - impairment).abs() < 0.001,
                "{burst_ratio}"
            );
        }
    }

    #[test]
    fn the_score_never_leaves_its_scale() {
        for rating in [-50.0, 0.0, 1.0, 50.0, 100.0, 200.0] {
            assert!((1.0..=4.5).contains(&mos(rating)), "{rating}");
        }
    }
}
