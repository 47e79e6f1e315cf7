//! A simulated network with a virtual clock, for tests of whole stacks: same seed, same octets.
//!
//! A [`Simulation`] runs the same [`Core`](crate::Core)s as the tokio driver does. Time passes only
//! when nothing is left to do, so 32 seconds of timers take microseconds, and a run can be repeated
//! exactly. Datagrams are lost, repeated, delayed and overtaken as [`SimFaults`] says; streams are
//! delayed and keep their order. [`Datagrams`] alone carries anything else, such as RTP.
//!
//! A core whose tap is the simulation's [`WireLog`] has its messages drawn; [`for_each_seed`] plays a scenario under many
//! [`seeds`] and draws the ladder of the one that fails.
//!
//! ```
//! use std::time::Duration;
//! use rvoip_sip_transport::sim::{SimFaults, Simulation};
//! use rvoip_sip_transport::{Core, Input, ListenerInfo, Output, TransportKind};
//!
//! /// Sends every datagram back.
//! #[derive(Default)]
//! struct Echo(Vec<Output<()>>);
//!
//! impl Core for Echo {
//!     type Event = ();
//!     fn handle_input(&mut self, _: std::time::Instant, input: Input) {
//!         if let Input::Datagram { listener, source, payload } = input {
//!             self.0.push(Output::Datagram { listener, destination: source, payload });
//!         }
//!     }
//!     fn handle_timeout(&mut self, _: std::time::Instant) {}
//!     fn poll_timeout(&self) -> Option<std::time::Instant> { None }
//!     fn poll_output(&mut self) -> Option<Output<()>> { self.0.pop() }
//! }
//!
//! let mut net = Simulation::new(7);
//! let delay = Duration::from_millis(10)..Duration::from_millis(20);
//! net.set_faults(SimFaults { delay, ..SimFaults::default() });
//! let (host, guest) = ("192.0.2.1:5060".parse().unwrap(), "192.0.2.2:5060".parse().unwrap());
//! net.add(Echo::default(), ListenerInfo::plan(&[(TransportKind::Udp, host)]));
//! net.open_endpoint(guest);
//! net.send_datagram(guest, host, "hello".into());
//! net.run_for(Duration::from_secs(1));
//! let (_, source, payload) = net.take_datagrams(guest).remove(0);
//! assert_eq!((source, &payload[..]), (host, &b"hello"[..]));
//! ```

mod carry;
mod datagrams;
mod nat;
mod seeds;
mod simulation;
mod streams;
mod wire_log;
mod zone;

use std::ops::Range;
use std::time::Duration;

pub use self::datagrams::{Datagrams, SimDatagram};
pub use self::nat::Nat;
pub use self::seeds::{FailedSeed, Ladder, for_each_seed, seeds};
pub use self::simulation::{NodeId, Simulation};
pub use self::wire_log::{WireLog, WireMessage};
pub use self::zone::{Zone, ZoneFault};

/// What a network does to what it carries.
#[derive(Clone, Debug, PartialEq)]
pub struct SimFaults {
    /// Probability from 0 to 1 that a datagram is lost.
    pub loss: f64,
    /// Probability from 0 to 1 that a datagram arrives twice.
    pub duplicate: f64,
    /// Probability from 0 to 1 that a datagram is held back, so that later ones overtake it. All
    /// others arrive in the order in which they were sent.
    pub reorder: f64,
    /// How long a delivery takes; drawn anew for each. An empty range is its start.
    pub delay: Range<Duration>,
}

impl Default for SimFaults {
    /// Nothing is lost, repeated or overtaken; every delivery takes a millisecond.
    fn default() -> Self {
        let delay = Duration::from_millis(1);
        Self {
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            delay: delay..delay,
        }
    }
}
