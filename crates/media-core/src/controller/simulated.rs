//! Ports without sockets: an engine in virtual time, whose datagrams any carrier can take.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{MediaPorts, OpenPort};
use crate::engine::{MediaCommand, MediaEngine};
use crate::event::MediaEvent;
use crate::rtp_core::{Channel, MediaCore, PortKey, PortPair, PortPool, RtpError};

/// The carrier's side of an engine in virtual time; clones share it.
#[derive(Clone)]
pub struct SimulatedMedia {
    address: IpAddr,
    shared: Arc<Mutex<Shared>>,
}

/// The controller's side of an engine in virtual time.
pub struct SimulatedPorts {
    address: IpAddr,
    pool: PortPool,
    open: HashMap<PortKey, PortPair>,
    last_key: u64,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    engine: MediaEngine,
    /// The open ports by the engine's names, and the names by RTP port number.
    pairs: HashMap<PortKey, PortPair>,
    keys: HashMap<u16, PortKey>,
}

impl SimulatedMedia {
    /// An engine of its own at `address`, and the ports that a controller opens on it.
    ///
    /// # Errors
    /// [`RtpError::InvalidPortRange`] when the port range holds no pair.
    pub fn new(
        address: IpAddr,
        ports: RangeInclusive<u16>,
        engine: MediaEngine,
    ) -> Result<(Self, SimulatedPorts), RtpError> {
        let shared = Arc::new(Mutex::new(Shared {
            engine,
            pairs: HashMap::new(),
            keys: HashMap::new(),
        }));
        let ports = SimulatedPorts {
            address,
            pool: PortPool::new(ports)?,
            open: HashMap::new(),
            last_key: 0,
            shared: shared.clone(),
        };
        Ok((Self { address, shared }, ports))
    }

    /// Delivers a datagram; one to a port that is not open is lost. Returns whether it was delivered.
    pub fn handle_datagram(
        &self,
        now: Instant,
        source: SocketAddr,
        destination: SocketAddr,
        payload: &[u8],
    ) -> bool {
        let mut shared = lock(&self.shared);
        let key = shared.keys.get(&(destination.port() & !1)).copied();
        let Some(key) = key.filter(|_| destination.ip() == self.address) else {
            return false;
        };
        let channel = match destination.port() % 2 {
            0 => Channel::Rtp,
            _ => Channel::Rtcp,
        };
        let engine = &mut shared.engine;
        engine.handle_packet(now, key, channel, source, &mut payload.to_vec());
        true
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&self, now: Instant) {
        let engine = &mut lock(&self.shared).engine;
        engine.handle_timeout(now);
        // Sockets of a simulation are not connected.
        while engine.poll_connect().is_some() {}
    }

    /// The next instant at which something is due; `None` while no stream is open.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        lock(&self.shared).engine.poll_timeout()
    }

    /// Hands every datagram that is waiting to `carry`, as source, destination and payload. To be called before
    /// [`SimulatedMedia::poll_event`].
    pub fn poll_transmits(&self, mut carry: impl FnMut(SocketAddr, SocketAddr, &[u8])) {
        let Shared {
            engine,
            pairs,
            keys,
        } = &mut *lock(&self.shared);
        while let Some(transmit) = engine.poll_transmit() {
            if let Some(pair) = pairs.get(&transmit.port) {
                let port = match transmit.channel {
                    Channel::Rtp => pair.rtp(),
                    Channel::Rtcp => pair.rtcp(),
                };
                let source = SocketAddr::new(self.address, port);
                carry(source, transmit.destination, transmit.payload);
            }
        }
        while let Some(key) = engine.poll_closed_port() {
            if let Some(pair) = pairs.remove(&key) {
                keys.remove(&pair.rtp());
            }
        }
    }

    /// The next event.
    #[must_use]
    pub fn poll_event(&self) -> Option<MediaEvent> {
        lock(&self.shared).engine.poll_event()
    }
}

impl MediaPorts for SimulatedPorts {
    fn open(&mut self, now: Instant) -> Result<OpenPort, RtpError> {
        let (pair, ()) = self.pool.allocate(now, |_| Ok(()))?;
        self.last_key += 1;
        let key = PortKey(self.last_key);
        self.open.insert(key, pair);
        let mut shared = lock(&self.shared);
        shared.pairs.insert(key, pair);
        shared.keys.insert(pair.rtp(), key);
        Ok(OpenPort {
            key,
            rtp: SocketAddr::new(self.address, pair.rtp()),
            rtcp: SocketAddr::new(self.address, pair.rtcp()),
        })
    }

    fn release(&mut self, now: Instant, port: PortKey) {
        if let Some(pair) = self.open.remove(&port) {
            self.pool.release(now, pair);
        }
    }

    fn command(
        &mut self,
        now: Instant,
        _port: PortKey,
        command: MediaCommand,
    ) -> Result<(), RtpError> {
        lock(&self.shared).engine.handle_command(now, command);
        Ok(())
    }

    fn open_ports(&self) -> usize {
        self.pool.in_use()
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
