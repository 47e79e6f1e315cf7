//! Calls without number in virtual time leave no session, dialog, transaction, timer, port and octet.

#![allow(clippy::unwrap_used, clippy::print_stdout)]
#![cfg(feature = "sim")]

use std::time::Duration;

use rvoip_session_core::CallState;
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, SimHost};

const ALICE: &str = "sip:alice@10.0.0.1";
const BOB: &str = "sip:bob@10.0.0.2";

/// Calls at the same time.
const BATCH: u64 = 100;

/// Calls by default; `RVOIP_CALLS` asks for more.
const CALLS: u64 = 300;

/// Octets by which the room of tables may differ from time to time; the number of calls does not change it.
const GROWTH_LIMIT: i64 = 65_536;

struct Desk {
    simulation: CallSimulation,
    hosts: [HostId; 2],
}

impl Desk {
    fn new() -> Desk {
        let mut simulation = CallSimulation::new(1);
        simulation.keep_messages(0);
        let hosts = [Answering::ByHand, Answering::at_once()].map(|answering| {
            let last = 1 + u8::from(answering != Answering::ByHand);
            let mut host = SimHost::new([10, 0, 0, last].into()).answering(answering);
            host.settings.sends_audio = false;
            simulation.add(host).unwrap()
        });
        Desk { simulation, hosts }
    }

    /// Calls that are held, resumed and ended; then nothing lingers any more.
    fn batch(&mut self) {
        let Desk { simulation, hosts } = self;
        let alice = hosts[0];
        let calls: Vec<_> = (0..BATCH)
            .map(|_| simulation.call(alice, ALICE, BOB).unwrap())
            .collect();
        let pause = Duration::from_millis(15);
        simulation.run_for(pause);
        for (operation, state) in [
            (0, CallState::OnHold),
            (1, CallState::Active),
            (2, CallState::Terminated),
        ] {
            for call in &calls {
                let id = call.id();
                simulation
                    .with(alice, |core, now| match operation {
                        0 => core.hold(now, id),
                        1 => core.resume(now, id),
                        _ => core.terminate(now, id),
                    })
                    .unwrap();
            }
            simulation.run_for(pause);
            assert!(calls.iter().all(|call| call.state() == state), "{state:?}");
        }
        simulation.run_for(Duration::from_secs(40));
        assert_eq!(simulation.signalling().next_at(), None, "a timer is left");
        for host in hosts {
            drop(simulation.events(*host));
            let stats = simulation.core(*host).stats();
            let left = [
                stats.active_sessions,
                stats.dialogs,
                stats.transactions,
                stats.connections,
                stats.media_sessions,
                stats.media_ports,
            ];
            assert_eq!(left, [0; 6], "{stats:?}");
            assert!(simulation.registry(*host).is_empty());
            assert!(simulation.core(*host).is_idle());
        }
    }
}

#[test]
fn calls_leave_nothing_and_no_memory() {
    let wanted = std::env::var("RVOIP_CALLS").ok();
    let calls = wanted.and_then(|text| text.parse().ok()).unwrap_or(CALLS);
    let mut desk = Desk::new();
    // The tables grow to what so many calls at once need.
    desk.batch();
    let measured = allocation_counter::measure(|| {
        for _ in 0..calls.div_ceil(BATCH) {
            desk.batch();
        }
    });
    println!(
        "{calls} calls, {} allocations each, {} octets more at the end",
        measured.count_total / calls,
        measured.bytes_current
    );
    assert!(
        measured.bytes_current < GROWTH_LIMIT,
        "{} octets more",
        measured.bytes_current
    );
}
