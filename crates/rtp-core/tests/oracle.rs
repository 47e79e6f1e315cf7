//! Packets of ours read by rtp-types and rtcp-types, and packets of theirs read by us.

#![cfg(test)]

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use rtcp_types::{Packet, RtcpPacketParserExt, RtcpPacketWriter, RtcpPacketWriterExt};
use rvoip_rtp_core::rtcp::{
    App, Bye, Compound, ReceiverReport, ReportBlock, RtcpPacket, SenderInfo, SenderReport,
    SourceDescription,
};
use rvoip_rtp_core::{Extension, NtpTime, PayloadType, RtpHeader, RtpPacket, RtpWriter, Ssrc};

/// Everything that an RTP packet can carry.
#[derive(Debug, Clone)]
struct Fields {
    header: RtpHeader,
    csrcs: Vec<u32>,
    extension: Option<(u16, Vec<u8>)>,
    payload: Vec<u8>,
    padding_words: u8,
}

impl Fields {
    /// rtp-types wants padding to be whole words.
    fn padding(&self) -> Option<u8> {
        Some(self.padding_words * 4).filter(|octets| *octets > 0)
    }
}

fn fields() -> impl Strategy<Value = Fields> {
    let types = (0u8..64).prop_union(96..128);
    let header = (
        any::<bool>(),
        types,
        any::<u16>(),
        any::<u32>(),
        any::<u32>(),
    );
    let header = header.prop_map(|(marker, number, sequence, timestamp, ssrc)| RtpHeader {
        marker,
        payload_type: PayloadType::new(number).unwrap(),
        sequence,
        timestamp,
        ssrc: Ssrc(ssrc),
    });
    let words = vec(any::<u32>(), 0..9);
    let octets = words.prop_map(|words| words.into_iter().flat_map(u32::to_be_bytes).collect());
    let extension = option::of((any::<u16>(), octets));
    let rest = (
        vec(any::<u32>(), 0..16),
        extension,
        vec(any::<u8>(), 0..64),
        0u8..64,
    );
    (header, rest).prop_map(
        |(header, (csrcs, extension, payload, padding_words))| Fields {
            header,
            csrcs,
            extension,
            payload,
            padding_words,
        },
    )
}

fn block() -> impl Strategy<Value = ReportBlock> {
    let counts = (any::<u32>(), any::<u8>(), -0x80_0000i32..0x80_0000);
    (counts, any::<[u32; 4]>()).prop_map(|((ssrc, fraction_lost, cumulative_lost), rest)| {
        let [
            extended_highest_sequence,
            jitter_ticks,
            last_sr,
            delay_since_last_sr,
        ] = rest;
        ReportBlock {
            ssrc: Ssrc(ssrc),
            fraction_lost,
            cumulative_lost,
            extended_highest_sequence,
            jitter_ticks,
            last_sr,
            delay_since_last_sr,
        }
    })
}

fn same_block(theirs: &rtcp_types::ReportBlock<'_>, ours: &ReportBlock) -> bool {
    theirs.ssrc() == ours.ssrc.0
        && theirs.fraction_lost() == ours.fraction_lost
        && theirs.cumulative_lost() == ours.cumulative_lost as u32 & 0xff_ffff
        && theirs.extended_sequence_number() == ours.extended_highest_sequence
        && theirs.interarrival_jitter() == ours.jitter_ticks
        && theirs.last_sender_report_timestamp() == ours.last_sr
        && theirs.delay_since_last_sender_report_timestamp() == ours.delay_since_last_sr
}

fn their_block(ours: &ReportBlock) -> rtcp_types::ReportBlockBuilder {
    rtcp_types::ReportBlock::builder(ours.ssrc.0)
        .fraction_lost(ours.fraction_lost)
        .cumulative_lost(ours.cumulative_lost as u32 & 0xff_ffff)
        .extended_sequence_number(ours.extended_highest_sequence)
        .interarrival_jitter(ours.jitter_ticks)
        .last_sender_report_timestamp(ours.last_sr)
        .delay_since_last_sender_report_timestamp(ours.delay_since_last_sr)
}

proptest! {
    #[test]
    fn rtp_of_ours_is_read_by_rtp_types(fields in fields()) {
        let csrcs: Vec<Ssrc> = fields.csrcs.iter().copied().map(Ssrc).collect();
        let extension = fields.extension.as_ref();
        let writer = RtpWriter {
            header: fields.header,
            csrcs: &csrcs,
            extension: extension.map(|(profile, words)| Extension { profile: *profile, words }),
            payload: &fields.payload,
            padding_octets: fields.padding().unwrap_or(0),
        };
        let mut out = Vec::new();
        writer.write(&mut out).unwrap();
        let theirs = rtp_types::RtpPacket::parse(&out).unwrap();
        let header = &fields.header;
        prop_assert_eq!(theirs.marker_bit(), header.marker);
        prop_assert_eq!(theirs.payload_type(), header.payload_type.number());
        prop_assert_eq!(theirs.sequence_number(), header.sequence);
        prop_assert_eq!(theirs.timestamp(), header.timestamp);
        prop_assert_eq!(theirs.ssrc(), header.ssrc.0);
        prop_assert_eq!(theirs.csrc().collect::<Vec<_>>(), fields.csrcs.clone());
        let expected = extension.map(|(profile, words)| (*profile, words.as_slice()));
        prop_assert_eq!(theirs.extension(), expected);
        prop_assert_eq!(theirs.payload(), &fields.payload);
        prop_assert_eq!(theirs.padding(), fields.padding());
    }

    #[test]
    fn rtp_of_rtp_types_is_read_by_us(fields in fields()) {
        let header = &fields.header;
        let mut builder = rtp_types::RtpPacketBuilder::<&[u8], &[u8]>::new()
            .marker_bit(header.marker)
            .payload_type(header.payload_type.number())
            .sequence_number(header.sequence)
            .timestamp(header.timestamp)
            .ssrc(header.ssrc.0)
            .payload(&fields.payload)
            .maybe_padding(fields.padding());
        for csrc in &fields.csrcs {
            builder = builder.add_csrc(*csrc);
        }
        if let Some((profile, words)) = &fields.extension {
            builder = builder.extension(*profile, words);
        }
        let out = builder.write_vec().unwrap();
        let ours = RtpPacket::parse(&out).unwrap();
        prop_assert_eq!(ours.header(), header);
        prop_assert_eq!(ours.csrcs().map(|csrc| csrc.0).collect::<Vec<_>>(), fields.csrcs.clone());
        let extension = ours.extension().map(|found| (found.profile, found.words.to_vec()));
        prop_assert_eq!(extension, fields.extension.clone());
        prop_assert_eq!(ours.payload(), &fields.payload);
        prop_assert_eq!(ours.padding_octets(), fields.padding().unwrap_or(0));
    }

    #[test]
    fn rtcp_of_ours_is_read_by_rtcp_types(
        ssrc: u32, ntp: u64, counts: [u32; 3], blocks in vec(block(), 0..32),
        cname in "[a-z@.]{0,255}", reason in "[ -~]{1,255}", data in vec(any::<u32>(), 0..20),
    ) {
        let [rtp_timestamp, packet_count, octet_count] = counts;
        let sender = SenderInfo { ntp: NtpTime(ntp), rtp_timestamp, packet_count, octet_count };
        let data: Vec<u8> = data.into_iter().flat_map(u32::to_be_bytes).collect();
        let app = App { subtype: 21, ssrc: Ssrc(ssrc), name: *b"test", data: &data };
        let mut out = Vec::new();
        SenderReport::write(Ssrc(ssrc), &sender, &blocks, &mut out);
        ReceiverReport::write(Ssrc(ssrc), &blocks, &mut out);
        SourceDescription::write_cname(Ssrc(ssrc), &cname, &mut out);
        app.write(&mut out).unwrap();
        Bye::write(Ssrc(ssrc), &reason, &mut out);
        let theirs: Vec<_> = rtcp_types::Compound::parse(&out).unwrap().map(Result::unwrap).collect();
        let [Packet::Sr(sr), Packet::Rr(rr), Packet::Sdes(sdes), Packet::App(their_app), Packet::Bye(bye)] = &theirs[..]
        else {
            panic!("{theirs:?}")
        };
        prop_assert_eq!((sr.ssrc(), sr.ntp_timestamp(), sr.rtp_timestamp()), (ssrc, ntp, rtp_timestamp));
        prop_assert_eq!((sr.packet_count(), sr.octet_count()), (packet_count, octet_count));
        prop_assert_eq!(sr.report_blocks().count(), blocks.len());
        prop_assert!(sr.report_blocks().zip(&blocks).all(|(theirs, ours)| same_block(&theirs, ours)));
        prop_assert_eq!((rr.ssrc(), rr.report_blocks().count()), (ssrc, blocks.len()));
        prop_assert!(rr.report_blocks().zip(&blocks).all(|(theirs, ours)| same_block(&theirs, ours)));
        let chunk = sdes.chunks().next().unwrap();
        let item = chunk.items().next().unwrap();
        prop_assert_eq!((chunk.ssrc(), item.type_(), item.value()), (ssrc, 1, cname.as_bytes()));
        prop_assert_eq!((their_app.ssrc(), their_app.name(), their_app.data()), (ssrc, *b"test", &data[..]));
        prop_assert_eq!(their_app.subtype(), 21);
        prop_assert_eq!(bye.ssrcs().collect::<Vec<_>>(), [ssrc]);
        prop_assert_eq!(bye.reason(), Some(reason.as_bytes()));
    }

    #[test]
    fn rtcp_of_rtcp_types_is_read_by_us(
        ssrc: u32, ntp: u64, counts: [u32; 3], blocks in vec(block(), 0..32),
        items in vec((1u8..8, "[a-z]{1,40}"), 1..6), reason in option::of("[a-z]{1,40}"),
        sources in vec(any::<u32>(), 1..32),
    ) {
        let [rtp_timestamp, packet_count, octet_count] = counts;
        let mut sr = rtcp_types::SenderReport::builder(ssrc)
            .ntp_timestamp(ntp)
            .rtp_timestamp(rtp_timestamp)
            .packet_count(packet_count)
            .octet_count(octet_count);
        for block in &blocks {
            sr = sr.add_report_block(their_block(block));
        }
        let mut chunk = rtcp_types::SdesChunk::builder(ssrc);
        for (kind, value) in &items {
            chunk = chunk.add_item(rtcp_types::SdesItem::builder(*kind, value));
        }
        let mut bye = rtcp_types::Bye::builder();
        for source in &sources {
            bye = bye.add_source(*source);
        }
        if let Some(reason) = &reason {
            bye = bye.reason(reason.as_str());
        }
        let compound = rtcp_types::Compound::builder()
            .add_packet(sr)
            .add_packet(rtcp_types::Sdes::builder().add_chunk(chunk))
            .add_packet(bye);
        let mut out = vec![0; compound.calculate_size().unwrap()];
        compound.write_into(&mut out).unwrap();
        let packets: Vec<_> = Compound::parse(&out).unwrap().packets().map(Result::unwrap).collect();
        let [RtcpPacket::SenderReport(sr), RtcpPacket::SourceDescription(sdes), RtcpPacket::Bye(bye)] = &packets[..]
        else {
            panic!("{packets:?}")
        };
        let sender = SenderInfo { ntp: NtpTime(ntp), rtp_timestamp, packet_count, octet_count };
        prop_assert_eq!((sr.ssrc, sr.sender), (Ssrc(ssrc), sender));
        prop_assert_eq!(sr.blocks.iter().collect::<Vec<_>>(), blocks);
        let chunk = sdes.chunks().next().unwrap();
        let values: Vec<_> = chunk.items().map(|item| item.value.to_vec()).collect();
        let expected: Vec<_> = items.iter().map(|(_, value)| value.as_bytes().to_vec()).collect();
        prop_assert_eq!(values, expected);
        prop_assert_eq!(bye.sources().map(|source| source.0).collect::<Vec<_>>(), sources);
        prop_assert_eq!(bye.reason(), reason.as_ref().map(String::as_bytes));
    }
}
