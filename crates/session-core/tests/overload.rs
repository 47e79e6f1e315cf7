//! More calls than there is room for, in virtual time: refusals are cheap, calls in progress do not notice, and room that
//! becomes free is given away at once.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "sim")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rvoip_session_core::api::{WireRecord, WireTap};
use rvoip_session_core::dialog_core::sip_transport::Direction;
use rvoip_session_core::media_core::MediaMode;
use rvoip_session_core::sim::{CallSimulation, HostId, SimHost};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, SessionId, TerminalCause,
};

const ALICE: &str = "sip:alice@10.0.0.1";
const BOB: &str = "sip:bob@10.0.0.2";

/// Calls that bob has room for, those that are up before the flood, and the calls of the flood.
const ROOM: usize = 60;
const RESIDENTS: usize = 20;
const FLOOD: usize = 400;

/// Notes what a refusal says.
#[derive(Default)]
struct Refusals {
    seen: AtomicUsize,
    without_wait: Mutex<Vec<String>>,
}

impl WireTap for Refusals {
    fn message(&self, record: &WireRecord<'_>) {
        let text = String::from_utf8_lossy(record.octets);
        if record.direction == Direction::Out && text.starts_with("SIP/2.0 503") {
            self.seen.fetch_add(1, Ordering::Relaxed);
            if !text.contains("\r\nRetry-After: 5\r\n") {
                self.without_wait.lock().unwrap().push(text.into_owned());
            }
        }
    }
}

fn host(address: &str, max_sessions: usize) -> SimHost {
    let mut host = SimHost::new(address.parse().unwrap());
    host.media.mode = MediaMode::Inactive;
    host.settings.max_sessions = max_sessions;
    host
}

/// The calls that have reached `host` since the last look, and how many events told so and all the rest.
fn received(simulation: &mut CallSimulation, host: HostId) -> (Vec<SessionId>, usize) {
    let events = simulation.events(host);
    let calls = events.iter().filter_map(|(_, event)| match event {
        BasicSessionEvent::CallReceived { call, .. } => Some(call.id()),
        _ => None,
    });
    (calls.collect(), events.len())
}

fn accept(simulation: &mut CallSimulation, host: HostId, id: SessionId) {
    simulation
        .with(host, |core, now| {
            core.decide(now, id, CallDecision::Accept(None))
        })
        .unwrap();
}

fn status(call: &CallRecord) -> Option<u16> {
    let status = call.cause().and_then(TerminalCause::status);
    status.map(|status| status.code())
}

#[test]
fn a_flood_is_turned_away_and_calls_in_progress_do_not_notice() {
    let mut simulation = CallSimulation::new(11);
    let alice = simulation.add(host("10.0.0.1", 10_000)).unwrap();
    let refusals = Arc::new(Refusals::default());
    let mut full = host("10.0.0.2", ROOM);
    full.tap = Some(refusals.clone());
    let bob = simulation.add(full).unwrap();
    let place = |simulation: &mut CallSimulation| simulation.call(alice, ALICE, BOB).unwrap();
    let pause = Duration::from_millis(1);

    let residents: Vec<Arc<CallRecord>> = (0..RESIDENTS).map(|_| place(&mut simulation)).collect();
    simulation.run_for(Duration::from_millis(20));
    for id in received(&mut simulation, bob).0 {
        accept(&mut simulation, bob, id);
    }
    simulation.run_for(Duration::from_secs(1));
    simulation.events(bob);

    // An application that decides nothing: the room fills up, and the rest of the flood is turned away.
    let mut flood = Vec::new();
    for _ in 0..FLOOD {
        flood.push(place(&mut simulation));
        simulation.run_for(pause);
    }
    simulation.run_for(Duration::from_secs(1));
    let (waiting, events) = received(&mut simulation, bob);
    assert_eq!(waiting.len(), ROOM - RESIDENTS);
    assert_eq!(events, waiting.len(), "a call turned away makes no event");
    let turned_away = flood.iter().filter(|call| status(call) == Some(503));
    assert_eq!(turned_away.count(), FLOOD - waiting.len());
    assert_eq!(refusals.seen.load(Ordering::Relaxed), FLOOD - waiting.len());
    assert_eq!(*refusals.without_wait.lock().unwrap(), [""; 0]);
    let stats = simulation.core(bob).stats();
    assert_eq!((stats.active_sessions, stats.dialogs), (ROOM, ROOM));
    assert_eq!(stats.refused_for_overload, (FLOOD - waiting.len()) as u64);
    assert_eq!(stats.retransmissions_sent, 0);
    let answered = |call: &Arc<CallRecord>| call.state().is_answered();
    assert!(residents.iter().all(answered));

    // Room that one call leaves is taken by the very next one, while the application still thinks about all others.
    simulation
        .with(alice, |core, now| core.terminate(now, residents[0].id()))
        .unwrap();
    simulation.run_for(pause * 10);
    assert_eq!(residents[0].cause(), Some(&TerminalCause::LocalHangup));
    let next = place(&mut simulation);
    let after_next = place(&mut simulation);
    simulation.run_for(pause * 10);
    let newcomers = received(&mut simulation, bob).0;
    assert_eq!(newcomers.len(), 1);
    accept(&mut simulation, bob, newcomers[0]);
    simulation.run_for(pause * 10);
    assert!(answered(&next), "{}", next.state());
    assert_eq!(status(&after_next), Some(503));

    // The application wakes up; everybody who waited is answered, and everything ends as it should.
    waiting
        .into_iter()
        .for_each(|id| accept(&mut simulation, bob, id));
    simulation.run_for(Duration::from_secs(1));
    let up = flood.iter().filter(|call| answered(call)).count();
    assert_eq!(up, ROOM - RESIDENTS);
    simulation.with(alice, |core, now| core.shutdown(now));
    simulation.run_for(Duration::from_secs(40));
    assert!(
        residents
            .iter()
            .all(|call| call.state() == CallState::Terminated)
    );
    let stats = simulation.core(bob).stats();
    let left = [stats.active_sessions, stats.dialogs, stats.transactions];
    assert_eq!(left, [0; 3], "{stats:?}");
}
