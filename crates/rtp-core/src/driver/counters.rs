//! What a worker counts, readable from any thread.

use std::iter::Sum;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Later than this, a deadline counts as missed.
const LATE: Duration = Duration::from_millis(1);

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
    /// Deadlines of the core that were kept or missed.
    pub deadlines: u64,
    /// Those kept more than 1 ms too late.
    pub deadlines_missed: u64,
    /// How late the latest of them was.
    pub greatest_lateness: Duration,
}

impl Sum for WorkerStatistics {
    /// The counts of all, and the greatest lateness of any.
    fn sum<I: Iterator<Item = WorkerStatistics>>(all: I) -> WorkerStatistics {
        all.fold(WorkerStatistics::default(), |a, b| WorkerStatistics {
            wakeups: a.wakeups + b.wakeups,
            received: a.received + b.received,
            sent: a.sent + b.sent,
            send_failed: a.send_failed + b.send_failed,
            open_ports: a.open_ports + b.open_ports,
            deadlines: a.deadlines + b.deadlines,
            deadlines_missed: a.deadlines_missed + b.deadlines_missed,
            greatest_lateness: a.greatest_lateness.max(b.greatest_lateness),
        })
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) wakeups: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) sent: AtomicU64,
    pub(super) send_failed: AtomicU64,
    pub(super) open_ports: AtomicU64,
    deadlines: AtomicU64,
    deadlines_missed: AtomicU64,
    greatest_lateness_ns: AtomicU64,
}

impl Counters {
    pub(super) fn snapshot(&self) -> WorkerStatistics {
        WorkerStatistics {
            wakeups: self.wakeups.load(Relaxed),
            received: self.received.load(Relaxed),
            sent: self.sent.load(Relaxed),
            send_failed: self.send_failed.load(Relaxed),
            open_ports: self.open_ports.load(Relaxed),
            deadlines: self.deadlines.load(Relaxed),
            deadlines_missed: self.deadlines_missed.load(Relaxed),
            greatest_lateness: Duration::from_nanos(self.greatest_lateness_ns.load(Relaxed)),
        }
    }

    /// Counts a deadline that was kept so much too late.
    pub(super) fn deadline(&self, lateness: Duration) {
        increment(&self.deadlines);
        if lateness > LATE {
            increment(&self.deadlines_missed);
        }
        let nanos = u64::try_from(lateness.as_nanos()).unwrap_or(u64::MAX);
        self.greatest_lateness_ns.fetch_max(nanos, Relaxed);
    }
}

pub(super) fn increment(counter: &AtomicU64) {
    counter.fetch_add(1, Relaxed);
}
