//! Calls that come in, and what the application decides about them.

use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::{ByteString, HeaderName, Request, StatusCode};
use rvoip_dialog_core::sip_transport::Flow;
use rvoip_dialog_core::{Body, CallKey, DialogError};

use super::permit::refuse;
use super::reoffer::refusal;
use super::session::{Due, Exchange};
use super::{SessionCore, leading_status};
use crate::record::CallDirection;
use crate::{BasicSessionEvent, CallDecision, Operation, Result, SessionError, SessionId};

impl SessionCore {
    pub(super) fn on_incoming_call(
        &mut self,
        now: Instant,
        key: CallKey,
        request: Arc<Request>,
        flow: &Flow,
        body: Option<Body>,
    ) {
        if !self.accepting || self.sessions.len() >= self.settings.max_sessions {
            return note_refusal(key, self.dialogs.turn_away(now, key));
        }
        let offer = match body.as_ref().map(|body| std::str::from_utf8(&body.content)) {
            None => None,
            Some(Ok(text)) => Some(Arc::from(text)),
            Some(Err(_)) => {
                let refused = self.dialogs.reject(now, key, StatusCode::BAD_REQUEST, &[]);
                return note_refusal(key, refused);
            }
        };
        let from = request.from_uri().unwrap_or_default();
        let to = request.to_uri().unwrap_or_default();
        let occupant = self.occupant(from, Some(flow.remote.ip()));
        if let Some(occupant) = &occupant
            && let Err((scope, _)) = self.occupancy.enter(&self.settings.limits, occupant)
        {
            return self.refuse_for(now, key, scope);
        }
        let way = way(&request);
        let exchange = if offer.is_some() {
            Exchange::OfferReceived
        } else {
            Exchange::OfferWanted
        };
        let call = self
            .sessions
            .insert(now, CallDirection::Incoming, from, to, exchange);
        let id = call.id();
        self.link_call(id, key);
        if let Some(session) = self.sessions.get_mut(id) {
            session.remote_sdp = offer;
            if occupant.is_some() || way.is_some() {
                let extras = session.extras_mut();
                (extras.occupant, extras.way) = (occupant, way);
            }
        }
        self.sessions
            .schedule(id, Due::Alert, Some(now + self.settings.alert_after));
        self.totals.sessions += 1;
        if flow.kind.is_secure() {
            let transport = self.dialogs.transactions().transport();
            if let Some(peer) = transport.peer_identity(flow) {
                call.set_peer(peer);
            }
        }
        let call_id = self.dialogs.call_id(key).unwrap_or_default();
        tracing::info!(session = %id, call_id, from = call.from(), to = call.to(), "call received");
        let replaced = self.dialogs.replaces(key);
        let replaced = replaced.and_then(|old| self.session(self.sessions.of_call(old)?).ok());
        self.events.push_back(match replaced {
            Some(replaced) => BasicSessionEvent::ReplacementReceived {
                replaced: Arc::clone(&replaced.record),
                call,
                request,
            },
            None => BasicSessionEvent::CallReceived { call, request },
        });
    }

    /// Lets the caller hear it ringing, once.
    ///
    /// # Errors
    /// When the call no longer rings.
    pub fn ring(&mut self, now: Instant, id: SessionId) -> Result<()> {
        self.undecided(id, Operation::Ring)?;
        self.alert(now, id);
        self.pump(now);
        Ok(())
    }

    pub(super) fn alert(&mut self, now: Instant, id: SessionId) {
        self.sessions.schedule(id, Due::Alert, None);
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if let Some(key) = session.call.filter(|_| !session.alerted) {
            session.alerted = true;
            if let Err(error) = self
                .dialogs
                .provisional(now, key, StatusCode::RINGING, None, false)
            {
                tracing::debug!(session = %id, %error, "cannot ring");
            }
        }
    }

    /// Carries out the decision about an incoming call.
    ///
    /// # Errors
    /// When the call no longer waits for a decision, or no media can be agreed (the call is refused then).
    pub fn decide(&mut self, now: Instant, id: SessionId, decision: CallDecision) -> Result<()> {
        let result = match decision {
            CallDecision::Accept(sdp) => self.accept(now, id, sdp),
            CallDecision::Reject(reason) => self.decline(
                now,
                id,
                leading_status(&reason).unwrap_or(StatusCode::DECLINE),
                &[],
            ),
            CallDecision::Defer => self
                .undecided(id, Operation::Defer)
                .map(|_| self.alert(now, id)),
            CallDecision::Forward(target) => self.forward(now, id, &target),
        };
        self.pump(now);
        result
    }

    /// Refuses a call that nobody is left to decide about.
    pub fn forget(&mut self, now: Instant, id: SessionId) {
        if self
            .decline(now, id, StatusCode::TEMPORARILY_UNAVAILABLE, &[])
            .is_ok()
        {
            self.pump(now);
        }
    }

    fn accept(&mut self, now: Instant, id: SessionId, sdp: Option<String>) -> Result<()> {
        let key = self.undecided(id, Operation::Accept)?;
        let body = match self.describe(now, id, sdp) {
            Ok(sdp) => Body::sdp(sdp.as_bytes().to_vec()),
            Err(error) => {
                let (status, warning) = match &error {
                    SessionError::Media { source, .. } => refusal(source),
                    _ => (StatusCode::SERVER_INTERNAL_ERROR, None),
                };
                self.decline(now, id, status, warning.as_slice())?;
                return Err(error);
            }
        };
        self.alert(now, id);
        self.dialogs
            .accept(now, key, Some(body))
            .map_err(|source| self.signalling(id, source))?;
        if self.session(id)?.exchange == Exchange::Settled {
            self.establish(now, id);
        }
        Ok(())
    }

    pub(super) fn decline(
        &mut self,
        now: Instant,
        id: SessionId,
        status: StatusCode,
        headers: &[(HeaderName, ByteString)],
    ) -> Result<()> {
        let key = self.undecided(id, Operation::Reject)?;
        self.sessions.schedule(id, Due::Alert, None);
        self.dialogs
            .reject(now, key, status, headers)
            .map_err(|source| self.signalling(id, source))
    }

    /// The call of an incoming session that still rings.
    pub(super) fn undecided(&self, id: SessionId, operation: Operation) -> Result<CallKey> {
        let session = self.permit(id, operation)?;
        session
            .call
            .filter(|_| session.is_undecided())
            .ok_or_else(|| refuse(session, operation))
    }
}

/// What an INVITE tells of those who sent the call on (RFC 5806, RFC 7044).
fn way(request: &Request) -> Option<Box<[(HeaderName, ByteString)]>> {
    let headers = request.headers();
    let names = [HeaderName::Diversion, HeaderName::HistoryInfo];
    if !names.iter().any(|name| headers.contains(name)) {
        return None;
    }
    let lines = names.iter().flat_map(|name| {
        let values = headers.raw_all(name);
        values.map(|value| (name.clone(), ByteString::from(value)))
    });
    Some(lines.collect())
}

/// A refusal that nobody waits for.
fn note_refusal(key: CallKey, refused: Result<(), DialogError>) {
    if let Err(error) = refused {
        tracing::debug!(%key, %error, "cannot refuse");
    }
}
