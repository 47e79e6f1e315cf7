//! Several handlers in a row.

use std::sync::Arc;

use async_trait::async_trait;
use rvoip_dialog_core::sip_core::StatusCode;
use rvoip_media_core::MediaStatistics;

use crate::{
    CallDecision, CallHandler, CallSession, CallState, IncomingCall, IncomingRequest,
    MediaFlowDirection, RequestAnswer, SessionId, SubscriptionDecision, Transfer, TransferDecision,
    TransferProgress, WarningCategory, Watcher,
};

/// Asks its handlers in order: the first decision other than [`CallDecision::Defer`] counts, the first answer other than 405 to a
/// request, the first that accepts a subscription, and the first that does not go where a transfer or a replacement leads.
/// Everything else is told to all of them.
#[derive(Debug, Default)]
pub struct CompositeHandler {
    handlers: Vec<Arc<dyn CallHandler>>,
}

impl CompositeHandler {
    /// A chain without handlers, which defers every call.
    pub fn new() -> Self {
        Self::default()
    }

    /// The chain with one more handler at its end.
    pub fn add_handler(mut self, handler: Arc<dyn CallHandler>) -> Self {
        self.handlers.push(handler);
        self
    }
}

#[async_trait]
impl CallHandler for CompositeHandler {
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
        for handler in &self.handlers {
            match handler.on_incoming_call(call.clone()).await {
                CallDecision::Defer => {}
                decision => return decision,
            }
        }
        CallDecision::Defer
    }

    async fn on_call_ended(&self, call: CallSession, reason: &str) {
        for handler in &self.handlers {
            handler.on_call_ended(call.clone(), reason).await;
        }
    }

    async fn on_call_established(
        &self,
        call: CallSession,
        local_sdp: Option<String>,
        remote_sdp: Option<String>,
    ) {
        for handler in &self.handlers {
            handler
                .on_call_established(call.clone(), local_sdp.clone(), remote_sdp.clone())
                .await;
        }
    }

    async fn on_call_state_changed(
        &self,
        session_id: &SessionId,
        old_state: &CallState,
        new_state: &CallState,
        reason: Option<&str>,
    ) {
        for handler in &self.handlers {
            handler
                .on_call_state_changed(session_id, old_state, new_state, reason)
                .await;
        }
    }

    async fn on_media_quality(&self, session_id: &SessionId, statistics: &MediaStatistics) {
        for handler in &self.handlers {
            handler.on_media_quality(session_id, statistics).await;
        }
    }

    async fn on_media_flow(
        &self,
        session_id: &SessionId,
        direction: MediaFlowDirection,
        active: bool,
        codec: &str,
    ) {
        for handler in &self.handlers {
            handler
                .on_media_flow(session_id, direction, active, codec)
                .await;
        }
    }

    async fn on_dtmf(&self, session_id: &SessionId, digit: char, duration_ms: u32) {
        for handler in &self.handlers {
            handler.on_dtmf(session_id, digit, duration_ms).await;
        }
    }

    async fn on_call_replaced(&self, call: IncomingCall, replaced: CallSession) -> CallDecision {
        for handler in &self.handlers {
            let decision = handler.on_call_replaced(call.clone(), replaced.clone());
            match decision.await {
                CallDecision::Accept(None) => {}
                decision => return decision,
            }
        }
        CallDecision::Accept(None)
    }

    async fn on_transfer_requested(
        &self,
        call: CallSession,
        transfer: &Transfer,
    ) -> TransferDecision {
        for handler in &self.handlers {
            let decision = handler.on_transfer_requested(call.clone(), transfer);
            match decision.await {
                TransferDecision::Accept => {}
                decision => return decision,
            }
        }
        TransferDecision::Accept
    }

    async fn on_transfer_progress(
        &self,
        session_id: &SessionId,
        transfer: &Transfer,
        progress: TransferProgress,
    ) {
        for handler in &self.handlers {
            handler
                .on_transfer_progress(session_id, transfer, progress)
                .await;
        }
    }

    async fn on_subscription(&self, watcher: Watcher) -> SubscriptionDecision {
        let mut refused = SubscriptionDecision::Reject(StatusCode::FORBIDDEN);
        for handler in &self.handlers {
            match handler.on_subscription(watcher.clone()).await {
                SubscriptionDecision::Reject(status) => {
                    refused = SubscriptionDecision::Reject(status);
                }
                decision => return decision,
            }
        }
        refused
    }

    async fn on_request(&self, request: IncomingRequest) -> RequestAnswer {
        for handler in &self.handlers {
            let answer = handler.on_request(request.clone()).await;
            if answer.status != StatusCode::METHOD_NOT_ALLOWED {
                return answer;
            }
        }
        RequestAnswer::new(StatusCode::METHOD_NOT_ALLOWED)
    }

    async fn on_warning(
        &self,
        session_id: Option<&SessionId>,
        category: WarningCategory,
        message: &str,
    ) {
        for handler in &self.handlers {
            handler.on_warning(session_id, category, message).await;
        }
    }
}
