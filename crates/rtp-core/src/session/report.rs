//! What the peer reports (RFC 3550 6.3, 6.4, 6.6; RFC 3611).

use std::net::SocketAddr;
use std::time::Instant;

use super::{RtcpReceived, RtpSession};
use crate::ntp::round_trip;
use crate::reception::LastSenderReport;
use crate::rtcp::{Compound, ExtendedBlock, ReportBlock, RtcpPacket, SourceDescription};
use crate::srtp::Association;
use crate::{Dropped, RemoteReport, Ssrc, jitter};

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
        let parse = match self.reduced_size {
            true => Compound::parse_reduced_size,
            false => Compound::parse,
        };
        let compound = parse(datagram).inspect_err(|_| self.counted.invalid += 1)?;
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
            RtcpPacket::ExtendedReport(report) => {
                self.check_reporter(report.ssrc)?;
                for block in report.blocks() {
                    if let ExtendedBlock::VoipMetrics { ssrc, metrics } = block
                        && ssrc == self.sender.ssrc
                    {
                        self.counted.remote_metrics = Some(Box::new(metrics));
                    }
                }
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

    /// Whether RTCP may come without a report at its beginning (RFC 5506); what is sent always has one.
    pub fn set_reduced_size(&mut self, allowed: bool) {
        self.reduced_size = allowed;
    }
}
