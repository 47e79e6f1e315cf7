//! Answers every call.

use async_trait::async_trait;

use crate::{CallDecision, CallHandler, CallSession, IncomingCall};

/// Answers every call with a generated session description.
#[derive(Debug, Clone, Copy, Default)]
pub struct AutoAnswerHandler;

#[async_trait]
impl CallHandler for AutoAnswerHandler {
    async fn on_incoming_call(&self, _call: IncomingCall) -> CallDecision {
        CallDecision::Accept(None)
    }

    async fn on_call_ended(&self, _call: CallSession, _reason: &str) {}
}
