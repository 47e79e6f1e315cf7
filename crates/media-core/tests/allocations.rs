//! A call that runs allocates nothing: not per packet sent, received, played or recorded in memory.

#![cfg(test)]

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::rtp_core::{Channel, MediaCore, PortKey, WallClock};
use rvoip_media_core::{
    AudioSource, Codec, Direction, EngineConfig, FRAME, MediaCommand, MediaConfig, MediaEngine,
    MediaParameters, MediaSessionController, MediaSessionKey, OpusConfig, SimulatedMedia,
};

/// A key, which only a controller makes.
fn key() -> MediaSessionKey {
    let now = Instant::now();
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let engine = MediaEngine::new(EngineConfig::default(), clock);
    let address = IpAddr::from([192, 0, 2, 1]);
    let (_, ports) = SimulatedMedia::new(address, 10_000..=10_001, engine).unwrap();
    let mut controller = MediaSessionController::new(
        MediaConfig::default(),
        Box::new(ports),
        StdRng::seed_from_u64(1),
    );
    controller.create_session(now).unwrap()
}

#[test]
fn nothing_is_allocated_per_packet() {
    let start = Instant::now();
    let config = EngineConfig::default();
    let mut engine = MediaEngine::new(config, WallClock::new(start, SystemTime::UNIX_EPOCH));
    let (key, port) = (key(), PortKey(1));
    let remote = SocketAddr::from(([192, 0, 2, 2], 4_000));
    let parameters = MediaParameters {
        remote_rtp: remote,
        remote_rtcp: SocketAddr::from(([192, 0, 2, 2], 4_001)),
        codec: Codec::Pcmu,
        payload_type: 0,
        receive: vec![(0, Codec::Pcmu)],
        telephone_event: None,
        comfort_noise: None,
        opus: OpusConfig::default(),
        direction: Direction::SendRecv,
        ptime: FRAME,
        held: false,
        security: None,
    };
    for command in [
        MediaCommand::Open {
            key,
            port,
            seed: 1,
            source: AudioSource::Echo,
        },
        MediaCommand::Configure {
            key,
            parameters: Some(Box::new(parameters)),
        },
        MediaCommand::Start { key },
    ] {
        engine.handle_command(start, command);
    }
    let mut packet = [0x55; 172];
    packet[0] = 0x80;
    packet[1] = 0;
    let mut sent = 0;
    let mut run = |frames: std::ops::Range<u32>| {
        for number in frames {
            let now = start + FRAME * number;
            packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
            packet[4..8].copy_from_slice(&(number * 160).to_be_bytes());
            engine.handle_packet(now, port, Channel::Rtp, remote, &mut packet);
            engine.handle_timeout(now);
            while let Some(transmit) = engine.poll_transmit() {
                sent += u32::from(transmit.channel == Channel::Rtp);
            }
            while engine.poll_event().is_some() {}
        }
    };
    run(0..1_000);
    let allocated = allocation_counter::measure(|| run(1_000..4_000)).count_total;
    assert!(sent > 3_900, "{sent}");
    assert_eq!(
        allocated,
        0,
        "in a minute of {:?} frames",
        Duration::from_millis(20)
    );
}
