//! Extended reports (RFC 3611): VoIP metrics; other blocks uninterpreted.

use super::voip_metrics::{VOIP_METRICS_OCTETS, VoipMetrics};
use super::{Other, be32, packet_type, write_packet};
use crate::{Malformed, Ssrc};

const VOIP_METRICS: u8 = 7;
const BLOCK_HEADER_OCTETS: usize = 4;

/// An extended report packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtendedReport<'a> {
    /// Who reports.
    pub ssrc: Ssrc,
    blocks: &'a [u8],
}

/// One block of an extended report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtendedBlock<'a> {
    /// How a call sounds to the one who reports.
    VoipMetrics {
        /// The source that is reported on.
        ssrc: Ssrc,
        /// How it sounds.
        metrics: VoipMetrics,
    },
    /// A block of another type, or of a length that its type does not have.
    Other {
        /// Its type.
        block_type: u8,
        /// Eight bits that the type defines.
        specific: u8,
        /// Whole words.
        body: &'a [u8],
    },
}

impl<'a> ExtendedReport<'a> {
    pub(super) fn parse(packet: Other<'a>) -> Result<ExtendedReport<'a>, Malformed> {
        let (ssrc, blocks) = packet.split_body()?;
        let mut rest = blocks;
        while !rest.is_empty() {
            let available = rest.len();
            let needed = block_octets(rest).unwrap_or(BLOCK_HEADER_OCTETS);
            rest = rest
                .get(needed..)
                .ok_or(Malformed::Truncated { needed, available })?;
        }
        Ok(ExtendedReport {
            ssrc: Ssrc(be32(*ssrc)),
            blocks,
        })
    }

    /// All blocks in order.
    pub fn blocks(&self) -> impl Iterator<Item = ExtendedBlock<'a>> + use<'a> {
        let mut rest = self.blocks;
        std::iter::from_fn(move || {
            let (block, after) = rest.split_at_checked(block_octets(rest)?)?;
            rest = after;
            let (&[block_type, specific, _, _], body) = block.split_first_chunk()?;
            Some(ExtendedBlock::interpret(block_type, specific, body))
        })
    }

    /// Appends a report of `ssrc` with the metrics of one source.
    pub fn write_voip_metrics(ssrc: Ssrc, source: Ssrc, metrics: &VoipMetrics, out: &mut Vec<u8>) {
        write_packet(out, packet_type::XR, 0, |out| {
            out.extend_from_slice(&ssrc.0.to_be_bytes());
            out.extend_from_slice(&[VOIP_METRICS, 0, 0, (VOIP_METRICS_OCTETS / 4) as u8 + 1]);
            out.extend_from_slice(&source.0.to_be_bytes());
            out.extend_from_slice(&metrics.to_octets());
        });
    }
}

impl<'a> ExtendedBlock<'a> {
    fn interpret(block_type: u8, specific: u8, body: &'a [u8]) -> ExtendedBlock<'a> {
        let metrics = || {
            let (ssrc, metrics) = body.split_first_chunk::<4>()?;
            let metrics = VoipMetrics::from_octets(metrics.try_into().ok()?);
            let ssrc = Ssrc(be32(*ssrc));
            Some(ExtendedBlock::VoipMetrics { ssrc, metrics })
        };
        let other = ExtendedBlock::Other {
            block_type,
            specific,
            body,
        };
        match block_type {
            VOIP_METRICS => metrics().unwrap_or(other),
            _ => other,
        }
    }
}

/// The length of the first block, header included.
fn block_octets(blocks: &[u8]) -> Option<usize> {
    let &[_, _, l0, l1] = blocks.first_chunk()?;
    Some((usize::from(u16::from_be_bytes([l0, l1])) + 1) * 4)
}
