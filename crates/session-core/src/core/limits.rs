//! The limits of users and endpoints, and sessions that end with others.

use std::net::IpAddr;
use std::time::Instant;

use rvoip_dialog_core::CallKey;
use rvoip_dialog_core::sip_core::{HeaderName, RetryAfter, StatusCode};

use super::SessionCore;
use super::outgoing::parse_uri;
use super::session::Session;
use crate::limits::Occupant;
use crate::{LimitScope, Result, SessionError, SessionId, TerminalCause};

impl SessionCore {
    /// Lets `child` end when `parent` does.
    ///
    /// # Errors
    /// No such session, a circle, or a child that has a parent.
    pub fn link(&mut self, parent: SessionId, child: SessionId) -> Result<()> {
        self.session(parent)?;
        self.session(child)?;
        let linked = self.dependencies.link(parent, child);
        linked.map_err(|source| SessionError::Dependency { source })
    }

    /// Lets `child` depend on nobody; returns the parent it had.
    pub fn unlink(&mut self, child: SessionId) -> Option<SessionId> {
        self.dependencies.unlink(child)
    }

    /// Who depends on a session directly.
    pub fn children(&self, parent: SessionId) -> &[SessionId] {
        self.dependencies.children(parent)
    }

    /// Ends the sessions that depended on one that is gone.
    pub(super) fn end_children(&mut self, now: Instant, parent: SessionId) {
        if self.dependencies.is_empty() {
            return;
        }
        for child in self.dependencies.remove(parent) {
            self.end(now, child, Some(TerminalCause::ParentEnded));
        }
        self.pump(now);
    }

    /// The user and the host that a session with `remote` counts for; `None` where nothing is limited.
    pub(super) fn occupant(&self, remote: &str, from: Option<IpAddr>) -> Option<Box<Occupant>> {
        let limits = &self.settings.limits;
        if limits.per_user.is_none() && limits.per_endpoint.is_none() {
            return None;
        }
        let uri = parse_uri(remote).ok();
        let host = uri
            .as_ref()
            .and_then(|uri| uri.host().map(|host| host.to_string().to_lowercase()));
        let user = uri.as_ref().and_then(|uri| uri.user()).unwrap_or_default();
        let record = host.as_ref().map(|host| format!("{user}@{host}").into());
        let endpoint = from.map(|ip| ip.to_canonical().to_string()).or(host);
        Some(Box::new(Occupant {
            user: record.filter(|_| limits.per_user.is_some()),
            endpoint: endpoint
                .filter(|_| limits.per_endpoint.is_some())
                .map(Box::from),
        }))
    }

    /// Counts an outgoing session.
    pub(super) fn occupy(&mut self, occupant: Option<&Occupant>) -> Result<()> {
        let Some(occupant) = occupant else {
            return Ok(());
        };
        let entered = self.occupancy.enter(&self.settings.limits, occupant);
        entered.map_err(|(scope, limit)| SessionError::LimitReached { scope, limit })
    }

    /// A session that has counted is gone.
    pub(super) fn leave(&mut self, session: &Session) {
        if let Some(occupant) = session.extras().and_then(|it| it.occupant.as_ref()) {
            self.occupancy.leave(occupant);
        }
    }

    /// Refuses an incoming call whose user or endpoint has as many as it may.
    pub(super) fn refuse_for(&mut self, now: Instant, key: CallKey, scope: LimitScope) {
        self.totals.refused += 1;
        let status = match scope {
            LimitScope::User => StatusCode::BUSY_HERE,
            LimitScope::Endpoint => StatusCode::SERVICE_UNAVAILABLE,
        };
        let seconds = self.settings.limits.retry_after.as_secs();
        let wait = RetryAfter::new(seconds.try_into().unwrap_or(u32::MAX));
        let wait = (HeaderName::RetryAfter, wait.to_string().into());
        if let Err(error) = self.dialogs.reject(now, key, status, &[wait]) {
            tracing::debug!(%key, %error, "cannot refuse");
        }
    }
}
