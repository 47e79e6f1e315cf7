//! A stream's figures: totals, and the quality over the last eight to ten seconds.

use std::time::Duration;

use super::Stream;
use super::sound::ReceivedSound;
use crate::capabilities::FRAME;
use crate::event::{MediaEvent, MediaStatistics};
use crate::quality::{CodecImpairment, QualityMetrics, mos, rating};
use crate::rtp_core::RtpSession;

/// How many frames lie between two marks of the window: two seconds.
const MARK_FRAMES: u32 = 100;
const MARKS: usize = 5;

/// Marks of the past, to take differences to.
#[derive(Debug, Default)]
pub(super) struct QualityWindow {
    marks: [Mark; MARKS],
    /// The oldest mark, which is the next to be replaced.
    oldest: usize,
    frames: u32,
}

/// The totals at one moment.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    expected: u64,
    received: u64,
    lost: u64,
    late: u64,
}

impl Mark {
    fn of(rtp: &RtpSession, jitter_buffer: &ReceivedSound) -> Self {
        let statistics = rtp.statistics();
        Self {
            expected: statistics.packets_expected,
            received: statistics.packets_received,
            lost: statistics.packets_lost,
            late: jitter_buffer.statistics().late,
        }
    }
}

impl QualityWindow {
    /// Counts a frame, and sets a mark when one is due.
    pub(super) fn frame(&mut self, rtp: &RtpSession, jitter_buffer: &ReceivedSound) {
        self.frames += 1;
        if self.frames == MARK_FRAMES {
            self.frames = 0;
            self.marks[self.oldest] = Mark::of(rtp, jitter_buffer);
            self.oldest = (self.oldest + 1) % MARKS;
        }
    }
}

impl Stream {
    /// The figures up to now.
    pub(crate) fn statistics(&self) -> MediaStatistics {
        let rtp = self.rtp.statistics();
        let dropped = self
            .recorder
            .as_ref()
            .map_or(0, |recorder| recorder.dropped());
        MediaStatistics {
            codec: self.parameters.as_ref().map(|parameters| parameters.codec),
            packets_sent: rtp.packets_sent,
            octets_sent: rtp.octets_sent,
            packets_received: rtp.packets_received,
            octets_received: rtp.octets_received,
            packets_ignored: self.packets_ignored,
            packets_refused: rtp.invalid + rtp.foreign + rtp.on_probation + rtp.srtp.refused(),
            packets_lost: rtp.packets_lost,
            packet_loss_percent: rtp.packet_loss_percent(),
            jitter: rtp.jitter,
            round_trip_time: rtp.round_trip,
            jitter_buffer: self.jitter_buffer.statistics(),
            recording_samples_dropped: self.recording_samples_dropped + dropped,
            quality_metrics: (rtp.packets_received > 0).then(|| self.quality()),
        }
    }

    pub(super) fn report(&self) -> MediaEvent {
        MediaEvent::Statistics {
            key: self.key(),
            statistics: self.statistics(),
        }
    }

    /// The quality since the window's oldest mark.
    fn quality(&self) -> QualityMetrics {
        let statistics = self.rtp.statistics();
        let before = self.window.marks[self.window.oldest];
        let now = Mark::of(&self.rtp, &self.jitter_buffer);
        let expected = now.expected.saturating_sub(before.expected);
        let unplayed = now.lost.saturating_sub(before.lost) + now.late - before.late;
        let loss = match expected {
            0 => 0.0,
            expected => (unplayed as f64 * 100.0 / expected as f64).min(100.0),
        };
        let network = statistics.round_trip.unwrap_or(Duration::ZERO) / 2;
        let delay = network + self.jitter_buffer.statistics().delay + FRAME;
        let heard = now.received > before.received;
        let score = || mos(rating(delay, loss, 1.0, CodecImpairment::G711_CONCEALED));
        QualityMetrics {
            mos_score: heard.then(score),
            packet_loss_percent: loss,
            jitter_ms: statistics.jitter.as_secs_f64() * 1_000.0,
            round_trip_time_ms: network.as_secs_f64() * 2_000.0,
        }
    }
}
