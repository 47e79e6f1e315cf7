//! Several workers, and ports that go from one to another.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::handover::hand_over;
use super::message::Message;
use super::{MediaWorker, WorkerConfig, WorkerStatistics};
use crate::{MediaCore, PortKey, RtpError};

/// Worker threads that hand ports over to each other; clones are handles of the same threads.
///
/// A port is served by one of them at a time. If one of them panics, its ports end and the others go on.
pub struct MediaWorkers<C: MediaCore> {
    shared: Arc<Shared<C>>,
}

struct Shared<C: MediaCore> {
    workers: Vec<MediaWorker<C>>,
    /// Held while the two messages of a hand-over are queued, so that all workers see hand-overs in the same order.
    order: Mutex<()>,
}

impl<C: MediaCore> Clone for MediaWorkers<C> {
    fn clone(&self) -> MediaWorkers<C> {
        MediaWorkers {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<C: MediaCore> fmt::Debug for MediaWorkers<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MediaWorkers")
            .field(&self.workers())
            .finish()
    }
}

impl<C: MediaCore> MediaWorkers<C> {
    /// Starts a thread for each of `cores`; `events` is called on these threads, on several at a time, and must not block.
    /// Events about a port come in order, wherever it is served.
    ///
    /// # Errors
    /// As [`MediaWorker::spawn`].
    pub fn spawn(
        cores: impl IntoIterator<Item = C>,
        events: impl Fn(C::Event) + Send + Sync + 'static,
        config: WorkerConfig,
    ) -> Result<MediaWorkers<C>, RtpError> {
        let events = Arc::new(events);
        let spawn = |(index, core)| {
            let events = Arc::clone(&events);
            let mut config = config.clone();
            if index > 0 {
                config.name = format!("{}-{}", config.name, index + 1);
            }
            MediaWorker::spawn(core, move |event| events(event), config)
        };
        let workers = cores.into_iter().enumerate().map(spawn);
        Ok(MediaWorkers {
            shared: Arc::new(Shared {
                workers: workers.collect::<Result<_, _>>()?,
                order: Mutex::new(()),
            }),
        })
    }

    /// The workers, one for each core.
    #[must_use]
    pub fn workers(&self) -> &[MediaWorker<C>] {
        &self.shared.workers
    }

    /// Lets `to` serve a port in place of `from`, with all that the core keeps of it, and then carry out `then`. What was
    /// queued for the port before is carried out by the old worker, and what is queued with the new one from now on is
    /// carried out by that one after `then`; datagrams wait in the sockets meanwhile. Workers are named by their places.
    ///
    /// # Errors
    /// As [`MediaWorker::command`]; the port stays where it is then, and `then` is not carried out.
    pub fn hand_over(
        &self,
        port: PortKey,
        from: usize,
        to: usize,
        then: C::Command,
    ) -> Result<(), RtpError> {
        let worker = |place: usize| self.workers().get(place).ok_or(RtpError::WorkerStopped);
        let (from, to, stays) = (worker(from)?, worker(to)?, from == to);
        if stays {
            return to.command(then);
        }
        let (giver, taker) = hand_over(Arc::clone(&to.shared.signal));
        let in_order = self.shared.order.lock();
        let _in_order = in_order.unwrap_or_else(PoisonError::into_inner);
        to.post(Message::TakeOver {
            port,
            from: taker,
            then,
        })?;
        from.post(Message::GiveUp { port, to: giver })
    }

    /// What all workers have counted.
    #[must_use]
    pub fn statistics(&self) -> WorkerStatistics {
        self.workers().iter().map(MediaWorker::statistics).sum()
    }

    /// Stops all workers, as [`MediaWorker::stop`] does; ports that are on their way arrive before. From within `events` it
    /// does not wait.
    pub fn stop(&self) {
        let workers = self.workers();
        workers
            .iter()
            .for_each(|worker| worker.shared.signal.stop());
        if !workers
            .iter()
            .any(|worker| worker.shared.signal.is_own_thread())
        {
            workers.iter().for_each(MediaWorker::stop);
        }
    }
}

#[cfg(test)]
mod tests;
