//! RTCP against octets written by hand from the figures in RFC 3550 section 6.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::{NtpTime, Ssrc};

/// SR of 0x11111111 with a report on 0x22222222: lost 4/256 and -2 in all, SDES with CNAME "a@b", BYE with reason "end".
const COMPOUND: &[u8] = &[
    0x81, 200, 0, 12, 0x11, 0x11, 0x11, 0x11, //
    0xb4, 0x4d, 0xb7, 0x05, 0x20, 0, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 0, 100, 0, 0, 0x3e,
    0x80, //
    0x22, 0x22, 0x22, 0x22, 4, 0xff, 0xff, 0xfe, 0, 1, 0, 9, 0, 0, 0, 33, 0xb7, 0x05, 0x20, 0, 0,
    5, 0x40, 0, //
    0x81, 202, 0, 3, 0x11, 0x11, 0x11, 0x11, 1, 3, b'a', b'@', b'b', 0, 0, 0, //
    0x81, 203, 0, 2, 0x11, 0x11, 0x11, 0x11, 3, b'e', b'n', b'd',
];

const BLOCK: ReportBlock = ReportBlock {
    ssrc: Ssrc(0x2222_2222),
    fraction_lost: 4,
    cumulative_lost: -2,
    extended_highest_sequence: 0x1_0009,
    jitter_ticks: 33,
    last_sr: 0xb705_2000,
    delay_since_last_sr: 0x0005_4000,
};

const SENDER: SenderInfo = SenderInfo {
    ntp: NtpTime(0xb44d_b705_2000_0000),
    rtp_timestamp: 0x1234,
    packet_count: 100,
    octet_count: 16_000,
};

fn packets(datagram: &[u8]) -> Vec<Result<RtcpPacket<'_>, Malformed>> {
    Compound::parse(datagram).unwrap().packets().collect()
}

#[test]
fn a_compound_is_read_to_its_end() {
    let packets = packets(COMPOUND);
    let [
        Ok(RtcpPacket::SenderReport(sr)),
        Ok(RtcpPacket::SourceDescription(sdes)),
        Ok(RtcpPacket::Bye(bye)),
    ] = packets[..]
    else {
        panic!("{packets:?}");
    };
    assert_eq!((sr.ssrc, sr.sender), (Ssrc(0x1111_1111), SENDER));
    assert_eq!(sr.blocks.iter().collect::<Vec<_>>(), [BLOCK]);
    let chunk = sdes.chunks().next().unwrap();
    assert_eq!(
        (chunk.ssrc, chunk.cname()),
        (Ssrc(0x1111_1111), Some(&b"a@b"[..]))
    );
    assert_eq!(bye.sources().collect::<Vec<_>>(), [Ssrc(0x1111_1111)]);
    assert_eq!(bye.reason(), Some(&b"end"[..]));
}

#[test]
fn a_compound_is_written_to_its_end() {
    let mut out = Vec::new();
    SenderReport::write(Ssrc(0x1111_1111), &SENDER, &[BLOCK], &mut out);
    SourceDescription::write_cname(Ssrc(0x1111_1111), "a@b", &mut out);
    Bye::write(Ssrc(0x1111_1111), "end", &mut out);
    assert_eq!(out, COMPOUND);
}

#[test]
fn cumulative_loss_keeps_to_24_bits() {
    for (lost, read) in [
        (i32::MAX, 0x7f_ffff),
        (i32::MIN, -0x80_0000),
        (-1, -1),
        (0x7f_ffff, 0x7f_ffff),
    ] {
        let mut out = Vec::new();
        ReceiverReport::write(
            Ssrc(1),
            &[ReportBlock {
                cumulative_lost: lost,
                ..BLOCK
            }],
            &mut out,
        );
        let [Ok(RtcpPacket::ReceiverReport(report))] = packets(&out)[..] else {
            panic!()
        };
        assert_eq!(report.blocks.iter().next().unwrap().cumulative_lost, read);
    }
}

#[test]
fn a_packet_with_a_bad_body_hides_no_other() {
    let mut datagram = COMPOUND.to_vec();
    datagram[52] = 0x82; // SDES that counts two chunks and has one
    let packets = packets(&datagram);
    assert!(matches!(packets[0], Ok(RtcpPacket::SenderReport(_))));
    assert_eq!(
        packets[1],
        Err(Malformed::Count {
            count: 2,
            available: 12
        })
    );
    assert!(matches!(packets[2], Ok(RtcpPacket::Bye(_))));
}

#[test]
fn an_unknown_packet_type_is_passed_on_and_hides_no_other() {
    let datagram = [
        &[0x80, 201, 0, 1, 0, 0, 0, 1],
        &[0x8f, 208, 0, 1, 9, 9, 9, 9],
        &COMPOUND[52..],
    ]
    .concat();
    let packets = packets(&datagram);
    assert_eq!(packets.len(), 4);
    assert_eq!(
        packets[1],
        Ok(RtcpPacket::Other(Other {
            packet_type: 208,
            count: 15,
            body: &[9; 4]
        }))
    );
    assert!(matches!(packets[2], Ok(RtcpPacket::SourceDescription(_))));
}

#[test]
fn the_chain_of_headers_has_to_be_right() {
    let rr: &[u8] = &[0x80, 201, 0, 1, 0, 0, 0, 1];
    let parse = |parts: &[&[u8]]| Compound::parse(&parts.concat()).map(|_| ()).unwrap_err();
    assert_eq!(
        parse(&[]),
        Malformed::Truncated {
            needed: 4,
            available: 0
        }
    );
    assert_eq!(parse(&[&COMPOUND[52..]]), Malformed::FirstPacketType(202));
    assert_eq!(parse(&[rr, &[0x40, 202, 0, 0]]), Malformed::Version(1));
    assert_eq!(
        parse(&[rr, &[0x80, 202, 0, 9]]),
        Malformed::Truncated {
            needed: 40,
            available: 4
        }
    );
    assert_eq!(
        parse(&[rr, &[0x80, 202]]),
        Malformed::Truncated {
            needed: 4,
            available: 2
        }
    );
    assert_eq!(
        parse(&[&[0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4], rr]),
        Malformed::PaddingNotLast
    );
    assert_eq!(
        parse(&[rr, &[0xa0, 202, 0, 0]]),
        Malformed::Padding {
            padding_octets: 0,
            available: 0
        }
    );
}

#[test]
fn padding_of_the_last_packet_is_not_part_of_it() {
    let datagram = [0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
    let [Ok(RtcpPacket::ReceiverReport(report))] = packets(&datagram)[..] else {
        panic!()
    };
    assert_eq!(report.extension, &[] as &[u8]);
}

#[test]
fn chunks_end_on_words_whatever_their_items() {
    // Items of 4, 5, 6 and 7 octets, so that 4, 3, 2 and 1 nulls end the chunk.
    for name in ["ab", "abc", "abcd", "abcde"] {
        let mut out = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
        SourceDescription::write_cname(Ssrc(7), name, &mut out);
        let nulls = out.iter().rev().take_while(|octet| **octet == 0).count();
        assert_eq!(nulls, 6 - name.len());
        let chunk = out[12..].to_vec();
        out[8] = 0x82;
        out[11] += (chunk.len() / 4) as u8;
        out.extend(chunk);
        let [_, Ok(RtcpPacket::SourceDescription(sdes))] = packets(&out)[..] else {
            panic!()
        };
        let names: Vec<_> = sdes.chunks().map(|chunk| chunk.cname().unwrap()).collect();
        assert_eq!(names, [name.as_bytes(); 2]);
    }
}

#[test]
fn a_chunk_without_its_null_is_refused() {
    let datagram = [
        0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 202, 0, 2, 0, 0, 0, 7, 1, 2, b'a', b'b',
    ];
    assert_eq!(packets(&datagram)[1], Err(Malformed::UnterminatedChunk));
}

#[test]
fn blocks_beyond_31_go_into_further_packets() {
    let mut out = Vec::new();
    SenderReport::write(Ssrc(1), &SENDER, &[BLOCK; 70], &mut out);
    let counts: Vec<usize> = packets(&out)
        .into_iter()
        .map(|packet| match packet.unwrap() {
            RtcpPacket::SenderReport(report) => report.blocks.iter().len(),
            RtcpPacket::ReceiverReport(report) => report.blocks.iter().len(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, [31, 31, 8]);
}

#[test]
fn long_texts_are_cut_between_characters() {
    let mut out = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
    SourceDescription::write_cname(Ssrc(1), &"\u{e9}".repeat(200), &mut out);
    Bye::write(Ssrc(1), &"\u{e9}".repeat(200), &mut out);
    let [
        _,
        Ok(RtcpPacket::SourceDescription(sdes)),
        Ok(RtcpPacket::Bye(bye)),
    ] = packets(&out)[..]
    else {
        panic!()
    };
    assert_eq!(sdes.chunks().next().unwrap().cname().unwrap().len(), 254);
    assert_eq!(
        std::str::from_utf8(bye.reason().unwrap())
            .unwrap()
            .chars()
            .count(),
        127
    );
}

#[test]
fn app_packets_go_round() {
    let app = App {
        subtype: 3,
        ssrc: Ssrc(5),
        name: *b"TEST",
        data: &[1, 2, 3, 4],
    };
    let mut out = vec![0x80, 201, 0, 1, 0, 0, 0, 1];
    app.write(&mut out).unwrap();
    assert_eq!(packets(&out)[1], Ok(RtcpPacket::App(app)));
    assert!(App { subtype: 32, ..app }.write(&mut out).is_err());
}

/// Octets that look like RTCP: a first packet that is a report, then packets of all types with lengths that are right.
fn chain() -> impl Strategy<Value = Vec<u8>> {
    let packet = |types: std::ops::RangeInclusive<u8>| {
        (0u8..32, types, vec(any::<[u8; 4]>(), 0..20)).prop_map(|(count, packet_type, words)| {
            let header = [0x80 | count, packet_type, 0, words.len() as u8];
            [&header[..], words.as_flattened()].concat()
        })
    };
    (packet(200..=201), vec(packet(199..=208), 0..5))
        .prop_map(|(first, rest)| [first, rest.concat()].concat())
}

fn read_everything(datagram: &[u8]) -> usize {
    let Ok(compound) = Compound::parse(datagram) else {
        return 0;
    };
    let mut count = 0;
    for packet in compound.packets() {
        count += 1;
        match packet {
            Ok(RtcpPacket::SenderReport(report)) => drop(report.blocks.iter().collect::<Vec<_>>()),
            Ok(RtcpPacket::ReceiverReport(report)) => {
                drop(report.blocks.iter().collect::<Vec<_>>())
            }
            Ok(RtcpPacket::SourceDescription(sdes)) => {
                drop(
                    sdes.chunks()
                        .flat_map(|chunk| chunk.items())
                        .collect::<Vec<_>>(),
                );
            }
            Ok(RtcpPacket::Bye(bye)) => drop(bye.sources().collect::<Vec<_>>()),
            Ok(RtcpPacket::ExtendedReport(report)) => _ = report.blocks().count(),
            Ok(RtcpPacket::App(_) | RtcpPacket::Other(_)) | Err(_) => {}
        }
    }
    count
}

proptest! {
    #[test]
    fn any_octets_are_a_compound_or_an_error(octets in vec(any::<u8>(), 0..200)) {
        read_everything(&octets);
    }

    #[test]
    fn a_chain_yields_as_many_packets_as_it_has(datagram in chain()) {
        let mut headers = 0;
        let mut at = 0;
        while at < datagram.len() {
            at += (usize::from(datagram[at + 3]) + 1) * 4;
            headers += 1;
        }
        prop_assert_eq!(read_everything(&datagram), headers);
    }

    #[test]
    fn a_damaged_compound_does_no_harm(at in 0..COMPOUND.len(), octet: u8, end in 0..=COMPOUND.len()) {
        let mut datagram = COMPOUND.to_vec();
        datagram[at] = octet;
        read_everything(&datagram[..end]);
    }

    #[test]
    fn blocks_go_round(
        ssrc: u32, fraction_lost: u8, cumulative_lost in -0x80_0000..0x80_0000, extended_highest_sequence: u32,
        jitter_ticks: u32, last_sr: u32, delay_since_last_sr: u32,
    ) {
        let block = ReportBlock {
            ssrc: Ssrc(ssrc), fraction_lost, cumulative_lost, extended_highest_sequence, jitter_ticks, last_sr,
            delay_since_last_sr,
        };
        let mut out = Vec::new();
        ReceiverReport::write(Ssrc(1), &[block], &mut out);
        let packets = packets(&out);
        let [Ok(RtcpPacket::ReceiverReport(report))] = packets[..] else { panic!() };
        prop_assert_eq!(report.blocks.iter().next(), Some(block));
    }
}

#[test]
fn blocks_of_an_extended_report_are_read_whatever_they_are() {
    // A receiver reference time (RFC 3611 4.4), then VoIP metrics of a length that they do not have.
    let mut out = vec![0x80, 201, 0, 1, 0, 0, 0, 1, 0x80, 207, 0, 6, 0, 0, 0, 1];
    out.extend([4, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]);
    out.extend([7, 0, 0, 1, 0, 0, 0, 9]);
    let packets = packets(&out);
    let Some(Ok(RtcpPacket::ExtendedReport(report))) = packets.last() else {
        panic!("{packets:?}")
    };
    let other = |block_type, body| ExtendedBlock::Other {
        block_type,
        specific: 0,
        body,
    };
    let expected = [
        other(4, &[1, 2, 3, 4, 5, 6, 7, 8][..]),
        other(7, &[0, 0, 0, 9]),
    ];
    assert_eq!(
        (report.ssrc, report.blocks().collect::<Vec<_>>()),
        (Ssrc(1), expected.to_vec())
    );
    // A block that is longer than the packet.
    out[19] = 9;
    assert!(matches!(
        super::Compound::parse(&out).unwrap().packets().last(),
        Some(Err(Malformed::Truncated { .. }))
    ));
}
