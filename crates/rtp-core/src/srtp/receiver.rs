//! What we receive under one key: checked against replay, then authenticated, and only then remembered (RFC 3711 section 3.3).

use std::fmt;

use super::header::{RtpHead, rtcp_ssrc};
use super::index::{END, estimate};
use super::key::Protocol;
use super::replay::ReplayWindow;
use super::transform::{Place, Transform, transform};
use super::{MAX_SOURCES, SrtpError, SrtpKey, mki};
use crate::Ssrc;

/// Checks and decrypts what is received under one key.
pub struct SrtpReceiver {
    rtp: Box<dyn Transform>,
    rtcp: Box<dyn Transform>,
    /// Sources from which something authentic came.
    sources: Vec<Source>,
    mki: Box<[u8]>,
}

/// One SSRC of the peer.
#[derive(Debug, Clone, Copy)]
struct Source {
    ssrc: Ssrc,
    rtp: ReplayWindow,
    rtcp: ReplayWindow,
    /// The highest index under the key before, as long as nothing has come under this one.
    before: Option<u64>,
}

impl SrtpReceiver {
    /// Receives under `key` from the first packet on.
    #[must_use]
    pub fn new(key: &SrtpKey) -> Self {
        Self {
            rtp: transform(key, Protocol::Rtp),
            rtcp: transform(key, Protocol::Rtcp),
            sources: Vec::with_capacity(1),
            mki: key.mki().into(),
        }
    }

    /// Goes on under a new key. The rollover counter goes on (RFC 3711 section 3.3.1) or begins anew (RFC 4568 section
    /// 7.1.4), whichever the first packet proves.
    #[must_use]
    pub fn rekeyed(&self, key: &SrtpKey) -> Self {
        let known = self.sources.iter().map(|source| Source {
            ssrc: source.ssrc,
            rtp: ReplayWindow::default(),
            rtcp: ReplayWindow::default(),
            before: source.rtp.highest().or(source.before),
        });
        Self {
            sources: known.collect(),
            ..Self::new(key)
        }
    }

    /// Checks and decrypts an RTP packet in place; returns the length of the plain one, which is the beginning of `packet`.
    ///
    /// # Errors
    /// [`SrtpError`]; the packet is as it came.
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let head = RtpHead::read(packet)?;
        let known = self.known(head.ssrc)?;
        let window = known.map_or_else(ReplayWindow::default, |known| self.sources[known].rtp);
        let before = known.and_then(|known| self.sources[known].before);
        let likely = match window.highest().or(before) {
            Some(highest) => estimate(highest, head.sequence),
            None => head.sequence.into(),
        };
        window.check(likely)?;
        let opened = self.open_rtp(&head, likely, packet);
        let anew = u64::from(head.sequence);
        let (octets, index) = match opened {
            Err(SrtpError::Unauthenticated) if before.is_some() && anew != likely => {
                (self.open_rtp(&head, anew, packet)?, anew)
            }
            opened => (opened?, likely),
        };
        let source = self.proven(known, head.ssrc);
        source.before = None;
        source.rtp.take(index);
        Ok(octets)
    }

    fn open_rtp(&self, head: &RtpHead, index: u64, packet: &mut [u8]) -> Result<usize, SrtpError> {
        if index >= END {
            return Err(SrtpError::KeyExhausted);
        }
        let ssrc = head.ssrc;
        mki::without(&self.mki, self.rtp.behind_mki(), packet, |packet| {
            self.rtp
                .open_rtp(Place { ssrc, index }, head.octets, packet)
        })
    }

    /// Checks and decrypts a compound RTCP packet in place; returns the length of the plain one, which is the beginning of
    /// `packet`.
    ///
    /// # Errors
    /// [`SrtpError`]; the packet is as it came.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let ssrc = rtcp_ssrc(packet)?;
        let known = self.known(ssrc)?;
        let window = known.map_or_else(ReplayWindow::default, |known| self.sources[known].rtcp);
        let (octets, index) = mki::without(&self.mki, self.rtcp.behind_mki(), packet, |packet| {
            let index = u64::from(self.rtcp.rtcp_index(packet)?);
            window.check(index)?;
            let octets = self.rtcp.open_rtcp(Place { ssrc, index }, packet)?;
            Ok((octets, index))
        })?;
        self.proven(known, ssrc).rtcp.take(index);
        Ok(octets)
    }

    /// Where a source stands; an error when it is new and there is no room for it.
    fn known(&self, ssrc: Ssrc) -> Result<Option<usize>, SrtpError> {
        match self.sources.iter().position(|source| source.ssrc == ssrc) {
            None if self.sources.len() == MAX_SOURCES => Err(SrtpError::TooManySources),
            known => Ok(known),
        }
    }

    /// A source from which something authentic has come.
    fn proven(&mut self, known: Option<usize>, ssrc: Ssrc) -> &mut Source {
        let place = known.unwrap_or(self.sources.len());
        if known.is_none() {
            self.sources.push(Source {
                ssrc,
                rtp: ReplayWindow::default(),
                rtcp: ReplayWindow::default(),
                before: None,
            });
        }
        &mut self.sources[place]
    }
}

impl fmt::Debug for SrtpReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpReceiver")
            .field("sources", &self.sources)
            .finish_non_exhaustive()
    }
}
