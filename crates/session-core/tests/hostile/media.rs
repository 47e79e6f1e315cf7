//! Strangers on the RTP and RTCP ports of a call, and a peer that does not keep to the rules there.

use std::io::ErrorKind;
use std::net::SocketAddr;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_session_core::api::*;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::noise;
use super::peer::{Peer, audio_port, rtp_packet};
use super::scene::{Doorman, PATIENCE, Scene, builder, loopbacks, until_empty};
use super::tone::Heard;

const TONE_HZ: f64 = 600.0;

/// Frames of the call that an attack lasts.
const FRAMES: usize = 60;

/// Frames that the jitter buffer may hold back.
const DELAY: usize = 15;

/// One datagram that has no place on an RTP port, `ssrc` being that of the stream in use.
fn hostile_rtp(rng: &mut StdRng, ssrc: u32) -> Vec<u8> {
    let loud = noise::octets(rng, 160);
    let (sequence, timestamp) = (rng.random(), rng.random());
    let stray = |payload_type, ssrc| rtp_packet(payload_type, sequence, timestamp, ssrc, &loud);
    match rng.random_range(0..9) {
        0 => noise::octets(rng, 1500),
        1 => {
            let mut packet = stray(0, ssrc);
            packet[0] = rng.random_range(0..4) << 6;
            packet[0] ^= if packet[0] == 0x80 { 0x40 } else { 0 };
            packet
        }
        2 => stray(rng.random_range(1..128), rng.random()),
        3 => stray(0, rng.random()),
        4 => stray(0, ssrc.wrapping_add(1)),
        5 => {
            let mut packet = stray(0, rng.random());
            packet[0] |= 0x2f;
            packet
        }
        6 => {
            let mut packet = stray(0, rng.random());
            packet[0] |= 0x10;
            packet[12..].fill(0xff);
            packet
        }
        7 => {
            let packet = stray(0, ssrc);
            packet[..rng.random_range(0..12)].to_vec()
        }
        _ => rtp_packet(0, sequence, timestamp, rng.random(), &vec![0x00; 60_000]),
    }
}

/// One datagram that has no place on an RTCP port.
fn hostile_rtcp(rng: &mut StdRng, ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    match rng.random_range(0..6) {
        0 => noise::octets(rng, 1500),
        // A forged BYE, of the stream in use.
        1 | 2 => {
            packet.extend([0x81, 203, 0, 1]);
            packet.extend(ssrc.to_be_bytes());
            packet
        }
        // Lengths and counts that reach beyond the end.
        3 => vec![0x9f, 200, 0xff, 0xff],
        4 => {
            packet.extend([0x9f, 202, 0, 1, 0, 0, 0, 1, 1, 0xff]);
            packet
        }
        _ => {
            packet[0] = rng.random();
            packet.extend(noise::octets(rng, 64));
            packet
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_on_the_media_ports_is_not_heard() {
    for (seed, ip) in (1..).zip(loopbacks()) {
        let scene = Scene::new(ip).await;
        let stranger = UdpSocket::bind((ip, 0)).await.unwrap();
        let mut rng = StdRng::seed_from_u64(seed);
        let mut before = [0; 2];
        for _ in 0..3 {
            for party in scene.parties() {
                let port = party.rtp_port().await;
                for _ in 0..100 {
                    let rtp = hostile_rtp(&mut rng, 7);
                    stranger.send_to(&rtp, (ip, port)).await.unwrap();
                    let rtcp = hostile_rtcp(&mut rng, 7);
                    stranger.send_to(&rtcp, (ip, port + 1)).await.unwrap();
                }
            }
            // How many the kernel passes on is its own affair; that they are refused is not.
            let refused = scene.alive().await;
            let more = refused
                .iter()
                .zip(before)
                .all(|(now, before)| *now > before);
            assert!(more, "{before:?} {refused:?}");
            before = refused;
        }
        scene.survives().await;
    }
}

/// A call of a raw peer with a coordinator that sends back what it hears.
struct EchoCall {
    server: Arc<SessionCoordinator>,
    peer: Peer,
    invite: String,
    answer: String,
    rtp: SocketAddr,
    rtcp: SocketAddr,
}

impl EchoCall {
    async fn new(ip: std::net::IpAddr) -> EchoCall {
        let server = builder(ip)
            .with_handler(Arc::new(Doorman))
            .with_media_source(AudioSource::Echo);
        let server = server.build().await.unwrap();
        server.start().await.unwrap();
        let mut peer = Peer::new(ip).await;
        let invite = peer.invite(server.get_bound_address(), "resident").await;
        let answer = peer.response("INVITE", 200).await;
        peer.acknowledge(&invite, &answer).await;
        let port = audio_port(&answer);
        EchoCall {
            server,
            peer,
            invite,
            answer,
            rtp: (ip, port).into(),
            rtcp: (ip, port + 1).into(),
        }
    }

    /// Sends a frame for every one that comes back, and returns those.
    async fn exchange(&mut self) -> Vec<i16> {
        let samples = self.peer.listen().await;
        self.peer.play(TONE_HZ, self.rtp).await;
        samples
    }

    /// The figures, once more packets than these have been refused.
    async fn refused(&self, more_than: u64) -> MediaStatistics {
        let session = self.server.sessions().pop().expect("the call");
        let refused = async {
            loop {
                let statistics = self.server.get_media_statistics(session.id()).await;
                let statistics = statistics.unwrap().expect("media");
                if statistics.packets_refused > more_than {
                    return statistics;
                }
            }
        };
        timeout(PATIENCE, refused)
            .await
            .expect("more refused packets")
    }

    async fn end(mut self) {
        self.peer.hang_up(&self.invite, &self.answer).await;
        until_empty(&self.server).await;
        self.server.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn neither_strangers_nor_a_broken_peer_drown_the_voice() {
    for (seed, ip) in (1..).zip(loopbacks()) {
        let mut call = EchoCall::new(ip).await;
        let stranger = UdpSocket::bind((ip, 0)).await.unwrap();
        let mut rng = StdRng::seed_from_u64(seed);
        for _ in 0..DELAY {
            call.exchange().await;
        }
        let mut echo = Vec::new();
        for _ in 0..FRAMES {
            echo.extend(call.exchange().await);
            for _ in 0..4 {
                let rtp = hostile_rtp(&mut rng, call.peer.ssrc());
                stranger.send_to(&rtp, call.rtp).await.unwrap();
                let rtcp = hostile_rtcp(&mut rng, call.peer.ssrc());
                stranger.send_to(&rtcp, call.rtcp).await.unwrap();
            }
        }
        let heard = Heard::of(&echo, TONE_HZ);
        assert!(heard.is_tone(FRAMES - DELAY), "{heard:?}");
        let statistics = call.refused(0).await;
        let played = call.peer.frames() as u64;
        assert!(statistics.packets_received <= played, "{statistics:?}");

        let before = statistics.packets_refused;

        // Now the peer itself: one bad datagram with every good one.
        echo.clear();
        for _ in 0..FRAMES {
            echo.extend(call.exchange().await);
            let rtp = hostile_rtp(&mut rng, call.peer.ssrc());
            call.peer.rtp.send_to(&rtp, call.rtp).await.unwrap();
            let rtcp = hostile_rtcp(&mut rng, call.peer.ssrc());
            call.peer.rtcp.send_to(&rtcp, call.rtcp).await.unwrap();
        }
        let heard = Heard::of(&echo, TONE_HZ);
        assert!(heard.is_tone(FRAMES - DELAY), "{heard:?}");
        call.refused(before).await;
        let session = call.server.sessions().pop().expect("the call");
        assert_eq!(session.state(), CallState::Active);
        call.end().await;
    }
}

/// A stranger that is heard before the peer is taken for it, as one behind a NAT would be, until the peer itself sends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_who_is_first_does_not_keep_the_peer_out() {
    let ip = loopbacks()[0];
    let mut call = EchoCall::new(ip).await;
    let stranger = UdpSocket::bind((ip, 0)).await.unwrap();
    let mut rng = StdRng::seed_from_u64(3);
    let mut sequence = 0;
    let mut intrude = || {
        sequence += 1;
        let mut payload = vec![0; 160];
        rng.fill(&mut payload[..]);
        rtp_packet(0, sequence, u32::from(sequence) * 160, 0xbad, &payload)
    };
    for _ in 0..DELAY {
        stranger.send_to(&intrude(), call.rtp).await.unwrap();
    }
    let mut buffer = [0; 2048];
    let taken = timeout(PATIENCE, stranger.recv_from(&mut buffer)).await;
    taken
        .expect("the stranger to be taken for the peer")
        .unwrap();

    call.peer.play(TONE_HZ, call.rtp).await;
    let mut echo = Vec::new();
    for frame in 0..FRAMES {
        stranger.send_to(&intrude(), call.rtp).await.unwrap();
        echo.extend(call.exchange().await);
        stranger.send_to(&intrude(), call.rtp).await.unwrap();
        if frame == DELAY {
            while stranger.try_recv_from(&mut buffer).is_ok() {}
        }
    }
    let more = stranger.try_recv_from(&mut buffer);
    assert_eq!(more.unwrap_err().kind(), ErrorKind::WouldBlock);
    let late = &echo[echo.len() / 2..];
    let heard = Heard::of(late, TONE_HZ);
    assert!(heard.is_tone(FRAMES / 2 - DELAY), "{heard:?}");
    call.end().await;
}
