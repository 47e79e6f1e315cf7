//! RTP packets against octets written by hand from the figure in RFC 3550 5.1.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// V=2 P=1 X=1 CC=2, M=1 PT=8, two CSRCs, one word of extension, three octets of payload, five of padding.
const FULL: &[u8] = &[
    0xb2, 0x88, 0x12, 0x34, 0x01, 0x02, 0x03, 0x04, 0xde, 0xad, 0xbe, 0xef, //
    0, 0, 0, 1, 0, 0, 0, 2, //
    0xbe, 0xde, 0, 1, 0x10, 0xaa, 0, 0, //
    b'h', b'i', b'!', 0, 0, 0, 0, 5,
];

const HEADER: RtpHeader = RtpHeader {
    marker: true,
    payload_type: PayloadType::PCMA,
    sequence: 0x1234,
    timestamp: 0x0102_0304,
    ssrc: Ssrc(0xdead_beef),
};

fn full() -> RtpWriter<'static> {
    RtpWriter {
        csrcs: &[Ssrc(1), Ssrc(2)],
        extension: Some(Extension {
            profile: 0xbede,
            words: &[0x10, 0xaa, 0, 0],
        }),
        padding_octets: 5,
        ..RtpWriter::new(HEADER, b"hi!")
    }
}

#[test]
fn every_field_is_read() {
    let packet = RtpPacket::parse(FULL).unwrap();
    assert_eq!(*packet.header(), HEADER);
    assert_eq!(packet.csrcs().collect::<Vec<_>>(), [Ssrc(1), Ssrc(2)]);
    assert_eq!(
        packet.extension(),
        Some(Extension {
            profile: 0xbede,
            words: &[0x10, 0xaa, 0, 0]
        })
    );
    assert_eq!(packet.payload(), b"hi!");
    assert_eq!(packet.padding_octets(), 5);
}

#[test]
fn every_field_is_written() {
    let mut out = Vec::new();
    full().write(&mut out).unwrap();
    assert_eq!(out, FULL);
}

#[test]
fn a_plain_packet_is_twelve_octets_and_the_payload() {
    let mut out = vec![0xff];
    HEADER.write_packet(b"hi!", &mut out);
    assert_eq!(
        out[1..13],
        [0x80, 0x88, 0x12, 0x34, 1, 2, 3, 4, 0xde, 0xad, 0xbe, 0xef]
    );
    assert_eq!(&out[13..], b"hi!");
}

#[test]
fn a_packet_cut_anywhere_before_its_payload_is_truncated() {
    for end in 0..28 {
        assert!(
            matches!(RtpPacket::parse(&FULL[..end]), Err(Malformed::Truncated { available, .. }) if available == end)
        );
    }
}

#[test]
fn what_cannot_be_rtp_is_refused() {
    let with = |at: usize, octet| {
        let mut packet = FULL.to_vec();
        packet[at] = octet;
        RtpPacket::parse(&packet).map(|_| ()).unwrap_err()
    };
    assert_eq!(with(0, 0x72), Malformed::Version(1));
    assert_eq!(with(1, 192), Malformed::ReservedPayloadType(64));
    assert_eq!(with(1, 0x5f), Malformed::ReservedPayloadType(95));
    assert_eq!(
        with(35, 0),
        Malformed::Padding {
            padding_octets: 0,
            available: 8
        }
    );
    assert_eq!(
        with(35, 9),
        Malformed::Padding {
            padding_octets: 9,
            available: 8
        }
    );
}

#[test]
fn padding_may_be_all_there_is() {
    let mut packet = FULL.to_vec();
    packet[35] = 8;
    assert_eq!(RtpPacket::parse(&packet).unwrap().payload(), b"");
}

#[test]
fn the_writer_refuses_what_the_header_cannot_say() {
    let mut out = Vec::new();
    let words = vec![0; 65_536 * 4];
    let refused = |writer: RtpWriter<'_>, out: &mut Vec<u8>| writer.write(out).unwrap_err();
    refused(
        RtpWriter {
            csrcs: &[Ssrc(0); 16],
            ..full()
        },
        &mut out,
    );
    refused(
        RtpWriter {
            extension: Some(Extension {
                profile: 0,
                words: &[1, 2],
            }),
            ..full()
        },
        &mut out,
    );
    refused(
        RtpWriter {
            extension: Some(Extension {
                profile: 0,
                words: &words,
            }),
            ..full()
        },
        &mut out,
    );
    assert!(out.is_empty());
}

proptest! {
    #[test]
    fn any_octets_are_a_packet_or_an_error(octets in vec(any::<u8>(), 0..200)) {
        let _ = RtpPacket::parse(&octets);
    }

    #[test]
    fn octets_that_begin_well_are_a_packet_or_an_error(flags in 0x80u8..=0xbf, octets in vec(any::<u8>(), 0..200)) {
        let datagram = [&[flags, 0][..], &octets].concat();
        if let Ok(packet) = RtpPacket::parse(&datagram) {
            prop_assert!(packet.payload().len() <= octets.len());
            prop_assert!(packet.csrcs().count() <= 15);
        }
    }

    #[test]
    fn what_is_written_is_read(
        sequence: u16, timestamp: u32, ssrc: u32, marker: bool, number in (0u8..64).prop_union(96..128),
        csrcs in vec(any::<u32>(), 0..=15), words in proptest::option::of(vec(any::<[u8; 4]>(), 0..9)),
        profile: u16, payload in vec(any::<u8>(), 0..300), padding_octets: u8,
    ) {
        let payload_type = PayloadType::new(number).unwrap();
        let header = RtpHeader { marker, payload_type, sequence, timestamp, ssrc: Ssrc(ssrc) };
        let csrcs: Vec<Ssrc> = csrcs.into_iter().map(Ssrc).collect();
        let extension = words.as_ref().map(|words| Extension { profile, words: words.as_flattened() });
        let mut out = Vec::new();
        RtpWriter { header, csrcs: &csrcs, extension, payload: &payload, padding_octets }.write(&mut out).unwrap();
        let packet = RtpPacket::parse(&out).unwrap();
        prop_assert_eq!(*packet.header(), header);
        prop_assert_eq!(packet.csrcs().collect::<Vec<_>>(), csrcs);
        prop_assert_eq!(packet.extension(), extension);
        prop_assert_eq!(packet.payload(), &payload[..]);
        prop_assert_eq!(packet.padding_octets(), padding_octets);
    }
}

fn elements(profile: u16, words: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let extension = Extension { profile, words };
    let elements = extension.elements();
    elements
        .map(|element| (element.id, element.data.to_vec()))
        .collect()
}

/// The figures of RFC 8285 4.2 and 4.3, with data of our choice.
#[test]
fn elements_are_those_of_the_figures() {
    let one_byte = [0x10, 1, 0x21, 2, 3, 0, 0, 0x33, 4, 5, 6, 7];
    let expected = [(1, vec![1]), (2, vec![2, 3]), (3, vec![4, 5, 6, 7])];
    assert_eq!(elements(0xbede, &one_byte), expected);
    let two_byte = [1, 0, 2, 1, 9, 0, 3, 4, 4, 5, 6, 7];
    let expected = [(1, vec![]), (2, vec![9]), (3, vec![4, 5, 6, 7])];
    for profile in [0x1000, 0x100f] {
        assert_eq!(elements(profile, &two_byte), expected);
    }
    for profile in [0x0fff, 0x1010, 0xbedf] {
        assert_eq!(elements(profile, &one_byte), []);
    }
}

#[test]
fn an_element_that_breaks_the_rules_ends_the_extension() {
    // Id 15, padding with a length, and data that is cut off.
    for rest in [[0xf0, 1, 0x20, 2], [0x01, 1, 1, 0], [0x2f, 1, 2, 3]] {
        let mut words = vec![0x10, 1, 0, 0];
        words.extend(rest);
        assert_eq!(elements(0xbede, &words), [(1, vec![1])]);
    }
    assert_eq!(elements(0x1000, &[1, 1, 7, 2]), [(1, vec![7])]);
    assert_eq!(elements(0x1000, &[1, 3, 7, 2]), []);
}

#[test]
fn elements_are_written_in_the_smallest_form_that_holds_them() {
    let mut buffer = Vec::new();
    let mut written = |given: &[(u8, &[u8])]| {
        let given: Vec<_> = given
            .iter()
            .map(|(id, data)| ExtensionElement { id: *id, data })
            .collect();
        let extension = Extension::of_elements(&given, &mut buffer)?;
        Ok::<_, RtpError>((extension.profile, extension.words.to_vec()))
    };
    assert_eq!(
        written(&[(1, &[7]), (14, &[8, 9])]),
        Ok((0xbede, vec![0x10, 7, 0xe1, 8, 9, 0, 0, 0]))
    );
    assert_eq!(
        written(&[(1, &[7]), (15, &[8])]),
        Ok((0x1000, vec![1, 1, 7, 15, 1, 8, 0, 0]))
    );
    assert_eq!(written(&[(1, &[])]), Ok((0x1000, vec![1, 0, 0, 0])));
    assert_eq!(written(&[(1, &[0; 17])]).unwrap().0, 0x1000);
    assert_eq!(written(&[]), Ok((0xbede, vec![])));
    assert!(written(&[(0, &[1])]).is_err() && written(&[(1, &[0; 256])]).is_err());
}
