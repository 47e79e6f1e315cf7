//! The published vectors of RFC 5769, and what a hostile peer may send.

use proptest::prelude::*;

use super::*;

const ID: TransactionId = [
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
];

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks(2);
    let octet = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(octet).collect()
}

/// RFC 5769 section 2.1.
fn sample_request() -> Vec<u8> {
    hex(
        "00010058 2112a442 b7e7a701 bc34d686 fa87dfae 80220010 5354554e 20746573 7420636c 69656e74
         00240004 6e0001ff 80290008 932ff9b1 51263b36 00060009 6576746a 3a683676 59202020 00080014
         9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2 80280004 e57a3bcf",
    )
}

/// RFC 5769 section 2.2.
fn sample_ipv4_response() -> Vec<u8> {
    hex(
        "0101003c 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200008
         0001a147 e112a643 00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7 80280004 c07d4c96",
    )
}

/// RFC 5769 section 2.3.
fn sample_ipv6_response() -> Vec<u8> {
    hex(
        "01010048 2112a442 b7e7a701 bc34d686 fa87dfae 8022000b 74657374 20766563 746f7220 00200014
         0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9 00080014 a382954e 4be67bf1 1784c97c 8292c275
         bfe3ed41 80280004 c8fb0b4c",
    )
}

#[test]
fn the_vectors_of_rfc_5769_are_read() {
    let request = Stun::Request {
        id: ID,
        fingerprint: true,
        // PRIORITY is a word of ICE: a server that does not speak it has to say so.
        unknown: vec![0x0024],
    };
    assert_eq!(Stun::parse(&sample_request()), Some(request));
    let success = |mapped: &str| {
        let mapped = mapped.parse().unwrap();
        Some(Stun::Success { id: ID, mapped })
    };
    let v4 = Stun::parse(&sample_ipv4_response());
    assert_eq!(v4, success("192.0.2.1:32853"));
    let v6 = Stun::parse(&sample_ipv6_response());
    assert_eq!(v6, success("[2001:db8:1234:5678:11:2233:4455:6677]:32853"));
}

#[test]
fn the_mapped_addresses_of_rfc_5769_are_written() {
    for (vector, mapped, at) in [
        (sample_ipv4_response(), "192.0.2.1:32853", 36..48),
        (
            sample_ipv6_response(),
            "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
            36..60,
        ),
    ] {
        let written = success(&ID, mapped.parse().unwrap(), false);
        assert_eq!(written[20..], vector[at]);
    }
}

#[test]
fn a_changed_bit_of_an_address_or_a_checksum_is_found() {
    for (vector, address) in [
        (sample_ipv4_response(), 40..48),
        (sample_ipv6_response(), 40..60),
    ] {
        for octet in (8..20).chain(address).chain(vector.len() - 4..vector.len()) {
            for bit in 0..8 {
                let mut changed = vector.clone();
                changed[octet] ^= 1 << bit;
                assert_eq!(Stun::parse(&changed), None, "bit {bit} of {octet}");
            }
        }
    }
}

#[test]
fn what_is_written_is_read() {
    let source: SocketAddr = "198.51.100.7:40000".parse().unwrap();
    for with_fingerprint in [false, true] {
        let octets = success(&ID, source, with_fingerprint);
        assert!(is_stun(&octets));
        let mapped = source;
        assert_eq!(Stun::parse(&octets), Some(Stun::Success { id: ID, mapped }));
        let octets = refusal(&ID, &[0x0024, 0x7777], with_fingerprint);
        assert_eq!(Stun::parse(&octets), Some(Stun::Error { id: ID }));
    }
    let expected = Stun::Request {
        id: ID,
        fingerprint: true,
        unknown: Vec::new(),
    };
    assert_eq!(Stun::parse(&request(&ID)), Some(expected));
}

#[test]
fn sip_is_no_stun() {
    for text in ["OPTIONS sip:a SIP/2.0", "SIP/2.0 200 OK", "\r\n\r\n", ""] {
        assert!(!is_stun(text.as_bytes()));
    }
}

proptest! {
    #[test]
    fn any_octets_are_a_message_or_none(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Stun::parse(&octets);
        let mut framed = header(BINDING_REQUEST, &ID);
        framed.extend(&octets);
        let framed = finish(framed, false);
        if let Some(Stun::Request { unknown, .. }) = Stun::parse(&framed) {
            prop_assert!(unknown.len() <= MAX_UNKNOWN);
        }
    }
}
