//! The stream that we send: one SSRC, continuous sequence numbers and timestamps (RFC 3550 5.1, 6.4.1).

mod forward;

use std::time::Instant;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::rtcp::SenderInfo;
use crate::{Frame, NtpTime, RtpHeader, Ssrc, jitter};
use forward::{Run, is_after};

/// Reports without RTP in between after which one is no longer a sender (6.3.8).
const IDLE_REPORTS: u8 = 2;

#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) ssrc: Ssrc,
    clock_rate_hz: u32,
    /// The number after the highest that was sent.
    sequence: u16,
    /// What the next frame of our own carries.
    pub(crate) timestamp: u32,
    /// The latest timestamp that was sent, and when it first was.
    last: Option<(Instant, u32)>,
    /// What is being forwarded, while it is.
    run: Option<Run>,
    /// Whether what comes next goes on from what was sent last, even if it comes later.
    goes_on: bool,
    /// How long forwarded packets are.
    packet_ticks: u32,
    idle_reports: u8,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    /// Packets and octets that older SSRCs of ours had sent.
    before: (u64, u64),
}

impl Sender {
    /// All three begin at random (5.1); the sequence number in the lower half of its range, so that an early reordering
    /// cannot be taken for a wrap by a receiver that counts wraps for encryption (RFC 3711 3.3.1).
    pub(crate) fn new(clock_rate_hz: u32, rng: &mut StdRng) -> Sender {
        Sender {
            ssrc: Ssrc(rng.random()),
            clock_rate_hz,
            sequence: rng.random::<u16>() >> 1,
            timestamp: rng.random(),
            last: None,
            run: None,
            goes_on: false,
            packet_ticks: clock_rate_hz / 50,
            idle_reports: 0,
            packets: 0,
            octets: 0,
            before: (0, 0),
        }
    }

    /// Writes a frame of our own.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        timestamp: u32,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) {
        let header = RtpHeader {
            marker: frame.marker,
            payload_type: frame.payload_type,
            sequence: self.sequence,
            timestamp,
            ssrc: self.ssrc,
        };
        self.write(now, &header, frame.payload, out);
    }

    /// The one place where a packet is written and counted.
    fn write(&mut self, now: Instant, header: &RtpHeader, payload: &[u8], out: &mut Vec<u8>) {
        header.write_packet(payload, out);
        let next = header.sequence.wrapping_add(1);
        if (next.wrapping_sub(self.sequence) as i16) > 0 {
            self.sequence = next;
        }
        if self
            .last
            .is_none_or(|(_, last)| is_after(header.timestamp, last))
        {
            self.last = Some((now, header.timestamp));
        }
        self.packets += 1;
        self.octets += payload.len() as u64;
        self.idle_reports = 0;
    }

    /// Whether RTP was sent since the report before the last.
    pub(crate) fn is_active(&self) -> bool {
        self.last.is_some() && self.idle_reports < IDLE_REPORTS
    }

    pub(crate) fn reported(&mut self) {
        self.idle_reports = self.idle_reports.saturating_add(1);
    }

    /// Goes on under another SSRC; its counts begin anew (6.4.1), sequence and timestamp go on.
    pub(crate) fn change_ssrc(&mut self, rng: &mut StdRng) -> Ssrc {
        let old = self.ssrc;
        while self.ssrc == old {
            self.ssrc = Ssrc(rng.random());
        }
        self.before = (self.packets, self.octets);
        old
    }

    /// Goes on with another clock from where the stream is.
    pub(crate) fn set_clock_rate(&mut self, now: Instant, clock_rate_hz: u32) {
        self.last = self.position(now).map(|position| (now, position));
        self.end_run(now);
        self.clock_rate_hz = clock_rate_hz;
        self.packet_ticks = clock_rate_hz / 50;
    }

    /// Where the stream is at `now`, extrapolated from what was sent last.
    fn position(&self, now: Instant) -> Option<u32> {
        let (at, timestamp) = self.last?;
        let elapsed = now.saturating_duration_since(at);
        Some(timestamp.wrapping_add(jitter::ticks(elapsed, self.clock_rate_hz)))
    }

    /// What a sender report says at `now`.
    pub(crate) fn info(&self, now: Instant, ntp: NtpTime) -> SenderInfo {
        SenderInfo {
            ntp,
            rtp_timestamp: self.position(now).unwrap_or(self.timestamp),
            packet_count: (self.packets - self.before.0) as u32,
            octet_count: (self.octets - self.before.1) as u32,
        }
    }
}
