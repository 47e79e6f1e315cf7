//! Whole sessions in virtual time: two parties, a network that is a list, and seeds.

use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::rtcp::{
    App, Bye, Compound, ExtendedReport, ReceiverReport, ReportBlock, RtcpPacket, SourceDescription,
};
use crate::{Dropped, RtpHeader};

mod address;

const FRAME: Duration = Duration::from_millis(20);
const PAYLOAD: [u8; 160] = [0xff; 160];

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

fn remote(rtp: u16) -> RemoteAddress {
    RemoteAddress {
        rtp: address(rtp),
        rtcp: Some(address(rtp + 1)),
    }
}

fn config(now: Instant, cname: &str) -> RtpSessionConfig {
    let clock = WallClock::new(
        now,
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
    );
    RtpSessionConfig::new(8000, cname, clock)
}

/// A session whose peer is signalled to be at ports 4000 and 4001.
fn session(now: Instant, latching: Latching) -> RtpSession {
    let mut session = RtpSession::new(
        now,
        RtpSessionConfig {
            latching,
            ..config(now, "us@192.0.2.1")
        },
        1,
    );
    session.set_remote(now, Some(remote(4000)));
    session
}

fn frame() -> Frame<'static> {
    Frame {
        payload_type: PayloadType::PCMU,
        payload: &PAYLOAD,
        ticks: 160,
        marker: false,
    }
}

fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let header = RtpHeader {
        marker: false,
        payload_type: PayloadType::PCMU,
        sequence,
        timestamp: u32::from(sequence) * 160,
        ssrc: Ssrc(ssrc),
    };
    let mut out = Vec::new();
    header.write_packet(&PAYLOAD, &mut out);
    out
}

/// Two parties at ports 2000 and 4000, and what is under way between them.
struct Call {
    now: Instant,
    parties: [RtpSession; 2],
    /// Arrival, receiver, whether it is RTCP, datagram.
    wire: Vec<(Instant, usize, bool, Vec<u8>)>,
    delay: Duration,
}

impl Call {
    fn new(seed: u64, delay: Duration) -> Call {
        let now = Instant::now();
        let mut parties = ["alice@192.0.2.1", "bob@192.0.2.1"]
            .map(|name| RtpSession::new(now, config(now, name), seed ^ name.len() as u64));
        parties[0].set_remote(now, Some(remote(4000)));
        parties[1].set_remote(now, Some(remote(2000)));
        Call {
            now,
            parties,
            wire: Vec::new(),
            delay,
        }
    }

    /// Runs for so long; every frame, each party sends a packet, of which `lost` says whether it is lost.
    fn run(&mut self, frames: u32, mut lost: impl FnMut(usize, u32) -> bool) {
        for n in 0..frames {
            for party in 0..2 {
                let mut out = Vec::new();
                self.parties[party].next_packet(self.now, &frame(), &mut out);
                if !lost(party, n) {
                    self.wire
                        .push((self.now + self.delay, 1 - party, false, out));
                }
            }
            let end = self.now + FRAME;
            while self.now < end {
                self.report();
                self.deliver();
                self.now += Duration::from_millis(1);
            }
        }
    }

    fn report(&mut self) {
        for party in 0..2 {
            let mut out = Vec::new();
            if self.parties[party].poll_rtcp(self.now, &mut out).is_some() {
                self.wire
                    .push((self.now + self.delay, 1 - party, true, out));
            }
        }
    }

    fn deliver(&mut self) {
        let now = self.now;
        let due = self
            .wire
            .extract_if(.., |(at, ..)| *at <= now)
            .collect::<Vec<_>>();
        for (_, to, is_rtcp, mut datagram) in due {
            let from = remote(if to == 0 { 4000 } else { 2000 });
            if is_rtcp {
                self.parties[to]
                    .handle_rtcp(now, from.rtcp.unwrap(), &mut datagram)
                    .unwrap();
            } else {
                let _ = self.parties[to].handle_rtp(now, from.rtp, &mut datagram);
            }
        }
    }
}

#[test]
fn a_minute_of_talk_is_counted_alike_by_both() {
    let mut call = Call::new(3, Duration::from_millis(45));
    call.run(3000, |party, n| party == 0 && n % 50 == 10);
    let [alice, bob] = [call.parties[0].statistics(), call.parties[1].statistics()];
    assert_eq!((alice.packets_sent, alice.octets_sent), (3000, 480_000));
    assert_eq!(
        (bob.packets_expected, bob.packets_lost, bob.packets_received),
        (2998, 60, 2938)
    );
    assert_eq!((alice.packets_received, alice.packets_lost), (2998, 0));
    assert_eq!(bob.jitter_ticks, 0);
    for party in [&alice, &bob] {
        let error = party
            .round_trip
            .unwrap()
            .abs_diff(Duration::from_millis(90));
        assert!(
            error < Duration::from_micros(50),
            "round trip {:?}",
            party.round_trip
        );
        assert!(
            (8..=16).contains(&party.rtcp_sent),
            "{} reports in a minute",
            party.rtcp_sent
        );
    }
    let view = alice.remote.unwrap();
    assert!(
        (1..=9).contains(&view.fraction_lost),
        "{}",
        view.fraction_lost
    );
    assert!(view.cumulative_lost >= 40 && view.cumulative_lost <= 60);
    assert_eq!(call.parties[0].remote_cname(), Some("bob@192.0.2.1"));
    assert_eq!(call.parties[0].remote_ssrc(), Some(call.parties[1].ssrc()));
}

#[test]
fn the_same_seed_gives_the_same_octets() {
    let wire = |seed| {
        let mut call = Call::new(seed, Duration::from_secs(3600));
        call.run(600, |_, _| false);
        call.wire
            .into_iter()
            .map(|(.., datagram)| datagram)
            .collect::<Vec<_>>()
    };
    assert_eq!(wire(5), wire(5));
    assert_ne!(wire(5), wire(6));
}

#[test]
fn sequence_and_timestamp_go_on_through_pauses_and_events() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    let send = |session: &mut RtpSession, timestamp: Option<u32>| {
        let mut out = Vec::new();
        match timestamp {
            Some(timestamp) => session.next_packet_at(now, timestamp, &frame(), &mut out),
            None => session.next_packet(now, &frame(), &mut out),
        }
        *RtpPacket::parse(&out).unwrap().header()
    };
    let first = send(&mut session, None);
    session.advance(1600);
    let start = session.next_timestamp(now);
    let event = send(&mut session, Some(start));
    session.advance(160);
    let later = send(&mut session, Some(start));
    session.advance(160);
    let last = send(&mut session, None);
    let header = |n: u16, ticks: u32| RtpHeader {
        sequence: first.sequence.wrapping_add(n),
        timestamp: first.timestamp.wrapping_add(ticks),
        ..first
    };
    assert_eq!(
        [event, later, last],
        [header(1, 1760), header(2, 1760), header(3, 2080)]
    );
    assert!(first.sequence < 1 << 15);
}

#[test]
fn a_sender_report_ties_both_clocks_together() {
    let mut now = Instant::now();
    let mut session = session(now, Latching::default());
    let mut out = Vec::new();
    for _ in 0..500 {
        out.clear();
        session.next_packet(now, &frame(), &mut out);
        now += FRAME;
    }
    let last = RtpPacket::parse(&out).unwrap().header().timestamp;
    let mut report = Vec::new();
    assert_eq!(
        session.bye(now + FRAME, "done", &mut report),
        Some(address(4001))
    );
    let packets: Vec<_> = Compound::parse(&report)
        .unwrap()
        .packets()
        .map(Result::unwrap)
        .collect();
    let [
        RtcpPacket::SenderReport(sr),
        RtcpPacket::SourceDescription(sdes),
        RtcpPacket::Bye(bye),
    ] = packets[..]
    else {
        panic!("{packets:?}")
    };
    assert_eq!(
        (sr.sender.packet_count, sr.sender.octet_count),
        (500, 80_000)
    );
    assert_eq!(sr.sender.rtp_timestamp, last.wrapping_add(320));
    assert_eq!(sr.sender.ntp.0 >> 32, 1_800_000_010 + 2_208_988_800);
    assert_eq!(sr.sender.ntp.middle() & 0xffff, (20 << 16) / 1000);
    assert_eq!(
        sdes.chunks().next().unwrap().cname(),
        Some(&b"us@192.0.2.1"[..])
    );
    assert_eq!(
        (bye.sources().next(), bye.reason()),
        (Some(session.ssrc()), Some(&b"done"[..]))
    );
    assert_eq!(session.poll_timeout(), None);
    assert_eq!(session.bye(now, "again", &mut report), None);
}

#[test]
fn who_only_listens_sends_receiver_reports_and_who_stops_stops_sender_reports() {
    let mut now = Instant::now();
    let mut session = session(now, Latching::default());
    let mut kinds = Vec::new();
    while kinds.len() < 6 {
        now = session.poll_timeout().unwrap();
        let mut out = Vec::new();
        if session.poll_rtcp(now, &mut out).is_some() {
            kinds.push(out[1]);
            if kinds.len() == 2 {
                session.next_packet(now, &frame(), &mut Vec::new());
            }
        }
    }
    assert_eq!(kinds, [201, 201, 200, 200, 201, 201]);
}

#[test]
fn without_a_place_for_reports_none_are_written() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    session.set_remote(
        now,
        Some(RemoteAddress {
            rtcp: None,
            ..remote(4000)
        }),
    );
    assert_eq!(session.poll_timeout(), None);
    assert_eq!(
        session.poll_rtcp(now + Duration::from_secs(60), &mut Vec::new()),
        None
    );
    session.set_remote(now, None);
    assert_eq!(session.remote(), None);
    let silent = RtpSessionConfig {
        rtcp_octets_per_second: 0,
        ..config(now, "x")
    };
    let mut session = RtpSession::new(now, silent, 1);
    session.set_remote(now, Some(remote(4000)));
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn who_never_sent_anything_leaves_without_a_bye() {
    let now = Instant::now();
    let mut out = Vec::new();
    assert_eq!(
        session(now, Latching::default()).bye(now, "", &mut out),
        None
    );
    assert!(out.is_empty());
}

#[test]
fn a_new_ssrc_takes_over_after_two_packets_while_the_old_one_is_silent() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    let mut hear = |ssrc, sequence| {
        let mut datagram = rtp(ssrc, sequence);
        session
            .handle_rtp(now, address(4000), &mut datagram)
            .map(|received| received.restarted)
    };
    assert_eq!(hear(1, 10), Ok(true));
    assert_eq!(hear(2, 500), Err(Dropped::Probation));
    assert_eq!(hear(1, 11), Ok(false));
    assert_eq!(hear(2, 501), Err(Dropped::Probation));
    assert_eq!(hear(2, 502), Ok(true));
    assert_eq!(hear(2, 503), Ok(false));
    let statistics = session.statistics();
    assert_eq!(
        (statistics.packets_received, statistics.packets_expected),
        (4, 4)
    );
    assert_eq!((statistics.restarts, statistics.on_probation), (1, 2));
    assert_eq!(session.remote_ssrc(), Some(Ssrc(2)));
}

#[test]
fn a_collision_is_left_once_with_a_goodbye_and_a_reflector_is_heard() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    session.next_packet(now, &frame(), &mut Vec::new());
    let old = session.ssrc();
    assert!(
        session
            .handle_rtp(now, address(4000), &mut rtp(old.0, 1))
            .is_ok()
    );
    let new = session.ssrc();
    assert_ne!(old, new);
    let mut out = Vec::new();
    assert!(session.poll_timeout().unwrap() <= now);
    assert_eq!(session.poll_rtcp(now, &mut out), Some(address(4001)));
    let Some(Ok(RtcpPacket::Bye(bye))) = Compound::parse(&out).unwrap().packets().last() else {
        panic!()
    };
    assert_eq!(bye.sources().collect::<Vec<_>>(), [old]);
    assert_eq!(session.poll_rtcp(now, &mut out), None);
    for sequence in 2..6 {
        let _ = session.handle_rtp(now, address(4000), &mut rtp(new.0, sequence));
    }
    assert_eq!((session.ssrc(), session.remote_ssrc()), (new, Some(new)));
    assert_eq!(
        (
            session.statistics().packets_received,
            session.statistics().reflected
        ),
        (4, 5)
    );
    let mut own = Vec::new();
    ReceiverReport::write(new, &[], &mut own);
    assert_eq!(
        session.handle_rtcp(now, address(4001), &mut own),
        Err(Dropped::Reflected)
    );
}

#[test]
fn a_report_on_us_is_taken_from_a_compound_with_a_broken_packet() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    session
        .handle_rtp(now, address(4000), &mut rtp(7, 1))
        .unwrap();
    let block = ReportBlock {
        ssrc: session.ssrc(),
        fraction_lost: 64,
        cumulative_lost: 9,
        extended_highest_sequence: 100,
        jitter_ticks: 80,
        last_sr: 0,
        delay_since_last_sr: 0,
    };
    let mut out = Vec::new();
    ReceiverReport::write(
        Ssrc(7),
        &[
            block,
            ReportBlock {
                ssrc: Ssrc(99),
                fraction_lost: 0,
                ..block
            },
        ],
        &mut out,
    );
    out.extend([0x83, 202, 0, 0]);
    SourceDescription::write_cname(Ssrc(7), "them", &mut out);
    let received = session.handle_rtcp(now, address(4001), &mut out).unwrap();
    assert_eq!(
        received,
        RtcpReceived {
            reported: true,
            bye: false,
            malformed: 1
        }
    );
    let statistics = session.statistics();
    let view = statistics.remote.unwrap();
    assert_eq!(
        (view.fraction_lost, view.cumulative_lost, view.jitter),
        (64, 9, Duration::from_millis(10))
    );
    assert_eq!((statistics.round_trip, statistics.invalid), (None, 1));
    assert_eq!(session.remote_cname(), Some("them"));
}

#[test]
fn only_the_goodbye_of_the_peer_counts() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    session
        .handle_rtp(now, address(4000), &mut rtp(7, 1))
        .unwrap();
    let mut bye = |ssrc| {
        let mut out = Vec::new();
        ReceiverReport::write(Ssrc(7), &[], &mut out);
        Bye::write(Ssrc(ssrc), "", &mut out);
        session
            .handle_rtcp(now, address(4001), &mut out)
            .unwrap()
            .bye
    };
    assert!(!bye(8));
    assert!(bye(7));
}

#[test]
fn a_report_block_counts_duplicates_as_the_rfc_does() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    for sequence in [1, 2, 5, 5, 5, 6, 7, 8] {
        let _ = session.handle_rtp(now, address(4000), &mut rtp(7, sequence));
    }
    let mut out = Vec::new();
    session.next_packet(now, &frame(), &mut Vec::new());
    session.bye(now, "", &mut out).unwrap();
    let Some(Ok(RtcpPacket::SenderReport(report))) =
        Compound::parse(&out).unwrap().packets().next()
    else {
        panic!()
    };
    let block = report.blocks.iter().next().unwrap();
    assert_eq!(
        (
            block.fraction_lost,
            block.cumulative_lost,
            block.extended_highest_sequence
        ),
        (0, 0, 8)
    );
    let statistics = session.statistics();
    assert_eq!((statistics.packets_lost, statistics.duplicates), (2, 2));
    assert_eq!(statistics.packet_loss_percent(), 25.0);
}

/// The report that `session` sends next: its packet type, its block, and all of it.
fn next_report(session: &mut RtpSession) -> (u8, Option<ReportBlock>, Vec<u8>) {
    loop {
        let now = session.poll_timeout().unwrap();
        let mut out = Vec::new();
        if session.poll_rtcp(now, &mut out).is_some() {
            let block = match Compound::parse(&out).unwrap().packets().next() {
                Some(Ok(RtcpPacket::SenderReport(report))) => report.blocks.iter().next(),
                Some(Ok(RtcpPacket::ReceiverReport(report))) => report.blocks.iter().next(),
                other => panic!("{other:?}"),
            };
            return (out[1], block, out);
        }
    }
}

#[test]
fn a_report_has_a_block_only_when_something_was_heard_since_the_last() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    assert_eq!(next_report(&mut session).1, None);
    session
        .handle_rtp(now, address(4000), &mut rtp(7, 1))
        .unwrap();
    assert!(next_report(&mut session).1.is_some());
    assert_eq!(next_report(&mut session).1, None);
}

#[test]
fn a_restarted_sequence_is_reported_from_its_own_beginning() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    for sequence in (1..100).step_by(2) {
        let _ = session.handle_rtp(now, address(4000), &mut rtp(7, sequence));
    }
    assert_eq!(
        next_report(&mut session).1.unwrap().fraction_lost,
        (49 * 256 / 99) as u8
    );
    for sequence in 30_000..30_003 {
        let _ = session.handle_rtp(now, address(4000), &mut rtp(7, sequence));
    }
    let block = next_report(&mut session).1.unwrap();
    assert_eq!((block.fraction_lost, block.cumulative_lost), (0, 0));
    assert_eq!(block.extended_highest_sequence, 30_002);
    assert_eq!(session.statistics().packets_lost, 49);
}

#[test]
fn a_new_ssrc_of_ours_counts_its_own_packets() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    for _ in 0..3 {
        session.next_packet(now, &frame(), &mut Vec::new());
    }
    let mut collision = rtp(session.ssrc().0, 1);
    session
        .handle_rtp(now, address(4000), &mut collision)
        .unwrap();
    session.next_packet(now, &frame(), &mut Vec::new());
    let (goodbye, _, _) = next_report(&mut session);
    assert_eq!(goodbye, 201);
    let (_, _, report) = next_report(&mut session);
    let Some(Ok(RtcpPacket::SenderReport(report))) =
        Compound::parse(&report).unwrap().packets().next()
    else {
        panic!()
    };
    let sender = report.sender;
    assert_eq!(
        (report.ssrc, sender.packet_count, sender.octet_count),
        (session.ssrc(), 1, 160)
    );
    assert_eq!(session.statistics().packets_sent, 4);
}

#[test]
fn a_source_on_probation_is_vouched_for_when_it_comes_from_the_signalled_address() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    assert_eq!(
        session.handle_rtp(now, address(9), &mut rtp(7, 1)),
        Err(Dropped::Probation)
    );
    assert!(
        session
            .handle_rtp(now, address(4000), &mut rtp(7, 5))
            .is_ok()
    );
}

#[test]
fn reports_are_filtered_by_their_own_address() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    let mut report = Vec::new();
    ReceiverReport::write(Ssrc(7), &[], &mut report);
    let mut hear = |port| session.handle_rtcp(now, address(port), &mut report).is_ok();
    assert!(hear(9) && !hear(8) && hear(4001) && !hear(9) && hear(4001));
}

#[test]
fn a_peer_that_leaves_brings_the_next_report_forward() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    session
        .handle_rtp(now, address(4000), &mut rtp(7, 1))
        .unwrap();
    next_report(&mut session);
    let now = session.heard_at.unwrap() + Duration::from_secs(1);
    let mut out = Vec::new();
    ReceiverReport::write(Ssrc(7), &[], &mut out);
    session.handle_rtcp(now, address(4001), &mut out).unwrap();
    let before = session.poll_timeout().unwrap();
    Bye::write(Ssrc(7), "", &mut out);
    session.handle_rtcp(now, address(4001), &mut out).unwrap();
    assert_eq!(
        session.poll_timeout().unwrap() - now,
        (before - now).mul_f64(0.5)
    );
}

#[test]
fn a_peer_that_is_silent_for_long_is_no_longer_counted() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    session
        .handle_rtp(now, address(4000), &mut rtp(7, 1))
        .unwrap();
    let group = |seconds| {
        let group = session.membership(now + Duration::from_secs(seconds));
        (group.members, group.senders)
    };
    // The first interval is 2.5 s: a sender for two of them, a member for five.
    assert_eq!([group(5), group(6), group(13)], [(2, 1), (2, 0), (1, 0)]);
}

#[test]
fn large_reports_of_the_peer_slow_ours_down_when_there_is_little_bandwidth() {
    let duration = |data: usize| {
        let now = Instant::now();
        let narrow = RtpSessionConfig {
            rtcp_octets_per_second: 50,
            ..config(now, "us@192.0.2.1")
        };
        let mut session = RtpSession::new(now, narrow, 1);
        session.set_remote(now, Some(remote(4000)));
        let mut report = Vec::new();
        ReceiverReport::write(Ssrc(7), &[], &mut report);
        let app = App {
            subtype: 0,
            ssrc: Ssrc(7),
            name: *b"BIG!",
            data: &vec![0; data],
        };
        app.write(&mut report).unwrap();
        for _ in 0..40 {
            next_report(&mut session);
            let at = session.poll_timeout().unwrap();
            session.handle_rtcp(at, address(4001), &mut report).unwrap();
        }
        session.poll_timeout().unwrap() - now
    };
    assert!(duration(1200) > duration(0) * 2);
}

#[test]
fn who_only_listened_leaves_with_a_bye_for_good() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    next_report(&mut session);
    let mut out = Vec::new();
    assert_eq!(session.bye(now, "", &mut out), Some(address(4001)));
    assert_eq!(out[1], 201);
    session.set_remote(now, Some(remote(5000)));
    assert_eq!(session.poll_timeout(), None);
}

#[test]
fn the_canonical_name_is_that_of_the_peer_and_of_nobody_else() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    session
        .handle_rtp(now, address(4000), &mut rtp(7, 1))
        .unwrap();
    let mut out = Vec::new();
    ReceiverReport::write(Ssrc(7), &[], &mut out);
    SourceDescription::write_cname(Ssrc(8), "somebody", &mut out);
    session.handle_rtcp(now, address(4001), &mut out).unwrap();
    assert_eq!(session.remote_cname(), None);
    SourceDescription::write_cname(Ssrc(7), "peer", &mut out);
    session.handle_rtcp(now, address(4001), &mut out).unwrap();
    assert_eq!(session.remote_cname(), Some("peer"));
}

proptest! {
    /// Two intervals with known losses: the fraction is that of the second alone.
    #[test]
    fn the_fraction_lost_is_that_of_the_interval(first in vec(any::<bool>(), 1..200), second in vec(any::<bool>(), 1..200)) {
        let mut now = Instant::now();
        let mut session = session(now, Latching::default());
        let mut sequence = 0;
        let mut fraction = 0;
        for pattern in [&first, &second] {
            for arrives in pattern.iter().chain([&true]) {
                sequence += 1;
                if *arrives || sequence == 1 {
                    session.handle_rtp(now, address(4000), &mut rtp(7, sequence)).unwrap();
                }
            }
            let mut out = Vec::new();
            while session.poll_rtcp(now, &mut out).is_none() {
                now = session.poll_timeout().unwrap();
            }
            let Some(Ok(RtcpPacket::ReceiverReport(report))) = Compound::parse(&out).unwrap().packets().next() else {
                panic!()
            };
            fraction = report.blocks.iter().next().unwrap().fraction_lost;
        }
        let lost = second.iter().filter(|arrives| !**arrives).count();
        prop_assert_eq!(usize::from(fraction), lost * 256 / (second.len() + 1));
    }

    #[test]
    fn any_datagrams_on_any_port_leave_a_session_that_works(
        datagrams in vec((any::<bool>(), 0u8..4, vec(any::<u8>(), 0..64)), 0..50),
    ) {
        let mut now = Instant::now();
        let mut session = session(now, Latching::Always);
        for (is_rtcp, kind, mut datagram) in datagrams {
            let header: &[u8] = match kind {
                0 => &[],
                1 => &[0x80, 0],
                2 => &[0x81, 200],
                _ => &[0x81, 201],
            };
            header.iter().zip(&mut datagram).for_each(|(from, to)| *to = *from);
            if is_rtcp && kind > 1 && datagram.len() > 4 {
                datagram.truncate(datagram.len() / 4 * 4);
                datagram[2] = 0;
                datagram[3] = (datagram.len() / 4 - 1) as u8;
            }
            if is_rtcp {
                let _ = session.handle_rtcp(now, address(4001), &mut datagram);
            } else {
                let _ = session.handle_rtp(now, address(4000), &mut datagram);
            }
            now += FRAME;
            session.poll_rtcp(now, &mut Vec::new());
            let _ = session.statistics();
        }
        let mut out = Vec::new();
        session.next_packet(now, &frame(), &mut out);
        prop_assert!(RtpPacket::parse(&out).is_ok());
        prop_assert!(session.poll_timeout().unwrap() < now + Duration::from_secs(60));
    }
}

#[test]
fn reduced_size_is_taken_only_where_it_was_agreed_on() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    let mut out = Vec::new();
    SourceDescription::write_cname(Ssrc(7), "them", &mut out);
    let refused = session.handle_rtcp(now, address(4001), &mut out.clone());
    assert!(matches!(refused, Err(Dropped::Malformed(_))));
    session.set_reduced_size(true);
    session.handle_rtcp(now, address(4001), &mut out).unwrap();
    assert_eq!(session.remote_cname(), Some("them"));
    let mut rtp = rtp(7, 1);
    assert!(session.handle_rtcp(now, address(4001), &mut rtp).is_err());
}

#[test]
fn how_the_peer_sounds_is_told_once_and_what_it_says_of_us_is_kept() {
    let now = Instant::now();
    let mut listener = session(now, Latching::default());
    let metrics = VoipMetrics {
        loss_rate: 3,
        r_factor: Some(93),
        ..VoipMetrics::default()
    };
    listener.set_voip_metrics(metrics);
    listener
        .handle_rtp(now, address(4000), &mut rtp(7, 1))
        .unwrap();
    let (_, _, mut first) = next_report(&mut listener);
    let (_, _, second) = next_report(&mut listener);
    let has_metrics = |report: &[u8]| {
        let packets = Compound::parse(report).unwrap().packets();
        packets
            .filter(|packet| matches!(packet, Ok(RtcpPacket::ExtendedReport(_))))
            .count()
    };
    assert_eq!((has_metrics(&first), has_metrics(&second)), (1, 0));
    let mut speaker = session(now, Latching::default());
    speaker.sender.ssrc = Ssrc(7);
    speaker.handle_rtcp(now, address(4001), &mut first).unwrap();
    assert_eq!(speaker.statistics().remote_metrics, Some(metrics));
    speaker.sender.ssrc = Ssrc(8);
    let other = VoipMetrics {
        loss_rate: 9,
        ..metrics
    };
    let mut out = Vec::new();
    ReceiverReport::write(Ssrc(9), &[], &mut out);
    ExtendedReport::write_voip_metrics(Ssrc(9), Ssrc(7), &other, &mut out);
    speaker.handle_rtcp(now, address(4001), &mut out).unwrap();
    assert_eq!(
        speaker.statistics().remote_metrics,
        Some(metrics),
        "not about us"
    );
}

#[test]
fn another_clock_rate_keeps_ssrc_and_sequence_and_time_goes_on_from_where_it_is() {
    let now = Instant::now();
    let mut session = session(now, Latching::default());
    let send = |session: &mut RtpSession, at, ticks| {
        let mut out = Vec::new();
        session.next_packet(at, &Frame { ticks, ..frame() }, &mut out);
        *RtpPacket::parse(&out).unwrap().header()
    };
    let last = send(&mut session, now, 160);
    session.set_clock_rate(now + FRAME, 48_000);
    let first = send(&mut session, now + FRAME, 960);
    let second = send(&mut session, now + FRAME * 2, 960);
    assert_eq!(
        first,
        RtpHeader {
            sequence: last.sequence + 1,
            timestamp: last.timestamp.wrapping_add(160),
            ..last
        }
    );
    assert_eq!(second.timestamp.wrapping_sub(first.timestamp), 960);
    let report = session.sender.info(now + FRAME * 3, crate::NtpTime(0));
    assert_eq!(report.rtp_timestamp.wrapping_sub(second.timestamp), 960);
}
