//! What becomes of a call.

use std::sync::Arc;

use async_trait::async_trait;
use rvoip_examples::{EndLine, Printer, Script};
use rvoip_session_core::api::{
    Body, CallDecision, CallDirection, CallHandler, CallSession, CallState, EventPackage,
    HeaderName, IncomingCall, IncomingRequest, MessageCount, MessageSummary, RequestAnswer,
    SessionError, SessionId, StatusCode, SubscriptionDecision, TerminalCause, Watcher,
};

use crate::arguments::{Answer, Early};
use crate::meeting::{Meeting, is_for};

/// Takes, refuses or forwards calls.
#[derive(Debug)]
pub struct Server {
    pub answer: Answer,
    pub script: Arc<Script>,
    pub meeting: Arc<Meeting>,
    pub mailbox: Option<u32>,
    /// Calls for users who are registered here ring their phones.
    pub forks: bool,
    pub printer: Arc<Printer>,
}

#[async_trait]
impl CallHandler for Server {
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
        let Answer {
            answer_after,
            early,
            reject,
            forward,
            bridge,
            ..
        } = &self.answer;
        if let Some(status) = reject {
            return CallDecision::Reject(format!("{} {}", status.code(), status.reason()));
        }
        if let Some(target) = forward {
            return CallDecision::Forward(target.clone());
        }
        if self.forks
            && call
                .registered_contacts()
                .await
                .is_ok_and(|all| !all.is_empty())
        {
            return CallDecision::Forward(call.request_uri().to_owned());
        }
        let is_put_through = !self.is_for_room(&call.to);
        if let Some(target) = bridge.as_ref().filter(|_| is_put_through) {
            return self.put_through(&call, target).await;
        }
        let rings = match early {
            Some(early) => call
                .start_early_media(*early == Early::Reliable)
                .await
                .is_ok(),
            None => !answer_after.is_zero() && call.ring().await.is_ok(),
        };
        if rings {
            let session = call.session();
            // A caller that gives up is not waited for: the end is told only after the decision.
            tokio::select! {
                () = tokio::time::sleep(*answer_after) => {}
                _ = session.wait_for_end() => {}
            }
        }
        CallDecision::Accept(None)
    }

    async fn on_call_established(
        &self,
        call: CallSession,
        _local_sdp: Option<String>,
        _remote_sdp: Option<String>,
    ) {
        let met = match call.direction() {
            CallDirection::Incoming if self.is_for_room(&call.to) => {
                self.meeting.enter(&call).await
            }
            _ => self.meeting.join(&call).await,
        };
        if let Err(error) = met {
            self.printer
                .line(format_args!("call {} is alone: {error}", call.id));
        }
        let (script, printer) = (Arc::clone(&self.script), Arc::clone(&self.printer));
        // The callbacks of a call come one after the other; its end must not wait for the script.
        tokio::spawn(async move { script.play(&call, &printer).await });
    }

    async fn on_call_state_changed(
        &self,
        session_id: &SessionId,
        old_state: &CallState,
        new_state: &CallState,
        reason: Option<&str>,
    ) {
        if [old_state, new_state].contains(&&CallState::OnHold) {
            let reason = reason.unwrap_or_default();
            self.printer
                .line(format_args!("call {session_id} {new_state}: {reason}"));
        }
    }

    async fn on_dtmf(&self, session_id: &SessionId, digit: char, duration_ms: u32) {
        self.printer.line(format_args!(
            "call {session_id} pressed {digit} for {duration_ms} ms"
        ));
    }

    async fn on_request(&self, request: IncomingRequest) -> RequestAnswer {
        let media_type = request.header(&HeaderName::ContentType).unwrap_or_default();
        if !["", "text/plain"].contains(&media_type) {
            return RequestAnswer::new(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let (method, from) = (request.method(), request.from());
        let body = String::from_utf8_lossy(request.body());
        self.printer
            .line(format_args!("request {method} from {from}: {body:?}"));
        RequestAnswer::ok()
    }

    async fn on_subscription(&self, watcher: Watcher) -> SubscriptionDecision {
        let Some(new) = self.mailbox else {
            return SubscriptionDecision::Reject(StatusCode::FORBIDDEN);
        };
        let summary = MessageSummary {
            waiting: new > 0,
            counts: vec![MessageCount {
                class: "Voice-Message".to_owned(),
                new,
                ..MessageCount::default()
            }],
            ..MessageSummary::default()
        };
        let from = &watcher.subscription().from;
        self.printer.line(format_args!("subscription from {from}"));
        SubscriptionDecision::Accept(Some(Body {
            content_type: EventPackage::message_summary().media_type,
            content: summary.to_string().into(),
        }))
    }

    async fn on_call_ended(&self, call: CallSession, reason: &str) {
        self.printer.line(EndLine(&call, reason));
        // The other leg may be over already.
        let _ = self.meeting.leave(&call.id).await;
    }
}

impl Server {
    fn is_for_room(&self, uri: &str) -> bool {
        let room = self.answer.conference.as_deref();
        room.is_some_and(|room| is_for(uri, room))
    }

    /// Answers when the other party does; refuses as it does.
    async fn put_through(&self, call: &IncomingCall, target: &str) -> CallDecision {
        // A caller that has given up does not hear it.
        let _ = call.ring().await;
        let ring_for = self.answer.ring_for;
        let caller = call.session();
        match self.meeting.put_through(&caller, target, ring_for).await {
            Ok(()) => CallDecision::Accept(None),
            Err(SessionError::CallEnded {
                cause: TerminalCause::Rejected { status, .. },
                ..
            }) => CallDecision::Reject(format!("{} {}", status.code(), status.reason())),
            Err(_) => CallDecision::Reject("480 Temporarily Unavailable".to_owned()),
        }
    }
}
