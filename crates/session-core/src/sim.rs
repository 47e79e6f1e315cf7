//! Whole calls in virtual time: user agents with signalling and media on one simulated network.
//!
//! The same seed gives the same octets. A minute of a call with audio both ways takes a few milliseconds. Hosts decide about
//! calls by themselves or as the script says; the network loses, repeats, delays and reorders as it is told; what happened is
//! read from the events of each host and from the messages on the wire.
//!
//! ```
//! use std::time::Duration;
//! use rvoip_session_core::CallState;
//! use rvoip_session_core::sim::{Answering, SimFaults, SimHost, for_each_seed, seeds};
//!
//! for_each_seed(seeds(20), |simulation| {
//!     let address = |text: &str| text.parse().unwrap();
//!     let alice = simulation.add(SimHost::new(address("10.0.0.1"))).unwrap();
//!     let bob = SimHost::new(address("10.0.0.2")).answering(Answering::at_once());
//!     let bob = simulation.add(bob).unwrap();
//!     simulation.set_faults(SimFaults { loss: 0.1, ..SimFaults::default() });
//!
//!     let call = simulation.call(alice, "sip:alice@10.0.0.1", "sip:bob@10.0.0.2").unwrap();
//!     assert!(simulation.run_until_true(Duration::from_secs(32), |_| call.state().is_answered()));
//!     let id = call.id();
//!     simulation.after(Duration::from_secs(5), move |simulation| {
//!         simulation.with(alice, |core, now| core.hold(now, id)).unwrap();
//!     });
//!     simulation.run_for(Duration::from_secs(40));
//!     assert_eq!(call.state(), CallState::OnHold);
//!     assert!(simulation.wire().iter().any(|message| message.label() == "200 INVITE"));
//!     assert_eq!(simulation.registry(bob).len(), 1);
//! })?;
//! # Ok::<(), rvoip_session_core::sim::FailedSeed>(())
//! ```
//!
//! When a scenario panics, [`for_each_seed`] gives the seed and draws the ladder:
//!
//! ```text
//!          10.0.0.1:5060               10.0.0.2:5060
//!    0.000 |--------- INVITE ---------x|
//!    0.500 |--------- INVITE --------->|
//!    0.501 |<------- 200 INVITE -------|
//! ```

mod host;
mod run;

pub use host::{Answering, HostId, SimHost};
pub use rvoip_dialog_core::sip_transport::sim::{
    FailedSeed, Ladder, Nat, SimFaults, WireMessage, seeds,
};

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_dialog_core::DialogManager;
use rvoip_dialog_core::sip_transport::sim::{self, Datagrams, NodeId, Simulation, WireLog};
use rvoip_dialog_core::sip_transport::{
    ListenerInfo, TransportConfig, TransportKind, WireRecord, WireTap,
};
use rvoip_media_core::rtp_core::WallClock;
use rvoip_media_core::{EngineConfig, MediaEngine, MediaSessionController, SimulatedMedia};

use crate::core::SessionCoreParts;
use crate::{BasicSessionEvent, CallRecord, Registry, Result, SessionCore, SessionError};
use run::Act;

struct Host {
    address: IpAddr,
    node: NodeId,
    media: SimulatedMedia,
    registry: Arc<Registry>,
    answering: Answering,
    /// What it has reported and nobody has looked at.
    events: Vec<(Instant, BasicSessionEvent)>,
}

/// Hosts on one simulated network, with a virtual clock for all.
pub struct CallSimulation {
    signalling: Simulation<SessionCore>,
    rtp: Datagrams,
    hosts: Vec<Host>,
    /// What is still to be done, by time and then by order.
    script: BTreeMap<(Instant, u64), Act>,
    acts: u64,
    seed: u64,
}

impl CallSimulation {
    /// A network without hosts and faults.
    pub fn new(seed: u64) -> Self {
        CallSimulation {
            signalling: Simulation::new(seed),
            rtp: Datagrams::new(seed ^ 0x5254_5000),
            hosts: Vec::new(),
            script: BTreeMap::new(),
            acts: 0,
            seed,
        }
    }

    /// Adds a host; it takes calls at once.
    ///
    /// # Errors
    /// When its range of media ports holds no pair.
    pub fn add(&mut self, host: SimHost) -> Result<HostId> {
        let id = HostId(self.hosts.len());
        let seed = self
            .seed
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .wrapping_add(id.0 as u64);
        let now = self.signalling.now();
        let engine = MediaEngine::new(
            EngineConfig::default(),
            WallClock::new(now, SystemTime::UNIX_EPOCH),
        );
        let (first, last) = host.media_ports;
        let (media, ports) = SimulatedMedia::new(host.address, first..=last, engine)
            .map_err(|error| SessionError::Configuration(error.to_string()))?;
        let sip = SocketAddr::new(host.address, TransportKind::Udp.default_port());
        let listeners = ListenerInfo::plan(&[(TransportKind::Udp, sip), (TransportKind::Tcp, sip)]);
        let mut transport = TransportConfig::new(listeners.clone());
        transport.tap = Some(Arc::new(HostTap {
            log: self.signalling.wire_log().clone(),
            next: host.tap,
        }));
        let mut rng = StdRng::seed_from_u64(seed);
        let media_rng = StdRng::from_rng(&mut rng);
        let registry = Arc::new(Registry::default());
        let mut media_config = host.media;
        media_config.advertised.get_or_insert(host.address);
        let mut dialogs = DialogManager::new(host.dialogs, host.transactions, transport, rng);
        if let Some(registrar) = host.registrar {
            dialogs.serve_registrations(registrar);
        }
        let mut core = SessionCore::new(SessionCoreParts {
            dialogs,
            media: MediaSessionController::new(media_config, Box::new(ports), media_rng),
            registry: Arc::clone(&registry),
            settings: host.settings,
        });
        core.start();
        let node = self.signalling.add(core, listeners);
        self.hosts.push(Host {
            address: host.address,
            node,
            media,
            registry,
            answering: host.answering,
            events: Vec::new(),
        });
        Ok(id)
    }

    /// The seed of all chance.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The virtual time.
    pub fn now(&self) -> Instant {
        self.signalling.now()
    }

    /// What happens to datagrams, SIP and RTP alike.
    pub fn set_faults(&mut self, faults: SimFaults) {
        self.signalling.set_faults(faults.clone());
        self.rtp.set_faults(faults);
    }

    /// The signalling network, for names, raw datagrams and faults of its own.
    pub fn signalling(&mut self) -> &mut Simulation<SessionCore> {
        &mut self.signalling
    }

    /// Sends a datagram to a media port, from anywhere: what a party outside the simulation would.
    pub fn send_media(&mut self, source: SocketAddr, destination: SocketAddr, payload: Bytes) {
        let now = self.now();
        self.rtp.send(now, source, destination, payload);
    }

    /// The calls of a host that exist.
    pub fn registry(&self, host: HostId) -> &Registry {
        &self.hosts[host.0].registry
    }

    /// Lets `f` work on a host's core, then sends what it has to send.
    pub fn with<R>(&mut self, host: HostId, f: impl FnOnce(&mut SessionCore, Instant) -> R) -> R {
        let result = self.signalling.with(self.hosts[host.0].node, f);
        self.carry();
        result
    }

    /// The core of a host.
    pub fn core(&self, host: HostId) -> &SessionCore {
        self.signalling.core(self.hosts[host.0].node)
    }

    /// Places a call with a generated offer.
    ///
    /// # Errors
    /// As [`SessionCore::prepare`] and [`SessionCore::initiate`].
    pub fn call(&mut self, host: HostId, from: &str, to: &str) -> Result<Arc<CallRecord>> {
        self.with(host, |core, now| {
            let call = core.prepare(now, from, to, None)?;
            core.initiate(now, call.id()).map(|()| call)
        })
    }

    /// Every SIP message that was sent, in that order.
    pub fn wire(&self) -> Vec<WireMessage> {
        self.signalling.wire_log().messages()
    }

    /// Keeps no more than so many messages, the first ones: for runs too long to be drawn.
    pub fn keep_messages(&mut self, most: usize) {
        self.signalling.wire_log().keep(most);
    }

    /// Breaks every connection of a host.
    pub fn break_connections(&mut self, host: HostId) {
        self.signalling.reset_connections(self.hosts[host.0].node);
    }

    /// Lets a host die without a word: nothing reaches it, and nothing it sends reaches anybody.
    pub fn kill(&mut self, host: HostId) {
        let dead = self.hosts[host.0].address;
        let lost = SimFaults {
            loss: 1.0,
            ..SimFaults::default()
        };
        for index in 0..self.hosts.len() {
            let other = self.hosts[index].address;
            for (source, destination) in [(dead, other), (other, dead)] {
                self.signalling
                    .set_faults_between(source, destination, lost.clone());
                self.rtp
                    .set_faults_between(source, destination, lost.clone());
            }
        }
        self.signalling.reset_connections(self.hosts[host.0].node);
    }
}

impl Ladder for CallSimulation {
    fn ladder(&self) -> String {
        self.signalling.ladder()
    }
}

/// Runs a scenario once for each seed, on a network of its own, and stops at the first seed under which it panics.
///
/// # Errors
/// That seed, with what the scenario said and the ladder.
pub fn for_each_seed(
    seeds: impl IntoIterator<Item = u64>,
    scenario: impl Fn(&mut CallSimulation),
) -> Result<(), FailedSeed> {
    sim::for_each_seed(seeds, CallSimulation::new, |_, simulation| {
        scenario(simulation)
    })
}

/// Enters what one host sends and receives, and shows it to whom else the host names.
struct HostTap {
    log: WireLog,
    next: Option<Arc<dyn WireTap>>,
}

impl WireTap for HostTap {
    fn message(&self, record: &WireRecord<'_>) {
        self.log.message(record);
        if let Some(next) = &self.next {
            next.message(record);
        }
    }
}
