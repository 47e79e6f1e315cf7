//! Our figures and our reports against those of tshark, from a capture that a simulated call writes.

#![cfg(test)]

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_rtp_core::rtcp::{Concealment, ExtendedReport, ReceiverReport, VoipMetrics};
use rvoip_rtp_core::{
    Frame, Latching, PayloadType, RemoteAddress, RtpSession, RtpSessionConfig, Ssrc, WallClock,
};

const ALICE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const BOB: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);
const CAROL: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 3);
const RTP: u16 = 4000;
const RTCP: u16 = 4001;

/// A pcap file of raw IPv4 packets, with times since its beginning.
struct Capture {
    octets: Vec<u8>,
}

impl Capture {
    fn new() -> Capture {
        let mut octets = Vec::new();
        for word in [0xa1b2_c3d4u32, 0x0004_0002, 0, 0, 65_535, 101] {
            octets.extend(word.to_le_bytes());
        }
        Capture { octets }
    }

    fn add(
        &mut self,
        at: Duration,
        source: Ipv4Addr,
        destination: Ipv4Addr,
        port: u16,
        payload: &[u8],
    ) {
        let udp = 8 + payload.len() as u16;
        let total = 20 + udp;
        for word in [
            at.as_secs() as u32,
            at.subsec_micros(),
            u32::from(total),
            u32::from(total),
        ] {
            self.octets.extend(word.to_le_bytes());
        }
        for half in [0x4500, total, 0, 0, 0x4011, 0] {
            self.octets.extend(half.to_be_bytes());
        }
        self.octets.extend(source.octets());
        self.octets.extend(destination.octets());
        for half in [port, port, udp, 0] {
            self.octets.extend(half.to_be_bytes());
        }
        self.octets.extend(payload);
    }

    /// What tshark prints about it; `None`, with the reason, when there is no tshark.
    fn tshark(&self, name: &str, arguments: &[&str]) -> Option<String> {
        let path = std::env::temp_dir().join(format!("rvoip-{name}-{}.pcap", std::process::id()));
        std::fs::File::create(&path)
            .unwrap()
            .write_all(&self.octets)
            .unwrap();
        let decode = [
            format!("udp.port=={RTP},rtp"),
            format!("udp.port=={RTCP},rtcp"),
        ];
        let mut command = Command::new("tshark");
        command
            .arg("-r")
            .arg(&path)
            .args(["-d", &decode[0], "-d", &decode[1]])
            .args(arguments);
        let output = command.output();
        std::fs::remove_file(&path).unwrap();
        match output {
            Ok(output) if output.status.success() => {
                Some(String::from_utf8(output.stdout).unwrap())
            }
            Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => {
                println!("skipped: tshark does not run ({error})");
                None
            }
        }
    }
}

fn session(now: Instant, name: &str, peer: Ipv4Addr, seed: u64) -> RtpSession {
    let config = RtpSessionConfig {
        clock_rate_hz: 8000,
        cname: name.to_owned(),
        rtcp_octets_per_second: 500,
        latching: Latching::Off,
        clock: WallClock::new(now, SystemTime::UNIX_EPOCH + Duration::from_secs(1_000)),
    };
    let mut session = RtpSession::new(now, config, seed);
    let at = |port| SocketAddr::from((peer, port));
    session.set_remote(
        now,
        Some(RemoteAddress {
            rtp: at(RTP),
            rtcp: Some(at(RTCP)),
        }),
    );
    session
}

fn frame() -> Frame<'static> {
    Frame {
        payload_type: PayloadType::PCMU,
        payload: &[0xff; 160],
        ticks: 160,
        marker: false,
    }
}

/// The columns of the only line of `-z rtp,streams` after its SSRC: payload, packets, lost, share, three deltas, three
/// jitters.
fn stream_columns(output: &str) -> Vec<String> {
    let line = output.lines().find(|line| line.contains("0x")).unwrap();
    let after = line.split("0x").nth(1).unwrap();
    after
        .split_whitespace()
        .skip(1)
        .map(str::to_owned)
        .collect()
}

#[test]
fn loss_is_what_tshark_counts() {
    let now = Instant::now();
    let mut rng = StdRng::seed_from_u64(11);
    let (mut alice, mut bob) = (session(now, "alice", BOB, 1), session(now, "bob", ALICE, 2));
    let mut arrivals = Vec::new();
    for n in 0..3000u64 {
        let sent = Duration::from_millis(20 * n);
        let mut out = Vec::new();
        alice.next_packet(now + sent, &frame(), &mut out);
        let copies = match rng.random_range(0..100) {
            0..5 => 0,
            5..7 => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let late = if rng.random_bool(0.05) {
                rng.random_range(0..200)
            } else {
                rng.random_range(0..15)
            };
            arrivals.push((sent + Duration::from_millis(late), out.clone()));
        }
    }
    arrivals.sort_by_key(|(at, _)| *at);
    let mut capture = Capture::new();
    for (at, datagram) in &mut arrivals {
        capture.add(*at, ALICE, BOB, RTP, datagram);
        let _ = bob.handle_rtp(now + *at, SocketAddr::from((ALICE, RTP)), datagram);
    }
    let Some(output) = capture.tshark("loss", &["-q", "-z", "rtp,streams"]) else {
        return;
    };
    let columns = stream_columns(&output);
    let statistics = bob.statistics();
    assert_eq!(columns[1], arrivals.len().to_string());
    let lost = statistics.packets_expected as i64
        - (statistics.packets_received + statistics.duplicates) as i64;
    assert_eq!(columns[2], lost.to_string());
}

/// The far end of a relay sees the losses, the order and the jitter of the near one.
#[test]
fn a_relay_changes_nothing_that_tshark_counts() {
    let now = Instant::now();
    let mut rng = StdRng::seed_from_u64(13);
    let mut alice = session(now, "alice", BOB, 1);
    let (mut near, mut far) = (
        session(now, "near", ALICE, 2),
        session(now, "far", CAROL, 3),
    );
    let mut arrivals = Vec::new();
    for n in 0..3000u64 {
        let sent = Duration::from_millis(20 * n);
        let mut out = Vec::new();
        alice.next_packet(now + sent, &frame(), &mut out);
        if !rng.random_bool(0.05) {
            arrivals.push((sent + Duration::from_millis(rng.random_range(0..50)), out));
        }
    }
    arrivals.sort_by_key(|(at, _)| *at);
    let (mut before, mut behind) = (Capture::new(), Capture::new());
    let mut overtaken = 0;
    for (at, datagram) in &mut arrivals {
        let (mut out, now) = (Vec::new(), now + *at);
        let source = SocketAddr::from((ALICE, RTP));
        let received = near.handle_rtp(now, source, datagram).unwrap();
        if far.forward(now, &received, PayloadType::PCMU, &mut out) {
            before.add(*at, ALICE, BOB, RTP, datagram);
            behind.add(*at, BOB, CAROL, RTP, &out);
        } else {
            // Only the very first ones can be older than the packet that the relay began with.
            overtaken += 1;
        }
    }
    assert!(overtaken <= 2, "{overtaken}");
    let streams = |capture: &Capture, name| capture.tshark(name, &["-q", "-z", "rtp,streams"]);
    let (Some(before), Some(behind)) = (streams(&before, "before"), streams(&behind, "behind"))
    else {
        return;
    };
    assert_eq!(stream_columns(&before), stream_columns(&behind));
    assert_ne!(stream_columns(&behind)[2], "0", "packets were lost");
}

#[test]
fn jitter_is_what_tshark_computes() {
    let now = Instant::now();
    let mut rng = StdRng::seed_from_u64(12);
    let (mut alice, mut bob) = (session(now, "alice", BOB, 1), session(now, "bob", ALICE, 2));
    let mut capture = Capture::new();
    let mut jitters = Vec::new();
    for n in 0..3000u64 {
        let sent = Duration::from_millis(20 * n);
        let mut out = Vec::new();
        alice.next_packet(now + sent, &frame(), &mut out);
        let arrival = sent + Duration::from_micros(rng.random_range(0..19_000));
        capture.add(arrival, ALICE, BOB, RTP, &out);
        bob.handle_rtp(now + arrival, SocketAddr::from((ALICE, RTP)), &mut out)
            .unwrap();
        if n > 0 {
            jitters.push(f64::from(bob.statistics().jitter_ticks) / 8.0);
        }
    }
    let Some(output) = capture.tshark("jitter", &["-q", "-z", "rtp,streams"]) else {
        return;
    };
    let columns = stream_columns(&output);
    let [mean, most] = [&columns[8], &columns[9]].map(|column| column.parse::<f64>().unwrap());
    let our_mean = jitters.iter().sum::<f64>() / jitters.len() as f64;
    let our_most = jitters.iter().copied().fold(0.0, f64::max);
    // Ours is in whole ticks of an eighth of a millisecond, rounded down.
    assert!(
        (mean - our_mean).abs() < 0.2,
        "{mean} ms, ours {our_mean} ms"
    );
    assert!(
        (most - our_most).abs() < 0.2,
        "{most} ms, ours {our_most} ms"
    );
}

#[test]
fn reports_are_read_by_tshark_and_give_it_the_same_round_trip() {
    const DELAY: Duration = Duration::from_millis(37);
    let start = Instant::now();
    let mut parties = [
        session(start, "alice", BOB, 1),
        session(start, "bob", ALICE, 2),
    ];
    let hosts = [ALICE, BOB];
    let mut capture = Capture::new();
    let mut wire: Vec<(Duration, usize, u16, Vec<u8>)> = Vec::new();
    let mut round_trips = Vec::new();
    for millis in 0..60_000u64 {
        let elapsed = Duration::from_millis(millis);
        let now = start + elapsed;
        for (from, party) in parties.iter_mut().enumerate() {
            let mut sent = Vec::new();
            if millis % 20 == 0 {
                let mut out = Vec::new();
                party.next_packet(now, &frame(), &mut out);
                sent.push((RTP, out));
            }
            let mut out = Vec::new();
            if party.poll_rtcp(now, &mut out).is_some() {
                sent.push((RTCP, out));
            }
            for (port, out) in sent {
                if from == 0 {
                    capture.add(elapsed, ALICE, BOB, port, &out);
                }
                // Every tenth packet of Alice is lost behind the place of the capture.
                if !(from == 0 && port == RTP && millis % 200 == 100) {
                    wire.push((elapsed + DELAY, 1 - from, port, out));
                }
            }
        }
        for (_, to, port, mut datagram) in wire.extract_if(.., |(at, ..)| *at <= elapsed) {
            let source = SocketAddr::from((hosts[1 - to], port));
            if port == RTP {
                parties[to].handle_rtp(now, source, &mut datagram).unwrap();
            } else {
                parties[to].handle_rtcp(now, source, &mut datagram).unwrap();
            }
            if to == 0 {
                capture.add(elapsed, BOB, ALICE, port, &datagram);
                if port == RTCP {
                    let statistics = parties[0].statistics();
                    round_trips.extend(
                        statistics
                            .round_trip
                            .map(|time| (time, statistics.remote.unwrap())),
                    );
                }
            }
        }
    }
    let fields = "rtcp.roundtrip-delay rtcp.ssrc.fraction rtcp.ssrc.cum_nr rtcp.ssrc.ext_high rtcp.length_check _ws.malformed";
    let filter = format!("rtcp && ip.src=={BOB}");
    let mut arguments = vec![
        "-o",
        "rtcp.show_roundtrip_calculation:TRUE",
        "-o",
        "rtcp.roundtrip_min_threshhold:0",
        "-Y",
        &filter,
        "-T",
        "fields",
        "-E",
        "separator=,",
        "-E",
        "occurrence=l",
    ];
    fields
        .split(' ')
        .for_each(|field| arguments.extend(["-e", field]));
    let Some(output) = capture.tshark("reports", &arguments) else {
        return;
    };
    // A round trip, and then the block as we read it; tshark has the round trip from its own clock, in milliseconds.
    let theirs: Vec<_> = output
        .lines()
        .filter_map(|line| line.split_once(','))
        .filter(|(time, _)| !time.is_empty())
        .collect();
    assert!(theirs.len() > 5 && theirs.len() == round_trips.len());
    for ((their_time, their_block), (time, view)) in theirs.into_iter().zip(&round_trips) {
        assert!(
            time.abs_diff(DELAY * 2) < Duration::from_micros(100),
            "{time:?}"
        );
        assert!(
            time.abs_diff(Duration::from_millis(their_time.parse().unwrap()))
                < Duration::from_millis(2)
        );
        let (highest, lost) = (view.extended_highest_sequence, view.cumulative_lost);
        assert_eq!(
            their_block,
            format!("{},{lost},{highest},1,", view.fraction_lost)
        );
    }
}

#[test]
fn tshark_reads_our_voip_metrics() {
    let metrics = VoipMetrics {
        loss_rate: 10,
        discard_rate: 11,
        burst_density: 12,
        gap_density: 13,
        burst_duration: Duration::from_millis(1400),
        gap_duration: Duration::from_millis(1500),
        round_trip: Duration::from_millis(160),
        end_system_delay: Duration::from_secs(100),
        signal_level_dbm: Some(-18),
        noise_level_dbm: Some(-70),
        echo_return_loss_db: Some(20),
        gap_threshold: 16,
        r_factor: Some(93),
        external_r_factor: None,
        listening_mos_tenths: Some(44),
        conversational_mos_tenths: Some(43),
        concealment: Concealment::Standard,
        adaptive: Some(true),
        adaptation_rate: 5,
        jitter_buffer_nominal: Duration::from_millis(40),
        jitter_buffer_maximum: Duration::from_millis(60),
        jitter_buffer_absolute_maximum: Duration::from_millis(200),
    };
    let mut out = Vec::new();
    ReceiverReport::write(Ssrc(7), &[], &mut out);
    ExtendedReport::write_voip_metrics(Ssrc(7), Ssrc(8), &metrics, &mut out);
    let mut capture = Capture::new();
    capture.add(Duration::ZERO, ALICE, BOB, RTCP, &out);
    let Some(output) = capture.tshark("metrics", &["-V"]) else {
        return;
    };
    // Names as tshark 4 prints them, in the order of RFC 3611 4.7; 65535 ms is all that 16 bits hold.
    let expected = [
        "Identifier: 0x00000008 (8)",
        "Fraction lost: 10 / 256",
        "Fraction discarded: 11 / 256",
        "Burst Density: 12",
        "Gap Density: 13",
        "Burst Duration(ms): 1400",
        "Gap Duration(ms): 1500",
        "Round Trip Delay(ms): 160",
        "End System Delay(ms): 65535",
        "Signal Level: -18",
        "Noise Level: -70",
        "Residual Echo Return Loss: 20",
        "Gmin: 16",
        "R Factor: 93",
        "External R Factor: Unavailable",
        "MOS - Listening Quality: 4.4",
        "MOS - Conversational Quality: 4.3",
        "Packet Loss Concealment Algorithm: Standard",
        "Adaptive Jitter Buffer Algorithm: Adaptive",
        "Jitter Buffer Rate: 5",
        "Nominal Jitter Buffer Size: 40",
        "Maximum Jitter Buffer Size: 60",
        "Absolute Maximum Jitter Buffer Size: 200",
    ];
    let lines: Vec<&str> = output.lines().collect();
    for line in expected {
        assert!(
            lines.iter().any(|found| found.contains(line)),
            "{line} in {output}"
        );
    }
    assert!(!output.contains("Malformed"));
}
