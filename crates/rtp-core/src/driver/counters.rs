//! What a worker counts, readable from any thread.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a worker has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WorkerStatistics {
    /// Times the thread woke up.
    pub wakeups: u64,
    /// Datagrams read.
    pub received: u64,
    /// Datagrams handed to the operating system.
    pub sent: u64,
    /// Datagrams that it did not take, or whose port was closed; they are lost.
    pub send_failed: u64,
    /// Ports open now, as pairs.
    pub open_ports: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) wakeups: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) sent: AtomicU64,
    pub(super) send_failed: AtomicU64,
    pub(super) open_ports: AtomicU64,
}

impl Counters {
    pub(super) fn snapshot(&self) -> WorkerStatistics {
        WorkerStatistics {
            wakeups: self.wakeups.load(Relaxed),
            received: self.received.load(Relaxed),
            sent: self.sent.load(Relaxed),
            send_failed: self.send_failed.load(Relaxed),
            open_ports: self.open_ports.load(Relaxed),
        }
    }
}

pub(super) fn increment(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
