//! Ports that are sockets: a pool of port numbers and media worker threads.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Instant;

use super::placement::Placement;
use super::{MediaPorts, OpenPort};
use crate::engine::{MediaCommand, MediaEngine};
use crate::event::MediaEvent;
use crate::rtp_core::driver::{MediaWorkers, WorkerConfig, bind_pair};
use crate::rtp_core::{PortKey, PortPair, PortPool, RtpError};

/// The sockets of several media workers.
///
/// A port is opened on the worker that has the fewest. A bridge lives where its first member is; who joins from another
/// worker moves there, with stream and sockets.
pub struct SocketPorts {
    bind: IpAddr,
    pool: PortPool,
    open: HashMap<PortKey, PortPair>,
    last_key: u64,
    workers: MediaWorkers<MediaEngine>,
    placement: Placement,
}

impl SocketPorts {
    /// Starts so many worker threads, one at least, each with an engine like `engine`; `events` is called on these threads, on
    /// several at a time, and must not block. Events of a session come in order.
    ///
    /// # Errors
    /// [`RtpError`] when the port range holds no pair or there is no thread to be had.
    pub fn new(
        bind: IpAddr,
        ports: RangeInclusive<u16>,
        engine: MediaEngine,
        threads: usize,
        events: impl Fn(MediaEvent) + Send + Sync + 'static,
    ) -> Result<Self, RtpError> {
        let pool = PortPool::new(ports)?;
        let siblings: Vec<_> = (1..threads).map(|_| engine.sibling()).collect();
        let engines = std::iter::once(engine).chain(siblings);
        let workers = MediaWorkers::spawn(engines, events, WorkerConfig::default())?;
        Ok(Self {
            bind,
            pool,
            open: HashMap::new(),
            last_key: 0,
            placement: Placement::new(workers.workers().len()),
            workers,
        })
    }

    /// A handle of the workers, to stop them with: this closes all sockets, completes all recordings and waits for the end
    /// of the threads.
    #[must_use]
    pub fn workers(&self) -> MediaWorkers<MediaEngine> {
        self.workers.clone()
    }
}

impl MediaPorts for SocketPorts {
    fn open(&mut self, now: Instant) -> Result<OpenPort, RtpError> {
        let (bind, workers) = (self.bind, self.workers.workers());
        let (pair, (rtp, rtcp)) = self.pool.allocate(now, |pair| bind_pair(bind, pair))?;
        self.last_key += 1;
        let key = PortKey(self.last_key);
        let worker = self
            .placement
            .fewest(|worker| !workers[worker].is_stopped());
        if let Err(error) = workers[worker].add_port(key, rtp, rtcp) {
            self.pool.release(now, pair);
            return Err(error);
        }
        self.open.insert(key, pair);
        self.placement.open(key, worker);
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
        self.placement.close(port);
    }

    fn command(
        &mut self,
        _now: Instant,
        port: PortKey,
        command: MediaCommand,
    ) -> Result<(), RtpError> {
        let Some(worker) = self.placement.worker(port) else {
            return Err(RtpError::WorkerStopped);
        };
        let leaves = matches!(
            command,
            MediaCommand::LeaveBridge { .. } | MediaCommand::Close { .. }
        );
        if let MediaCommand::JoinBridge { bridge, .. } = command {
            let home = self.placement.home(bridge).unwrap_or(worker);
            self.workers.hand_over(port, worker, home, command)?;
            self.placement.join(port, bridge);
        } else {
            self.workers.workers()[worker].command(command)?;
        }
        if leaves {
            self.placement.leave(port);
        }
        Ok(())
    }

    fn open_ports(&self) -> usize {
        self.pool.in_use()
    }
}
