//! Calls the handler back: one call's notices in order, each call in a task of its own that lives only while it has work.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rvoip_dialog_core::sip_core::Request;
use rvoip_media_core::MediaStatistics;

use crate::handler::{MediaFlowDirection, WarningCategory};
use crate::switchboard::Switchboard;
use crate::{
    BasicSessionEvent, CallDecision, CallHandler, CallRecord, CallSession, CallState, IncomingCall, TerminalCause,
};

/// Notices that may wait for a slow handler of one call; beyond them only the first and the last are kept.
const MAX_WAITING: usize = 64;

/// One thing to tell the handler about a call.
#[derive(Debug)]
pub(crate) enum Callback {
    Received(Request),
    StateChanged { old_state: CallState, new_state: CallState, reason: Option<Arc<str>> },
    Established { local_sdp: Option<Arc<str>>, remote_sdp: Option<Arc<str>> },
    MediaFlowChanged(bool),
    MediaReported(Arc<MediaStatistics>),
    Warning(WarningCategory, Arc<str>),
    Ended(TerminalCause),
}

/// What waits to be told about one call.
#[derive(Debug, Default)]
pub(crate) struct CallbackQueue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    callbacks: VecDeque<Callback>,
    running: bool,
    overflowed: bool,
}

impl CallbackQueue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notice; returns whether a task has to be started for it.
    fn push(&self, callback: Callback) -> bool {
        let mut waiting = self.lock();
        if waiting.callbacks.len() >= MAX_WAITING && !matches!(callback, Callback::Ended(_)) {
            waiting.overflowed = true;
            return false;
        }
        if std::mem::take(&mut waiting.overflowed) {
            let message = Arc::from("the handler is slow: notices of this call were dropped");
            waiting.callbacks.push_back(Callback::Warning(WarningCategory::Handler, message));
        }
        waiting.callbacks.push_back(callback);
        !std::mem::replace(&mut waiting.running, true)
    }

    fn next(&self) -> Option<Callback> {
        let mut waiting = self.lock();
        let callback = waiting.callbacks.pop_front();
        if callback.is_none() {
            *waiting = Waiting::default();
        }
        callback
    }
}

/// Queues what the handler is to be told of `event` and sees to it that a task does so.
pub(crate) fn dispatch(switchboard: &Arc<Switchboard>, handler: Arc<dyn CallHandler>, event: BasicSessionEvent) {
    use BasicSessionEvent as Event;
    let (call, callback) = match event {
        Event::CallReceived { call, request } => (call, Callback::Received(request)),
        Event::StateChanged { call, old_state, new_state, reason } => {
            (call, Callback::StateChanged { old_state, new_state, reason })
        }
        Event::Established { call, local_sdp, remote_sdp } => (call, Callback::Established { local_sdp, remote_sdp }),
        Event::MediaFlowChanged { call, active } => (call, Callback::MediaFlowChanged(active)),
        Event::MediaReported { call, statistics } => (call, Callback::MediaReported(statistics)),
        Event::MediaFailed { call, message } => (call, Callback::Warning(WarningCategory::Media, message)),
        Event::Ended { call, cause } => (call, Callback::Ended(cause)),
        Event::CallPlaced { .. } => return,
    };
    if call.callbacks.push(callback) {
        spawn(Caller { switchboard: Arc::clone(switchboard), handler, call });
    }
}

/// The task that tells one call's notices. When a callback panics, a new one goes on with the next notice.
struct Caller {
    switchboard: Arc<Switchboard>,
    handler: Arc<dyn CallHandler>,
    call: Arc<CallRecord>,
}

fn spawn(caller: Caller) {
    tokio::spawn(async move {
        let _unwinding = Resume(&caller);
        while let Some(callback) = caller.call.callbacks.next() {
            caller.tell(callback).await;
        }
    });
}

struct Resume<'a>(&'a Caller);

impl Drop for Resume<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::warn!(session = %self.0.call.id(), "a callback of the application panicked");
            spawn(Caller {
                switchboard: Arc::clone(&self.0.switchboard),
                handler: Arc::clone(&self.0.handler),
                call: Arc::clone(&self.0.call),
            });
        }
    }
}

impl Caller {
    fn session(&self) -> CallSession {
        CallSession::new(&self.switchboard, &self.call)
    }

    async fn tell(&self, callback: Callback) {
        let id = self.call.id();
        match callback {
            Callback::Received(request) => self.ask(request).await,
            Callback::StateChanged { old_state, new_state, reason } => {
                self.handler.on_call_state_changed(&id, &old_state, &new_state, reason.as_deref()).await;
            }
            Callback::Established { local_sdp, remote_sdp } => {
                let text = |sdp: Option<Arc<str>>| sdp.as_deref().map(str::to_owned);
                self.handler.on_call_established(self.session(), text(local_sdp), text(remote_sdp)).await;
            }
            Callback::MediaFlowChanged(active) => {
                let codec = self.call.media_statistics().and_then(|statistics| statistics.codec);
                let codec = codec.map_or("", |codec| codec.name());
                self.handler.on_media_flow(&id, MediaFlowDirection::Receive, active, codec).await;
            }
            Callback::MediaReported(statistics) => self.handler.on_media_quality(&id, &statistics).await,
            Callback::Warning(category, message) => self.handler.on_warning(Some(&id), category, &message).await,
            Callback::Ended(cause) => self.handler.on_call_ended(self.session(), &cause.to_string()).await,
        }
    }

    async fn ask(&self, request: Request) {
        let call = IncomingCall::new(&self.switchboard, &self.call, &request);
        let decision = self.handler.on_incoming_call(call.clone()).await;
        if decision != CallDecision::Defer {
            call.settle();
        }
        let id = self.call.id();
        let posted = self.switchboard.post(move |core, now| {
            if let Err(error) = core.decide(now, id, decision) {
                tracing::info!(session = %id, %error, "the decision came to nothing");
            }
        });
        // Nothing to do when the shard is closed: the call is over then.
        let _ = posted.await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_handler_loses_notices_but_not_the_end() {
        let queue = CallbackQueue::default();
        assert!(queue.push(Callback::MediaFlowChanged(true)));
        for _ in 0..2 * MAX_WAITING {
            assert!(!queue.push(Callback::MediaFlowChanged(false)));
        }
        assert!(!queue.push(Callback::Ended(TerminalCause::RemoteHangup)));
        let told: Vec<Callback> = std::iter::from_fn(|| queue.next()).collect();
        assert_eq!(told.len(), MAX_WAITING + 2);
        assert!(matches!(told[MAX_WAITING], Callback::Warning(WarningCategory::Handler, _)));
        assert!(matches!(told[MAX_WAITING + 1], Callback::Ended(_)));
        assert!(queue.push(Callback::MediaFlowChanged(true)), "a new task is wanted after the queue ran empty");
    }
}
