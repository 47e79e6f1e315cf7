//! Who is let in, who is sent to, and strangers who try to become the peer (RTP bleed).

use rand::RngExt;

use super::*;
use crate::{Channel, rtcp};

const SIGNALLED: u16 = 4000;
const NAT: u16 = 9000;
const STRANGER: u16 = 6666;
const SILENCE: Duration = Latch::SILENCE;

fn hear(
    session: &mut RtpSession,
    now: Instant,
    port: u16,
    datagram: &mut [u8],
) -> Result<(), Dropped> {
    session.handle_rtp(now, address(port), datagram).map(|_| ())
}

/// A session that has heard its peer from `port`.
fn locked(now: Instant, latching: Latching, port: u16) -> RtpSession {
    let mut session = session(now, latching);
    for sequence in 1..3 {
        let _ = hear(&mut session, now, port, &mut rtp(7, sequence));
    }
    assert_eq!(session.heard_from(), Some(address(port)));
    session
}

fn report(ssrc: u32) -> Vec<u8> {
    let mut out = Vec::new();
    ReceiverReport::write(Ssrc(ssrc), &[], &mut out);
    out
}

#[test]
fn the_signalled_address_is_believed_at_once_and_others_after_two_packets() {
    let now = Instant::now();
    let mut trusting = session(now, Latching::Always);
    assert_eq!(hear(&mut trusting, now, SIGNALLED, &mut rtp(7, 1)), Ok(()));
    let mut learning = session(now, Latching::Always);
    assert_eq!(
        hear(&mut learning, now, NAT, &mut rtp(7, 1)),
        Err(Dropped::Probation)
    );
    // Another one with the same SSRC does not help it.
    assert_eq!(
        hear(&mut learning, now, STRANGER, &mut rtp(7, 2)),
        Err(Dropped::Probation)
    );
    assert_eq!(
        hear(&mut learning, now, NAT, &mut rtp(7, 3)),
        Err(Dropped::Probation)
    );
    assert_eq!(hear(&mut learning, now, NAT, &mut rtp(7, 4)), Ok(()));
    assert_eq!(learning.destination(), Some(address(NAT)));
    assert_eq!(learning.remote(), Some(remote(SIGNALLED)));
    assert_eq!(
        hear(&mut learning, now, STRANGER, &mut rtp(7, 5)),
        Err(Dropped::ForeignSource)
    );
    assert_eq!(hear(&mut learning, now, SIGNALLED, &mut rtp(7, 5)), Ok(()));
    assert_eq!(learning.destination(), Some(address(SIGNALLED)));
    assert_eq!(
        hear(&mut learning, now, NAT, &mut rtp(7, 6)),
        Err(Dropped::ForeignSource)
    );
}

#[test]
fn without_latching_only_the_signalled_address_is_heard_and_sent_to() {
    let now = Instant::now();
    let mut session = session(now, Latching::Off);
    assert_eq!(
        hear(&mut session, now, NAT, &mut rtp(7, 1)),
        Err(Dropped::ForeignSource)
    );
    assert_eq!(session.statistics().foreign, 1);
    assert_eq!(hear(&mut session, now, SIGNALLED, &mut rtp(7, 1)), Ok(()));
    assert_eq!(session.destination(), Some(address(SIGNALLED)));
}

#[test]
fn an_unknown_address_has_to_send_what_was_agreed_on() {
    let now = Instant::now();
    let mut session = session(now, Latching::Always);
    session.set_payload_types([PayloadType::PCMA]);
    for sequence in 1..4 {
        let result = hear(&mut session, now, STRANGER, &mut rtp(7, sequence));
        assert_eq!(result, Err(Dropped::Implausible));
    }
    assert_eq!(session.statistics().implausible, 3);
    // The signalled address may; codecs are chosen above.
    assert_eq!(hear(&mut session, now, SIGNALLED, &mut rtp(7, 1)), Ok(()));
    session.set_payload_types([PayloadType::PCMA, PayloadType::PCMU]);
    session.set_remote(now, Some(remote(5000)));
    assert_eq!(hear(&mut session, now, NAT, &mut rtp(7, 2)), Ok(()));
}

#[test]
fn media_before_an_answer_is_heard_and_nothing_is_sent_for_it() {
    let now = Instant::now();
    let mut session = RtpSession::new(now, config(now, "us"), 1);
    for sequence in 1..4 {
        let _ = hear(&mut session, now, STRANGER, &mut rtp(7, sequence));
    }
    assert_eq!(session.statistics().packets_received, 2);
    assert_eq!(session.destination(), None);
    session.set_remote(now, Some(remote(SIGNALLED)));
    assert_eq!(session.destination(), Some(address(SIGNALLED)));
    // Its packets go on, which does not make it the peer.
    let _ = hear(&mut session, now, STRANGER, &mut rtp(7, 4));
    assert_eq!(session.destination(), Some(address(SIGNALLED)));
}

#[test]
fn strangers_who_take_turns_do_not_keep_each_other_out() {
    let now = Instant::now();
    let mut session = RtpSession::new(now, config(now, "us"), 1);
    for (at, port, ssrc, sequence, heard) in [
        (0, NAT, 7, 1, Err(Dropped::Probation)),
        (10, STRANGER, 66, 1, Err(Dropped::Probation)),
        (20, NAT, 7, 2, Ok(())),
        (30, STRANGER, 66, 2, Err(Dropped::ForeignSource)),
        (40, NAT, 7, 3, Ok(())),
    ] {
        let at = now + Duration::from_millis(at);
        let mut datagram = rtp(ssrc, sequence);
        assert_eq!(hear(&mut session, at, port, &mut datagram), heard, "{at:?}");
    }
}

#[test]
fn a_stranger_who_never_proves_itself_keeps_nobody_out_for_long() {
    let now = Instant::now();
    // Numbers out of order, and another source with each packet.
    for source in [0, 1] {
        for latching in [Latching::Always, Latching::UntilConfirmed] {
            let mut session = session(now, latching);
            let at = |ms| now + Duration::from_millis(ms);
            let mut heard_after = None;
            for ms in 0..1000u64 {
                let turn = ms as u32;
                let mut datagram = rtp(66 + turn * source, (2 * turn) as u16);
                let result = hear(&mut session, at(ms), STRANGER, &mut datagram);
                assert!(result.is_err());
                if ms % 20 == 10 {
                    let mut datagram = rtp(7, (ms / 20) as u16);
                    let result = hear(&mut session, at(ms), NAT, &mut datagram);
                    heard_after = heard_after.or(result.ok().map(|()| ms));
                }
            }
            // Its chance of 200 ms, and two packets.
            assert_eq!(heard_after, Some(230), "{latching:?}");
            assert_eq!(session.destination(), Some(address(NAT)));
        }
    }
}

#[test]
fn a_peer_whose_nat_moves_it_is_followed_after_a_silence_and_only_by_the_policy() {
    let now = Instant::now();
    for (latching, port) in [(Latching::Always, NAT), (Latching::Always, SIGNALLED)] {
        let mut session = locked(now, latching, port);
        let early = now + SILENCE - Duration::from_millis(1);
        assert_eq!(
            hear(&mut session, early, 9001, &mut rtp(7, 50)),
            Err(Dropped::ForeignSource)
        );
        assert_eq!(
            hear(&mut session, now + SILENCE, 9001, &mut rtp(7, 103)),
            Ok(())
        );
        assert_eq!(session.destination(), Some(address(9001)));
        assert_eq!(session.statistics().restarts, 0);
    }
    let mut session = locked(now, Latching::UntilConfirmed, NAT);
    let late = now + Duration::from_secs(60);
    assert_eq!(
        hear(&mut session, late, 9001, &mut rtp(7, 103)),
        Err(Dropped::ForeignSource)
    );
    assert_eq!(session.destination(), Some(address(NAT)));
}

#[test]
fn a_stranger_who_sends_very_much_into_a_silence_does_not_become_the_peer() {
    let now = Instant::now();
    let mut rng = StdRng::seed_from_u64(41);
    for (latching, port) in [
        (Latching::Always, NAT),
        (Latching::UntilConfirmed, SIGNALLED),
    ] {
        let mut session = locked(now, latching, port);
        let mut datagram = rtp(0, 0);
        for n in 0..100_000u32 {
            let ssrc: u32 = rng.random();
            datagram[2..4].copy_from_slice(&(n as u16).to_be_bytes());
            datagram[8..12].copy_from_slice(&ssrc.to_be_bytes());
            let at = now + Duration::from_micros(100 * u64::from(n));
            let result = hear(&mut session, at, STRANGER, &mut datagram);
            assert_eq!(result, Err(Dropped::ForeignSource));
        }
        assert_eq!(session.destination(), Some(address(port)));
        assert_eq!(
            session.statistics().packets_received,
            if port == NAT { 1 } else { 2 }
        );
        assert_eq!(
            hear(&mut session, now + SILENCE * 6, port, &mut rtp(7, 3)),
            Ok(())
        );
    }
}

#[test]
fn the_right_ssrc_with_numbers_out_of_line_is_not_the_peer_either() {
    let now = Instant::now();
    let late = now + SILENCE;
    for sequence in [2, 1, 0, 65_530, 3002, 30_000] {
        let mut session = locked(now, Latching::Always, NAT);
        let result = hear(&mut session, late, STRANGER, &mut rtp(7, sequence));
        assert_eq!(result, Err(Dropped::ForeignSource), "{sequence}");
    }
}

#[test]
fn a_stranger_who_was_first_gives_way_to_the_signalled_address() {
    let now = Instant::now();
    let mut session = session(now, Latching::UntilConfirmed);
    for sequence in 1..100 {
        let _ = hear(&mut session, now, STRANGER, &mut rtp(66, sequence));
    }
    assert_eq!(session.destination(), Some(address(STRANGER)));
    assert_eq!(hear(&mut session, now, SIGNALLED, &mut rtp(7, 1)), Ok(()));
    assert_eq!(session.remote_ssrc(), Some(Ssrc(7)));
    assert_eq!(session.destination(), Some(address(SIGNALLED)));
    assert_eq!(
        hear(&mut session, now, STRANGER, &mut rtp(66, 100)),
        Err(Dropped::ForeignSource)
    );
}

#[test]
fn a_new_signalled_address_is_sent_to_although_the_old_one_still_sends() {
    let now = Instant::now();
    let mut session = locked(now, Latching::Always, NAT);
    session.set_remote(now, Some(remote(5000)));
    assert_eq!(hear(&mut session, now, NAT, &mut rtp(7, 3)), Ok(()));
    assert_eq!(session.destination(), Some(address(5000)));
    assert_eq!(hear(&mut session, now, 5000, &mut rtp(8, 1)), Ok(()));
    assert_eq!(
        hear(&mut session, now, NAT, &mut rtp(7, 4)),
        Err(Dropped::ForeignSource)
    );
    assert_eq!(session.destination(), Some(address(5000)));
}

#[test]
fn reports_have_an_address_of_their_own_that_only_the_source_of_the_media_moves() {
    let now = Instant::now();
    let elsewhere = SocketAddr::from(([198, 51, 100, 9], 1234));
    let mut session = locked(now, Latching::Always, NAT);
    let mut from =
        |at: Instant, source, ssrc| session.handle_rtcp(at, source, &mut report(ssrc)).is_ok();
    assert!(!from(now, elsewhere, 66), "another host, another source");
    assert!(from(now, elsewhere, 7));
    assert!(!from(now, address(STRANGER), 7), "an address was found");
    assert!(
        from(now + SILENCE, address(STRANGER), 7),
        "the source has moved"
    );
    assert!(!from(now + SILENCE * 2, elsewhere, 66));
    assert!(
        from(now, address(SIGNALLED + 1), 66),
        "the signalled address always may"
    );
    assert!(!from(now, address(STRANGER), 7));
    assert_eq!(
        session.destination(),
        Some(address(NAT)),
        "reports do not move media"
    );
    let mut silent = super::session(now, Latching::Always);
    let same_host = address(NAT + 1);
    assert!(silent.handle_rtcp(now, same_host, &mut report(7)).is_ok());
    let mut off = super::session(now, Latching::Off);
    assert!(off.handle_rtcp(now, same_host, &mut report(7)).is_err());
}

#[test]
fn a_shared_port_sends_reports_where_media_goes_and_takes_them_from_there() {
    let now = Instant::now();
    let mut session = locked(now, Latching::Always, NAT);
    assert_eq!(session.rtcp_channel(), Channel::Rtcp);
    let rtp = address(SIGNALLED);
    session.set_remote(
        now,
        Some(RemoteAddress {
            rtp,
            rtcp: Some(rtp),
        }),
    );
    assert_eq!(session.rtcp_channel(), Channel::Rtp);
    assert!(
        session
            .handle_rtcp(now, address(NAT), &mut report(7))
            .is_ok()
    );
    assert!(
        session
            .handle_rtcp(now, address(STRANGER), &mut report(7))
            .is_err()
    );
    let mut out = Vec::new();
    let due = loop {
        let due = session.poll_timeout().unwrap();
        if let Some(destination) = session.poll_rtcp(due, &mut out) {
            break destination;
        }
    };
    assert_eq!(due, address(NAT));
    assert!(rtcp::is_rtcp(&out));
}

/// RFC 5761: the second octet tells, and nothing is both.
#[test]
fn the_second_octet_tells_rtp_from_rtcp() {
    for second in 0..=255 {
        let mut datagram = rtp(7, 1);
        datagram[1] = second;
        let is_rtp = RtpPacket::parse(&datagram).is_ok();
        assert_eq!(is_rtp, !(64..96).contains(&(second & 0x7f)), "{second}");
        assert_eq!(
            rtcp::is_rtcp(&datagram),
            (192..224).contains(&second),
            "{second}"
        );
    }
}
