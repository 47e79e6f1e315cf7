//! Sender reports (RFC 3550 6.4.1).

use super::rr::{MAX_BLOCKS, write_blocks};
use super::{Other, ReceiverReport, ReportBlock, ReportBlocks, be32, packet_type, write_packet};
use crate::{Malformed, NtpTime, Ssrc};

/// What a sender says about its own stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderInfo {
    /// When the report was sent.
    pub ntp: NtpTime,
    /// The same moment on the clock of the RTP timestamps.
    pub rtp_timestamp: u32,
    /// Packets sent, wrapping.
    pub packet_count: u32,
    /// Payload octets sent, wrapping.
    pub octet_count: u32,
}

/// A sender report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderReport<'a> {
    /// Who reports.
    pub ssrc: Ssrc,
    /// What it sent.
    pub sender: SenderInfo,
    /// What it received.
    pub blocks: ReportBlocks<'a>,
    /// What a profile added.
    pub extension: &'a [u8],
}

impl<'a> SenderReport<'a> {
    pub(super) fn parse(packet: Other<'a>) -> Result<SenderReport<'a>, Malformed> {
        let (fixed, rest) = packet.split_body::<24>()?;
        let (words, _) = fixed.as_chunks::<4>();
        let sender = SenderInfo {
            ntp: NtpTime(u64::from(be32(words[1])) << 32 | u64::from(be32(words[2]))),
            rtp_timestamp: be32(words[3]),
            packet_count: be32(words[4]),
            octet_count: be32(words[5]),
        };
        let (blocks, extension) = ReportBlocks::split(packet, rest)?;
        Ok(SenderReport {
            ssrc: Ssrc(be32(words[0])),
            sender,
            blocks,
            extension,
        })
    }

    /// Appends a report of `ssrc`; blocks beyond 31 follow in receiver reports.
    pub fn write(ssrc: Ssrc, sender: &SenderInfo, blocks: &[ReportBlock], out: &mut Vec<u8>) {
        let (blocks, more) = blocks.split_at(blocks.len().min(MAX_BLOCKS));
        write_packet(out, packet_type::SR, blocks.len() as u8, |out| {
            out.extend_from_slice(&ssrc.0.to_be_bytes());
            out.extend_from_slice(&sender.ntp.0.to_be_bytes());
            let words = [
                sender.rtp_timestamp,
                sender.packet_count,
                sender.octet_count,
            ];
            out.extend(words.iter().flat_map(|word| word.to_be_bytes()));
            write_blocks(blocks, out);
        });
        if !more.is_empty() {
            ReceiverReport::write(ssrc, more, out);
        }
    }
}
