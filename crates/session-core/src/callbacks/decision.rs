//! Asks the handler to decide, and hands its decision to the core.

use std::sync::Arc;

use rvoip_dialog_core::sip_core::Request;

use super::Caller;
use crate::{CallDecision, CallRecord, CallSession, IncomingCall, Transfer};

impl Caller {
    pub(super) async fn ask_transfer(&self, transfer: Arc<Transfer>) {
        let handler = &self.handler;
        let decision = handler.on_transfer_requested(self.session(), &transfer);
        let (id, decision) = (transfer.id(), decision.await);
        let posted = self.switchboard.post(move |core, now| {
            if let Err(error) = core.decide_transfer(now, id, decision) {
                tracing::info!(transfer = %id, %error, "the decision came to nothing");
            }
        });
        // Nothing to do when the shard is closed: the transfer is over then.
        let _ = posted.await;
    }

    pub(super) async fn ask(&self, request: Arc<Request>, replaced: Option<Arc<CallRecord>>) {
        let (call, duty) = IncomingCall::new(&self.switchboard, &self.call, request);
        let decision = match replaced {
            None => self.handler.on_incoming_call(call).await,
            Some(replaced) => {
                let replaced = CallSession::new(&self.switchboard, &replaced);
                self.handler.on_call_replaced(call, replaced).await
            }
        };
        if decision != CallDecision::Defer {
            duty.settle();
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
