//! Taking in RTP data packets (RFC 3550 6.2.1, 8.2, A.1).

use std::net::SocketAddr;
use std::time::Instant;

use super::candidate::Candidate;
use super::{Received, RtpSession};
use crate::reception::Reception;
use crate::srtp::Association;
use crate::{Arrival, Dropped, RtpHeader, RtpPacket, SequenceTracker, Standing};

impl RtpSession {
    /// Takes a datagram from the RTP port.
    ///
    /// # Errors
    /// [`Dropped`] when it must not be used; it has been counted.
    pub fn handle_rtp<'a>(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &'a mut [u8],
    ) -> Result<Received<'a>, Dropped> {
        let standing = self.rtp_latch.judge(now, source);
        if standing == Standing::Foreign {
            self.counted.foreign += 1;
            return Err(Dropped::ForeignSource);
        }
        let datagram = self.unprotect(datagram, Association::unprotect_rtp)?;
        let packet = RtpPacket::parse(datagram).inspect_err(|_| self.counted.invalid += 1)?;
        let header = packet.header();
        self.check_stranger(standing, header)?;
        if header.ssrc == self.sender.ssrc {
            self.counted.reflected += 1;
            self.resolve_collision();
        }
        let (extended_sequence, reordered, restarted) = match self.arrive(now, source, header) {
            Arrival::First { extended } => (extended, false, true),
            Arrival::InOrder { extended } => (extended, false, false),
            Arrival::Reordered { extended } => (extended, true, false),
            Arrival::Duplicate => return Err(Dropped::Duplicate),
            Arrival::Probation => {
                self.counted.on_probation += 1;
                return Err(Dropped::Probation);
            }
            Arrival::Jump => {
                self.counted.on_probation += 1;
                return Err(Dropped::SequenceJump);
            }
        };
        self.counted.reordered += u64::from(reordered);
        self.counted.octets_received += packet.payload().len() as u64;
        self.last_received_at = Some(now);
        self.heard_at = Some(now);
        self.rtp_latch.hear(now, source);
        Ok(Received {
            packet,
            extended_sequence,
            reordered,
            restarted,
        })
    }

    /// Gives the packet to the valid source or to the one that may become it.
    fn arrive(&mut self, now: Instant, from: SocketAddr, header: &RtpHeader) -> Arrival {
        let elapsed = now.saturating_duration_since(self.began);
        if let Some(source) = self
            .source
            .as_mut()
            .filter(|source| source.ssrc == header.ssrc)
        {
            let arrival = source.handle(elapsed, header);
            if !matches!(arrival, Arrival::Jump) && !self.rtp_latch.is_left(now, from) {
                self.candidate = None;
            }
            self.counted.restarts += u64::from(matches!(arrival, Arrival::First { .. }));
            return arrival;
        }
        // What signalling named counts at once, also against a stranger who was there before.
        let vouched = self.rtp_latch.is_signalled(from)
            && (self.source.is_none() || self.rtp_latch.heard() != Some(from));
        let place = self.candidate.as_ref().filter(|_| !vouched);
        if place.is_some_and(|candidate| candidate.keeps_out(now, from)) {
            return Arrival::Probation;
        }
        let place = self.candidate.take();
        let place = place.filter(|place| !vouched && place.address == from);
        let since = place.as_ref().map_or(now, |place| place.since);
        let same = place.map(|place| place.source);
        let mut source = match same.filter(|source| source.ssrc == header.ssrc) {
            Some(source) => source,
            None => {
                let probation = match vouched {
                    true => 0,
                    false => SequenceTracker::MIN_SEQUENTIAL,
                };
                Reception::new(header.ssrc, self.config.clock_rate_hz, probation)
            }
        };
        let arrival = source.handle(elapsed, header);
        if matches!(arrival, Arrival::First { .. }) {
            if let Some(replaced) = self.source.replace(source) {
                self.past = self.past.plus(replaced.total());
                self.counted.restarts += 1;
            }
        } else {
            let address = from;
            self.candidate = Some(Candidate {
                address,
                since,
                source,
            });
        }
        arrival
    }

    /// Leaves our SSRC to the peer that uses it too, the first time.
    pub(super) fn resolve_collision(&mut self) {
        if !self.collided {
            self.collided = true;
            self.change_ssrc();
        }
    }

    /// Goes on under another SSRC, and says goodbye under this one with the next report.
    pub(super) fn change_ssrc(&mut self) {
        let mut rng = self.rng();
        self.abandoned = Some(self.sender.change_ssrc(&mut rng));
    }
}
