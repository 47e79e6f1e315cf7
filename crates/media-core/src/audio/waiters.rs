//! Tasks that wait for the engine, which wakes them without waiting for any of them.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::task::Waker;

/// Tasks to be woken at the next news. Only tasks wait for the lock; the engine passes it by while a task holds it, and comes back a
/// frame later.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    anybody: AtomicBool,
    wakers: Mutex<Vec<Waker>>,
}

impl Waiters {
    /// Has a task woken at the next news; it is to look at what it waits for after this.
    pub(super) fn register(&self, waker: &Waker) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if !wakers.iter().any(|known| known.will_wake(waker)) {
            wakers.push(waker.clone());
        }
        self.anybody.store(true, SeqCst);
    }

    /// Wakes all, from the engine.
    pub(super) fn wake(&self) {
        // What is news has been stored before; whoever registers from here on sees it.
        std::sync::atomic::fence(SeqCst);
        if !self.anybody.load(Relaxed) {
            return;
        }
        let mut wakers = match self.wakers.try_lock() {
            Ok(wakers) => wakers,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.anybody.store(false, SeqCst);
        wakers.drain(..).for_each(Waker::wake);
    }

    /// Wakes all, from a task or at the end.
    pub(super) fn wake_all(&self) {
        let mut wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        self.anybody.store(false, SeqCst);
        wakers.drain(..).for_each(Waker::wake);
    }
}
