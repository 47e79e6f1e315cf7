//! What is known of one source that is received, and the report block on it (RFC 3550 6.4.1, A.3).

use std::time::{Duration, Instant};

use crate::ntp::short_from_duration;
use crate::rtcp::ReportBlock;
use crate::{Arrival, Counts, Jitter, NtpTime, RtpHeader, SequenceTracker, Ssrc};

/// The last sender report of a source.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LastSenderReport {
    pub(crate) ssrc: Ssrc,
    pub(crate) ntp: NtpTime,
    pub(crate) received_at: Instant,
}

/// One source.
#[derive(Debug, Clone)]
pub(crate) struct Reception {
    pub(crate) ssrc: Ssrc,
    sequence: SequenceTracker,
    jitter: Jitter,
    prior: Counts,
    heard_since_report: bool,
}

impl Reception {
    pub(crate) fn new(ssrc: Ssrc, clock_rate_hz: u32, probation: u16) -> Reception {
        Reception {
            ssrc,
            sequence: SequenceTracker::new(probation),
            jitter: Jitter::new(clock_rate_hz),
            prior: Counts::default(),
            heard_since_report: false,
        }
    }

    /// Takes a packet of this source that arrived so long after the beginning of the session.
    pub(crate) fn handle(&mut self, arrival: Duration, header: &RtpHeader) -> Arrival {
        let result = self.sequence.handle(header.sequence);
        match result {
            Arrival::Probation | Arrival::Jump => return result,
            Arrival::First { .. } => self.prior = Counts::default(),
            Arrival::InOrder { .. } | Arrival::Reordered { .. } | Arrival::Duplicate => {}
        }
        self.heard_since_report = true;
        if result != Arrival::Duplicate {
            self.jitter.handle(arrival, header.timestamp);
        }
        result
    }

    pub(crate) fn set_clock_rate(&mut self, clock_rate_hz: u32) {
        self.jitter.set_clock_rate(clock_rate_hz);
    }

    /// Whether a packet goes on where this source stopped.
    pub(crate) fn is_continued_by(&self, header: &RtpHeader) -> bool {
        self.ssrc == header.ssrc && self.sequence.is_next(header.sequence)
    }

    pub(crate) fn total(&self) -> Counts {
        self.sequence.total()
    }

    pub(crate) fn jitter(&self) -> &Jitter {
        &self.jitter
    }

    /// The block for the next report; `None` when nothing was heard since the one before (6.4).
    ///
    /// As the RFC has it, duplicates count as received here, so that both figures may come out better than the loss.
    pub(crate) fn report(
        &mut self,
        now: Instant,
        last: Option<LastSenderReport>,
    ) -> Option<ReportBlock> {
        if !std::mem::take(&mut self.heard_since_report) {
            return None;
        }
        let counts = self.sequence.counts();
        let arrived = |counts: Counts| counts.received + counts.duplicates;
        let lost = counts.expected as i64 - arrived(counts) as i64;
        let expected = counts.expected.saturating_sub(self.prior.expected);
        let lost_since = expected.saturating_sub(arrived(counts) - arrived(self.prior));
        let fraction_lost = (lost_since * 256)
            .checked_div(expected)
            .unwrap_or(0)
            .min(255);
        self.prior = counts;
        let (last_sr, delay) = match last.filter(|last| last.ssrc == self.ssrc) {
            Some(last) => (
                last.ntp.middle(),
                now.saturating_duration_since(last.received_at),
            ),
            None => (0, Duration::ZERO),
        };
        Some(ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: fraction_lost as u8,
            cumulative_lost: lost.clamp(-0x80_0000, 0x7f_ffff) as i32,
            extended_highest_sequence: self.sequence.extended_highest(),
            jitter_ticks: self.jitter.ticks(),
            last_sr,
            delay_since_last_sr: short_from_duration(delay),
        })
    }
}
