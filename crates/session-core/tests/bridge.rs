//! Bridges: who hears whom, what is told of it, and what becomes of a bridge whose calls end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "sim")]

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::media_core::{AudioSource, MemoryRecording, RecordingSink};
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, SimHost};
use rvoip_session_core::{
    BasicSessionEvent, BridgeEvent, BridgeId, CallRecord, CallState, SessionError, SessionId,
};

const SECOND: Duration = Duration::from_secs(1);

/// A telephone in a call with the server.
struct Phone {
    host: HostId,
    /// Its own call, and the server's end of it.
    call: Arc<CallRecord>,
    session: SessionId,
    hz: f64,
    heard: MemoryRecording,
}

struct Scene {
    simulation: CallSimulation,
    server: HostId,
    phones: Vec<Phone>,
}

impl Scene {
    fn new(phones: u8) -> Self {
        Self::with_music(phones, AudioSource::None)
    }

    /// With this for those who are held.
    fn with_music(phones: u8, music: AudioSource) -> Self {
        let mut simulation = CallSimulation::new(5);
        let mut server = SimHost::new("10.0.0.1".parse().unwrap()).answering(Answering::at_once());
        server.settings.music_on_hold = music;
        let server = simulation.add(server).unwrap();
        let mut scene = Self {
            simulation,
            server,
            phones: Vec::new(),
        };
        (0..phones).for_each(|number| scene.call(number));
        scene
    }

    fn call(&mut self, number: u8) {
        let simulation = &mut self.simulation;
        let hz = 400.0 + 150.0 * f64::from(number);
        let mut host = SimHost::new(format!("10.0.0.{}", number + 2).parse().unwrap());
        host.media.source = AudioSource::Tone {
            frequency_hz: hz,
            amplitude: 0.2,
        };
        let host = simulation.add(host).unwrap();
        let known: Vec<SessionId> = self.phones.iter().map(|phone| phone.session).collect();
        let from = format!("sip:{number}@10.0.0.{}", number + 2);
        let call = simulation.call(host, &from, "sip:room@10.0.0.1").unwrap();
        assert!(simulation.run_until_true(32 * SECOND, |_| call.state() == CallState::Active));
        simulation.run_for(SECOND / 2);
        let calls = simulation.registry(self.server).calls();
        let session = calls
            .iter()
            .map(|call| call.id())
            .find(|id| !known.contains(id))
            .unwrap();
        let heard = MemoryRecording::new(8_000 * 60);
        let (id, sink) = (call.id(), RecordingSink::Memory(heard.clone()));
        simulation
            .with(host, |core, now| core.record(now, id, Some(sink.into())))
            .unwrap();
        self.phones.push(Phone {
            host,
            call,
            session,
            hz,
            heard,
        });
    }

    fn bridge(&mut self, a: usize, b: usize) -> Result<BridgeId, SessionError> {
        let (a, b) = (self.phones[a].session, self.phones[b].session);
        self.simulation
            .with(self.server, |core, now| core.bridge_sessions(now, a, b))
    }

    /// Checks that of these phones each hears the others and not itself, and of the rest nobody.
    fn check(&mut self, bridged: &[usize]) {
        self.simulation.run_for(2 * SECOND);
        for phone in bridged {
            let heard = self.phones[*phone].heard.samples();
            let last = &heard[heard.len() - 8_000..];
            for (other, it) in self.phones.iter().enumerate() {
                let level = level(last, it.hz);
                let expected = other != *phone && bridged.contains(&other);
                match expected {
                    true => assert!(
                        (5_500.0..7_500.0).contains(&level),
                        "{phone} {other} {level}"
                    ),
                    false => assert!(level < 200.0, "{phone} {other} {level}"),
                }
            }
        }
    }

    fn events(&mut self) -> Vec<BridgeEvent> {
        let events = self.simulation.events(self.server).into_iter();
        let bridge = events.filter_map(|(_, event)| match event {
            BasicSessionEvent::Bridge(event) => Some(event),
            _ => None,
        });
        bridge.collect()
    }
}

/// The amplitude of a frequency.
fn level(samples: &[i16], hz: f64) -> f64 {
    let (mut cos, mut sin) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = TAU * hz * n as f64 / 8_000.0;
        cos += f64::from(*sample) * angle.cos();
        sin += f64::from(*sample) * angle.sin();
    }
    2.0 * f64::hypot(cos, sin) / samples.len() as f64
}

#[test]
fn two_calls_and_then_three_hear_each_other() {
    let mut scene = Scene::new(3);
    let bridge = scene.bridge(0, 1).unwrap();
    scene.check(&[0, 1]);
    // Pairwise, as for a conference: it is one bridge.
    assert_eq!(scene.bridge(0, 2).unwrap(), bridge);
    assert_eq!(scene.bridge(1, 2).unwrap(), bridge);
    scene.check(&[0, 1, 2]);
    let ids: Vec<SessionId> = scene.phones.iter().map(|phone| phone.session).collect();
    let core = scene.simulation.core(scene.server);
    assert_eq!(core.bridge_of(ids[2]), Some(bridge));
    assert_eq!(core.bridge_info(bridge).unwrap().sessions, ids);
    assert_eq!(core.bridges().len(), 1);
    let added = |session_id: &SessionId| BridgeEvent::ParticipantAdded {
        bridge_id: bridge,
        session_id: *session_id,
    };
    let expected: Vec<BridgeEvent> = ids.iter().map(added).collect();
    assert_eq!(scene.events(), expected);
}

#[test]
fn a_call_that_ends_leaves_its_bridge_once_and_the_last_one_ends_it() {
    let mut scene = Scene::new(3);
    let bridge = scene.bridge(0, 1).unwrap();
    scene.bridge(1, 2).unwrap();
    scene.simulation.run_for(SECOND);
    scene.events();
    for leaving in [1, 0, 2] {
        let (host, id) = (scene.phones[leaving].host, scene.phones[leaving].call.id());
        scene
            .simulation
            .with(host, |core, now| core.terminate(now, id))
            .unwrap();
        if leaving == 1 {
            scene.check(&[0, 2]);
        }
        scene.simulation.run_for(SECOND);
        let events = scene.events();
        let removed = events.iter().filter(|event| {
            let session = scene.phones[leaving].session;
            matches!(event, BridgeEvent::ParticipantRemoved { session_id, .. } if *session_id == session)
        });
        assert_eq!(removed.count(), 1);
        let destroyed = events.contains(&BridgeEvent::BridgeDestroyed { bridge_id: bridge });
        assert_eq!(destroyed, leaving == 2);
        assert_eq!(events.len(), 1 + usize::from(destroyed));
    }
    let core = scene.simulation.core(scene.server);
    assert!(core.bridges().is_empty());
    assert_eq!(core.bridge_of(scene.phones[0].session), None);
}

#[test]
fn a_bridge_that_is_taken_apart_leaves_the_calls_as_they_were() {
    let mut scene = Scene::new(2);
    let bridge = scene.bridge(0, 1).unwrap();
    scene.check(&[0, 1]);
    let (server, session) = (scene.server, scene.phones[0].session);
    let taken_out = |scene: &mut Scene| {
        let remove = |core: &mut rvoip_session_core::SessionCore, now| {
            core.remove_from_bridge(now, bridge, session)
        };
        scene.simulation.with(server, remove)
    };
    taken_out(&mut scene).unwrap();
    assert!(matches!(
        taken_out(&mut scene),
        Err(SessionError::NotBridged { .. })
    ));
    scene.check(&[]);
    let destroy =
        |core: &mut rvoip_session_core::SessionCore, now| core.destroy_bridge(now, bridge);
    scene.simulation.with(server, destroy).unwrap();
    let gone = scene.simulation.with(server, destroy);
    assert!(matches!(gone, Err(SessionError::BridgeNotFound(id)) if id == bridge));
    assert!(
        scene
            .phones
            .iter()
            .all(|phone| phone.call.state() == CallState::Active)
    );
    assert_eq!(scene.events().len(), 5);
}

#[test]
fn a_leg_that_is_held_is_not_heard_until_it_is_resumed() {
    let mut scene = Scene::new(3);
    scene.bridge(0, 1).unwrap();
    scene.bridge(0, 2).unwrap();
    scene.check(&[0, 1, 2]);
    let (host, id) = (scene.phones[2].host, scene.phones[2].call.id());
    scene
        .simulation
        .with(host, |core, now| core.hold(now, id))
        .unwrap();
    scene.simulation.run_for(SECOND);
    let held = scene.phones[0].heard.samples().len();
    scene.simulation.run_for(2 * SECOND);
    let heard = scene.phones[0].heard.samples();
    assert!(level(&heard[held..], scene.phones[2].hz) < 200.0);
    assert!(level(&heard[held..], scene.phones[1].hz) > 5_500.0);
    scene
        .simulation
        .with(host, |core, now| core.resume(now, id))
        .unwrap();
    scene.simulation.run_for(SECOND);
    scene.check(&[0, 1, 2]);
}

#[test]
fn who_is_held_in_a_relay_or_a_conference_hears_the_music_and_is_not_heard() {
    const MUSIC_HZ: f64 = 1_000.0;
    for phones in [2, 3] {
        let music = AudioSource::Tone {
            frequency_hz: MUSIC_HZ,
            amplitude: 0.2,
        };
        let mut scene = Scene::with_music(phones, music);
        let all: Vec<usize> = (0..usize::from(phones)).collect();
        for other in &all[1..] {
            scene.bridge(0, *other).unwrap();
        }
        scene.check(&all);
        let (server, session) = (scene.server, scene.phones[0].session);
        let simulation = &mut scene.simulation;
        simulation
            .with(server, |core, now| core.hold(now, session))
            .unwrap();
        simulation.run_for(SECOND);
        // The others hear each other, or nobody, and no music.
        let others = if phones == 2 { &[][..] } else { &all[1..] };
        scene.check(others);
        for phone in &all {
            let heard = scene.phones[*phone].heard.samples();
            let last = &heard[heard.len() - 8_000..];
            let music = level(last, MUSIC_HZ);
            match phone {
                0 => assert!(music > 5_500.0, "{music}"),
                _ => assert!(music < 200.0, "{phone} {music}"),
            }
            for other in &all {
                let silent = *phone == 0 || *other == 0;
                let level = level(last, scene.phones[*other].hz);
                assert!(!silent || level < 200.0, "{phone} {other} {level}");
            }
        }
        scene
            .simulation
            .with(server, |core, now| core.resume(now, session))
            .unwrap();
        scene.simulation.run_for(SECOND);
        scene.check(&all);
    }
}

#[test]
fn what_cannot_be_bridged_is_refused_with_its_reason() {
    let mut scene = Scene::new(3);
    let server = scene.server;
    let (a, b) = (scene.phones[0].session, scene.phones[2].session);
    let first = scene.bridge(0, 1).unwrap();
    let other = scene
        .simulation
        .with(server, |core, now| core.create_bridge(now))
        .unwrap();
    let simulation = &mut scene.simulation;
    simulation
        .with(server, |core, now| core.add_to_bridge(now, other, b))
        .unwrap();
    let both = simulation.with(server, |core, now| core.bridge_sessions(now, a, b));
    assert!(
        matches!(both, Err(SessionError::AlreadyBridged { bridge_id, .. }) if bridge_id == other)
    );
    let twice = simulation.with(server, |core, now| core.add_to_bridge(now, first, a));
    assert!(twice.is_ok());
    let nobody = scene.phones[0].call.id();
    let unknown = scene.simulation.with(server, |core, now| {
        core.set_bridge_muted(now, a, true).unwrap();
        core.terminate(now, a).unwrap();
        core.add_to_bridge(now, first, a)
    });
    assert!(
        matches!(unknown, Err(SessionError::InvalidState { .. })),
        "{unknown:?}"
    );
    scene.simulation.run_for(SECOND);
    let gone = scene
        .simulation
        .with(server, |core, now| core.bridge_sessions(now, a, b));
    assert!(
        matches!(gone, Err(SessionError::SessionNotFound(id)) if id == a),
        "{nobody}"
    );
}
