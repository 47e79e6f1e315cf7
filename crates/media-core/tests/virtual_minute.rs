//! What a minute of a two-way call costs in virtual time; the figure is printed, not judged.
//!
//! ```text
//! cargo test --release -p rvoip-media-core --test virtual_minute -- --nocapture
//! ```

#![cfg(test)]

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_media_core::rtp_core::WallClock;
use rvoip_media_core::{
    AudioSource, EngineConfig, MediaConfig, MediaEngine, MediaEvent, MediaSessionController,
    MediaSessionKey, SimulatedMedia,
};

struct Party {
    media: SimulatedMedia,
    controller: MediaSessionController,
    key: MediaSessionKey,
}

fn party(now: Instant, last: u8) -> Party {
    let engine = MediaEngine::new(
        EngineConfig::default(),
        WallClock::new(now, SystemTime::UNIX_EPOCH),
    );
    let address = IpAddr::from([192, 0, 2, last]);
    let (media, ports) = SimulatedMedia::new(address, 10_000..=10_001, engine).unwrap();
    let config = MediaConfig {
        source: AudioSource::Tone {
            frequency_hz: 300.0 * f64::from(last),
            amplitude: 0.5,
        },
        ..MediaConfig::default()
    };
    let mut controller =
        MediaSessionController::new(config, Box::new(ports), StdRng::seed_from_u64(last.into()));
    let key = controller.create_session(now).unwrap();
    Party {
        media,
        controller,
        key,
    }
}

#[test]
fn a_virtual_minute() {
    let begin = Instant::now();
    let mut now = begin;
    let [mut caller, mut called] = [party(now, 1), party(now, 2)];
    let offer = caller.controller.generate_offer(now, caller.key).unwrap();
    let answer = called
        .controller
        .generate_answer(now, called.key, &offer)
        .unwrap();
    caller
        .controller
        .apply_answer(now, caller.key, &answer)
        .unwrap();
    caller.controller.start(now, caller.key).unwrap();
    called.controller.start(now, called.key).unwrap();

    let end = now + Duration::from_secs(60);
    let mut wire: Vec<(SocketAddr, SocketAddr, Vec<u8>)> = Vec::new();
    let mut last = [None, None];
    while let Some(next) = caller.media.poll_timeout().filter(|next| *next <= end) {
        now = next;
        for (party, last) in [&caller, &called].into_iter().zip(&mut last) {
            party.media.handle_timeout(now);
            party.media.poll_transmits(|source, destination, payload| {
                wire.push((source, destination, payload.to_vec()));
            });
            while let Some(event) = party.media.poll_event() {
                if let MediaEvent::Statistics { statistics, .. } = event {
                    *last = Some(statistics);
                }
            }
        }
        for (source, destination, payload) in wire.drain(..) {
            for party in [&caller, &called] {
                party
                    .media
                    .handle_datagram(now, source, destination, &payload);
            }
        }
    }
    println!("60 s of call, both sides: {:?}", begin.elapsed());
    for statistics in last {
        let statistics = statistics.unwrap();
        assert!(statistics.packets_received > 2_800);
        assert_eq!(statistics.packets_lost, 0);
        assert_eq!(statistics.jitter_buffer.concealed, Duration::ZERO);
    }
}
