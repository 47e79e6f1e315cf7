//! Calls that come in, and what the application decides about them.

use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::{ByteString, HeaderName, Request, StatusCode};
use rvoip_dialog_core::{Body, CallKey, DialogError};

use super::sessions::{Due, Exchange};
use super::{SessionCore, leading_status};
use crate::record::CallDirection;
use crate::{BasicSessionEvent, CallDecision, CallState, Result, SessionError, SessionId};

impl SessionCore {
    pub(super) fn on_incoming_call(
        &mut self,
        now: Instant,
        key: CallKey,
        request: impl Into<Arc<Request>>,
        body: Option<Body>,
    ) {
        let request = request.into();
        if !self.accepting || self.sessions.len() >= self.max_sessions {
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
        let (from, to) = (request.from(), request.to());
        let from = from.as_ref().map_or("", |from| from.uri().as_str());
        let to = to.as_ref().map_or("", |to| to.uri().as_str());
        let exchange = if offer.is_some() {
            Exchange::OfferReceived
        } else {
            Exchange::OfferWanted
        };
        let call = self
            .sessions
            .insert(now, CallDirection::Incoming, from, to, exchange);
        let id = call.id();
        self.sessions.link_call(id, key);
        if let Some(session) = self.sessions.get_mut(id) {
            session.remote_sdp = offer;
        }
        self.sessions
            .schedule(id, Due::Alert, Some(now + self.alert_after));
        self.totals.sessions += 1;
        let call_id = self.dialogs.call_id(key).unwrap_or_default();
        tracing::info!(session = %id, call_id, from = call.from(), to = call.to(), "call received");
        self.events
            .push_back(BasicSessionEvent::CallReceived { call, request });
    }

    /// Lets the caller hear it ringing, once.
    ///
    /// # Errors
    /// When the call no longer rings.
    pub fn ring(&mut self, now: Instant, id: SessionId) -> Result<()> {
        self.undecided(id, "ring")?;
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
                .provisional(now, key, StatusCode::RINGING, None)
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
            CallDecision::Defer => self.undecided(id, "defer").map(|_| self.alert(now, id)),
            CallDecision::Forward(target) => {
                let contact = ByteString::from(format!("<{target}>"));
                match super::outgoing::parse_uri(&target) {
                    Ok(_) => self.decline(
                        now,
                        id,
                        StatusCode::MOVED_TEMPORARILY,
                        &[(HeaderName::Contact, contact)],
                    ),
                    Err(error) => self
                        .decline(now, id, StatusCode::TEMPORARILY_UNAVAILABLE, &[])
                        .and(Err(error)),
                }
            }
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
        let key = self.undecided(id, "accept")?;
        let body = match self.describe(now, id, sdp) {
            Ok(sdp) => Body::sdp(sdp.as_bytes().to_vec()),
            Err(error) => {
                let status = match &error {
                    SessionError::Media { source, .. } => StatusCode::new(source.sip_status()),
                    _ => None,
                };
                self.decline(
                    now,
                    id,
                    status.unwrap_or(StatusCode::SERVER_INTERNAL_ERROR),
                    &[],
                )?;
                return Err(error);
            }
        };
        self.alert(now, id);
        self.dialogs
            .accept(now, key, Some(body))
            .map_err(|source| SessionError::Dialog {
                session_id: Some(id),
                source,
            })?;
        if self.session(id)?.exchange == Exchange::Settled {
            self.establish(now, id);
        }
        Ok(())
    }

    fn decline(
        &mut self,
        now: Instant,
        id: SessionId,
        status: StatusCode,
        headers: &[(HeaderName, ByteString)],
    ) -> Result<()> {
        let key = self.undecided(id, "reject")?;
        self.sessions.schedule(id, Due::Alert, None);
        self.dialogs
            .reject(now, key, status, headers)
            .map_err(|source| SessionError::Dialog {
                session_id: Some(id),
                source,
            })
    }

    /// The call of an incoming session that still rings.
    fn undecided(&self, id: SessionId, operation: &'static str) -> Result<CallKey> {
        let session = self.session(id)?;
        let state = session.record.state();
        let incoming = session.record.direction() == CallDirection::Incoming;
        let waiting =
            incoming && state == CallState::Ringing && session.exchange != Exchange::OfferSent;
        let misuse = SessionError::InvalidState {
            session_id: id,
            state,
            operation,
        };
        session
            .call
            .filter(|_| waiting && session.ended.is_none())
            .ok_or(misuse)
    }
}

/// A refusal that nobody waits for.
fn note_refusal(key: CallKey, refused: Result<(), DialogError>) {
    if let Err(error) = refused {
        tracing::debug!(%key, %error, "cannot refuse");
    }
}
