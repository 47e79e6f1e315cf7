//! RTP data packets (RFC 3550 5.1, 5.3.1): a borrowed view and a writer.

mod extension;

use std::fmt;

use crate::{Malformed, PayloadType, RtpError};
pub use extension::{Extension, ExtensionElement};

const VERSION: u8 = 2;
const FIXED_OCTETS: usize = 12;

/// A synchronisation source identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ssrc(pub u32);

impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

/// The fields of the fixed header that change from packet to packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpHeader {
    /// The marker bit; for audio, the first packet of a talkspurt.
    pub marker: bool,
    /// What the payload is.
    pub payload_type: PayloadType,
    /// The sequence number, wrapping.
    pub sequence: u16,
    /// The sampling instant of the first sample, in ticks of the payload's clock, wrapping.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: Ssrc,
}

/// A received packet, checked and borrowed from its datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpPacket<'a> {
    header: RtpHeader,
    csrcs: &'a [u8],
    extension: Option<Extension<'a>>,
    payload: &'a [u8],
    padding_octets: u8,
}

impl<'a> RtpPacket<'a> {
    /// Checks a datagram as RFC 3550 A.1 says and splits it.
    ///
    /// # Errors
    /// [`Malformed`] when the version, a length, the padding or the payload type cannot be those of an RTP packet.
    pub fn parse(datagram: &'a [u8]) -> Result<RtpPacket<'a>, Malformed> {
        let truncated = |needed| Malformed::Truncated {
            needed,
            available: datagram.len(),
        };
        let (fixed, rest) = datagram
            .split_first_chunk::<FIXED_OCTETS>()
            .ok_or(truncated(FIXED_OCTETS))?;
        let [flags, marker_type, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3] = *fixed;
        if flags >> 6 != VERSION {
            return Err(Malformed::Version(flags >> 6));
        }
        let payload_type = PayloadType::from_low_bits(marker_type);
        if (64..=95).contains(&payload_type.number()) {
            return Err(Malformed::ReservedPayloadType(payload_type.number()));
        }
        let csrc_octets = usize::from(flags & 0x0f) * 4;
        let (csrcs, mut rest) = rest
            .split_at_checked(csrc_octets)
            .ok_or(truncated(FIXED_OCTETS + csrc_octets))?;
        let mut extension = None;
        if flags & 0x10 != 0 {
            let start = FIXED_OCTETS + csrc_octets + 4;
            let (&[p0, p1, l0, l1], after) = rest.split_first_chunk().ok_or(truncated(start))?;
            let octets = usize::from(u16::from_be_bytes([l0, l1])) * 4;
            let (words, after) = after
                .split_at_checked(octets)
                .ok_or(truncated(start + octets))?;
            extension = Some(Extension {
                profile: u16::from_be_bytes([p0, p1]),
                words,
            });
            rest = after;
        }
        let (payload, padding_octets) = if flags & 0x20 != 0 {
            unpad(rest)?
        } else {
            (rest, 0)
        };
        let header = RtpHeader {
            marker: marker_type & 0x80 != 0,
            payload_type,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: Ssrc(u32::from_be_bytes([r0, r1, r2, r3])),
        };
        Ok(RtpPacket {
            header,
            csrcs,
            extension,
            payload,
            padding_octets,
        })
    }

    /// The fixed header.
    #[must_use]
    pub fn header(&self) -> &RtpHeader {
        &self.header
    }

    /// The contributing sources, at most 15.
    pub fn csrcs(&self) -> impl ExactSizeIterator<Item = Ssrc> + use<'a> {
        self.csrcs
            .as_chunks::<4>()
            .0
            .iter()
            .map(|word| Ssrc(u32::from_be_bytes(*word)))
    }

    /// The header extension.
    #[must_use]
    pub fn extension(&self) -> Option<Extension<'a>> {
        self.extension
    }

    /// The payload without padding.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// Octets of padding after the payload, its count included.
    #[must_use]
    pub fn padding_octets(&self) -> u8 {
        self.padding_octets
    }
}

/// Splits padding from what it follows (RFC 3550 5.1): its last octet counts it, itself included.
pub(crate) fn unpad(padded: &[u8]) -> Result<(&[u8], u8), Malformed> {
    let available = padded.len();
    let padding_octets = padded.last().copied().unwrap_or(0);
    match available.checked_sub(usize::from(padding_octets)) {
        Some(kept) if padding_octets > 0 => Ok((&padded[..kept], padding_octets)),
        _ => Err(Malformed::Padding {
            padding_octets,
            available,
        }),
    }
}

/// A packet to write; the fields beyond header and payload are rarely needed and empty by default.
#[derive(Debug, Clone, Copy)]
pub struct RtpWriter<'a> {
    /// The fixed header.
    pub header: RtpHeader,
    /// Contributing sources, at most 15.
    pub csrcs: &'a [Ssrc],
    /// The header extension; whole words, at most 65535.
    pub extension: Option<Extension<'a>>,
    /// The payload.
    pub payload: &'a [u8],
    /// Octets of padding to add; 0 for none.
    pub padding_octets: u8,
}

impl<'a> RtpWriter<'a> {
    /// A packet of a header and a payload.
    #[must_use]
    pub fn new(header: RtpHeader, payload: &'a [u8]) -> RtpWriter<'a> {
        RtpWriter {
            header,
            csrcs: &[],
            extension: None,
            payload,
            padding_octets: 0,
        }
    }

    /// Appends the packet to `out`.
    ///
    /// # Errors
    /// [`RtpError::TooLarge`] when there are more CSRCs or extension words than the header can count, or the extension
    /// is not whole words; `out` is then unchanged.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), RtpError> {
        let too_large = |what, value, limit| Err(RtpError::TooLarge { what, value, limit });
        if self.csrcs.len() > 15 {
            return too_large("CSRC count", self.csrcs.len(), 15);
        }
        if let Some(Extension { words, .. }) = self.extension {
            if words.len() % 4 != 0 {
                return too_large("remainder of extension octets", words.len() % 4, 0);
            }
            if words.len() / 4 > usize::from(u16::MAX) {
                return too_large("extension words", words.len() / 4, usize::from(u16::MAX));
            }
        }
        let flags = VERSION << 6
            | u8::from(self.padding_octets > 0) << 5
            | u8::from(self.extension.is_some()) << 4
            | self.csrcs.len() as u8;
        self.header.write(flags, out);
        for csrc in self.csrcs {
            out.extend_from_slice(&csrc.0.to_be_bytes());
        }
        if let Some(Extension { profile, words }) = self.extension {
            out.extend_from_slice(&profile.to_be_bytes());
            out.extend_from_slice(&((words.len() / 4) as u16).to_be_bytes());
            out.extend_from_slice(words);
        }
        out.extend_from_slice(self.payload);
        if self.padding_octets > 0 {
            out.resize(out.len() + usize::from(self.padding_octets) - 1, 0);
            out.push(self.padding_octets);
        }
        Ok(())
    }
}

impl RtpHeader {
    /// Appends a packet of this header and `payload`, without CSRCs, extension or padding.
    pub fn write_packet(&self, payload: &[u8], out: &mut Vec<u8>) {
        out.reserve(FIXED_OCTETS + payload.len());
        self.write(VERSION << 6, out);
        out.extend_from_slice(payload);
    }

    fn write(&self, flags: u8, out: &mut Vec<u8>) {
        out.extend_from_slice(&[
            flags,
            u8::from(self.marker) << 7 | self.payload_type.number(),
        ]);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.0.to_be_bytes());
    }
}

#[cfg(test)]
mod tests;
