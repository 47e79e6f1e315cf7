//! What we report, and when (RFC 3550 6.3, 6.4, 6.6; RFC 3611).

use std::net::SocketAddr;
use std::time::Instant;

use super::RtpSession;
use crate::Membership;
use crate::rtcp::{
    Bye, ExtendedReport, ReceiverReport, SenderReport, SourceDescription, VoipMetrics,
};

impl RtpSession {
    /// Tells the peer with the next report how it sounds (RFC 3611 4.7).
    pub fn set_voip_metrics(&mut self, metrics: VoipMetrics) {
        self.metrics = Some(Box::new(metrics));
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
        self.schedule.as_ref()?;
        let start = out.len();
        if let Some(abandoned) = self.abandoned.take() {
            ReceiverReport::write(abandoned, &[], out);
            SourceDescription::write_cname(abandoned, &self.config.cname, out);
            Bye::write(abandoned, "SSRC changed", out);
            self.counted.rtcp_sent += 1;
            return self.protect_rtcp(out, start).then_some(destination);
        }
        let mut rng = self.rng();
        if !self.schedule.as_mut()?.is_due(now, group, &mut rng) {
            return None;
        }
        self.write_report(now, out);
        let protected = self.protect_rtcp(out, start);
        let group = self.membership(now);
        if let Some(schedule) = &mut self.schedule {
            schedule.sent(now, out.len() - start, group, &mut rng);
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
        if let (Some(metrics), Some(source)) = (self.metrics.take(), self.remote_ssrc()) {
            ExtendedReport::write_voip_metrics(ssrc, source, &metrics, out);
        }
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
