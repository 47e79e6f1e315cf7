//! The called party's side: an incoming call and the decisions about it (RFC 3261 section 13.3).

use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::{
    ByteString, Expires, HeaderName, Request, RetryAfter, StatusCode, Uri,
};
use rvoip_transaction_core::sip_transport::{Flow, Target};
use rvoip_transaction_core::{OwnContact, ServerKey};

use super::DialogManager;
use super::call::{Exchange, Role, Theirs};
use super::step::Work;
use crate::dialog::Dialog;
use crate::extensions::RELIABLE;
use crate::id::LocalTag;
use crate::invite::uas;
use crate::offer_answer::{Carrier, Ledger, Party, Violation};
use crate::out_of_dialog::Refusal;
use crate::{Body, CallKey, DialogError, EndCause, SessionCoordinationEvent};

impl DialogManager {
    /// An INVITE that begins a call.
    pub(super) fn handle_incoming_call(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        (uri, body): (&Uri, Option<Body>),
        flow: Flow,
    ) {
        if let Err(refusal) = self.check_extensions(&request) {
            return self.refuse(now, server, &request, &refusal);
        }
        let path = Target::Flow(flow);
        let Ok(route) = self.transactions.transport().route(&path) else {
            return self.refuse(now, server, &request, &Refusal::Internal);
        };
        let tag = LocalTag::mint(&mut self.rng);
        let contact = OwnContact {
            user: uri.user().map(ByteString::from),
            secure: flow.kind.is_secure() && wants_sips(&request, uri),
            ..OwnContact::default()
        };
        let dialog = match Dialog::incoming(&request, tag, &contact.over(&route)) {
            Ok(dialog) => dialog,
            Err(defect) => return self.refuse(now, server, &request, &defect.into()),
        };
        let replaced = match self.replaced_call(&request) {
            Ok(replaced) => replaced,
            Err(refusal) => return self.refuse(now, server, &request, &refusal),
        };
        let (request, number) = (Arc::new(request), dialog.sequence.remote());
        tracing::info!(call_id = %dialog.call_id(), remote = %flow.remote, "incoming call");
        let patience = self.decision_time(&request);
        let key = self
            .calls
            .insert(Role::Called(uas::State::Received), dialog);
        if let Some(call) = self.calls.get_mut(key) {
            // A new ledger turns no INVITE away.
            let _ = call
                .ledger
                .pass(Party::Remote, Carrier::Invite, body.is_some());
            call.exchange = Exchange::Theirs(Box::new(Theirs {
                server,
                request: request.clone(),
                number: number.unwrap_or(0),
                provisional: None,
            }));
            call.note_allow(request.headers());
            call.limit = now.checked_add(patience);
        }
        if let Some(replaced) = replaced {
            self.note_replaced(key, replaced);
        }
        self.calls.set_path(key, path);
        self.servers.insert(server, key);
        self.calls.schedule(key);
        self.counters.incoming_calls += 1;
        self.emit(SessionCoordinationEvent::IncomingCall {
            key,
            request,
            flow,
            body,
        });
    }

    /// How long an INVITE may wait for a decision: as long as the configuration allows, or as its Expires says if that
    /// is less (section 13.3.1).
    fn decision_time(&self, invite: &Request) -> Duration {
        let (_, max_ringing) = self.limits();
        match invite.expires() {
            Ok(Some(Expires(seconds))) => max_ringing.min(Duration::from_secs(seconds.into())),
            _ => max_ringing,
        }
    }

    /// Whether the call can be set up as its INVITE asks.
    fn check_extensions(&self, invite: &Request) -> Result<(), Refusal> {
        if self.lacks_reliability(invite) {
            return Err(Refusal::ExtensionRequired(RELIABLE));
        }
        self.check_first_interval(invite)
    }

    /// Answers an incoming call with a provisional response: 180 to ring, 183 with a body for early media. It is `reliable`
    /// when the caller knows such responses (RFC 3262) and it is told so here, or the caller requires it; one after the
    /// other goes out then, each when the one before has its PRACK. Its body is then the answer, or our offer when the
    /// INVITE had none.
    ///
    /// # Errors
    /// When the call is not waiting for a decision, or the status is not 101..=199; when a body is no answer, or an offer that
    /// is not reliable.
    pub fn provisional(
        &mut self,
        now: Instant,
        key: CallKey,
        status: StatusCode,
        body: Option<Body>,
        reliable: bool,
    ) -> Result<(), DialogError> {
        self.undecided(key, "ring")?;
        if !status.is_provisional() || status == StatusCode::TRYING {
            return Err(DialogError::WrongStatus(status));
        }
        if self.is_reliable(key, reliable) {
            let sent = self.send_reliable(now, key, status, body);
            self.pump(now);
            return sent;
        }
        let ledger = self.calls.known(key)?.ledger;
        if body.is_some() && ledger == Ledger::Invited(Party::Remote) {
            let violation = Violation::OfferUnreliable;
            return Err(DialogError::OfferAnswer { key, violation });
        }
        // Once the offer has its answer there is nothing to say.
        let body = body.filter(|_| !ledger.is_stable());
        let response = self.dialog_response(key, status, body.as_ref(), &[]);
        self.step_called(now, key, uas::Input::Provisional, Work::respond(response));
        self.pump(now);
        Ok(())
    }

    /// Answers an incoming call with 200, repeated until its ACK comes. It waits until descriptions in reliable provisional
    /// responses have their PRACK (RFC 3262 section 3).
    ///
    /// # Errors
    /// When the call is not waiting for a decision, or the body that RFC 3264 demands is missing: the answer to the
    /// offer of the INVITE, or our offer when it had none.
    pub fn accept(
        &mut self,
        now: Instant,
        key: CallKey,
        body: Option<Body>,
    ) -> Result<(), DialogError> {
        self.undecided(key, "accept")?;
        if !self.hold_success(key, body.as_ref()) {
            self.succeed(now, key, body)?;
        }
        self.pump(now);
        Ok(())
    }

    /// Sends the 2xx of the user's acceptance.
    pub(super) fn succeed(
        &mut self,
        now: Instant,
        key: CallKey,
        body: Option<Body>,
    ) -> Result<(), DialogError> {
        let body = self.ledger_success(key, body)?;
        if let Some(invite) = self.open_invite(key) {
            let early = self.calls.get_mut(key).and_then(|call| call.early.as_mut());
            let local = early.and_then(|early| early.local.take());
            self.grant_interval(now, key, &invite, body.as_ref().or(local.as_ref()));
        }
        let response = self.dialog_response(key, StatusCode::OK, body.as_ref(), &[]);
        self.step_called(now, key, uas::Input::Accept, Work::respond(response));
        self.counters.answered_calls += 1;
        self.replace(now, key);
        Ok(())
    }

    /// Refuses an incoming call, or redirects it: further headers as `Retry-After`, or the Contact of a 302.
    ///
    /// # Errors
    /// When the call is not waiting for a decision, or the status is not 300..=699.
    pub fn reject(
        &mut self,
        now: Instant,
        key: CallKey,
        status: StatusCode,
        headers: &[(HeaderName, ByteString)],
    ) -> Result<(), DialogError> {
        self.undecided(key, "reject")?;
        if !status.is_final() || status.is_success() {
            return Err(DialogError::WrongStatus(status));
        }
        let response = self.dialog_response(key, status, None, headers);
        if let Some(call) = self.calls.get_mut(key) {
            call.note(EndCause::Refused { status });
        }
        self.step_called(now, key, uas::Input::Reject, Work::respond(response));
        self.pump(now);
        Ok(())
    }

    /// Refuses an incoming call for lack of room above this layer: 503 with Retry-After, counted
    /// as this layer's own such refusals are.
    ///
    /// # Errors
    /// When the call is not waiting for a decision.
    pub fn turn_away(&mut self, now: Instant, key: CallKey) -> Result<(), DialogError> {
        let wait = RetryAfter::new(self.retry_after.as_secs().try_into().unwrap_or(u32::MAX));
        let wait = (HeaderName::RetryAfter, wait.to_string().into());
        self.reject(now, key, StatusCode::SERVICE_UNAVAILABLE, &[wait])?;
        self.counters.overload_refusals += 1;
        Ok(())
    }

    fn undecided(&self, key: CallKey, command: &'static str) -> Result<(), DialogError> {
        let call = self.calls.known(key)?;
        if call.role.is_undecided() && !self.is_held(key) {
            return Ok(());
        }
        Err(DialogError::InvalidState {
            key,
            state: call.role.name(),
            command,
        })
    }
}

/// Whether the Contact of our answer has to be a `sips` URI (section 12.1.1).
fn wants_sips(invite: &Request, uri: &Uri) -> bool {
    let first = invite.record_routes().next();
    uri.is_sips()
        || match first {
            Some(hop) => hop.is_ok_and(|hop| hop.0.uri().is_sips()),
            None => invite
                .contact()
                .is_ok_and(|contact| contact.is_some_and(|it| it.uri().is_some_and(Uri::is_sips))),
        }
}
