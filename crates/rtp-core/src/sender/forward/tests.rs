//! A relay of one direction in virtual time: sources are lists of packets, the far end is a list of headers.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::{Frame, RemoteAddress, RtpPacket, RtpSession, RtpSessionConfig, WallClock};

const FRAME: Duration = Duration::from_millis(20);
const EVENT: PayloadType = PayloadType::CN;

fn peer() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4000))
}

fn session(now: Instant, seed: u64) -> RtpSession {
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let mut session = RtpSession::new(now, RtpSessionConfig::new(8000, "x", clock), seed);
    session.set_remote(
        now,
        Some(RemoteAddress {
            rtp: peer(),
            rtcp: None,
        }),
    );
    session
}

/// What a party sends.
#[derive(Debug, Clone, Copy)]
struct Packet {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    marker: bool,
    payload_type: PayloadType,
}

/// The `n`th packet of a source whose numbers wrap within the test.
fn packet(ssrc: u32, n: u16) -> Packet {
    Packet {
        ssrc,
        sequence: n.wrapping_sub(3),
        timestamp: u32::from(n).wrapping_sub(3).wrapping_mul(160),
        marker: false,
        payload_type: PayloadType::PCMU,
    }
}

/// The receiving leg and the one that forwards.
struct Relay {
    start: Instant,
    from: RtpSession,
    to: RtpSession,
    /// What the far end gets.
    sent: Vec<RtpHeader>,
}

impl Relay {
    fn new() -> Relay {
        let start = Instant::now();
        Relay {
            start,
            from: session(start, 1),
            to: session(start, 2),
            sent: Vec::new(),
        }
    }

    fn note(&mut self, out: &[u8]) -> RtpHeader {
        let header = *RtpPacket::parse(out).unwrap().header();
        assert_eq!(header.ssrc, self.to.ssrc());
        self.sent.push(header);
        header
    }

    /// Lets a packet arrive `at` after the start; what the far end gets.
    fn pass(&mut self, at: Duration, packet: Packet) -> Option<RtpHeader> {
        let header = RtpHeader {
            marker: packet.marker,
            payload_type: packet.payload_type,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            ssrc: Ssrc(packet.ssrc),
        };
        let (mut datagram, mut out) = (Vec::new(), Vec::new());
        header.write_packet(&packet.sequence.to_be_bytes(), &mut datagram);
        let now = self.start + at;
        let received = self.from.handle_rtp(now, peer(), &mut datagram).ok()?;
        let written = self
            .to
            .forward(now, &received, packet.payload_type, &mut out);
        assert_eq!(written, !out.is_empty());
        written.then(|| {
            let sent = RtpPacket::parse(&out).unwrap();
            assert_eq!(sent.payload(), packet.sequence.to_be_bytes());
            self.note(&out)
        })
    }

    fn own(&mut self, at: Duration) -> RtpHeader {
        let frame = Frame {
            payload_type: PayloadType::PCMA,
            payload: &[0xd5; 160],
            ticks: 160,
            marker: false,
        };
        let mut out = Vec::new();
        self.to.next_packet(self.start + at, &frame, &mut out);
        self.note(&out)
    }
}

/// By how much `b` is after `a`: sequence and timestamp.
fn step(a: RtpHeader, b: RtpHeader) -> (u16, u32) {
    (
        b.sequence.wrapping_sub(a.sequence),
        b.timestamp.wrapping_sub(a.timestamp),
    )
}

#[test]
fn losses_and_order_of_one_source_stay_as_they_are() {
    let mut relay = Relay::new();
    let mut sent = |n: u16| relay.pass(FRAME * u32::from(n), packet(7, n));
    let first = sent(0).unwrap();
    for n in [1, 2, 6, 4, 7, 5] {
        assert_eq!(step(first, sent(n).unwrap()), (n, u32::from(n) * 160));
    }
    assert_eq!(sent(4), None, "a duplicate");
}

#[test]
fn marker_and_payload_type_are_kept_and_given() {
    let mut relay = Relay::new();
    let marked = Packet {
        marker: true,
        payload_type: PayloadType::PCMA,
        ..packet(7, 0)
    };
    let sent = relay.pass(Duration::ZERO, marked).unwrap();
    assert!(sent.marker && sent.payload_type == PayloadType::PCMA);
    assert!(!relay.pass(FRAME, packet(7, 1)).unwrap().marker);
}

#[test]
fn another_source_goes_on_where_the_one_before_is_by_then() {
    let mut relay = Relay::new();
    let mut last = None;
    for n in 0..10 {
        last = relay.pass(FRAME * n, packet(7, n as u16));
    }
    // 2 s of silence; the first packet of an unknown source is on probation.
    let at = FRAME * 9 + Duration::from_secs(2);
    assert_eq!(relay.pass(at, packet(8, 500)), None);
    let first = relay.pass(at + FRAME, packet(8, 501)).unwrap();
    assert_eq!(step(last.unwrap(), first), (1, 2 * 8000 + 160));
    // A packet of before the change was never given a number.
    assert_eq!(relay.pass(at + FRAME, packet(8, 499)), None);
    assert_eq!(
        step(first, relay.pass(at + FRAME * 2, packet(8, 502)).unwrap()),
        (1, 160)
    );
}

#[test]
fn music_in_between_neither_goes_back_nor_leaves_a_gap() {
    let mut relay = Relay::new();
    let forwarded = relay.pass(Duration::ZERO, packet(7, 0)).unwrap();
    let own = relay.own(FRAME * 50);
    assert_eq!(step(forwarded, own), (1, 8000));
    let next = relay.own(FRAME * 51);
    assert_eq!(step(own, next), (1, 160));
    // The frame of our own has not passed yet when the source comes back.
    let back = relay.pass(FRAME * 51 + FRAME / 4, packet(7, 53)).unwrap();
    assert_eq!(step(next, back), (1, 160));
    assert_eq!(
        step(back, relay.pass(FRAME * 52, packet(7, 54)).unwrap()),
        (1, 160)
    );
    assert_eq!(
        relay.pass(FRAME * 52, packet(7, 52)),
        None,
        "older than the change"
    );
}

#[test]
fn what_goes_on_later_than_its_time_leaves_no_gap_in_the_timestamps() {
    for (frames, ticks) in [(4, 160), (13, 160), (14, 14 * 160)] {
        let mut relay = Relay::new();
        let forwarded = relay.pass(Duration::ZERO, packet(7, 0)).unwrap();
        relay.to.go_on();
        let own = relay.own(FRAME * frames);
        assert_eq!(step(forwarded, own), (1, ticks));
        relay.to.go_on();
        let back = relay.pass(FRAME * 2 * frames, packet(7, 53)).unwrap();
        assert_eq!(step(own, back), (1, ticks));
        // Once, and not for whatever comes later.
        let music = relay.own(FRAME * 2 * (frames + 2));
        assert_eq!(step(back, music), (1, 4 * 160));
    }
}

#[test]
fn packets_of_an_event_keep_one_timestamp_and_the_audio_after_it_its_place() {
    let mut relay = Relay::new();
    let audio = relay.pass(Duration::ZERO, packet(7, 0)).unwrap();
    let event = |n: u16| Packet {
        payload_type: EVENT,
        timestamp: packet(7, 1).timestamp,
        ..packet(7, n)
    };
    // An event of six seconds: longer than what else would be taken for a new timeline.
    for n in 1..=300 {
        let sent = relay.pass(FRAME * u32::from(n), event(n)).unwrap();
        assert_eq!(step(audio, sent), (n, 160));
    }
    let after = relay.pass(FRAME * 301, packet(7, 301)).unwrap();
    assert_eq!(step(audio, after), (301, 301 * 160));
}

#[test]
fn a_timeline_that_jumps_is_tied_anew_and_its_losses_stay() {
    let mut relay = Relay::new();
    let first = relay.pass(Duration::ZERO, packet(7, 0)).unwrap();
    let jumped = |n: u16| Packet {
        timestamp: packet(7, n).timestamp.wrapping_add(0x9000_0000),
        ..packet(7, n)
    };
    let sent = relay.pass(FRAME * 3, jumped(3)).unwrap();
    assert_eq!(step(first, sent), (3, 480));
    assert_eq!(
        relay.pass(FRAME * 3, packet(7, 2)),
        None,
        "of the timeline before"
    );
    assert_eq!(
        step(sent, relay.pass(FRAME * 4, jumped(4)).unwrap()),
        (1, 160)
    );
    // A pause in which the source's own timestamp stood still.
    let at = FRAME * 4 + Duration::from_secs(10);
    assert_eq!(
        step(sent, relay.pass(at, jumped(5)).unwrap()),
        (2, 160 + 80_000)
    );
}

/// What happens next at the relay.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Packet {
        source: u32,
        skipped: u16,
        late: bool,
    },
    Own,
    Pause(u32),
}

fn happening() -> impl Strategy<Value = Happening> {
    let packet = (
        0u32..3,
        prop_oneof![8 => 0u16..4, 1 => 0u16..3500],
        prop::bool::weighted(0.1),
    );
    prop_oneof![
        20 => packet.prop_map(|(source, skipped, late)| Happening::Packet { source, skipped, late }),
        4 => Just(Happening::Own),
        1 => (0u32..5000).prop_map(Happening::Pause),
    ]
}

proptest! {
    /// Whatever arrives: no number is used twice, which encryption must be able to rely on, and from one change of
    /// source to the next the highest number never falls and its timestamp never goes back.
    #[test]
    fn no_number_is_written_twice_and_time_never_goes_back(
        happenings in proptest::collection::vec(happening(), 1..400)
    ) {
        let mut relay = Relay::new();
        let mut at = Duration::ZERO;
        let mut next = [100u16, 30_000, 65_000];
        for happening in happenings {
            at += FRAME / 3;
            match happening {
                Happening::Packet { source, skipped, late } => {
                    let n = &mut next[source as usize];
                    *n = n.wrapping_add(skipped);
                    let number = if late { n.wrapping_sub(skipped / 2 + 1) } else { *n };
                    *n = n.wrapping_add(1);
                    relay.pass(at, packet(source, number));
                }
                Happening::Own => _ = relay.own(at),
                Happening::Pause(millis) => at += Duration::from_millis(millis.into()),
            }
        }
        let mut seen = HashSet::new();
        let mut newest: Option<(i64, RtpHeader)> = None;
        for header in &relay.sent {
            let (number, newest_header) = newest.unwrap_or((0, *header));
            let ahead = header.sequence.wrapping_sub(newest_header.sequence) as i16;
            let number = number + i64::from(ahead);
            prop_assert!(seen.insert(number), "{header:?} twice");
            if ahead >= 0 {
                let (_, ticks) = step(newest_header, *header);
                prop_assert!((ticks as i32) >= 0, "{newest_header:?} then {header:?}");
                newest = Some((number, *header));
            }
        }
    }
}
