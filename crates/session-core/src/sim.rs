//! Whole calls in virtual time: hosts with signalling and media on one simulated network.
//!
//! The same seed gives the same octets. A minute of a call with audio both ways takes a few milliseconds:
//!
//! ```
//! use std::time::Duration;
//! use rvoip_session_core::sim::{CallSimulation, SimHost};
//! use rvoip_session_core::{BasicSessionEvent, CallDecision};
//!
//! let mut simulation = CallSimulation::new(7);
//! let alice = simulation.add(SimHost::new("10.0.0.1".parse()?))?;
//! let bob = simulation.add(SimHost::new("10.0.0.2".parse()?))?;
//!
//! let call = simulation.call(alice, "sip:alice@10.0.0.1", "sip:bob@10.0.0.2")?;
//! simulation.run_for(Duration::from_secs(1));
//! for (_, event) in simulation.events(bob) {
//!     if let BasicSessionEvent::CallReceived { call, .. } = event {
//!         simulation.with(bob, |core, now| core.decide(now, call.id(), CallDecision::Accept(None)))?;
//!     }
//! }
//! simulation.run_for(Duration::from_secs(60));
//! assert!(call.state().is_answered());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_dialog_core::sip_transport::sim::{Datagrams, NodeId, SimFaults, Simulation};
use rvoip_dialog_core::sip_transport::{ListenerInfo, TransportConfig, TransportKind, WireTap};
use rvoip_dialog_core::transaction_core::TransactionConfig;
use rvoip_dialog_core::{DialogManager, DialogManagerConfig};
use rvoip_media_core::rtp_core::WallClock;
use rvoip_media_core::{
    EngineConfig, MediaConfig, MediaEngine, MediaSessionController, SimulatedMedia,
};

use crate::core::SessionCoreParts;
use crate::{BasicSessionEvent, CallRecord, Registry, Result, SessionCore, SessionError};

/// How a simulated host is set up.
pub struct SimHost {
    /// Its only address; SIP is on port 5060 over UDP and TCP.
    pub address: IpAddr,
    /// What it does as a party of calls.
    pub dialogs: DialogManagerConfig,
    /// Its transactions.
    pub transactions: TransactionConfig,
    /// Its media.
    pub media: MediaConfig,
    /// Its first and last port for RTP.
    pub media_ports: (u16, u16),
    /// Sessions that may exist at once.
    pub max_sessions: usize,
    /// How long a call may last.
    pub session_timeout: Option<Duration>,
    /// Sees every SIP message.
    pub tap: Option<Arc<dyn WireTap>>,
}

impl SimHost {
    /// A host with default settings that places and takes calls and sends silence.
    pub fn new(address: IpAddr) -> Self {
        SimHost {
            address,
            dialogs: DialogManagerConfig::Hybrid(Default::default()),
            transactions: TransactionConfig::default(),
            media: MediaConfig::default(),
            media_ports: (10_000, 20_000),
            max_sessions: 1000,
            session_timeout: None,
            tap: None,
        }
    }
}

/// A host of a [`CallSimulation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostId(usize);

struct Host {
    node: NodeId,
    media: SimulatedMedia,
    registry: Arc<Registry>,
}

/// Hosts on one simulated network, with a virtual clock for all.
pub struct CallSimulation {
    signalling: Simulation<SessionCore>,
    rtp: Datagrams,
    hosts: Vec<Host>,
    seed: u64,
}

impl CallSimulation {
    /// A network without hosts and faults.
    pub fn new(seed: u64) -> Self {
        CallSimulation {
            signalling: Simulation::new(seed),
            rtp: Datagrams::new(seed ^ 0x5254_5000),
            hosts: Vec::new(),
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
        transport.tap = host.tap;
        let rng = StdRng::seed_from_u64(seed);
        let registry = Arc::new(Registry::default());
        let mut media_config = host.media;
        media_config.advertised.get_or_insert(host.address);
        let mut core = SessionCore::new(SessionCoreParts {
            dialogs: DialogManager::new(host.dialogs, host.transactions, transport, rng),
            media: MediaSessionController::new(media_config, Box::new(ports), seed),
            registry: Arc::clone(&registry),
            max_sessions: host.max_sessions,
            session_timeout: host.session_timeout,
            alert_after: Duration::from_millis(100),
            recording_directory: None,
            sends_audio: true,
        });
        core.start();
        let node = self.signalling.add(core, listeners);
        self.hosts.push(Host {
            node,
            media,
            registry,
        });
        Ok(id)
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

    /// The events of a host since the last call, with their times.
    pub fn events(&mut self, host: HostId) -> Vec<(Instant, BasicSessionEvent)> {
        self.signalling.events(self.hosts[host.0].node)
    }

    /// Runs for a time.
    pub fn run_for(&mut self, time: Duration) {
        let deadline = self.now() + time;
        self.run_until(deadline);
    }

    /// Runs until `deadline`.
    pub fn run_until(&mut self, deadline: Instant) {
        while let Some(next) = self.next_at().filter(|next| *next <= deadline) {
            self.signalling.run_until(next);
            while let Some(datagram) = self.rtp.poll(next) {
                for host in &self.hosts {
                    if host.media.handle_datagram(
                        next,
                        datagram.source,
                        datagram.destination,
                        &datagram.payload,
                    ) {
                        break;
                    }
                }
            }
            for host in &self.hosts {
                if host.media.poll_timeout().is_some_and(|at| at <= next) {
                    host.media.handle_timeout(next);
                }
            }
            self.carry();
        }
        self.signalling.run_until(deadline);
    }

    fn next_at(&self) -> Option<Instant> {
        let media = self
            .hosts
            .iter()
            .filter_map(|host| host.media.poll_timeout());
        self.signalling
            .next_at()
            .into_iter()
            .chain(self.rtp.next_at())
            .chain(media)
            .min()
    }

    /// Carries what the media of all hosts has to send and to tell.
    fn carry(&mut self) {
        let now = self.signalling.now();
        for host in &self.hosts {
            let rtp = &mut self.rtp;
            host.media.poll_transmits(|source, destination, payload| {
                rtp.send(now, source, destination, Bytes::copy_from_slice(payload));
            });
            while let Some(event) = host.media.poll_event() {
                self.signalling
                    .with(host.node, |core, now| core.handle_media(now, event));
            }
        }
    }
}
