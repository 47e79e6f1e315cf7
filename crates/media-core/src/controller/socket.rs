//! Ports that are sockets: a pool of port numbers and a media worker thread.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Instant;

use super::{MediaPorts, OpenPort};
use crate::engine::{MediaCommand, MediaEngine};
use crate::event::MediaEvent;
use crate::rtp_core::driver::{MediaWorker, WorkerConfig, bind_pair};
use crate::rtp_core::{PortKey, PortPair, PortPool, RtpError};

/// The sockets of one media worker.
pub struct SocketPorts {
    bind: IpAddr,
    pool: PortPool,
    open: HashMap<PortKey, PortPair>,
    last_key: u64,
    worker: MediaWorker<MediaEngine>,
}

impl SocketPorts {
    /// Starts the worker; `events` is called on its thread and must not block.
    ///
    /// # Errors
    /// [`RtpError`] when the port range holds no pair or there is no thread to be had.
    pub fn new(
        bind: IpAddr,
        ports: RangeInclusive<u16>,
        engine: MediaEngine,
        events: impl FnMut(MediaEvent) + Send + 'static,
    ) -> Result<Self, RtpError> {
        Ok(Self {
            bind,
            pool: PortPool::new(ports)?,
            open: HashMap::new(),
            last_key: 0,
            worker: MediaWorker::spawn(engine, events, WorkerConfig::default())?,
        })
    }

    /// A handle of the worker, to stop it with: this closes all sockets, completes all recordings and waits for the end
    /// of the thread.
    #[must_use]
    pub fn worker(&self) -> MediaWorker<MediaEngine> {
        self.worker.clone()
    }
}

impl MediaPorts for SocketPorts {
    fn open(&mut self, now: Instant) -> Result<OpenPort, RtpError> {
        let bind = self.bind;
        let (pair, (rtp, rtcp)) = self.pool.allocate(now, |pair| bind_pair(bind, pair))?;
        self.last_key += 1;
        let key = PortKey(self.last_key);
        if let Err(error) = self.worker.add_port(key, rtp, rtcp) {
            self.pool.release(now, pair);
            return Err(error);
        }
        self.open.insert(key, pair);
        Ok(OpenPort {
            key,
            rtp: SocketAddr::new(bind, pair.rtp()),
            rtcp: SocketAddr::new(bind, pair.rtcp()),
        })
    }

    fn release(&mut self, now: Instant, port: PortKey) {
        if let Some(pair) = self.open.remove(&port) {
            self.pool.release(now, pair);
        }
    }

    fn command(
        &mut self,
        _now: Instant,
        _port: PortKey,
        command: MediaCommand,
    ) -> Result<(), RtpError> {
        self.worker.command(command)
    }

    fn open_ports(&self) -> usize {
        self.pool.in_use()
    }
}
