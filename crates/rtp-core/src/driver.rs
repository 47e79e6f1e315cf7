//! The only code of this crate that touches sockets, threads and the clock.
//!
//! A [`MediaWorker`] is one thread that drives one [`MediaCore`] over any number of port pairs. It sleeps until a
//! datagram, a command or the core's next deadline comes, and with no deadline and no traffic it does not wake at all.
//! [`MediaWorkers`] are several of them, which hand ports over to each other.

mod bind;
mod connect;
mod counters;
mod handover;
mod message;
mod poll;
mod ports;
mod signal;
mod worker;
mod workers;

use std::fmt;
use std::net::UdpSocket;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::{MediaCore, PortKey, RtpError};
pub use bind::bind_pair;
use counters::Counters;
pub use counters::WorkerStatistics;
use message::Message;
use poll::Poll;
use signal::Signal;
use worker::Worker;
pub use workers::MediaWorkers;

/// How a worker is set up.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Name of the thread.
    pub name: String,
    /// Commands that may wait, at least 1; more are refused with [`RtpError::WorkerBusy`].
    pub queue: usize,
}

impl Default for WorkerConfig {
    fn default() -> WorkerConfig {
        WorkerConfig {
            name: "rvoip-media".to_owned(),
            queue: 4096,
        }
    }
}

/// Handle of a worker thread; clones are handles of the same thread, which ends when the last one is gone.
pub struct MediaWorker<C: MediaCore> {
    shared: Arc<Shared<C>>,
}

struct Shared<C: MediaCore> {
    queue: SyncSender<Message<C>>,
    signal: Arc<Signal>,
    counters: Arc<Counters>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<C: MediaCore> Clone for MediaWorker<C> {
    fn clone(&self) -> MediaWorker<C> {
        MediaWorker {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<C: MediaCore> fmt::Debug for MediaWorker<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaWorker")
            .field("statistics", &self.statistics())
            .finish_non_exhaustive()
    }
}

impl<C: MediaCore> Drop for Shared<C> {
    fn drop(&mut self) {
        self.signal.stop();
    }
}

impl<C: MediaCore> MediaWorker<C> {
    /// Starts a thread around `core`; `events` is called on that thread and must not block.
    ///
    /// # Errors
    /// [`RtpError::Socket`] when the operating system has no thread, poll or waker to give.
    pub fn spawn(
        core: C,
        events: impl FnMut(C::Event) + Send + 'static,
        config: WorkerConfig,
    ) -> Result<MediaWorker<C>, RtpError> {
        let name = config.name.clone();
        let (handle, worker) = MediaWorker::prepare(core, events, config)?;
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(move || worker.run())?;
        handle.shared.signal.set_thread(thread.thread().id());
        *handle.thread() = Some(thread);
        Ok(handle)
    }

    /// A worker that has no thread yet, and its handle.
    fn prepare<F: FnMut(C::Event)>(
        core: C,
        events: F,
        config: WorkerConfig,
    ) -> Result<(MediaWorker<C>, Worker<C, F>), RtpError> {
        let (queue, messages) = sync_channel(config.queue.max(1));
        let (poll, waker) = Poll::new()?;
        let signal = Arc::new(Signal::new(waker));
        let counters = Arc::new(Counters::default());
        let worker = Worker::new(
            core,
            events,
            poll,
            messages,
            Arc::clone(&signal),
            Arc::clone(&counters),
        );
        let shared = Arc::new(Shared {
            queue,
            signal,
            counters,
            thread: Mutex::new(None),
        });
        Ok((MediaWorker { shared }, worker))
    }

    fn thread(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        let thread = self.shared.thread.lock();
        thread.unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a command.
    ///
    /// # Errors
    /// [`RtpError::WorkerBusy`] when the queue is full, [`RtpError::WorkerStopped`] after the end.
    pub fn command(&self, command: C::Command) -> Result<(), RtpError> {
        self.post(Message::Command(command))
    }

    /// Hands a bound pair over, before any command that is queued later; the worker closes the sockets when the core
    /// says so ([`MediaCore::poll_closed_port`]) or when it stops.
    ///
    /// # Errors
    /// As [`MediaWorker::command`], or [`RtpError::Socket`]; the sockets are closed then.
    pub fn add_port(&self, port: PortKey, rtp: UdpSocket, rtcp: UdpSocket) -> Result<(), RtpError> {
        rtp.set_nonblocking(true)?;
        rtcp.set_nonblocking(true)?;
        self.post(Message::AddPort { port, rtp, rtcp })
    }

    fn post(&self, message: Message<C>) -> Result<(), RtpError> {
        if self.is_stopped() {
            return Err(RtpError::WorkerStopped);
        }
        self.shared
            .queue
            .try_send(message)
            .map_err(|error| match error {
                TrySendError::Full(_) => RtpError::WorkerBusy,
                TrySendError::Disconnected(_) => RtpError::WorkerStopped,
            })?;
        self.shared.signal.wake();
        Ok(())
    }

    /// Whether it takes nothing more: it was stopped, or panicked.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.shared.signal.is_stopping()
    }

    /// What the worker has counted.
    #[must_use]
    pub fn statistics(&self) -> WorkerStatistics {
        self.shared.counters.snapshot()
    }

    /// Carries out what is queued, sends what is pending, closes all sockets and waits for the end of the thread.
    /// May be called more than once; from within `events` it does not wait.
    pub fn stop(&self) {
        self.shared.signal.stop();
        if self.shared.signal.is_own_thread() {
            return;
        }
        let mut thread = self.thread();
        if thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("media worker panicked");
        }
    }
}
