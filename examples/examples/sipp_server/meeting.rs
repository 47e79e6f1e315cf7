//! Callers who hear each other: rooms in which they meet, and calls that are put through.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rvoip_session_core::api::{
    BridgeId, CallSession, Result, SessionControl, SessionError, SessionId, Uri,
};

/// Who hears whom.
#[derive(Debug, Default)]
pub struct Meeting {
    /// The bridge of the room, while somebody is in it.
    room: tokio::sync::Mutex<Option<BridgeId>>,
    /// The other leg of each call that is put through.
    legs: Mutex<HashMap<SessionId, CallSession>>,
}

impl Meeting {
    /// Lets a caller into the room.
    pub async fn enter(&self, call: &CallSession) -> Result<()> {
        let coordinator = call.coordinator();
        let mut room = self.room.lock().await;
        if let Some(bridge) = *room {
            match coordinator.add_session_to_bridge(&bridge, &call.id).await {
                // Everybody has left meanwhile.
                Err(SessionError::BridgeNotFound(_)) => {}
                outcome => return outcome,
            }
        }
        let bridge = coordinator.create_bridge().await?;
        *room = Some(bridge);
        coordinator.add_session_to_bridge(&bridge, &call.id).await
    }

    /// Calls the other party, until it answers, has rung for so long, or the caller gives up.
    pub async fn put_through(
        &self,
        caller: &CallSession,
        target: &str,
        ring_for: Duration,
    ) -> Result<()> {
        let coordinator = caller.coordinator();
        let called = coordinator
            .create_outgoing_call(&caller.to, target, None)
            .await?;
        self.link(caller, &called);
        let outcome = tokio::select! {
            answered = called.wait_for_answer(ring_for) => answered,
            cause = caller.wait_for_end() => Err(SessionError::CallEnded { session_id: caller.id, cause, call_id: caller.call_id().map(Into::into) }),
        };
        if outcome.is_err() && called.state().is_in_progress() {
            called.terminate().await?;
        }
        outcome
    }

    /// Lets the legs of a call hear each other, once both are answered.
    pub async fn join(&self, call: &CallSession) -> Result<()> {
        let Some(other) = self.other_leg(call.id()) else {
            return Ok(());
        };
        if call.state().is_answered() && other.state().is_answered() {
            let coordinator = call.coordinator();
            coordinator.bridge_sessions(&call.id, &other.id).await?;
        }
        Ok(())
    }

    /// What one party does about the call, the other is told: it holds, or no longer.
    pub async fn hold(&self, session: &SessionId, held: bool) -> Result<()> {
        let Some(other) = self.other_leg(session) else {
            return Ok(());
        };
        let coordinator = other.coordinator();
        match held {
            true => coordinator.hold_session(&other.id).await,
            false => coordinator.resume_session(&other.id).await,
        }
    }

    /// One leg is over: so is the other.
    pub async fn leave(&self, session: &SessionId) -> Result<()> {
        let other = self.legs().remove(session);
        match other.filter(|other| other.state().is_in_progress()) {
            Some(other) => other.terminate().await,
            None => Ok(()),
        }
    }

    fn link(&self, caller: &CallSession, called: &CallSession) {
        let mut legs = self.legs();
        legs.insert(caller.id, called.clone());
        legs.insert(called.id, caller.clone());
    }

    fn other_leg(&self, session: &SessionId) -> Option<CallSession> {
        self.legs().get(session).cloned()
    }

    fn legs(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, CallSession>> {
        self.legs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a call is for this user.
pub fn is_for(uri: &str, user: &str) -> bool {
    let uri: Option<Uri> = uri.parse().ok();
    uri.is_some_and(|uri| uri.user().is_some_and(|it| it == user))
}
