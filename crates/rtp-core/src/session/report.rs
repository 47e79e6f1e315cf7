//! Reports in both directions (RFC 3550 6.3, 6.4, 6.6).

use std::net::SocketAddr;
use std::time::Instant;

use super::{RtcpReceived, RtpSession};
use crate::ntp::round_trip;
use crate::reception::LastSenderReport;
use crate::rtcp::{
    Bye, Compound, ReceiverReport, ReportBlock, RtcpPacket, SenderReport, SourceDescription,
};
use crate::srtp::Association;
use crate::{Dropped, Membership, RemoteReport, Ssrc, jitter};

impl RtpSession {
    /// Takes a datagram from the RTCP port.
    ///
    /// # Errors
    /// [`Dropped`] when nothing of it could be used; it has been counted.
    pub fn handle_rtcp(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &mut [u8],
    ) -> Result<RtcpReceived, Dropped> {
        if !self.accepts_rtcp(now, source, datagram) {
            self.counted.foreign += 1;
            return Err(Dropped::ForeignSource);
        }
        let octets = datagram.len();
        let datagram = self.unprotect(datagram, Association::unprotect_rtcp)?;
        let compound = Compound::parse(datagram).inspect_err(|_| self.counted.invalid += 1)?;
        let mut received = RtcpReceived::default();
        for packet in compound.packets() {
            match packet {
                Ok(packet) => self.handle_packet(now, packet, &mut received)?,
                Err(_) => received.malformed += 1,
            }
        }
        self.counted.invalid += u64::from(received.malformed > 0);
        self.counted.rtcp_received += 1;
        if !self.is_muxed() {
            self.rtcp_latch.hear(now, source);
        }
        self.heard_at = Some(now).filter(|_| !received.bye);
        let members = self.membership(now).members;
        if let Some(schedule) = &mut self.schedule {
            schedule.received(octets);
            schedule.shrunk(now, members);
        }
        Ok(received)
    }

    fn handle_packet(
        &mut self,
        now: Instant,
        packet: RtcpPacket<'_>,
        received: &mut RtcpReceived,
    ) -> Result<(), Dropped> {
        match packet {
            RtcpPacket::SenderReport(report) => {
                self.check_reporter(report.ssrc)?;
                self.last_sr = Some(LastSenderReport {
                    ssrc: report.ssrc,
                    ntp: report.sender.ntp,
                    received_at: now,
                });
                report
                    .blocks
                    .iter()
                    .for_each(|block| self.handle_block(now, &block, received));
            }
            RtcpPacket::ReceiverReport(report) => {
                self.check_reporter(report.ssrc)?;
                report
                    .blocks
                    .iter()
                    .for_each(|block| self.handle_block(now, &block, received));
            }
            RtcpPacket::SourceDescription(description) => self.handle_description(description),
            RtcpPacket::Bye(bye) => {
                received.bye |= bye
                    .sources()
                    .any(|ssrc| self.remote_ssrc().is_none_or(|known| known == ssrc));
            }
            RtcpPacket::App(_) | RtcpPacket::Other(_) => {}
        }
        Ok(())
    }

    fn check_reporter(&mut self, reporter: Ssrc) -> Result<(), Dropped> {
        if reporter != self.sender.ssrc {
            return Ok(());
        }
        self.counted.reflected += 1;
        self.resolve_collision();
        Err(Dropped::Reflected)
    }

    fn handle_block(&mut self, now: Instant, block: &ReportBlock, received: &mut RtcpReceived) {
        if block.ssrc != self.sender.ssrc {
            return;
        }
        received.reported = true;
        self.counted.remote = Some(RemoteReport {
            received_at: now,
            fraction_lost: block.fraction_lost,
            cumulative_lost: block.cumulative_lost,
            extended_highest_sequence: block.extended_highest_sequence,
            jitter_ticks: block.jitter_ticks,
            jitter: jitter::duration(block.jitter_ticks, self.config.clock_rate_hz),
        });
        let arrival = self.config.clock.ntp(now);
        if let Some(time) = round_trip(arrival, block.last_sr, block.delay_since_last_sr) {
            self.counted.round_trip = Some(time);
        }
    }

    fn handle_description(&mut self, description: SourceDescription<'_>) {
        let known = self.remote_ssrc();
        let mut chunks = description
            .chunks()
            .filter(|chunk| known.is_none_or(|ssrc| ssrc == chunk.ssrc));
        let cname = chunks.find_map(|chunk| std::str::from_utf8(chunk.cname()?).ok());
        if cname.is_some() && cname != self.remote_cname() {
            self.cname = cname.map(str::to_owned);
        }
    }

    /// When [`RtpSession::poll_rtcp`] has something to do; `None` when no RTCP is sent.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let next = self.schedule.as_ref()?.next();
        Some(if self.abandoned.is_some() {
            self.began
        } else {
            next
        })
    }

    /// Appends the compound packet that is due at `now`, if one is, and returns where it goes; it leaves from
    /// [`RtpSession::rtcp_channel`].
    pub fn poll_rtcp(&mut self, now: Instant, out: &mut Vec<u8>) -> Option<SocketAddr> {
        let destination = self.rtcp_destination()?;
        let group = self.membership(now);
        let schedule = self.schedule.as_mut()?;
        let start = out.len();
        if let Some(abandoned) = self.abandoned.take() {
            ReceiverReport::write(abandoned, &[], out);
            SourceDescription::write_cname(abandoned, &self.config.cname, out);
            Bye::write(abandoned, "SSRC changed", out);
            self.counted.rtcp_sent += 1;
            return self.protect_rtcp(out, start).then_some(destination);
        }
        if !schedule.is_due(now, group, &mut self.rng) {
            return None;
        }
        self.write_report(now, out);
        let protected = self.protect_rtcp(out, start);
        let group = self.membership(now);
        if let Some(schedule) = &mut self.schedule {
            schedule.sent(now, out.len() - start, group, &mut self.rng);
        }
        protected.then_some(destination)
    }

    /// Appends a report with a BYE and ends the sending of RTCP; returns where it goes. `None`, and nothing written,
    /// when nothing was ever sent (RFC 3550 6.3.7) or the peer wants no reports.
    pub fn bye(&mut self, now: Instant, reason: &str, out: &mut Vec<u8>) -> Option<SocketAddr> {
        self.ended = true;
        self.schedule.take()?;
        let destination = self.rtcp_destination()?;
        if self.sender.packets == 0 && self.counted.rtcp_sent == 0 {
            return None;
        }
        let start = out.len();
        self.write_report(now, out);
        Bye::write(self.sender.ssrc, reason, out);
        self.protect_rtcp(out, start).then_some(destination)
    }

    /// Appends SR or RR, and the CNAME.
    fn write_report(&mut self, now: Instant, out: &mut Vec<u8>) {
        let block = self
            .source
            .as_mut()
            .and_then(|source| source.report(now, self.last_sr));
        let ssrc = self.sender.ssrc;
        if self.sender.is_active() {
            let info = self.sender.info(now, self.config.clock.ntp(now));
            SenderReport::write(ssrc, &info, block.as_slice(), out);
        } else {
            ReceiverReport::write(ssrc, block.as_slice(), out);
        }
        SourceDescription::write_cname(ssrc, &self.config.cname, out);
        self.sender.reported();
        self.counted.rtcp_sent += 1;
    }

    /// Who takes part, for the RTCP interval; a peer that was silent for five intervals does not (6.3.5), and one that
    /// sent no RTP for two is no sender.
    pub(super) fn membership(&self, now: Instant) -> Membership {
        let we_sent = self.sender.is_active();
        let pair = Membership {
            members: 2,
            senders: 2,
            we_sent,
        };
        let interval = self
            .schedule
            .as_ref()
            .map(|schedule| schedule.deterministic(pair))
            .unwrap_or_default();
        let within = |at: Option<Instant>, intervals| {
            at.is_some_and(|at| now.saturating_duration_since(at) <= interval * intervals)
        };
        let present = within(self.heard_at, 5);
        let sends = present && within(self.last_received_at, 2);
        Membership {
            members: 1 + u32::from(present),
            senders: u32::from(we_sent) + u32::from(sends),
            we_sent,
        }
    }
}
