//! The stream that we send: one SSRC, continuous sequence numbers and timestamps (RFC 3550 5.1, 6.4.1).

use std::time::Instant;

use rand::RngExt;
use rand::rngs::StdRng;

use crate::rtcp::SenderInfo;
use crate::{Frame, NtpTime, RtpHeader, Ssrc, jitter};

/// Reports without RTP in between after which one is no longer a sender (6.3.8).
const IDLE_REPORTS: u8 = 2;

#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) ssrc: Ssrc,
    sequence: u16,
    pub(crate) timestamp: u32,
    last: Option<(Instant, u32)>,
    idle_reports: u8,
    pub(crate) packets: u64,
    pub(crate) octets: u64,
    /// Packets and octets that older SSRCs of ours had sent.
    before: (u64, u64),
}

impl Sender {
    /// All three begin at random (5.1); the sequence number in the lower half of its range, so that an early reordering
    /// cannot be taken for a wrap by a receiver that counts wraps for encryption (RFC 3711 3.3.1).
    pub(crate) fn new(rng: &mut StdRng) -> Sender {
        Sender {
            ssrc: Ssrc(rng.random()),
            sequence: rng.random::<u16>() >> 1,
            timestamp: rng.random(),
            last: None,
            idle_reports: 0,
            packets: 0,
            octets: 0,
            before: (0, 0),
        }
    }

    pub(crate) fn write(
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
        header.write_packet(frame.payload, out);
        self.sequence = self.sequence.wrapping_add(1);
        self.packets += 1;
        self.octets += frame.payload.len() as u64;
        self.idle_reports = 0;
        self.last = Some((now, timestamp));
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

    /// What a sender report says at `now`; the RTP timestamp is extrapolated from the last packet.
    pub(crate) fn info(&self, now: Instant, ntp: NtpTime, clock_rate_hz: u32) -> SenderInfo {
        let rtp_timestamp = match self.last {
            Some((at, timestamp)) => timestamp.wrapping_add(jitter::ticks(
                now.saturating_duration_since(at),
                clock_rate_hz,
            )),
            None => self.timestamp,
        };
        SenderInfo {
            ntp,
            rtp_timestamp,
            packet_count: (self.packets - self.before.0) as u32,
            octet_count: (self.octets - self.before.1) as u32,
        }
    }
}
