//! Waking the worker's thread from others.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::ThreadId;

use super::poll::Waker;

/// One bit for "look at the queue" and one for "end", and the means to make the thread look at them.
#[derive(Debug)]
pub(super) struct Signal {
    waker: Waker,
    thread: OnceLock<ThreadId>,
    pending: AtomicBool,
    stopping: AtomicBool,
}

impl Signal {
    pub(super) fn new(waker: Waker) -> Signal {
        Signal {
            waker,
            thread: OnceLock::new(),
            pending: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        }
    }

    pub(super) fn set_thread(&self, thread: ThreadId) {
        self.thread.get_or_init(|| thread);
    }

    pub(super) fn is_own_thread(&self) -> bool {
        self.thread.get() == Some(&std::thread::current().id())
    }

    /// Makes the worker look at its queue; many calls before it does are one system call.
    pub(super) fn wake(&self) {
        if !self.pending.swap(true, SeqCst)
            && let Err(error) = self.waker.wake()
        {
            tracing::warn!(%error, "cannot wake the media worker");
        }
    }

    /// Whether someone called [`Signal::wake`] since the last time; what was queued before it did is visible then.
    pub(super) fn take(&self) -> bool {
        self.pending.swap(false, SeqCst)
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, SeqCst);
        self.wake();
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(SeqCst)
    }
}
