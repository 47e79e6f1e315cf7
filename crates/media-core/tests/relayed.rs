//! A relay between two legs as tshark sees it: what leaves is what came, under numbers of the other leg. Without tshark the tests say so
//! and check nothing.

#![cfg(test)]

use std::net::{IpAddr, SocketAddr};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::rtp_core::WallClock;
use rvoip_media_core::{
    AudioSource, BridgeKey, Capabilities, Codec, EngineConfig, FRAME, MediaConfig, MediaEngine,
    MediaSessionController, MediaSessionKey, SimulatedMedia, SrtpPolicy,
};

#[path = "wire/capture.rs"]
mod capture;

use capture::capture;

struct Party {
    media: SimulatedMedia,
    controller: MediaSessionController,
}

type Datagram = (SocketAddr, SocketAddr, Vec<u8>);

fn party(now: Instant, last: u8, codec: Codec, srtp: SrtpPolicy) -> Party {
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let address = IpAddr::from([192, 0, 2, last]);
    let (media, ports) = SimulatedMedia::new(address, 10_000..=10_003, engine).unwrap();
    let config = MediaConfig {
        source: AudioSource::Tone {
            frequency_hz: 300.0 * f64::from(last),
            amplitude: 0.3,
        },
        capabilities: Capabilities {
            codecs: vec![codec],
            srtp,
            ..Capabilities::default()
        },
        ..MediaConfig::default()
    };
    let rng = StdRng::seed_from_u64(last.into());
    Party {
        media,
        controller: MediaSessionController::new(config, Box::new(ports), rng),
    }
}

/// Two telephones, the second with this policy, through a server for two seconds; all RTP that passed.
fn relay(codec: Codec, srtp: SrtpPolicy) -> Vec<Datagram> {
    let mut now = Instant::now();
    let mut server = party(now, 1, codec, SrtpPolicy::Offer);
    let mut phones = [
        party(now, 2, codec, SrtpPolicy::Off),
        party(now, 3, codec, srtp),
    ];
    for phone in &mut phones {
        let key: MediaSessionKey = phone.controller.create_session(now).unwrap();
        let leg = server.controller.create_session(now).unwrap();
        let offer = phone.controller.generate_offer(now, key).unwrap();
        let answer = server.controller.generate_answer(now, leg, &offer).unwrap();
        phone.controller.apply_answer(now, key, &answer).unwrap();
        phone.controller.start(now, key).unwrap();
        server.controller.start(now, leg).unwrap();
        server
            .controller
            .join_bridge(now, leg, BridgeKey(1))
            .unwrap();
    }
    let mut wire: Vec<Datagram> = Vec::new();
    for _ in 0..100 {
        now += FRAME;
        let before = wire.len();
        for phone in &mut phones {
            phone.media.handle_timeout(now);
            phone.media.poll_transmits(|from, to, payload| {
                wire.push((from, to, payload.to_vec()));
            });
        }
        for (from, to, payload) in &wire[before..] {
            let at = now + Duration::from_millis(7);
            server.media.handle_datagram(at, *from, *to, payload);
        }
        server.media.handle_timeout(now + Duration::from_millis(9));
        let before = wire.len();
        server
            .media
            .poll_transmits(|from, to, payload| wire.push((from, to, payload.to_vec())));
        for (from, to, payload) in &wire[before..] {
            for phone in &mut phones {
                phone.media.handle_datagram(now, *from, *to, payload);
            }
        }
    }
    wire.retain(|(_, to, _)| to.port().is_multiple_of(2));
    wire
}

/// A packet as tshark reads it.
#[derive(Debug)]
struct Seen {
    source: String,
    destination: String,
    ssrc: String,
    sequence: u16,
    timestamp: u32,
    payload_type: u8,
    payload: String,
}

/// What tshark reads; `None` without tshark.
fn read(wire: &[Datagram], name: &str) -> Option<Vec<Seen>> {
    let path = std::env::temp_dir().join(format!("rvoip-{name}-{}.pcap", std::process::id()));
    std::fs::write(&path, capture(wire)).unwrap();
    let fields = [
        "ip.src",
        "ip.dst",
        "rtp.ssrc",
        "rtp.seq",
        "rtp.timestamp",
        "rtp.p_type",
        "rtp.payload",
    ];
    let output = Command::new("tshark")
        .args([
            "-r",
            path.to_str().unwrap(),
            "-d",
            "udp.port==10000-10003,rtp",
        ])
        .args(["-Y", "rtp", "-T", "fields"])
        .args(fields.iter().flat_map(|field| ["-e", field]))
        .output();
    std::fs::remove_file(&path).unwrap();
    let Ok(output) = output else {
        eprintln!("no tshark: nothing is checked");
        return None;
    };
    let text = String::from_utf8(output.stdout).unwrap();
    let seen = text.lines().map(|row| {
        let row: Vec<&str> = row.split('\t').collect();
        Seen {
            source: row[0].to_owned(),
            destination: row[1].to_owned(),
            ssrc: row[2].to_owned(),
            sequence: row[3].parse().unwrap(),
            timestamp: row[4].parse().unwrap(),
            payload_type: row[5].parse().unwrap(),
            payload: row[6].replace(':', ""),
        }
    });
    Some(seen.collect())
}

/// Those from one address to another, but for the first half second, in which relaying begins.
fn way<'a>(seen: &'a [Seen], from: &str, to: &str) -> Vec<&'a Seen> {
    let way = seen
        .iter()
        .filter(|it| it.source == from && it.destination == to);
    way.skip(25).collect()
}

/// Checks the numbers that a leg gives, packet by packet, against those that came.
fn check_numbers(came: &[&Seen], left: &[&Seen], ticks: u32) {
    assert!(left.len() >= 70, "{}", left.len());
    assert!(left.iter().all(|it| it.ssrc == left[0].ssrc));
    assert_ne!(came[0].ssrc, left[0].ssrc);
    for packets in [came, left] {
        for two in packets.windows(2) {
            assert_eq!(two[1].sequence.wrapping_sub(two[0].sequence), 1);
            assert_eq!(two[1].timestamp.wrapping_sub(two[0].timestamp), ticks);
        }
    }
    assert_ne!(came[0].sequence, left[0].sequence);
    assert_ne!(came[0].timestamp, left[0].timestamp);
    assert!(
        left.iter()
            .all(|it| it.payload_type == came[0].payload_type)
    );
}

#[test]
fn octets_are_equal_and_headers_right() {
    for (codec, ticks) in [(Codec::Pcmu, 160), (Codec::Pcma, 160), (Codec::G722, 160)] {
        let wire = relay(codec, SrtpPolicy::Off);
        let Some(seen) = read(&wire, "relayed") else {
            return;
        };
        for [one, other] in [["192.0.2.2", "192.0.2.3"], ["192.0.2.3", "192.0.2.2"]] {
            let came = way(&seen, one, "192.0.2.1");
            let left = way(&seen, "192.0.2.1", other);
            check_numbers(&came, &left, ticks);
            let begin = came
                .windows(20)
                .position(|some| some.iter().zip(&left).all(|(a, b)| a.payload == b.payload));
            let came = &came[begin.unwrap()..];
            for (came, left) in came.iter().zip(&left) {
                assert_eq!(came.payload, left.payload);
            }
        }
    }
}

#[test]
fn a_secured_leg_has_the_same_headers_and_other_octets() {
    let wire = relay(Codec::Pcmu, SrtpPolicy::Require);
    let Some(seen) = read(&wire, "secured") else {
        return;
    };
    let came = way(&seen, "192.0.2.2", "192.0.2.1");
    let left = way(&seen, "192.0.2.1", "192.0.2.3");
    check_numbers(&came, &left, 160);
    // 160 octets, encrypted, and a tag of ten.
    assert!(left.iter().all(|it| it.payload.len() == 2 * 170));
    let clear: Vec<&str> = came.iter().map(|it| it.payload.as_str()).collect();
    assert!(left.iter().all(|it| !clear.contains(&&it.payload[..320])));
    let back = way(&seen, "192.0.2.1", "192.0.2.2");
    check_numbers(&way(&seen, "192.0.2.3", "192.0.2.1"), &back, 160);
    assert!(back.iter().all(|it| it.payload.len() == 2 * 160));
}
