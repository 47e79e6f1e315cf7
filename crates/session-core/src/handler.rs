//! What the application decides and what it is told: the call handler.

use std::fmt;

use async_trait::async_trait;
use rvoip_dialog_core::sip_core::StatusCode;
use rvoip_media_core::MediaStatistics;

use crate::{
    CallSession, CallState, IncomingCall, IncomingRequest, RequestAnswer, SessionId,
    SubscriptionDecision, Transfer, TransferDecision, TransferProgress, Watcher,
};

mod auto_answer;
mod composite;
mod queue;
mod routing;

pub use auto_answer::AutoAnswerHandler;
pub use composite::CompositeHandler;
pub use queue::QueueHandler;
pub use routing::RoutingHandler;

/// What to do with an incoming call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallDecision {
    /// Answer it. `None` generates the answer to the offer; `Some` is the application's own session description, whose
    /// media the application handles itself, unless it is the one that
    /// [`generate_sdp_answer`](crate::MediaControl::generate_sdp_answer) gave for this call.
    Accept(Option<String>),
    /// Refuse it. A text that begins with a status of 300 to 699, as in `486 Busy Here`, is answered with that status;
    /// any other with 603 Decline.
    Reject(String),
    /// Decide later with [`accept`](IncomingCall::accept) or [`reject`](IncomingCall::reject). The caller hears it
    /// ringing. A call that is forgotten (all clones of the [`IncomingCall`] dropped) or not decided in time is answered
    /// 480.
    Defer,
    /// Send the call on to another URI: by 302 Moved Temporarily, or in a second leg from here, as
    /// [`ForwardMode`](crate::ForwardMode) says.
    Forward(String),
}

/// Which way media flows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaFlowDirection {
    /// From us to the peer.
    Send,
    /// From the peer to us.
    Receive,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WarningCategory {
    /// Media of a call.
    Media,
    /// How a call sounds: worse than its [limits](crate::MediaControl::monitor_call_quality), or well again.
    Quality,
    /// The handler itself: slow, so that notices were dropped for it.
    Handler,
}

/// Decides about incoming calls and is told what becomes of all calls.
///
/// Every callback runs in a task of its own, never on the signalling thread. The callbacks of one call come one after
/// the other, in the order of what happened; a slow one delays its own call and no other.
#[async_trait]
pub trait CallHandler: Send + Sync + fmt::Debug {
    /// Somebody calls.
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision;

    /// A call is over. Comes exactly once for every call.
    async fn on_call_ended(&self, call: CallSession, reason: &str);

    /// Somebody calls to take the place of the peer of `replaced`, as at the end of an attended transfer. Accepted unless the
    /// application says otherwise; `replaced` ends then.
    async fn on_call_replaced(&self, call: IncomingCall, replaced: CallSession) -> CallDecision {
        let _ = (call, replaced);
        CallDecision::Accept(None)
    }

    /// The peer of `call` asks us to call somebody else. Accepted unless the application says otherwise: the call to the target
    /// is a session of its own, and `call` ends when the peer hangs up.
    async fn on_transfer_requested(
        &self,
        call: CallSession,
        transfer: &Transfer,
    ) -> TransferDecision {
        let _ = (call, transfer);
        TransferDecision::Accept
    }

    /// A transfer has come further, ours or one that the peer asked for. Its outcome comes exactly once, perhaps after the end
    /// of the call.
    async fn on_transfer_progress(
        &self,
        session_id: &SessionId,
        transfer: &Transfer,
        progress: TransferProgress,
    ) {
        let _ = (session_id, transfer, progress);
    }

    /// A call was answered.
    async fn on_call_established(
        &self,
        call: CallSession,
        local_sdp: Option<String>,
        remote_sdp: Option<String>,
    ) {
        let _ = (call, local_sdp, remote_sdp);
    }

    /// A call entered another state.
    async fn on_call_state_changed(
        &self,
        session_id: &SessionId,
        old_state: &CallState,
        new_state: &CallState,
        reason: Option<&str>,
    ) {
        let _ = (session_id, old_state, new_state, reason);
    }

    /// The media of a call was measured; see
    /// [`start_statistics_monitoring`](crate::MediaControl::start_statistics_monitoring).
    async fn on_media_quality(&self, session_id: &SessionId, statistics: &MediaStatistics) {
        let _ = (session_id, statistics);
    }

    /// Media began or ceased to flow.
    async fn on_media_flow(
        &self,
        session_id: &SessionId,
        direction: MediaFlowDirection,
        active: bool,
        codec: &str,
    ) {
        let _ = (session_id, direction, active, codec);
    }

    /// The peer presses a key: 0 to 9, `*`, `#`, A to D, or `!` for a hook flash. Told once, with the first packet or INFO of the press, even when it
    /// comes in both ways; the milliseconds are those that it has lasted by then.
    /// [`BasicSessionEvent::DtmfEnded`](crate::BasicSessionEvent::DtmfEnded) has the whole.
    async fn on_dtmf(&self, session_id: &SessionId, digit: char, duration_ms: u32) {
        let _ = (session_id, digit, duration_ms);
    }

    /// A peer sends a request of one of the [methods](crate::SessionManagerBuilder::with_methods) that the application
    /// answers, beside calls or inside one. It waits 16 s for the answer and is answered 500 then.
    async fn on_request(&self, request: IncomingRequest) -> RequestAnswer {
        let _ = request;
        RequestAnswer::new(StatusCode::METHOD_NOT_ALLOWED)
    }

    /// A peer subscribes to events of one of the [packages](crate::SessionManagerBuilder::with_event_packages) that this side
    /// has. Refused with 403 unless the application says otherwise.
    async fn on_subscription(&self, watcher: Watcher) -> SubscriptionDecision {
        let _ = watcher;
        SubscriptionDecision::Reject(StatusCode::FORBIDDEN)
    }

    /// Something deserves attention.
    async fn on_warning(
        &self,
        session_id: Option<&SessionId>,
        category: WarningCategory,
        message: &str,
    ) {
        let _ = (session_id, category, message);
    }
}
