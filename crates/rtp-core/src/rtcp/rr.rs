//! Receiver reports and the report blocks that sender reports carry too (RFC 3550 6.4.1, 6.4.2).

use super::{Other, be32, packet_type, write_packet};
use crate::{Malformed, Ssrc};

const BLOCK_OCTETS: usize = 24;
/// Report blocks that fit into one packet.
pub(super) const MAX_BLOCKS: usize = 31;

/// What one receiver says about one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlock {
    /// The source it is about.
    pub ssrc: Ssrc,
    /// Loss since the report before, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning, 24 bits with sign; duplicates count against losses.
    pub cumulative_lost: i32,
    /// Cycles and highest sequence number.
    pub extended_highest_sequence: u32,
    /// Interarrival jitter in ticks.
    pub jitter_ticks: u32,
    /// The middle 32 bits of the NTP timestamp of the last SR, 0 if there was none.
    pub last_sr: u32,
    /// Time since that SR came, in 1/65536 s.
    pub delay_since_last_sr: u32,
}

impl ReportBlock {
    fn parse(octets: &[u8; BLOCK_OCTETS]) -> ReportBlock {
        let (words, _) = octets.as_chunks::<4>();
        let [fraction_lost, c0, c1, c2] = words[1];
        ReportBlock {
            ssrc: Ssrc(be32(words[0])),
            fraction_lost,
            cumulative_lost: i32::from_be_bytes([c0, c1, c2, 0]) >> 8,
            extended_highest_sequence: be32(words[2]),
            jitter_ticks: be32(words[3]),
            last_sr: be32(words[4]),
            delay_since_last_sr: be32(words[5]),
        }
    }

    /// Appends the block; the cumulative loss is clamped to 24 bits, as A.3 says.
    fn write(&self, out: &mut Vec<u8>) {
        let lost = self.cumulative_lost.clamp(-0x80_0000, 0x7f_ffff);
        let words = [
            self.ssrc.0,
            u32::from(self.fraction_lost) << 24 | (lost as u32 & 0xff_ffff),
            self.extended_highest_sequence,
            self.jitter_ticks,
            self.last_sr,
            self.delay_since_last_sr,
        ];
        out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
    }
}

/// The report blocks of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReportBlocks<'a> {
    blocks: &'a [[u8; BLOCK_OCTETS]],
}

impl<'a> ReportBlocks<'a> {
    /// Takes as many blocks from `octets` as the header of `packet` counts; returns what is left, too.
    pub(super) fn split(
        packet: Other<'a>,
        octets: &'a [u8],
    ) -> Result<(ReportBlocks<'a>, &'a [u8]), Malformed> {
        let needed = usize::from(packet.count) * BLOCK_OCTETS;
        let (blocks, rest) = octets
            .split_at_checked(needed)
            .ok_or(packet.count_error(octets.len()))?;
        Ok((
            ReportBlocks {
                blocks: blocks.as_chunks().0,
            },
            rest,
        ))
    }

    /// All blocks.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ReportBlock> + use<'a> {
        self.blocks.iter().map(ReportBlock::parse)
    }
}

pub(super) fn write_blocks(blocks: &[ReportBlock], out: &mut Vec<u8>) {
    blocks.iter().for_each(|block| block.write(out));
}

/// A receiver report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReceiverReport<'a> {
    /// Who reports.
    pub ssrc: Ssrc,
    /// What it received.
    pub blocks: ReportBlocks<'a>,
    /// What a profile added.
    pub extension: &'a [u8],
}

impl<'a> ReceiverReport<'a> {
    pub(super) fn parse(packet: Other<'a>) -> Result<ReceiverReport<'a>, Malformed> {
        let (ssrc, rest) = packet.split_body()?;
        let (blocks, extension) = ReportBlocks::split(packet, rest)?;
        Ok(ReceiverReport {
            ssrc: Ssrc(be32(*ssrc)),
            blocks,
            extension,
        })
    }

    /// Appends a report of `ssrc`; more than 31 blocks make more than one packet.
    pub fn write(ssrc: Ssrc, blocks: &[ReportBlock], out: &mut Vec<u8>) {
        let (blocks, more) = blocks.split_at(blocks.len().min(MAX_BLOCKS));
        write_packet(out, packet_type::RR, blocks.len() as u8, |out| {
            out.extend_from_slice(&ssrc.0.to_be_bytes());
            write_blocks(blocks, out);
        });
        if !more.is_empty() {
            ReceiverReport::write(ssrc, more, out);
        }
    }
}
