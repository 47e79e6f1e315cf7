//! The coordinator of all sessions, and the handle on it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rvoip_dialog_core::sip_transport::ListenerInfo;

use crate::switchboard::Switchboard;
use crate::{CallHandler, CallSession, EventSubscriber};

/// Coordinates sessions: signalling, media, and the application's handler.
///
/// Made by [`SessionManagerBuilder`](crate::SessionManagerBuilder), used through
/// [`SessionControl`](crate::SessionControl) and [`MediaControl`](crate::MediaControl). When the last handle is
/// dropped, all calls end and all sockets close, in the background; [`stop`](crate::SessionControl::stop) does the same
/// and waits for it.
#[derive(Debug)]
pub struct SessionCoordinator {
    pub(crate) switchboard: Arc<Switchboard>,
}

impl SessionCoordinator {
    pub(crate) fn new(switchboard: Arc<Switchboard>) -> Self {
        switchboard.handles.fetch_add(1, Ordering::Relaxed);
        SessionCoordinator { switchboard }
    }

    /// Every event of every session from now on.
    pub fn subscribe(&self) -> EventSubscriber {
        self.switchboard.bus.subscribe()
    }

    /// Replaces the handler, for calls and events from now on.
    pub fn set_handler(&self, handler: Arc<dyn CallHandler>) {
        self.switchboard.set_handler(Some(handler));
    }

    /// The bound addresses with their real ports.
    pub fn listeners(&self) -> &[ListenerInfo] {
        &self.switchboard.listeners
    }

    /// The first bound address.
    pub fn bound_address(&self) -> Option<SocketAddr> {
        self.switchboard.bound_address()
    }

    /// Whether [`stop`](crate::SessionControl::stop) has been called.
    pub fn is_stopped(&self) -> bool {
        self.switchboard.is_stopped()
    }

    /// All sessions that have not ended.
    pub fn sessions(&self) -> Vec<CallSession> {
        self.switchboard
            .registry
            .calls()
            .iter()
            .map(|call| CallSession::new(&self.switchboard, call))
            .collect()
    }
}

impl Drop for SessionCoordinator {
    fn drop(&mut self) {
        if self.switchboard.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            Arc::clone(&self.switchboard).abandon();
        }
    }
}
