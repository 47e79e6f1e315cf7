//! SRTP on a session: what is sent is protected after it is written, what comes is unprotected before it is read.

use super::RtpSession;
use crate::Dropped;
use crate::srtp::{Association, SrtpError, SrtpKeys, SrtpSender};

impl RtpSession {
    /// Makes every packet SRTP or SRTCP under these keys, or plain with `None`. Anything else that comes is dropped and
    /// counted in [`RtpStatistics::srtp`](crate::RtpStatistics).
    ///
    /// A key that was in use goes on with its counters, whatever was in between. When the keys change after our
    /// sequence number has wrapped, what is sent goes on under another SSRC: whether the count of wraps survives a new
    /// key is read differently (RFC 3711 section 3.3.1, RFC 4568 section 7.1.4), and a new source begins at zero for
    /// everybody.
    pub fn set_security(&mut self, keys: Option<SrtpKeys>) {
        self.secured = keys.is_some();
        let Some(keys) = keys else { return };
        match &mut self.association {
            Some(association) => {
                if association.rekey(keys, self.sender.ssrc) {
                    self.change_ssrc();
                }
            }
            None => self.association = Some(Box::new(Association::new(keys))),
        }
    }

    /// Whether packets are SRTP.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.secured
    }

    /// Protects the RTP packet that was written from `start` on; returns whether it may be sent.
    pub(super) fn protect_rtp(&mut self, out: &mut Vec<u8>, start: usize) -> bool {
        self.protect(out, start, SrtpSender::protect_rtp)
    }

    /// The same for a compound RTCP packet.
    pub(super) fn protect_rtcp(&mut self, out: &mut Vec<u8>, start: usize) -> bool {
        self.protect(out, start, SrtpSender::protect_rtcp)
    }

    fn protect(
        &mut self,
        out: &mut Vec<u8>,
        start: usize,
        protect: fn(&mut SrtpSender, &mut Vec<u8>, usize) -> Result<(), SrtpError>,
    ) -> bool {
        let association = self.association.as_deref_mut();
        let Some(association) = association.filter(|_| self.secured) else {
            return true;
        };
        let protected = protect(association.sender(), out, start);
        protected
            .inspect_err(|error| self.counted.srtp.count(*error))
            .is_ok()
    }

    /// The plain packet in `datagram`.
    pub(super) fn unprotect<'a>(
        &mut self,
        datagram: &'a mut [u8],
        unprotect: fn(&mut Association, &mut [u8]) -> Result<usize, SrtpError>,
    ) -> Result<&'a [u8], Dropped> {
        let association = self.association.as_deref_mut();
        let Some(association) = association.filter(|_| self.secured) else {
            return Ok(datagram);
        };
        let opened = unprotect(association, datagram);
        let octets = opened.inspect_err(|error| self.counted.srtp.count(*error))?;
        Ok(&datagram[..octets])
    }
}

#[cfg(test)]
mod tests;
