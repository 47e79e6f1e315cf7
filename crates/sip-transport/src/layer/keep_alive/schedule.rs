//! The flows that are kept alive, and when each has its turn.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::stun::TransactionId;
use crate::{Carrier, Flow};

/// What a flow waits for.
#[derive(Clone, Copy, Debug)]
pub(in crate::layer) enum Stage {
    /// The next keep-alive.
    Pause,
    /// An answer to two line ends.
    Pong,
    /// An answer to a binding request.
    Binding {
        /// The request's number.
        id: TransactionId,
        /// How often it was sent.
        sent: u32,
    },
}

/// The keep-alive of one flow.
#[derive(Clone, Copy, Debug)]
pub(in crate::layer) struct KeepAlive {
    pub(in crate::layer) flow: Flow,
    pub(in crate::layer) interval: Duration,
    pub(in crate::layer) stage: Stage,
    pub(in crate::layer) due: Instant,
    /// The address that the peer last saw this side under.
    pub(in crate::layer) mapped: Option<SocketAddr>,
}

type Path = (Carrier, SocketAddr);

fn path(flow: &Flow) -> Path {
    (flow.carrier, flow.remote)
}

/// The flows that are kept alive.
#[derive(Debug, Default)]
pub(in crate::layer) struct KeepAlives {
    flows: BTreeMap<Path, KeepAlive>,
    deadlines: BTreeSet<(Instant, Path)>,
}

impl KeepAlives {
    pub(in crate::layer) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(due, _)| due)
    }

    pub(in crate::layer) fn insert(&mut self, keep_alive: KeepAlive) {
        let path = path(&keep_alive.flow);
        self.deadlines.insert((keep_alive.due, path));
        self.flows.insert(path, keep_alive);
    }

    pub(in crate::layer) fn get(&self, flow: &Flow) -> Option<&KeepAlive> {
        self.flows.get(&path(flow))
    }

    /// Takes out the keep-alive of a flow.
    pub(in crate::layer) fn take(&mut self, flow: &Flow) -> Option<KeepAlive> {
        let keep_alive = self.flows.remove(&path(flow))?;
        self.deadlines.remove(&(keep_alive.due, path(flow)));
        Some(keep_alive)
    }

    /// Takes out the keep-alive whose turn it is.
    pub(in crate::layer) fn take_due(&mut self, now: Instant) -> Option<KeepAlive> {
        let (_, path) = self.deadlines.first().filter(|(due, _)| *due <= now)?;
        let flow = self.flows.get(path)?.flow;
        self.take(&flow)
    }
}
