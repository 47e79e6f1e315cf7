//! The stream that leaves: media of our own and what is forwarded (RFC 3550 5.1).

use std::time::Instant;

use super::{Frame, Received, RtpSession};
use crate::PayloadType;

impl RtpSession {
    /// The timestamp that the next packet of our own media will carry; what was forwarded before has an end.
    pub fn next_timestamp(&mut self, now: Instant) -> u32 {
        self.sender.end_run(now);
        self.sender.timestamp
    }

    /// Appends the next packet to `out`.
    pub fn next_packet(&mut self, now: Instant, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let timestamp = self.next_timestamp(now);
        self.next_packet_at(now, timestamp, frame, out);
        self.advance(frame.ticks);
    }

    /// Appends a packet with `timestamp` instead of the running one, which does not advance: for events that keep the
    /// timestamp of their start (RFC 4733).
    pub fn next_packet_at(
        &mut self,
        now: Instant,
        timestamp: u32,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) {
        self.sender.end_run(now);
        let start = out.len();
        self.sender.send(now, timestamp, frame, out);
        self.protect_rtp(out, start);
    }

    /// Appends a packet that another session received, under our SSRC and `payload_type`; returns whether it was
    /// written. Both sessions have the same clock rate.
    ///
    /// Packets of one source keep their distances in sequence and timestamp, so that the peer sees their losses and
    /// their order; a packet that was overtaken by a change of source is left out. Where the source changes, and between
    /// forwarded media and our own, the numbers go on without a gap and timestamps pass as time does. Contributing
    /// sources, header extensions and padding are not forwarded.
    pub fn forward(
        &mut self,
        now: Instant,
        received: &Received<'_>,
        payload_type: PayloadType,
        out: &mut Vec<u8>,
    ) -> bool {
        let start = out.len();
        let written = self.sender.forward(now, received, payload_type, out);
        written && self.protect_rtp(out, start)
    }

    /// What is sent next, forwarded or our own, goes on from what was sent last: when it comes later than its time, by a quarter of a
    /// second at most, the timestamps have no gap.
    pub fn go_on(&mut self) {
        self.sender.go_on();
    }

    /// Lets media time pass without a packet: hold, silence suppression, skipped frames.
    pub fn advance(&mut self, ticks: u32) {
        self.sender.timestamp = self.sender.timestamp.wrapping_add(ticks);
    }
}
