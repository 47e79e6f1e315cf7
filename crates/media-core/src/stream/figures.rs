//! A stream's figures: totals, and the quality over the last eight to ten seconds.

use std::time::{Duration, Instant};

use super::Stream;
use super::sound::ReceivedSound;
use crate::capabilities::FRAME;
use crate::engine::{EngineConfig, Outbox};
use crate::event::{MediaEvent, MediaStatistics};
use crate::jitter_buffer::LossRuns;
use crate::quality::{CodecImpairment, Heard, QualityMetrics, mos, rating, voip_metrics};
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

/// The totals at one moment, as far as they are needed for differences: every stream keeps five of these.
#[derive(Debug, Clone, Copy, Default)]
struct Mark {
    expected: u32,
    received: u32,
    lost: u32,
    late: u32,
    runs: LossRuns,
}

impl Mark {
    fn of(rtp: &RtpSession, jitter_buffer: &ReceivedSound) -> Self {
        let statistics = rtp.statistics();
        let played = jitter_buffer.statistics();
        Self {
            expected: statistics.packets_expected as u32,
            received: statistics.packets_received as u32,
            lost: statistics.packets_lost as u32,
            late: played.late as u32,
            runs: played.losses.runs(),
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
            processor_overruns: self.processing.overruns(),
            remote_quality: rtp.remote_metrics.map(|metrics| Box::new(metrics.into())),
            quality_metrics: (rtp.packets_received > 0).then(|| self.quality()),
        }
    }

    /// Takes in a frame, and reports when that is due.
    pub(super) fn watch_figures(
        &mut self,
        now: Instant,
        config: &EngineConfig,
        outbox: &mut Outbox,
    ) {
        self.window.frame(&self.rtp, &self.jitter_buffer);
        let interval = config.statistics_interval;
        let due = *self.next_report.get_or_insert(now + interval);
        if due <= now {
            self.next_report = Some(due.max(now) + interval);
            outbox.events.push_back(self.report());
            self.applications.clean_up();
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
        let (loss, lately) = self.lately();
        let (delay, codec) = (self.delay(), self.impairment());
        let score = |(loss, burst_ratio)| mos(rating(delay, loss, burst_ratio, codec));
        QualityMetrics {
            mos_score: lately.map(score),
            packet_loss_percent: loss,
            jitter_ms: statistics.jitter.as_secs_f64() * 1_000.0,
            round_trip_time_ms: statistics.round_trip.unwrap_or_default().as_secs_f64() * 1_000.0,
        }
    }

    /// Has the peer told with the next report how it sounds, where that is agreed on.
    pub(super) fn tell_quality(&mut self) {
        let parameters = self.parameters.as_ref();
        if parameters.is_none_or(|parameters| !parameters.extended_reports) {
            return;
        }
        let statistics = self.rtp.statistics();
        let jitter_buffer = self.jitter_buffer.statistics();
        self.rtp.set_voip_metrics(voip_metrics(&Heard {
            rtp: &statistics,
            jitter_buffer: &jitter_buffer,
            codec: self.impairment(),
            packet: self.packet(),
            delay: self.delay(),
            lately: self.lately().1,
        }));
    }

    /// What could not be played since the window's oldest mark, in per cent; with it how bursty that was, unless nothing came.
    fn lately(&self) -> (f64, Option<(f64, f64)>) {
        let before = &self.window.marks[self.window.oldest];
        let now = Mark::of(&self.rtp, &self.jitter_buffer);
        let expected = now.expected.saturating_sub(before.expected);
        let unplayed = now.lost.saturating_sub(before.lost) + now.late.saturating_sub(before.late);
        let loss = match expected {
            0 => 0.0,
            expected => (f64::from(unplayed) * 100.0 / f64::from(expected)).min(100.0),
        };
        let burst_ratio = now.runs.burst_ratio(&before.runs);
        let heard = now.received > before.received;
        (loss, heard.then_some((loss, burst_ratio)))
    }

    /// Half the round trip, what the jitter buffer and the processors add, and a packet's sound.
    fn delay(&self) -> Duration {
        let network = self.rtp.statistics().round_trip.unwrap_or_default() / 2;
        let played = self.jitter_buffer.statistics().delay + self.processing.delay();
        network + played + self.packet()
    }

    /// The sound of a packet, as we send it.
    fn packet(&self) -> Duration {
        let parameters = self.parameters.as_ref();
        parameters.map_or(FRAME, |parameters| parameters.ptime)
    }

    /// Of the codec that is heard.
    fn impairment(&self) -> CodecImpairment {
        let sent = self.parameters.as_ref().map(|parameters| parameters.codec);
        let codec = self.relaying.arriving().or(sent);
        codec.map_or(CodecImpairment::G711_CONCEALED, CodecImpairment::of)
    }
}
