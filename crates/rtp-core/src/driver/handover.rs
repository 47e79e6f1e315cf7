//! A port on its way from one worker to another.
//!
//! A hand-over is two messages, queued in this order: the new worker is told to take over, and the old one to give up. A
//! worker that comes to a taking reads no further in its queue until the port is there, or is known not to come. So
//! nothing overtakes the port: what was queued for it before is carried out before the old worker gives it up, and what is
//! queued for it afterwards stands behind the taking.
//!
//! No workers wait for each other in a circle, because hand-overs are queued one at a time. Of those that are not finished,
//! the giving of the one that was queued first has only takings of finished ones before it, so its worker comes to it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ports::Port;
use super::signal::Signal;
use crate::MediaCore;

/// What goes from worker to worker: what the core keeps of the port, and its sockets with all that waits in them.
pub(super) struct Parcel<C: MediaCore> {
    pub(super) state: Option<C::PortState>,
    pub(super) port: Option<Port>,
}

enum Transit<C: MediaCore> {
    Awaited,
    Here(Parcel<C>),
    /// It has been taken, or will not come.
    Over,
}

type Shared<C> = Arc<Mutex<Transit<C>>>;

/// The old worker's end. Dropped before it delivers, it lets the new worker wait no longer.
pub(super) struct Giver<C: MediaCore> {
    transit: Shared<C>,
    receiver: Arc<Signal>,
}

/// The new worker's end. What comes after it is dropped goes back.
pub(super) struct Taker<C: MediaCore>(Shared<C>);

/// Both ends; `receiver` wakes the new worker.
pub(super) fn hand_over<C: MediaCore>(receiver: Arc<Signal>) -> (Giver<C>, Taker<C>) {
    let transit = Arc::new(Mutex::new(Transit::Awaited));
    let taker = Taker(Arc::clone(&transit));
    (Giver { transit, receiver }, taker)
}

impl<C: MediaCore> Giver<C> {
    /// Delivers the parcel, or gives it back when nobody takes it any more.
    pub(super) fn deliver(self, parcel: Parcel<C>) -> Result<(), Parcel<C>> {
        let mut transit = lock(&self.transit);
        match *transit {
            Transit::Awaited => {
                *transit = Transit::Here(parcel);
                Ok(())
            }
            _ => Err(parcel),
        }
    }
}

impl<C: MediaCore> Drop for Giver<C> {
    fn drop(&mut self) {
        let mut transit = lock(&self.transit);
        if matches!(*transit, Transit::Awaited) {
            *transit = Transit::Over;
        }
        drop(transit);
        self.receiver.wake();
    }
}

impl<C: MediaCore> Taker<C> {
    /// Whether the parcel may still come.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(*lock(&self.0), Transit::Awaited)
    }

    /// The parcel, if it is here; it is not waited for any more.
    pub(super) fn take(&self) -> Option<Parcel<C>> {
        match std::mem::replace(&mut *lock(&self.0), Transit::Over) {
            Transit::Here(parcel) => Some(parcel),
            Transit::Awaited | Transit::Over => None,
        }
    }
}

impl<C: MediaCore> Drop for Taker<C> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

fn lock<C: MediaCore>(transit: &Shared<C>) -> MutexGuard<'_, Transit<C>> {
    transit.lock().unwrap_or_else(PoisonError::into_inner)
}
