//! RTCP compound packets (RFC 3550 section 6): a view over all packets of a datagram, and their writers.

mod app;
mod bye;
mod rr;
mod sdes;
mod sr;
mod voip_metrics;
mod xr;

use crate::packet::unpad;
use crate::{Malformed, Ssrc};
pub use app::App;
pub use bye::Bye;
pub use rr::{ReceiverReport, ReportBlock, ReportBlocks};
pub use sdes::{Chunk, Item, ItemKind, SourceDescription};
pub use sr::{SenderInfo, SenderReport};
pub use voip_metrics::{Concealment, VoipMetrics};
pub use xr::{ExtendedBlock, ExtendedReport};

const VERSION: u8 = 2;
const HEADER_OCTETS: usize = 4;

/// Packet types of RFC 3550 12.1 and RFC 3611.
pub(crate) mod packet_type {
    pub(crate) const SR: u8 = 200;
    pub(crate) const RR: u8 = 201;
    pub(crate) const SDES: u8 = 202;
    pub(crate) const BYE: u8 = 203;
    pub(crate) const APP: u8 = 204;
    pub(crate) const XR: u8 = 207;
}

/// One packet of a compound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RtcpPacket<'a> {
    /// What a sender sent and received.
    SenderReport(SenderReport<'a>),
    /// What a receiver received.
    ReceiverReport(ReceiverReport<'a>),
    /// Who the sources are.
    SourceDescription(SourceDescription<'a>),
    /// Sources that leave.
    Bye(Bye<'a>),
    /// Data of an application.
    App(App<'a>),
    /// More about reception and quality.
    ExtendedReport(ExtendedReport<'a>),
    /// A packet of another type.
    Other(Other<'a>),
}

/// A packet of a type that this crate does not interpret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Other<'a> {
    /// The packet type.
    pub packet_type: u8,
    /// The five bits after the padding bit.
    pub count: u8,
    /// What follows the four octets of the header, without padding.
    pub body: &'a [u8],
}

/// A datagram whose chain of RTCP headers is valid (RFC 3550 A.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compound<'a> {
    packets: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Checks the headers as A.2 says: all of version 2, the first SR or RR, lengths that add up to the datagram,
    /// padding on the last packet only.
    ///
    /// # Errors
    /// [`Malformed`] names the rule that is broken.
    pub fn parse(datagram: &'a [u8]) -> Result<Compound<'a>, Malformed> {
        let compound = Compound::parse_reduced_size(datagram)?;
        match datagram[1] {
            packet_type::SR | packet_type::RR => Ok(compound),
            other => Err(Malformed::FirstPacketType(other)),
        }
    }

    /// As [`Compound::parse`], but the first packet may be any (RFC 5506), which both sides have to agree on.
    ///
    /// # Errors
    /// [`Malformed`] names the rule that is broken.
    pub fn parse_reduced_size(datagram: &'a [u8]) -> Result<Compound<'a>, Malformed> {
        let mut rest = datagram;
        let mut first = true;
        while first || !rest.is_empty() {
            let (packet, after) = split_packet(rest)?;
            if !(192..=223).contains(&packet.packet_type) {
                return Err(Malformed::FirstPacketType(packet.packet_type));
            }
            if rest[0] & 0x20 != 0 && !after.is_empty() {
                return Err(Malformed::PaddingNotLast);
            }
            first = false;
            rest = after;
        }
        Ok(Compound { packets: datagram })
    }

    /// Every packet in order; one whose body breaks the rules is an error in its place and hides no other.
    pub fn packets(&self) -> impl Iterator<Item = Result<RtcpPacket<'a>, Malformed>> + use<'a> {
        let mut rest = self.packets;
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let split = split_packet(rest);
            rest = split.map_or(&[], |(_, after)| after);
            Some(split.and_then(|(packet, _)| packet.interpret()))
        })
    }
}

impl<'a> Other<'a> {
    fn interpret(self) -> Result<RtcpPacket<'a>, Malformed> {
        Ok(match self.packet_type {
            packet_type::SR => RtcpPacket::SenderReport(SenderReport::parse(self)?),
            packet_type::RR => RtcpPacket::ReceiverReport(ReceiverReport::parse(self)?),
            packet_type::SDES => RtcpPacket::SourceDescription(SourceDescription::parse(self)?),
            packet_type::BYE => RtcpPacket::Bye(Bye::parse(self)?),
            packet_type::APP => RtcpPacket::App(App::parse(self)?),
            packet_type::XR => RtcpPacket::ExtendedReport(ExtendedReport::parse(self)?),
            _ => RtcpPacket::Other(self),
        })
    }

    /// The first `N` octets of the body and the rest.
    fn split_body<const N: usize>(&self) -> Result<(&'a [u8; N], &'a [u8]), Malformed> {
        self.body.split_first_chunk().ok_or(Malformed::Truncated {
            needed: N,
            available: self.body.len(),
        })
    }

    fn count_error(&self, available: usize) -> Malformed {
        Malformed::Count {
            count: self.count,
            available,
        }
    }
}

fn split_packet(octets: &[u8]) -> Result<(Other<'_>, &[u8]), Malformed> {
    let truncated = |needed| Malformed::Truncated {
        needed,
        available: octets.len(),
    };
    let (&[flags, packet_type, l0, l1], _) = octets
        .split_first_chunk::<HEADER_OCTETS>()
        .ok_or(truncated(HEADER_OCTETS))?;
    if flags >> 6 != VERSION {
        return Err(Malformed::Version(flags >> 6));
    }
    let length = (usize::from(u16::from_be_bytes([l0, l1])) + 1) * 4;
    let (packet, after) = octets.split_at_checked(length).ok_or(truncated(length))?;
    let mut body = &packet[HEADER_OCTETS..];
    if flags & 0x20 != 0 {
        (body, _) = unpad(body)?;
    }
    Ok((
        Other {
            packet_type,
            count: flags & 0x1f,
            body,
        },
        after,
    ))
}

/// Appends a packet whose body `write_body` appends; fills it up to whole words and sets the length.
fn write_packet(
    out: &mut Vec<u8>,
    packet_type: u8,
    count: u8,
    write_body: impl FnOnce(&mut Vec<u8>),
) {
    let start = out.len();
    out.extend_from_slice(&[VERSION << 6 | count & 0x1f, packet_type, 0, 0]);
    write_body(out);
    let octets = (out.len() - start).next_multiple_of(4);
    out.resize(start + octets, 0);
    let words = u16::try_from(octets / 4 - 1).unwrap_or(u16::MAX);
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

/// The longest beginning of `text` that fits into 255 octets.
fn short_text(text: &str) -> &[u8] {
    let end = (0..=text.len().min(255))
        .rev()
        .find(|end| text.is_char_boundary(*end))
        .unwrap_or(0);
    &text.as_bytes()[..end]
}

fn be32(octets: [u8; 4]) -> u32 {
    u32::from_be_bytes(octets)
}

/// Whether a datagram on a port that RTP and RTCP share is RTCP: the octet that holds marker and payload type of RTP is
/// an RTCP packet type, 192 to 223 (RFC 5761 section 4).
#[must_use]
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [flags, 192..=223, ..] if flags >> 6 == VERSION)
}

/// Who sent a compound packet, by its first eight octets, which encryption leaves as they are (RFC 3711 3.4).
pub(crate) fn reporter(datagram: &[u8]) -> Option<Ssrc> {
    let (_, rest) = datagram.split_first_chunk::<HEADER_OCTETS>()?;
    rest.first_chunk().map(|octets| Ssrc(be32(*octets)))
}

#[cfg(test)]
mod tests;
