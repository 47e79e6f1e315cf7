//! What we send under one key: an index that goes on and never comes twice (RFC 3711 sections 3.3 and 3.4).

use std::fmt;

use super::header::{RtpHead, rtcp_ssrc};
use super::index::{END, RTCP_END, estimate};
use super::key::Protocol;
use super::replay::ReplayWindow;
use super::transform::{Place, Transform, transform};
use super::{MAX_SOURCES, SrtpError, SrtpKey, mki};
use crate::Ssrc;

/// Protects what is sent under one key.
pub struct SrtpSender {
    rtp: Box<dyn Transform>,
    rtcp: Box<dyn Transform>,
    sources: Vec<Source>,
    mki: Box<[u8]>,
    rtp_left: u64,
    rtcp_left: u32,
}

/// One SSRC of ours.
#[derive(Debug, Clone, Copy)]
struct Source {
    ssrc: Ssrc,
    /// The RTP packets sent; a relay sends them in the order in which they come.
    rtp: ReplayWindow,
    /// The highest index under the key before.
    before: Option<u64>,
    /// The index of its next RTCP packet.
    rtcp_index: u32,
}

impl Source {
    fn highest(&self) -> Option<u64> {
        self.rtp.highest().or(self.before)
    }
}

impl SrtpSender {
    /// Sends under `key` from the first packet on.
    #[must_use]
    pub fn new(key: &SrtpKey) -> Self {
        Self {
            rtp: transform(key, Protocol::Rtp),
            rtcp: transform(key, Protocol::Rtcp),
            sources: Vec::with_capacity(1),
            mki: key.mki().into(),
            rtp_left: END,
            rtcp_left: RTCP_END,
        }
    }

    /// Goes on under a new key; indexes go on too (RFC 3711 section 3.3.1).
    #[must_use]
    pub fn rekeyed(&self, key: &SrtpKey) -> Self {
        let sources = self.sources.iter().map(|source| Source {
            rtp: ReplayWindow::default(),
            before: source.highest(),
            ..*source
        });
        Self {
            sources: sources.collect(),
            ..Self::new(key)
        }
    }

    /// Whether a receiver that knows nothing of what `ssrc` sent so far could not read what it sends next, because its
    /// sequence number has wrapped.
    #[must_use]
    pub fn has_wrapped(&self, ssrc: Ssrc) -> bool {
        let mut sources = self.sources.iter();
        let source = sources.find(|source| source.ssrc == ssrc);
        let highest = source.and_then(Source::highest);
        highest.is_some_and(|index| index >> 16 != 0)
    }

    /// Protects the RTP packet from `start` to the end of `out`, which grows by the suite's tag.
    ///
    /// # Errors
    /// [`SrtpError`]; the packet must not be sent, and `out` ends at `start`.
    pub fn protect_rtp(&mut self, out: &mut Vec<u8>, start: usize) -> Result<(), SrtpError> {
        let protected = self.try_rtp(out, start);
        if protected.is_err() {
            out.truncate(start);
        }
        protected
    }

    fn try_rtp(&mut self, out: &mut Vec<u8>, start: usize) -> Result<(), SrtpError> {
        let head = RtpHead::read(&out[start..])?;
        let source = source(&mut self.sources, head.ssrc)?;
        let index = match source.highest() {
            Some(highest) => estimate(highest, head.sequence),
            None => head.sequence.into(),
        };
        let fresh = source.rtp.check(index);
        fresh.map_err(|_| SrtpError::Reused)?;
        if index >= END || self.rtp_left == 0 {
            return Err(SrtpError::KeyExhausted);
        }
        let at = Place {
            ssrc: head.ssrc,
            index,
        };
        source.rtp.take(index);
        self.rtp_left -= 1;
        self.rtp.seal_rtp(at, head.octets, out, start)?;
        mki::insert(&self.mki, self.rtp.behind_mki(), out);
        Ok(())
    }

    /// Protects the compound RTCP packet from `start` to the end of `out`, which grows by the index and the suite's tag.
    ///
    /// # Errors
    /// [`SrtpError`]; the packet must not be sent, and `out` ends at `start`.
    pub fn protect_rtcp(&mut self, out: &mut Vec<u8>, start: usize) -> Result<(), SrtpError> {
        let protected = self.try_rtcp(out, start);
        if protected.is_err() {
            out.truncate(start);
        }
        protected
    }

    fn try_rtcp(&mut self, out: &mut Vec<u8>, start: usize) -> Result<(), SrtpError> {
        let ssrc = rtcp_ssrc(&out[start..])?;
        let source = source(&mut self.sources, ssrc)?;
        if self.rtcp_left == 0 || source.rtcp_index >= RTCP_END {
            return Err(SrtpError::KeyExhausted);
        }
        let index = source.rtcp_index.into();
        source.rtcp_index += 1;
        self.rtcp_left -= 1;
        self.rtcp.seal_rtcp(Place { ssrc, index }, out, start)?;
        mki::insert(&self.mki, self.rtcp.behind_mki(), out);
        Ok(())
    }
}

#[cfg(test)]
impl SrtpSender {
    /// Uses the key up.
    pub(super) fn wear_out(&mut self) {
        (self.rtp_left, self.rtcp_left) = (0, 0);
    }
}

/// What is known of a source of ours; it is new when nothing is.
fn source(sources: &mut Vec<Source>, ssrc: Ssrc) -> Result<&mut Source, SrtpError> {
    let known = sources.iter().position(|source| source.ssrc == ssrc);
    let place = match known {
        Some(place) => place,
        None if sources.len() == MAX_SOURCES => return Err(SrtpError::TooManySources),
        None => {
            sources.push(Source {
                ssrc,
                rtp: ReplayWindow::default(),
                before: None,
                rtcp_index: 0,
            });
            sources.len() - 1
        }
    };
    Ok(&mut sources[place])
}

impl fmt::Debug for SrtpSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpSender")
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}
