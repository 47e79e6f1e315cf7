//! When a call sounds too bad: limits for its figures, and the hysteresis that keeps the alarm from fluttering.
//!
//! ```text
//!            a figure beyond its limit, `patience` times in a row
//!   Good  ---------------------------------------------------------->  Bad
//!         <----------------------------------------------------------
//!      all figures inside their limits by `margin`, `patience` times in a row
//! ```

use std::fmt;

use super::QualityMetrics;

/// The figures a call may not go beyond. A limit that is `None` is not watched.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QualityThresholds {
    /// The lowest mean opinion score, 1.0 to 4.5.
    pub min_mos: Option<f64>,
    /// The most packets that could not be played, in per cent.
    pub max_packet_loss_percent: Option<f64>,
    /// The highest interarrival jitter in milliseconds.
    pub max_jitter_ms: Option<f64>,
    /// The longest round trip in milliseconds.
    pub max_round_trip_time_ms: Option<f64>,
    /// So many measurements in a row make or end an alarm; 0 counts as 1.
    pub patience: u32,
    /// The part of a limit by which a figure has to be better than it for the alarm to end.
    pub margin: f64,
}

impl Default for QualityThresholds {
    /// A score of 3.5, 3 % loss, 50 ms of jitter, 400 ms of round trip; two measurements, 10 %.
    fn default() -> Self {
        Self {
            min_mos: Some(3.5),
            max_packet_loss_percent: Some(3.0),
            max_jitter_ms: Some(50.0),
            max_round_trip_time_ms: Some(400.0),
            patience: 2,
            margin: 0.1,
        }
    }
}

/// A figure of a call's quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum QualityFigure {
    /// The mean opinion score.
    MosScore,
    /// Packets that could not be played.
    PacketLoss,
    /// The interarrival jitter.
    Jitter,
    /// The round trip.
    RoundTripTime,
}

/// What changed about a call's quality.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum QualityChange {
    /// A figure has gone beyond its limit.
    Degraded {
        /// Which figure; the first of several in the order of [`QualityFigure`].
        figure: QualityFigure,
        /// What it is.
        value: f64,
        /// What it may be.
        limit: f64,
    },
    /// All figures are inside their limits again.
    Recovered,
}

impl fmt::Display for QualityFigure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MosScore => "mean opinion score",
            Self::PacketLoss => "packet loss in per cent",
            Self::Jitter => "jitter in ms",
            Self::RoundTripTime => "round trip in ms",
        })
    }
}

impl fmt::Display for QualityChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Degraded {
                figure,
                value,
                limit,
            } => write!(f, "{figure} is {value:.2}, beyond {limit:.2}"),
            Self::Recovered => f.write_str("quality is inside its limits again"),
        }
    }
}

/// Watches the figures of one call.
#[derive(Debug, Clone)]
pub struct QualityAlarm {
    thresholds: QualityThresholds,
    alarmed: bool,
    /// Measurements in a row that speak for the other state.
    against: u32,
}

impl QualityAlarm {
    /// An alarm that is not on.
    #[must_use]
    pub fn new(thresholds: QualityThresholds) -> Self {
        Self {
            thresholds,
            alarmed: false,
            against: 0,
        }
    }

    /// Whether the last change was for the worse.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.alarmed
    }

    /// Judges a measurement. One without a score, taken while nothing was received, says nothing.
    pub fn judge(&mut self, metrics: &QualityMetrics) -> Option<QualityChange> {
        let mos = metrics.mos_score?;
        let margin = match self.alarmed {
            true => self.thresholds.margin,
            false => 0.0,
        };
        let breach = self.thresholds.breach(mos, metrics, margin);
        if breach.is_some() == self.alarmed {
            self.against = 0;
            return None;
        }
        self.against += 1;
        if self.against < self.thresholds.patience {
            return None;
        }
        self.against = 0;
        self.alarmed = !self.alarmed;
        Some(breach.unwrap_or(QualityChange::Recovered))
    }
}

impl QualityThresholds {
    /// The first figure that is not better than its limit by `margin`.
    fn breach(&self, mos: f64, metrics: &QualityMetrics, margin: f64) -> Option<QualityChange> {
        let highest = [
            (
                QualityFigure::PacketLoss,
                metrics.packet_loss_percent,
                self.max_packet_loss_percent,
            ),
            (QualityFigure::Jitter, metrics.jitter_ms, self.max_jitter_ms),
            (
                QualityFigure::RoundTripTime,
                metrics.round_trip_time_ms,
                self.max_round_trip_time_ms,
            ),
        ];
        let degraded = |figure, value, limit| QualityChange::Degraded {
            figure,
            value,
            limit,
        };
        let score = self
            .min_mos
            .filter(|limit| mos < limit * (1.0 + margin))
            .map(|limit| degraded(QualityFigure::MosScore, mos, limit));
        score.or_else(|| {
            highest.into_iter().find_map(|(figure, value, limit)| {
                let limit = limit.filter(|limit| value > limit * (1.0 - margin))?;
                Some(degraded(figure, value, limit))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(mos: f64, loss: f64) -> QualityMetrics {
        QualityMetrics {
            mos_score: Some(mos),
            packet_loss_percent: loss,
            jitter_ms: 0.0,
            round_trip_time_ms: 0.0,
        }
    }

    fn changes(alarm: &mut QualityAlarm, measured: &[QualityMetrics]) -> Vec<Option<bool>> {
        let change = |change| match change {
            QualityChange::Degraded { .. } => false,
            QualityChange::Recovered => true,
        };
        let judged = measured.iter().map(|metrics| alarm.judge(metrics));
        judged.map(|judged| judged.map(change)).collect()
    }

    #[test]
    fn an_alarm_takes_two_bad_measurements_and_ends_after_two_good_ones() {
        let mut alarm = QualityAlarm::new(QualityThresholds::default());
        let (good, bad) = (heard(4.4, 0.0), heard(3.0, 6.0));
        let found = changes(
            &mut alarm,
            &[good, bad, good, bad, bad, bad, good, bad, good, good],
        );
        let mut expected = vec![None; 10];
        (expected[4], expected[9]) = (Some(false), Some(true));
        assert_eq!(found, expected);
        assert!(!alarm.is_on());
    }

    #[test]
    fn what_hovers_around_the_limit_raises_one_alarm() {
        let mut alarm = QualityAlarm::new(QualityThresholds::default());
        let hovering = [heard(4.0, 3.1), heard(4.0, 2.9)].repeat(20);
        let told = changes(&mut alarm, &hovering);
        assert!(told.iter().all(Option::is_none), "never twice in a row");
        assert_eq!(
            changes(&mut alarm, &[heard(4.0, 3.1); 2]),
            [None, Some(false)]
        );
        let told = changes(&mut alarm, &hovering);
        assert!(told.iter().all(Option::is_none), "never better by a tenth");
    }

    #[test]
    fn silence_says_nothing() {
        let mut alarm = QualityAlarm::new(QualityThresholds::default());
        let silent = QualityMetrics {
            mos_score: None,
            ..heard(1.0, 100.0)
        };
        assert_eq!(changes(&mut alarm, &[silent; 5]), [None; 5]);
        assert_eq!(
            changes(&mut alarm, &[heard(1.0, 50.0); 2]),
            [None, Some(false)]
        );
        assert_eq!(changes(&mut alarm, &[silent; 5]), [None; 5]);
        assert!(alarm.is_on());
    }

    #[test]
    fn every_figure_has_its_limit() {
        let thresholds = QualityThresholds {
            patience: 0,
            ..QualityThresholds::default()
        };
        let good = heard(4.4, 0.0);
        let table = [
            (QualityFigure::MosScore, heard(3.4, 5.0)),
            (QualityFigure::PacketLoss, heard(4.0, 5.0)),
            (
                QualityFigure::Jitter,
                QualityMetrics {
                    jitter_ms: 51.0,
                    ..good
                },
            ),
            (
                QualityFigure::RoundTripTime,
                QualityMetrics {
                    round_trip_time_ms: 401.0,
                    ..good
                },
            ),
        ];
        for (expected, metrics) in table {
            let told = QualityAlarm::new(thresholds).judge(&metrics);
            assert!(
                matches!(told, Some(QualityChange::Degraded { figure, .. }) if figure == expected),
                "{expected:?}: {told:?}"
            );
        }
        let unwatched = QualityThresholds {
            min_mos: None,
            max_packet_loss_percent: None,
            max_jitter_ms: None,
            max_round_trip_time_ms: None,
            ..thresholds
        };
        for (_, metrics) in table {
            assert_eq!(QualityAlarm::new(unwatched).judge(&metrics), None);
        }
    }
}
