//! How many events a second reach eight subscribers. Prints the figure; what is checked is that nothing is lost.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]
#![cfg(feature = "sim")]

use std::time::{Duration, Instant};

use rvoip_session_core::sim::{CallSimulation, SimHost};
use rvoip_session_core::{BasicEventBus, Delivery};

const SUBSCRIBERS: usize = 8;
const EVENTS: usize = if cfg!(debug_assertions) {
    50_000
} else {
    1_000_000
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_reaches_eight_subscribers() {
    let mut simulation = CallSimulation::new(1);
    let host = SimHost::new("10.0.0.1".parse().unwrap());
    let alice = simulation.add(host).unwrap();
    simulation
        .call(alice, "sip:alice@10.0.0.1", "sip:bob@10.0.0.2")
        .unwrap();
    simulation.run_for(Duration::from_millis(1));
    let (_, event) = simulation.events(alice).remove(0);

    let bus = BasicEventBus::new(EVENTS);
    let receive = |mut subscriber: rvoip_session_core::EventSubscriber| async move {
        let mut received = 0;
        while let Some(batch) = subscriber.recv_batch(1024).await {
            for delivery in batch {
                match delivery {
                    Delivery::Event(_) => received += 1,
                    Delivery::Missed(missed) => panic!("{missed} missed"),
                }
            }
        }
        received
    };
    let subscribers: Vec<_> = (0..SUBSCRIBERS)
        .map(|_| tokio::spawn(receive(bus.subscribe())))
        .collect();
    let start = Instant::now();
    for _ in 0..EVENTS {
        bus.publish(&event);
    }
    drop(bus);
    for subscriber in subscribers {
        assert_eq!(subscriber.await.unwrap(), EVENTS);
    }
    let spent = start.elapsed();
    let rate = EVENTS as f64 / spent.as_secs_f64();
    println!("{EVENTS} events to {SUBSCRIBERS} subscribers in {spent:?}: {rate:.0} events/s");
}
