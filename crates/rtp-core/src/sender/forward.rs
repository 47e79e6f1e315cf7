//! Packets of another session under our own numbers (RFC 3550 section 7, seen as one source: a back-to-back user agent).

use std::time::Instant;

use super::Sender;
use crate::sequence::{MAX_DROPOUT, MAX_MISORDER};
use crate::{PayloadType, Received, RtpHeader, Ssrc};

/// Consecutive packets of one source, whose numbers and ours differ by a constant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    origin: Ssrc,
    /// The extended number that the run began with; what comes from before it has no number of ours.
    first: u64,
    highest: u64,
    sequence_offset: u16,
    timestamp_offset: u32,
}

impl Run {
    /// Whether a packet goes on where this run is, as far as a receiver of ours could follow.
    fn covers(&self, received: &Received<'_>) -> bool {
        let number = received.extended_sequence;
        self.origin == received.packet.header().ssrc
            && !received.restarted
            && number < self.highest + u64::from(MAX_DROPOUT)
            && number + u64::from(MAX_MISORDER) >= self.highest
    }
}

impl Sender {
    /// Writes a packet that another session received; not one from before the run, whose number is taken.
    ///
    /// A new run follows what was sent last: the next number, and the timestamp of the present moment. Where the source
    /// itself begins a new timeline, or was paused without its timestamp going on, its timestamps are tied anew.
    pub(crate) fn forward(
        &mut self,
        now: Instant,
        received: &Received<'_>,
        payload_type: PayloadType,
        out: &mut Vec<u8>,
    ) -> bool {
        let origin = received.packet.header();
        let number = received.extended_sequence;
        let mut run = match self.run.filter(|run| run.covers(received)) {
            Some(run) => run,
            None => Run {
                origin: origin.ssrc,
                first: number,
                highest: number,
                sequence_offset: self.sequence.wrapping_sub(number as u16),
                timestamp_offset: self.present(now).wrapping_sub(origin.timestamp),
            },
        };
        if number < run.first {
            return false;
        }
        self.goes_on = false;
        let mut timestamp = origin.timestamp.wrapping_add(run.timestamp_offset);
        if number > run.highest && self.is_far(now, timestamp) {
            timestamp = self.present(now);
            run.timestamp_offset = timestamp.wrapping_sub(origin.timestamp);
            run.first = number;
        }
        if number >= run.highest {
            self.learn_packet_ticks(timestamp, number == run.highest + 1);
            run.highest = number;
        }
        self.run = Some(run);
        let header = RtpHeader {
            marker: origin.marker,
            payload_type,
            sequence: (number as u16).wrapping_add(run.sequence_offset),
            timestamp,
            ssrc: self.ssrc,
        };
        self.write(now, &header, received.packet.payload(), out);
        true
    }

    /// Comes back to media of our own, which begins where a forwarded run has got to by now.
    pub(crate) fn end_run(&mut self, now: Instant) {
        if self.run.take().is_some() {
            self.timestamp = self.present(now);
            self.goes_on = false;
        }
    }

    /// What comes next goes on from what was sent last, however late it comes within a quarter of a second.
    pub(crate) fn go_on(&mut self) {
        self.goes_on = true;
    }

    /// The timestamp of something new: after all that was sent, and not before the present moment unless it goes on from there.
    fn present(&self, now: Instant) -> u32 {
        match self.position(now) {
            Some(position) if is_after(position, self.timestamp) => {
                let late = position.wrapping_sub(self.timestamp);
                match self.goes_on && late <= self.clock_rate_hz / 4 {
                    true => self.timestamp,
                    false => position,
                }
            }
            _ => self.timestamp,
        }
    }

    /// Whether a timestamp is more than two seconds from the present moment, which no network delay explains; an event
    /// that goes on keeps the timestamp of its start however long (RFC 4733).
    fn is_far(&self, now: Instant, timestamp: u32) -> bool {
        let limit = 2 * self.clock_rate_hz;
        self.last.is_some_and(|(_, last)| last != timestamp)
            && self.position(now).is_some_and(|position| {
                (timestamp.wrapping_sub(position) as i32).unsigned_abs() > limit
            })
    }

    /// Notes what comes after a packet with `timestamp`; neighbours say how long packets are, up to 120 ms.
    fn learn_packet_ticks(&mut self, timestamp: u32, follows: bool) {
        if let Some((_, last)) = self.last.filter(|_| follows) {
            let ticks = timestamp.wrapping_sub(last);
            if ticks > 0 && ticks <= self.clock_rate_hz / 1000 * 120 {
                self.packet_ticks = ticks;
            }
        }
        self.timestamp = timestamp.wrapping_add(self.packet_ticks);
    }
}

/// Whether a timestamp lies in the half of the circle after another one.
pub(super) fn is_after(timestamp: u32, other: u32) -> bool {
    (timestamp.wrapping_sub(other) as i32) > 0
}

#[cfg(test)]
mod tests;
