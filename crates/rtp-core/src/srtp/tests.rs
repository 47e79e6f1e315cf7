//! Senders against receivers, forgery, replay, wraps and new keys.

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::Ssrc;

pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter_map(|digit| char::from(digit).to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

fn key(suite: SrtpSuite, seed: u8) -> SrtpKey {
    SrtpKey::generate(suite, &mut StdRng::from_seed([seed; 32]))
}

fn rtp(sequence: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 0];
    packet.extend_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&(u32::from(sequence) * 160).to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[0xff; 160]);
    packet
}

fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(&[0x81, 203, 0, 1]);
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet
}

fn sealed(sender: &mut SrtpSender, sequence: u16, ssrc: u32) -> Vec<u8> {
    let mut packet = rtp(sequence, ssrc);
    sender.protect_rtp(&mut packet, 0).unwrap();
    packet
}

fn take(receiver: &mut SrtpReceiver, packet: &[u8]) -> Result<Vec<u8>, SrtpError> {
    let mut packet = packet.to_vec();
    let octets = receiver.unprotect_rtp(&mut packet)?;
    packet.truncate(octets);
    Ok(packet)
}

/// What libsrtp's own driver expects of AES-256 in counter mode, which its Python binding does not reach.
#[test]
fn a_packet_of_libsrtp_under_aes_256() {
    let master = hex(
        "f0f04914b513f2763a1b1fa130f10e2998f6f6e43e4309d1e622a0e332b9f1b6
         3b04803de51ee7c96423ab5b78d2",
    );
    let key = SrtpKey::new(SrtpSuite::AesCm256HmacSha1_80, &master).unwrap();
    let mut packet = hex("800f1234decafbadcafebabe");
    packet.extend_from_slice(&[0xab; 16]);
    SrtpSender::new(&key).protect_rtp(&mut packet, 0).unwrap();
    let expected =
        hex("800f1234decafbadcafebabe f1d9de17ff251ff1aa007774b0b4b40da08d9d9a5b3a55d8873b");
    assert_eq!(packet, expected);
}

#[test]
fn any_changed_bit_is_noticed_and_the_packet_left_as_it_came() {
    for suite in SrtpSuite::ALL {
        let key = key(suite, 1);
        let mut sender = SrtpSender::new(&key);
        let packet = sealed(&mut sender, 9, 1);
        let mut report = rtcp(1);
        sender.protect_rtcp(&mut report, 0).unwrap();
        for bit in 0..packet.len() * 8 {
            let mut receiver = SrtpReceiver::new(&key);
            let mut changed = packet.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let came = changed.clone();
            let error = receiver.unprotect_rtp(&mut changed).unwrap_err();
            assert!(
                matches!(error, SrtpError::Unauthenticated | SrtpError::TooShort),
                "{suite:?} bit {bit}: {error}"
            );
            assert_eq!(changed, came);
        }
        for bit in 0..report.len() * 8 {
            let mut receiver = SrtpReceiver::new(&key);
            let mut changed = report.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let came = changed.clone();
            let error = receiver.unprotect_rtcp(&mut changed).unwrap_err();
            assert_eq!(error, SrtpError::Unauthenticated, "{suite:?} bit {bit}");
            assert_eq!(changed, came);
        }
    }
}

/// A wrong mix of SSRC or index into the counter cancels between two ends of one make, but not here: two packets that
/// differ in one of them alone share no keystream.
#[test]
fn no_two_packets_share_a_keystream() {
    for suite in SrtpSuite::ALL {
        let key = key(suite, 2);
        let mut streams = Vec::new();
        for ssrc in [1, 2, 0x0001_0000, 0x0100_0000] {
            let mut sender = SrtpSender::new(&key);
            for sequence in [0, 1, 0x0100, 0x8000, 0xffff, 0, 1] {
                let packet = sealed(&mut sender, sequence, ssrc);
                streams.push(packet[12..28].to_vec());
            }
            for _ in 0..3 {
                let mut report = [rtcp(ssrc), vec![0xff; 16]].concat();
                sender.protect_rtcp(&mut report, 0).unwrap();
                streams.push(report[16..32].to_vec());
            }
        }
        let all = streams.len();
        streams.sort();
        streams.dedup();
        assert_eq!(streams.len(), all, "{suite:?}");
    }
}

#[test]
fn a_packet_is_taken_once_however_late() {
    let key = key(SrtpSuite::AesCm128HmacSha1_80, 3);
    let (mut sender, mut receiver) = (SrtpSender::new(&key), SrtpReceiver::new(&key));
    let packets: Vec<_> = (0..400).map(|n| sealed(&mut sender, n, 7)).collect();
    for packet in &packets[100..200] {
        take(&mut receiver, packet).unwrap();
    }
    for packet in &packets[100..200] {
        assert_eq!(take(&mut receiver, packet), Err(SrtpError::Replayed));
    }
    take(&mut receiver, &packets[72]).unwrap();
    assert_eq!(take(&mut receiver, &packets[72]), Err(SrtpError::Replayed));
    assert_eq!(take(&mut receiver, &packets[71]), Err(SrtpError::Replayed));

    let mut report = rtcp(7);
    sender.protect_rtcp(&mut report, 0).unwrap();
    assert!(receiver.unprotect_rtcp(&mut report.clone()).is_ok());
    let again = receiver.unprotect_rtcp(&mut report.clone());
    assert_eq!(again, Err(SrtpError::Replayed));
}

/// Through three wraps, with loss and reordering at each.
#[test]
fn the_rollover_counter_survives_loss_and_reordering_at_a_wrap() {
    for suite in [SrtpSuite::AesCm128HmacSha1_32, SrtpSuite::AeadAes256Gcm] {
        let key = key(suite, 4);
        let (mut sender, mut receiver) = (SrtpSender::new(&key), SrtpReceiver::new(&key));
        let mut held = None;
        for number in 30_000..30_000 + 3 * 65_536u32 {
            let sequence = number as u16;
            let near_the_wrap = !(200..65_400).contains(&sequence);
            if !near_the_wrap && sequence % 2_000 != 1_997 {
                continue;
            }
            let packet = sealed(&mut sender, sequence, 7);
            match sequence % 5 {
                0 => held = Some(packet),
                1 => {}
                _ => {
                    take(&mut receiver, &packet).unwrap();
                    if let Some(late) = held.take() {
                        take(&mut receiver, &late).unwrap();
                    }
                }
            }
        }
        assert!(sender.has_wrapped(Ssrc(7)));
    }
}

/// Forged packets with far sequence numbers and of many sources neither move the counter nor leave anything behind.
#[test]
fn nothing_is_remembered_of_what_is_not_authentic() {
    let key = key(SrtpSuite::AesCm128HmacSha1_80, 5);
    let (mut sender, mut receiver) = (SrtpSender::new(&key), SrtpReceiver::new(&key));
    take(&mut receiver, &sealed(&mut sender, 65_000, 7)).unwrap();
    let mut before = format!("{receiver:?}");
    for ssrc in 0..1_000 {
        for sequence in [0, 20_000, 65_535] {
            let mut forged = rtp(sequence, ssrc);
            forged.extend_from_slice(&[0; 10]);
            assert_eq!(
                take(&mut receiver, &forged),
                Err(SrtpError::Unauthenticated)
            );
        }
        let mut forged = rtcp(ssrc);
        forged.extend_from_slice(&[0; 14]);
        let error = receiver.unprotect_rtcp(&mut forged).unwrap_err();
        assert_eq!(error, SrtpError::Unauthenticated);
    }
    assert_eq!(format!("{receiver:?}"), before);
    take(&mut receiver, &sealed(&mut sender, 65_001, 7)).unwrap();

    for ssrc in 100..100 + MAX_SOURCES as u32 - 1 {
        let packet = sealed(&mut SrtpSender::new(&key), 1, ssrc);
        take(&mut receiver, &packet).unwrap();
    }
    before = format!("{receiver:?}");
    let one_too_many = sealed(&mut SrtpSender::new(&key), 1, 5_000);
    let refused = take(&mut receiver, &one_too_many);
    assert_eq!(refused, Err(SrtpError::TooManySources));
    assert_eq!(format!("{receiver:?}"), before);
}

#[test]
fn a_sender_uses_no_index_twice_and_sources_have_their_own() {
    let key = key(SrtpSuite::AeadAes128Gcm, 6);
    let mut sender = SrtpSender::new(&key);
    sealed(&mut sender, 500, 1);
    sealed(&mut sender, 499, 1);
    for used in [500, 499, 300] {
        let mut packet = b"kept".to_vec();
        packet.extend_from_slice(&rtp(used, 1));
        let refused = sender.protect_rtp(&mut packet, 4);
        assert_eq!(refused, Err(SrtpError::Reused), "{used}");
        assert_eq!(packet, b"kept");
    }
    sealed(&mut sender, 500, 2);
    for ssrc in 3..=MAX_SOURCES as u32 {
        sealed(&mut sender, 1, ssrc);
    }
    let refused = sender.protect_rtp(&mut rtp(1, 9_999), 0);
    assert_eq!(refused, Err(SrtpError::TooManySources));
}

#[test]
fn a_new_key_keeps_the_counter_or_begins_anew_as_the_sender_does() {
    for suite in [SrtpSuite::AesCm128HmacSha1_80, SrtpSuite::AeadAes128Gcm] {
        let (first, second) = (key(suite, 7), key(suite, 8));
        for keeps in [true, false] {
            let (mut sender, mut receiver) = (SrtpSender::new(&first), SrtpReceiver::new(&first));
            for sequence in [30_000, 60_000, 100, 30_000] {
                take(&mut receiver, &sealed(&mut sender, sequence, 7)).unwrap();
            }
            let mut next = match keeps {
                true => sender.rekeyed(&second),
                false => SrtpSender::new(&second),
            };
            let mut receiver = receiver.rekeyed(&second);
            let late = sealed(&mut sender, 30_002, 7);
            assert_eq!(take(&mut receiver, &late), Err(SrtpError::Unauthenticated));
            for sequence in 30_003..30_100 {
                take(&mut receiver, &sealed(&mut next, sequence, 7)).unwrap();
            }
            for sequence in [50_000, 5_000] {
                take(&mut receiver, &sealed(&mut next, sequence, 7)).unwrap();
            }
        }
    }
}

#[test]
fn an_association_reads_what_was_sent_before_the_keys_changed() {
    let suite = SrtpSuite::AesCm128HmacSha1_80;
    let pair = |send, receive| SrtpKeys {
        send: key(suite, send),
        receive: key(suite, receive),
    };
    let mut ours = Association::new(pair(1, 2));
    let mut theirs = SrtpSender::new(&key(suite, 2));
    let open = |ours: &mut Association, mut packet: Vec<u8>| ours.unprotect_rtp(&mut packet);
    open(&mut ours, sealed(&mut theirs, 1, 7)).unwrap();
    assert!(!ours.rekey(pair(1, 2), Ssrc(9)), "nothing has changed");
    assert!(!ours.rekey(pair(1, 3), Ssrc(9)));
    open(&mut ours, sealed(&mut theirs, 2, 7)).unwrap();
    let mut next = theirs.rekeyed(&key(suite, 3));
    let late = sealed(&mut theirs, 3, 7);
    open(&mut ours, sealed(&mut next, 4, 7)).unwrap();
    assert_eq!(open(&mut ours, late), Err(SrtpError::Unauthenticated));

    // Our own key is the same: the sequence goes on under it.
    sealed(ours.sender(), 10, 9);
    assert!(!ours.rekey(pair(1, 4), Ssrc(9)));
    let again = ours.sender().protect_rtp(&mut rtp(10, 9), 0);
    assert_eq!(again, Err(SrtpError::Reused));
    sealed(ours.sender(), 40_000, 9);
    sealed(ours.sender(), 1_000, 9);
    assert!(
        ours.rekey(pair(1, 5), Ssrc(9)),
        "a new peer cannot know of the wrap"
    );
}

#[test]
fn a_key_identifier_is_in_front_of_the_tag_or_at_the_end() {
    for suite in SrtpSuite::ALL {
        let plain_key = key(suite, 9);
        let named = plain_key.clone().with_mki(b"mk1");
        let mut without = rtp(1, 7);
        SrtpSender::new(&plain_key)
            .protect_rtp(&mut without, 0)
            .unwrap();
        let tag = match suite {
            SrtpSuite::AeadAes128Gcm | SrtpSuite::AeadAes256Gcm => 0,
            _ => suite.rtp_tag_octets(),
        };
        let (front, behind) = without.split_at(without.len() - tag);
        let with = [front, b"mk1", behind].concat();
        let mut sender = SrtpSender::new(&named);
        assert_eq!(sealed(&mut sender, 1, 7), with, "{suite:?}");
        let mut receiver = SrtpReceiver::new(&named);
        assert_eq!(take(&mut receiver, &with), Ok(rtp(1, 7)));
        let refused = take(&mut SrtpReceiver::new(&named), &without);
        assert_eq!(refused, Err(SrtpError::Unauthenticated));
        let mut report = rtcp(7);
        sender.protect_rtcp(&mut report, 0).unwrap();
        let octets = receiver.unprotect_rtcp(&mut report).unwrap();
        assert_eq!(report[..octets], rtcp(7));
    }
}

#[test]
fn a_key_serves_no_longer_than_it_may() {
    let key = key(SrtpSuite::AesCm128HmacSha1_80, 10);
    let mut sender = SrtpSender::new(&key);
    sealed(&mut sender, 1, 7);
    sender.wear_out();
    let refused = sender.protect_rtp(&mut rtp(2, 7), 0);
    assert_eq!(refused, Err(SrtpError::KeyExhausted));
    let refused = sender.protect_rtcp(&mut rtcp(7), 0);
    assert_eq!(refused, Err(SrtpError::KeyExhausted));
}

proptest! {
    #[test]
    fn any_datagram_is_refused_and_left_as_it_came(
        octets in proptest::collection::vec(any::<u8>(), 0..300),
        first in 0u8..32,
        suite in 0usize..6,
        mki in 0usize..5,
    ) {
        let key = key(SrtpSuite::ALL[suite], 11).with_mki(&[0; 4][..mki.min(4)]);
        let mut packet = octets;
        if let Some(octet) = packet.first_mut() {
            *octet = 0x80 | first;
        }
        let came = packet.clone();
        let mut receiver = SrtpReceiver::new(&key);
        prop_assert!(receiver.unprotect_rtp(&mut packet).is_err());
        prop_assert!(receiver.unprotect_rtcp(&mut packet).is_err());
        prop_assert_eq!(&packet, &came);
        let mut sender = SrtpSender::new(&key);
        let sent = sender.protect_rtp(&mut packet, 0);
        prop_assert_eq!(sent.is_err(), packet.is_empty());
        let mut packet = came;
        let sent = sender.protect_rtcp(&mut packet, 0);
        prop_assert_eq!(sent.is_err(), packet.is_empty());
    }
}
