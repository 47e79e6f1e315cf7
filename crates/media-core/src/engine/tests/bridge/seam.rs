//! From relay to mix and back, with a signal of which every sample is known: the payloads that leave are those that came, each once.

use super::*;
use crate::wav::Audio;
use rand::RngExt;

/// Loud noise that G.711 carries through decoding and encoding as it is.
fn noise(seed: u64) -> AudioSource {
    let mut rng = StdRng::seed_from_u64(seed);
    let sample = |rng: &mut StdRng| {
        let sample = rng.random_range(300..8_000);
        if rng.random_bool(0.5) {
            sample
        } else {
            -sample
        }
    };
    let samples = (0..80_000).map(|_| sample(&mut rng)).collect();
    let audio = Arc::new(Audio::new(samples, SampleRate::Hz8000));
    AudioSource::File {
        audio,
        repeat: true,
    }
}

/// Two telephones in a relay, each with a noise of its own, and a third that says nothing.
fn relayed() -> Scene {
    let mut scene = Scene::new();
    for seed in [1, 2] {
        let phone = scene.call(Codec::Pcmu, 500.0, 0.2);
        let (now, phone) = (scene.now, &mut scene.phones[phone].party);
        let controller = &mut phone.controller;
        controller.set_source(now, phone.key, noise(seed)).unwrap();
    }
    let third = scene.call(Codec::Pcmu, 500.0, 0.0);
    assert_eq!(third, 2);
    scene.join(0);
    scene.join(1);
    scene.run(60);
    scene
}

/// What a phone was told from its packet `from` on: the octets of its sound, in the order of their timestamps.
fn told(scene: &Scene, phone: usize, from: usize) -> Vec<u8> {
    let told = packets(&scene.phones[phone].told[from..]);
    for two in told.windows(2) {
        let [one, next] = [two[0].header(), two[1].header()];
        assert_eq!(next.sequence.wrapping_sub(one.sequence), 1);
        assert_eq!(one.ssrc, next.ssrc);
        let octets = two[0].payload().len() as u32;
        assert_eq!(next.timestamp.wrapping_sub(one.timestamp), octets);
    }
    told.iter()
        .flat_map(|packet| packet.payload())
        .copied()
        .collect()
}

fn said(scene: &Scene, phone: usize) -> Vec<u8> {
    let said = packets(&scene.phones[phone].said);
    said.iter()
        .flat_map(|packet| packet.payload())
        .copied()
        .collect()
}

/// Where in what one phone said that begins which another was told; all of it is the same from there on, up to what is on its way.
fn follows(scene: &Scene, from: usize, to: usize, since: usize) {
    let (said, told) = (said(scene, from), told(scene, to, since));
    let begin = said
        .windows(160)
        .position(|window| window == &told[..160])
        .unwrap();
    let rest = &said[begin..];
    let same = rest.iter().zip(&told).take_while(|(a, b)| a == b).count();
    assert_eq!(same, told.len(), "{from} to {to}");
    assert!(
        rest.len() - told.len() <= 160,
        "{}",
        rest.len() - told.len()
    );
}

fn counts(scene: &Scene) -> [usize; 2] {
    [0, 1].map(|phone| scene.phones[phone].told.len())
}

#[test]
fn nothing_is_repeated_or_missing_when_a_third_comes_and_goes() {
    let mut scene = relayed();
    let since = counts(&scene);
    for _ in 0..5 {
        scene.run(20);
        assert_eq!(scene.is_relayed(0), Some(true));
        scene.join(2);
        scene.run(40);
        assert_eq!(scene.is_relayed(0), Some(false));
        scene.leave(2);
        scene.run(20);
    }
    assert_eq!(scene.is_relayed(0), Some(true));
    follows(&scene, 0, 1, since[1]);
    follows(&scene, 1, 0, since[0]);
}

#[test]
fn a_change_waits_for_no_longer_than_the_jitter_buffer() {
    let mut scene = relayed();
    scene.join(2);
    let since = counts(&scene);
    scene.run(4);
    // The packet of the frame in which it was joined is relayed; then 40 ms and what is left of a frame pass.
    let now = counts(&scene);
    assert!(
        [0, 1].iter().all(|it| now[*it] - since[*it] >= 1),
        "{now:?} {since:?}"
    );
    scene.run(10);
    assert_eq!(counts(&scene), now.map(|told| told + 10));
}

#[test]
fn nothing_is_repeated_or_missing_around_a_level_that_changes() {
    let mut scene = relayed();
    let since = counts(&scene);
    let (key, before) = (scene.phones[0].key, scene.phones[1].told.len());
    let set = |scene: &mut Scene, gain| {
        let (now, server) = (scene.now, &mut scene.server.controller);
        server.set_bridge_gain(now, key, gain).unwrap();
    };
    set(&mut scene, 0.5);
    scene.run(30);
    assert_eq!(scene.is_relayed(1), Some(false));
    set(&mut scene, 1.0);
    scene.run(30);
    assert_eq!(scene.is_relayed(1), Some(true));
    // The other direction is relayed all the time.
    follows(&scene, 1, 0, since[0]);
    let (said, told) = (said(&scene, 0), told(&scene, 1, before));
    let place = |octets: &[u8]| {
        let mut places = said.windows(octets.len());
        places.position(|window| window == octets).unwrap()
    };
    let end = told.len() - 480;
    assert_eq!(place(&told[end..]) - place(&told[..160]), end);
}

#[test]
fn a_recording_changes_nothing_and_nor_does_a_third_while_it_lasts() {
    let mut scene = relayed();
    let since = counts(&scene);
    let (now, key) = (scene.now, scene.phones[0].key);
    let recording = MemoryRecording::new(8_000 * 60);
    let server = &mut scene.server.controller;
    let at_8_khz = at_8_khz(&recording);
    server.record_bridge(now, key, Some(at_8_khz)).unwrap();
    scene.run(20);
    assert_eq!(scene.is_relayed(0), Some(true));
    scene.join(2);
    scene.run(20);
    assert_eq!(scene.is_relayed(0), Some(false));
    scene.leave(2);
    scene.run(20);
    let (now, server) = (scene.now, &mut scene.server.controller);
    server.record_bridge(now, key, None).unwrap();
    scene.run(20);
    follows(&scene, 0, 1, since[1]);
    follows(&scene, 1, 0, since[0]);
}

#[test]
fn what_is_lost_before_the_bridge_moves_nothing_behind_it() {
    let mut scene = relayed();
    scene.run(20);
    let since = counts(&scene);
    scene.lose = 9;
    scene.join(2);
    scene.run(40);
    scene.leave(2);
    scene.run(20);
    scene.lose = usize::MAX;
    scene.run(20);
    for (from, to) in [(0, 1), (1, 0)] {
        let said = said(&scene, from);
        let first = packets(&scene.phones[to].told)[since[to]]
            .header()
            .timestamp;
        let told = packets(&scene.phones[to].told);
        let place = |octets: &[u8]| {
            let mut places = said.windows(octets.len());
            places.position(|window| window == octets).unwrap() as u32
        };
        let (one, last) = (&told[since[to]], &told[told.len() - 1]);
        let ticks = last.header().timestamp.wrapping_sub(first);
        assert_eq!(place(last.payload()) - place(one.payload()), ticks);
    }
}

#[test]
fn a_party_that_says_nothing_is_not_waited_for() {
    let mut scene = relayed();
    let (now, phone) = (scene.now, &mut scene.phones[0].party);
    let controller = &mut phone.controller;
    controller
        .set_source(now, phone.key, AudioSource::None)
        .unwrap();
    scene.run(20);
    let (now, third) = (scene.now, &mut scene.phones[2].party);
    let controller = &mut third.controller;
    controller.set_source(now, third.key, noise(3)).unwrap();
    scene.run(20);
    let before = scene.phones[1].told.len();
    scene.join(2);
    scene.run(4);
    assert!(scene.phones[1].told.len() >= before + 3);
}
