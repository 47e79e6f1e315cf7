//! What SRTP needs of a header: its length, the source and the number. The packet behind it is still encrypted.

use super::SrtpError;
use crate::Ssrc;

const RTP_OCTETS: usize = 12;

/// The header of an RTP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RtpHead {
    /// Fixed header, CSRCs and extension: what is authenticated and not encrypted.
    pub(super) octets: usize,
    pub(super) sequence: u16,
    pub(super) ssrc: Ssrc,
}

impl RtpHead {
    pub(super) fn read(packet: &[u8]) -> Result<Self, SrtpError> {
        let (fixed, rest) = packet
            .split_first_chunk::<RTP_OCTETS>()
            .ok_or(SrtpError::TooShort)?;
        let &[flags, _, s0, s1, _, _, _, _, ssrc @ ..] = fixed;
        let csrc_octets = usize::from(flags & 0x0f) * 4;
        let mut octets = RTP_OCTETS + csrc_octets;
        if flags & 0x10 != 0 {
            let extension = rest.get(csrc_octets..csrc_octets + 4);
            let &[_, _, l0, l1] = extension.ok_or(SrtpError::TooShort)? else {
                return Err(SrtpError::TooShort);
            };
            octets += 4 + usize::from(u16::from_be_bytes([l0, l1])) * 4;
        }
        if octets > packet.len() {
            return Err(SrtpError::TooShort);
        }
        Ok(Self {
            octets,
            sequence: u16::from_be_bytes([s0, s1]),
            ssrc: Ssrc(u32::from_be_bytes(ssrc)),
        })
    }
}

/// The first eight octets of a compound RTCP packet, which stay readable.
pub(super) const RTCP_HEAD_OCTETS: usize = 8;

/// The source of a compound RTCP packet.
pub(super) fn rtcp_ssrc(packet: &[u8]) -> Result<Ssrc, SrtpError> {
    match packet.first_chunk::<RTCP_HEAD_OCTETS>() {
        Some(&[_, _, _, _, ssrc @ ..]) => Ok(Ssrc(u32::from_be_bytes(ssrc))),
        None => Err(SrtpError::TooShort),
    }
}
