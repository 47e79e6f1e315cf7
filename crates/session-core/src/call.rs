//! A handle on one call.

use std::ops::Deref;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_media_core::MediaStatistics;
use rvoip_media_core::audio::{AudioFormat, AudioFrameSubscriber, AudioWriter};

use crate::record::CallDirection;
use crate::switchboard::Switchboard;
use crate::{
    CallRecord, CallState, Result, SessionCoordinator, SessionError, SessionId, TerminalCause,
};

/// A handle on one call. Cheap to clone, and dropping it does nothing to the call: see
/// [`end_on_drop`](Self::end_on_drop) for a handle that owns it.
#[derive(Debug, Clone)]
pub struct CallSession {
    /// The identity of the session.
    pub id: SessionId,
    /// The URI of the caller.
    pub from: String,
    /// The URI of the called party.
    pub to: String,
    /// The state of the call when this handle was made; [`state`](Self::state) is always current.
    pub state: CallState,
    /// When the call was answered, if it had been when this handle was made.
    pub started_at: Option<Instant>,
    call: Arc<CallRecord>,
    switchboard: Arc<Switchboard>,
}

impl CallSession {
    pub(crate) fn new(switchboard: &Arc<Switchboard>, call: &Arc<CallRecord>) -> Self {
        CallSession {
            id: call.id(),
            from: call.from().to_owned(),
            to: call.to().to_owned(),
            state: call.state(),
            started_at: call.answered_at(),
            call: Arc::clone(call),
            switchboard: Arc::clone(switchboard),
        }
    }

    /// The identity of the session.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// The Call-ID of its first INVITE, by which the call is known to its peer and in its logs; `None` before that is sent.
    pub fn call_id(&self) -> Option<&str> {
        self.call.call_id().map(|it| &**it)
    }

    /// Where the call stands now.
    pub fn state(&self) -> CallState {
        self.call.state()
    }

    /// Whether the call is answered and not ended.
    pub fn is_active(&self) -> bool {
        self.state().is_answered()
    }

    /// Who placed the call.
    pub fn direction(&self) -> CallDirection {
        self.call.direction()
    }

    /// How long the call has lasted since it was answered; zero before.
    pub fn duration(&self) -> Duration {
        self.call.duration(Instant::now())
    }

    /// How long it took from the first message to the answer.
    pub fn setup_time(&self) -> Option<Duration> {
        self.call
            .answered_at()
            .map(|at| at.saturating_duration_since(self.call.created_at()))
    }

    /// Why the call ended.
    pub fn cause(&self) -> Option<&TerminalCause> {
        self.call.cause()
    }

    /// The last report on the media; after the end of the call the final figures.
    pub fn media_statistics(&self) -> Option<Arc<MediaStatistics>> {
        self.call.media_statistics()
    }

    /// The coordinator of the call. A handle of its own: the calls end when the last one is dropped.
    pub fn coordinator(&self) -> Arc<SessionCoordinator> {
        Arc::new(SessionCoordinator::new(Arc::clone(&self.switchboard)))
    }

    /// Waits until the call is answered.
    ///
    /// # Errors
    /// [`SessionError::Timeout`] when it still rings after `timeout`, [`SessionError::CallEnded`] when it has ended.
    pub async fn wait_for_answer(&self, timeout: Duration) -> Result<()> {
        let settled = self
            .call
            .wait_until(|state| state.is_answered() || state.is_final());
        match tokio::time::timeout(timeout, settled).await {
            Err(_) => Err(SessionError::Timeout {
                session_id: self.id,
                state: self.state(),
                after: timeout,
                call_id: self.call.call_id().cloned(),
            }),
            Ok(state) if state.is_final() => {
                let cause = self
                    .call
                    .cause()
                    .cloned()
                    .unwrap_or(TerminalCause::Shutdown);
                Err(SessionError::CallEnded {
                    session_id: self.id,
                    cause,
                    call_id: self.call.call_id().cloned(),
                })
            }
            Ok(_) => Ok(()),
        }
    }

    /// Waits until the call is over.
    pub async fn wait_for_end(&self) -> TerminalCause {
        self.call.wait_until(|state| state.is_final()).await;
        self.call
            .cause()
            .cloned()
            .unwrap_or(TerminalCause::Shutdown)
    }

    /// Ends the call, whatever its state. [`wait_for_end`](Self::wait_for_end) tells when that is done.
    ///
    /// # Errors
    /// When the call is over.
    pub async fn terminate(&self) -> Result<()> {
        let id = self.id;
        self.switchboard
            .call(move |core, now| core.terminate(now, id))
            .await?
    }

    pub(crate) fn call(&self) -> &Arc<CallRecord> {
        &self.call
    }

    pub(crate) fn switchboard(&self) -> &Arc<Switchboard> {
        &self.switchboard
    }

    /// What the peer says as frames, and a place for what the peer is to hear, in place of the call's source for as long as
    /// the writer lives. At most eight at a time; more end at once.
    ///
    /// # Errors
    /// The call has ended, or it has no media here.
    pub async fn audio(&self, format: AudioFormat) -> Result<(AudioFrameSubscriber, AudioWriter)> {
        let id = self.id;
        self.switchboard
            .call(move |core, now| core.attach_audio(now, id, format))
            .await?
    }

    /// Sends DTMF digits (0 to 9, `*`, `#`, A to D, and `!` for a hook flash), 100 ms each, as telephone events (RFC 4733) or one INFO after the other, as
    /// [`DtmfMethod`](crate::DtmfMethod) says. Returns when they are on their way.
    ///
    /// # Errors
    /// [`SessionError::InvalidDigit`]; [`SessionError::InvalidState`] unless the call is answered; [`SessionError::NoMedia`],
    /// and [`SessionError::Media`] when the peer takes no digits now.
    pub async fn send_dtmf(&self, digits: &str) -> Result<()> {
        let (id, digits) = (self.id, digits.to_owned());
        self.switchboard
            .call(move |core, now| core.send_dtmf(now, id, &digits))
            .await?
    }

    /// Makes this handle the owner: when it is dropped, the call ends.
    pub fn end_on_drop(self) -> CallGuard {
        CallGuard { session: self }
    }
}

/// Owns a call: dropping it ends the call and frees its ports, timers and memory.
#[derive(Debug)]
#[must_use = "dropping the guard ends the call"]
pub struct CallGuard {
    session: CallSession,
}

impl Deref for CallGuard {
    type Target = CallSession;

    fn deref(&self) -> &CallSession {
        &self.session
    }
}

impl Drop for CallGuard {
    fn drop(&mut self) {
        if self.session.state().is_in_progress() {
            let id = self.session.id;
            self.session.switchboard.post_soon(move |core, now| {
                // The call may have ended in the meantime.
                let _ = core.terminate(now, id);
            });
        }
    }
}
