//! Two secured sessions, and what strangers and new keys do to them.

use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::srtp::{SrtpCounts, SrtpError, SrtpKey, SrtpKeys, SrtpSuite};
use crate::{Dropped, Frame, PayloadType, RemoteAddress, RtpSession, RtpSessionConfig, WallClock};

const FRAME: Duration = Duration::from_millis(20);
const PAYLOAD: [u8; 160] = [0x5a; 160];

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

fn keys(suite: SrtpSuite, send: u8, receive: u8) -> SrtpKeys {
    let key = |seed| SrtpKey::generate(suite, &mut StdRng::from_seed([seed; 32]));
    SrtpKeys {
        send: key(send),
        receive: key(receive),
    }
}

/// A session at `own` with its peer at `peer`, RTCP on the ports above.
fn session(now: Instant, own: u16, peer: u16) -> RtpSession {
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let config = RtpSessionConfig::new(8000, format!("{own}@192.0.2.1"), clock);
    let mut session = RtpSession::new(now, config, own.into());
    let remote = RemoteAddress {
        rtp: address(peer),
        rtcp: Some(address(peer + 1)),
    };
    session.set_remote(now, Some(remote));
    session
}

fn pair(now: Instant, suite: SrtpSuite) -> [RtpSession; 2] {
    let mut pair = [session(now, 2000, 4000), session(now, 4000, 2000)];
    pair[0].set_security(Some(keys(suite, 1, 2)));
    pair[1].set_security(Some(keys(suite, 2, 1)));
    pair
}

/// What becomes of an RTP packet from the signalled address.
fn take(session: &mut RtpSession, now: Instant, mut datagram: Vec<u8>) -> Result<(), Dropped> {
    let taken = session.handle_rtp(now, address(2000), &mut datagram);
    taken.map(drop)
}

fn packet(session: &mut RtpSession, now: Instant) -> Vec<u8> {
    let frame = Frame {
        payload_type: PayloadType::PCMU,
        payload: &PAYLOAD,
        ticks: 160,
        marker: false,
    };
    let mut out = Vec::new();
    session.next_packet(now, &frame, &mut out);
    out
}

#[test]
fn a_secured_call_counts_and_reports_as_a_plain_one() {
    for suite in SrtpSuite::ALL {
        let now = Instant::now();
        let [mut alice, mut bob] = pair(now, suite);
        for number in 0..1_000 {
            let now = now + FRAME * number;
            let mut datagram = packet(&mut alice, now);
            assert_eq!(datagram.len(), 172 + suite.rtp_tag_octets());
            assert!(!datagram.windows(8).any(|octets| octets == &PAYLOAD[..8]));
            if number % 10 != 3 {
                let received = bob.handle_rtp(now, address(2000), &mut datagram).unwrap();
                assert_eq!(received.packet.payload(), PAYLOAD);
            }
            let mut report = Vec::new();
            if alice.poll_rtcp(now, &mut report).is_some() {
                assert!(!report.windows(9).any(|octets| octets == b"192.0.2.1"));
                bob.handle_rtcp(now, address(2001), &mut report).unwrap();
            }
            report.clear();
            if bob.poll_rtcp(now, &mut report).is_some() {
                alice.handle_rtcp(now, address(4001), &mut report).unwrap();
            }
        }
        let mut goodbye = Vec::new();
        assert!(alice.bye(now + FRAME * 1_000, "", &mut goodbye).is_some());
        let told = bob.handle_rtcp(now + FRAME * 1_000, address(2001), &mut goodbye);
        assert!(told.unwrap().bye);
        let (sent, heard) = (alice.statistics(), bob.statistics());
        assert_eq!((heard.packets_received, heard.packets_lost), (900, 100));
        assert_eq!(heard.octets_received, 900 * 160);
        assert_eq!(heard.srtp, SrtpCounts::default());
        assert!(heard.rtcp_received > 1 && bob.remote_cname() == Some("2000@192.0.2.1"));
        assert!(sent.remote.is_some() && sent.round_trip.is_some());
    }
}

#[test]
fn plain_and_foreign_packets_leave_a_secured_session_as_it_was() {
    let now = Instant::now();
    let [_, mut bob] = pair(now, SrtpSuite::AesCm128HmacSha1_80);
    let mut plain = session(now, 2000, 4000);
    let mut other = session(now, 2000, 4000);
    other.set_security(Some(keys(SrtpSuite::AesCm128HmacSha1_80, 9, 2)));
    let refused = Err(Dropped::Srtp(SrtpError::Unauthenticated));
    for number in 0..5 {
        let now = now + FRAME * number;
        for session in [&mut plain, &mut other] {
            let datagram = packet(session, now);
            assert_eq!(take(&mut bob, now, datagram), refused);
        }
    }
    for session in [&mut plain, &mut other] {
        let mut goodbye = Vec::new();
        session.bye(now, "", &mut goodbye).unwrap();
        let taken = bob.handle_rtcp(now, address(2001), &mut goodbye);
        assert_eq!(taken.map(drop), refused);
    }
    let short = take(&mut bob, now, vec![0x80; 12]);
    assert_eq!(short, Err(Dropped::Srtp(SrtpError::TooShort)));
    let figures = bob.statistics();
    assert_eq!(figures.srtp.unauthenticated, 12);
    assert_eq!((figures.srtp.too_short, figures.srtp.refused()), (1, 13));
    assert_eq!(figures.packets_received, 0);
    assert_eq!((bob.remote_ssrc(), bob.heard_from()), (None, None));
}

#[test]
fn a_replayed_packet_is_counted_and_not_heard_again() {
    let now = Instant::now();
    let [mut alice, mut bob] = pair(now, SrtpSuite::AeadAes128Gcm);
    let datagram = packet(&mut alice, now);
    assert_eq!(take(&mut bob, now, datagram.clone()), Ok(()));
    let again = take(&mut bob, now, datagram);
    assert_eq!(again, Err(Dropped::Srtp(SrtpError::Replayed)));
    assert_eq!(bob.statistics().srtp.replayed, 1);
}

/// A key that comes back after plain packets goes on with its counters.
#[test]
fn security_that_was_off_goes_on_where_it_was() {
    let now = Instant::now();
    let suite = SrtpSuite::AesCm128HmacSha1_80;
    let [mut alice, mut bob] = pair(now, suite);
    let exchange = |alice: &mut RtpSession, bob: &mut RtpSession| {
        let datagram = packet(alice, now);
        take(bob, now, datagram.clone()).unwrap();
        datagram
    };
    let first = exchange(&mut alice, &mut bob);
    alice.set_security(None);
    bob.set_security(None);
    assert!(!alice.is_secured());
    exchange(&mut alice, &mut bob);
    alice.set_security(Some(keys(suite, 1, 2)));
    bob.set_security(Some(keys(suite, 2, 1)));
    exchange(&mut alice, &mut bob);
    let again = take(&mut bob, now, first);
    assert_eq!(again, Err(Dropped::Srtp(SrtpError::Replayed)));
}

/// Twenty-two minutes into a call the peer is replaced by one that knows nothing of our wraps.
#[test]
fn a_new_peer_hears_us_after_our_sequence_has_wrapped() {
    let now = Instant::now();
    let suite = SrtpSuite::AesCm128HmacSha1_80;
    let [mut alice, mut bob] = pair(now, suite);
    let ssrc = alice.ssrc();
    for number in 0..66_000 {
        let datagram = packet(&mut alice, now + FRAME * number);
        if number % 1_000 == 0 {
            let taken = take(&mut bob, now + FRAME * number, datagram);
            assert!(taken.is_ok() || matches!(taken, Err(Dropped::SequenceJump)));
        }
    }
    let now = now + FRAME * 66_000;
    alice.set_security(Some(keys(suite, 1, 3)));
    assert_ne!(alice.ssrc(), ssrc);
    let mut carol = session(now, 4000, 2000);
    carol.set_security(Some(keys(suite, 3, 1)));
    for _ in 0..3 {
        let datagram = packet(&mut alice, now);
        take(&mut carol, now, datagram).unwrap();
    }
    let mut goodbye = Vec::new();
    assert!(alice.poll_rtcp(now, &mut goodbye).is_some());
    assert!(carol.handle_rtcp(now, address(2001), &mut goodbye).is_ok());
}
