//! The coordinator of all sessions, and the handle on it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rvoip_dialog_core::sip_transport::ListenerInfo;

use crate::switchboard::Switchboard;
use crate::{CallHandler, CallSession, EventFilter, EventSubscriber, Leftover, Result, SessionId};

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

    /// The events that pass the filter from now on.
    pub fn subscribe_filtered(&self, filter: EventFilter) -> EventSubscriber {
        self.switchboard.bus.subscribe_filtered(filter)
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

    /// Lets `child` end when `parent` does, whatever ends that.
    ///
    /// # Errors
    /// [`SessionError::SessionNotFound`], and [`SessionError::Dependency`] for a circle or a second parent.
    ///
    /// [`SessionError::SessionNotFound`]: crate::SessionError::SessionNotFound
    /// [`SessionError::Dependency`]: crate::SessionError::Dependency
    pub async fn link_sessions(&self, parent: &SessionId, child: &SessionId) -> Result<()> {
        let (parent, child) = (*parent, *child);
        self.switchboard
            .call(move |core, _| core.link(parent, child))
            .await?
    }

    /// Lets `child` depend on nobody; returns the parent it had.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    pub async fn unlink_session(&self, child: &SessionId) -> Result<Option<SessionId>> {
        let child = *child;
        self.switchboard
            .call(move |core, _| core.unlink(child))
            .await
    }

    /// The sessions of a Call-ID; looks through all sessions.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    pub async fn find_sessions(&self, call_id: &str) -> Result<Vec<SessionId>> {
        let call_id = call_id.to_owned();
        self.switchboard
            .call(move |core, _| core.sessions_of(&call_id))
            .await
    }

    /// The Call-ID of a session, once its INVITE has been sent or received.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    pub async fn call_id(&self, session_id: &SessionId) -> Result<Option<String>> {
        let id = *session_id;
        self.switchboard
            .call(move |core, _| core.call_id(id).map(str::to_owned))
            .await
    }

    /// The sessions that have existed for `age` or longer, and what each waits for: who leaks shows here. What is left at a
    /// stop is logged.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    pub async fn leftovers(&self, age: Duration) -> Result<Vec<Leftover>> {
        self.switchboard
            .call(move |core, now| core.leftovers(now, age))
            .await
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
