//! What all handles of a coordinator share: the way to the core, and the way back to the application.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use rvoip_dialog_core::sip_core::StatusCode;
use rvoip_dialog_core::sip_transport::ListenerInfo;
use rvoip_dialog_core::sip_transport::driver::{Shard, TryPostError};
use rvoip_media_core::rtp_core::driver::MediaWorkers;
use rvoip_media_core::{MediaEngine, MediaEvent};
use tokio::runtime::Handle;
use tokio::sync::{Notify, OnceCell};

use crate::registry::Registry;
use crate::secrets::{self, Secrets};
use crate::{
    BasicEventBus, BasicSessionEvent, CallHandler, Result, SessionCore, SessionError,
    TransferDecision, TransferProgress, callbacks,
};

mod media_inbox;
mod stopping;

use media_inbox::MediaInbox;

/// Shared by all handles of one coordinator.
pub(crate) struct Switchboard {
    pub(crate) registry: Arc<Registry>,
    pub(crate) bus: BasicEventBus,
    pub(crate) handles: AtomicUsize,
    pub(crate) listeners: Vec<ListenerInfo>,
    pub(crate) secrets: Option<Secrets>,
    runtime: Handle,
    shard: OnceLock<Shard<SessionCore>>,
    workers: OnceLock<MediaWorkers<MediaEngine>>,
    handler: RwLock<Option<Arc<dyn CallHandler>>>,
    media_events: MediaInbox,
    stopped: AtomicBool,
    stopping: OnceCell<()>,
    emptied: Notify,
    withdrawn: Notify,
    callers: AtomicUsize,
    told: Notify,
}

impl Switchboard {
    pub(crate) fn new(
        runtime: Handle,
        registry: Arc<Registry>,
        listeners: Vec<ListenerInfo>,
        handler: Option<Arc<dyn CallHandler>>,
        secrets: Option<Secrets>,
        event_capacity: usize,
    ) -> Self {
        Switchboard {
            registry,
            secrets,
            bus: BasicEventBus::new(event_capacity),
            handles: AtomicUsize::new(0),
            listeners,
            runtime,
            shard: OnceLock::new(),
            workers: OnceLock::new(),
            handler: RwLock::new(handler),
            media_events: MediaInbox::default(),
            stopped: AtomicBool::new(false),
            stopping: OnceCell::new(),
            emptied: Notify::new(),
            withdrawn: Notify::new(),
            callers: AtomicUsize::new(0),
            told: Notify::new(),
        }
    }

    /// Connects the switchboard with the core and the media workers that run now.
    pub(crate) fn connect(
        &self,
        shard: Shard<SessionCore>,
        workers: Option<MediaWorkers<MediaEngine>>,
    ) {
        let _ = self.shard.set(shard);
        if let Some(workers) = workers {
            let _ = self.workers.set(workers);
        }
    }

    pub(crate) fn handler(&self) -> Option<Arc<dyn CallHandler>> {
        self.handler
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set_handler(&self, handler: Option<Arc<dyn CallHandler>>) {
        let old = std::mem::replace(
            &mut *self.handler.write().unwrap_or_else(PoisonError::into_inner),
            handler,
        );
        drop(old);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    pub(crate) fn bound_address(&self) -> Option<SocketAddr> {
        self.listeners.first().map(|listener| listener.local_addr)
    }

    fn shard(&self) -> Result<&Shard<SessionCore>> {
        self.shard.get().ok_or(SessionError::Stopped)
    }

    /// Runs `command` on the core and returns what it returns.
    pub(crate) async fn call<R: Send + 'static>(
        &self,
        command: impl FnOnce(&mut SessionCore, Instant) -> R + Send + 'static,
    ) -> Result<R> {
        Ok(self.shard()?.call(command).await?)
    }

    /// Runs `command` on the core; waits only for room in its queue.
    pub(crate) async fn post(
        &self,
        command: impl FnOnce(&mut SessionCore, Instant) + Send + 'static,
    ) -> Result<()> {
        Ok(self.shard()?.post(command).await?)
    }

    /// Runs `command` on the core, or not at all when its queue is full.
    pub(crate) fn try_post(
        &self,
        command: impl FnOnce(&mut SessionCore, Instant) + Send + 'static,
    ) -> Result<(), TryPostError> {
        self.shard
            .get()
            .map_or(Err(TryPostError::Closed), |shard| shard.try_post(command))
    }

    /// Runs `command` on the core as soon as there is room in its queue; does not wait.
    pub(crate) fn post_soon(
        self: &Arc<Self>,
        command: impl FnOnce(&mut SessionCore, Instant) + Send + 'static,
    ) {
        let switchboard = Arc::clone(self);
        self.spawn(async move {
            // A closed shard has no calls left.
            let _ = switchboard.post(command).await;
        });
    }

    /// Runs a task of the application's runtime.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    /// Takes what the core reports. Runs on the shard: it hands on and does nothing else.
    pub(crate) fn on_event(self: &Arc<Self>, event: BasicSessionEvent) {
        if let BasicSessionEvent::SecretWanted { key, query } = event {
            return secrets::look_up(self, key, query);
        }
        self.bus.publish(&event);
        if matches!(event, BasicSessionEvent::Ended { .. }) && self.registry.is_empty() {
            self.emptied.notify_waiters();
        } else if matches!(event, BasicSessionEvent::RegistrationChanged { .. }) {
            self.withdrawn.notify_waiters();
        }
        match (self.handler(), &event) {
            (Some(handler), _) => callbacks::dispatch(self, handler, event),
            (
                None,
                BasicSessionEvent::Transfer {
                    transfer,
                    progress: TransferProgress::Requested,
                    ..
                },
            ) => {
                let id = transfer.id();
                let declined = TransferDecision::Reject(StatusCode::DECLINE);
                self.post_soon(move |core, now| {
                    // It may have been taken back in the meantime.
                    let _ = core.decide_transfer(now, id, declined);
                });
            }
            (
                None,
                BasicSessionEvent::CallReceived { call, .. }
                | BasicSessionEvent::ReplacementReceived { call, .. },
            ) => {
                let id = call.id();
                self.post_soon(move |core, now| core.forget(now, id));
            }
            (None, _) => {}
        }
    }

    /// Takes what a media worker reports, on its thread. The core is woken once for all events that wait.
    pub(crate) fn on_media_event(self: &Arc<Self>, event: MediaEvent) {
        if self.media_events.push(event) {
            let switchboard = Arc::clone(self);
            let deliver = move |core: &mut SessionCore, now| {
                for event in switchboard.media_events.take() {
                    core.handle_media(now, event);
                }
            };
            if self.try_post(deliver.clone()) == Err(TryPostError::Full) {
                self.post_soon(deliver);
            }
        }
    }

    /// A task calls the handler from now on.
    pub(crate) fn caller_started(&self) {
        self.callers.fetch_add(1, Ordering::AcqRel);
    }

    /// A task has called the handler for all that it had to tell.
    pub(crate) fn caller_finished(&self) {
        if self.callers.fetch_sub(1, Ordering::AcqRel) == 1 && self.is_stopped() {
            self.told.notify_waiters();
        }
    }
}

impl fmt::Debug for Switchboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switchboard")
            .field("listeners", &self.listeners)
            .field("sessions", &self.registry.len())
            .field("stopped", &self.is_stopped())
            .finish_non_exhaustive()
    }
}
