//! Where the peer is: where packets go, and where they may come from.

use std::net::SocketAddr;
use std::time::Instant;

use super::{RemoteAddress, RtpSession};
use crate::{Channel, Dropped, PayloadType, RtcpSchedule, RtpHeader, Standing, rtcp};

impl RtpSession {
    /// Sets where to send. The first address for RTCP starts the reports; `None` ends them.
    pub fn set_remote(&mut self, now: Instant, remote: Option<RemoteAddress>) {
        let rtcp = remote.and_then(|remote| remote.rtcp);
        self.rtp_latch
            .set_signalled(now, remote.map(|remote| remote.rtp));
        self.rtcp_latch.set_signalled(now, rtcp);
        let reports = self.rtcp_destination().is_some()
            && self.config.rtcp_octets_per_second > 0
            && !self.ended;
        if !reports {
            self.schedule = None;
        } else if self.schedule.is_none() {
            let group = self.membership(now);
            let mut rng = self.rng();
            self.schedule = Some(RtcpSchedule::new(
                now,
                self.config.rtcp_octets_per_second,
                group,
                &mut rng,
            ));
        }
    }

    /// Says which payload types were agreed on: what comes from an unknown address has to have one of them.
    pub fn set_payload_types(&mut self, types: impl IntoIterator<Item = PayloadType>) {
        let bits = types
            .into_iter()
            .map(|payload_type| 1 << payload_type.number());
        self.payload_types = bits.fold(0, |all, bit: u128| all | bit);
    }

    /// Where RTP goes now; `None` while nothing is to be sent.
    #[must_use]
    pub fn destination(&self) -> Option<SocketAddr> {
        self.rtp_latch.destination()
    }

    /// The address that the RTP socket may be connected to; see [`crate::Latch::connectable`].
    #[must_use]
    pub fn connectable(&self, now: Instant) -> Option<SocketAddr> {
        self.rtp_latch.connectable(now)
    }

    /// The socket that RTCP leaves from: the one of RTP when both share a port.
    #[must_use]
    pub fn rtcp_channel(&self) -> Channel {
        if self.is_muxed() {
            Channel::Rtp
        } else {
            Channel::Rtcp
        }
    }

    pub(super) fn is_muxed(&self) -> bool {
        let rtp = self.rtp_latch.signalled();
        rtp.is_some() && rtp == self.rtcp_latch.signalled()
    }

    /// The signalled address.
    #[must_use]
    pub fn remote(&self) -> Option<RemoteAddress> {
        let rtp = self.rtp_latch.signalled()?;
        Some(RemoteAddress {
            rtp,
            rtcp: self.rtcp_latch.signalled(),
        })
    }

    /// The address that valid RTP comes from.
    #[must_use]
    pub fn heard_from(&self) -> Option<SocketAddr> {
        self.rtp_latch.heard()
    }

    /// Lets a packet of an unknown address pass only if it is what the peer would send: by its payload type, and when
    /// the peer is known already, as the next of its stream.
    pub(super) fn check_stranger(
        &mut self,
        standing: Standing,
        header: &RtpHeader,
    ) -> Result<(), Dropped> {
        let is_known = standing == Standing::Peer;
        if !is_known && self.payload_types >> header.payload_type.number() & 1 == 0 {
            self.counted.implausible += 1;
            return Err(Dropped::Implausible);
        }
        let mut source = self.source.iter();
        if standing == Standing::Moved && !source.any(|source| source.is_continued_by(header)) {
            self.counted.foreign += 1;
            return Err(Dropped::ForeignSource);
        }
        Ok(())
    }

    /// Whether RTCP may come from `source`. On the port of RTP the address is the one of RTP, which RTCP does not move;
    /// on its own port an unknown address has to report as the source that RTP comes from, or be at its host.
    pub(super) fn accepts_rtcp(&self, now: Instant, source: SocketAddr, datagram: &[u8]) -> bool {
        if self.is_muxed() {
            return self.rtp_latch.judge(now, source) == Standing::Peer;
        }
        let is_source = || {
            self.remote_ssrc()
                .is_some_and(|ssrc| rtcp::reporter(datagram) == Some(ssrc))
        };
        match self.rtcp_latch.judge(now, source) {
            Standing::Peer => true,
            Standing::Stranger => {
                let host = self.rtp_latch.heard().or(self.rtp_latch.signalled());
                is_source() || host.is_some_and(|host| host.ip() == source.ip())
            }
            Standing::Moved => is_source(),
            Standing::Foreign => false,
        }
    }

    /// Where reports go.
    pub(super) fn rtcp_destination(&self) -> Option<SocketAddr> {
        if self.is_muxed() {
            self.rtp_latch.destination()
        } else {
            self.rtcp_latch.destination()
        }
    }
}
