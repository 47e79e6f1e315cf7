//! Calls that we place.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::{ByteString, HeaderName, NameAddr, Scheme, StatusCode, Uri};
use rvoip_dialog_core::{Body, DialogError, ForkId, OutgoingCall};

use super::SessionCore;
use super::media_link::text;
use super::permit::refuse;
use super::session::Exchange;
use crate::record::CallDirection;
use crate::{BasicSessionEvent, CallRecord, CallState, Operation, Result, SessionError, SessionId};

/// Reads a SIP URI.
pub(super) fn parse_uri(text: &str) -> Result<Uri> {
    let uri = Uri::parse(ByteString::from(text)).ok();
    let sip = uri
        .filter(|uri| matches!(uri.scheme(), Scheme::Sip | Scheme::Sips) && uri.host().is_some());
    sip.ok_or_else(|| SessionError::InvalidUri(text.to_owned()))
}

impl SessionCore {
    /// Makes a session for a call to place: its media port is open and its offer written, nothing is sent yet. `sdp` is
    /// the application's own offer, if it handles media itself.
    ///
    /// # Errors
    /// A URI that cannot be called, too many sessions, no media port.
    pub fn prepare(
        &mut self,
        now: Instant,
        from: &str,
        to: &str,
        sdp: Option<String>,
    ) -> Result<Arc<CallRecord>> {
        NameAddr::parse(ByteString::from(from))
            .map_err(|_| SessionError::InvalidUri(from.to_owned()))?;
        parse_uri(to)?;
        if self.draining {
            return Err(SessionError::Draining);
        }
        if self.sessions.len() >= self.settings.max_sessions {
            return Err(SessionError::ResourceExhausted);
        }
        let occupant = self.occupant(to, None);
        self.occupy(occupant.as_deref())?;
        let call = self.sessions.insert(
            now,
            CallDirection::Outgoing,
            from,
            to,
            Exchange::OfferWanted,
        );
        if let Some(session) = self.sessions.get_mut(call.id())
            && occupant.is_some()
        {
            session.extras_mut().occupant = occupant;
        }
        if let Err(error) = self.describe(now, call.id(), sdp) {
            self.discard(now, call.id());
            return Err(error);
        }
        self.totals.sessions += 1;
        self.events.push_back(BasicSessionEvent::CallPlaced {
            call: Arc::clone(&call),
        });
        Ok(call)
    }

    /// Sends the INVITE of a prepared session.
    ///
    /// # Errors
    /// No such session, one that was sent before, or a target that cannot be reached; the session is over then.
    pub fn initiate(&mut self, now: Instant, id: SessionId) -> Result<()> {
        self.initiate_with(now, id, Vec::new())
    }

    /// Sends the INVITE of a prepared session with further headers.
    pub(super) fn initiate_with(
        &mut self,
        now: Instant,
        id: SessionId,
        headers: Vec<(HeaderName, ByteString)>,
    ) -> Result<()> {
        let session = self.permit(id, Operation::Initiate)?;
        if session.call.is_some() {
            return Err(refuse(session, Operation::Initiate));
        }
        let (from, to) = (session.record.from(), session.record.to());
        let local = NameAddr::parse(ByteString::from(from))
            .map_err(|_| SessionError::InvalidUri(from.to_owned()))?;
        let remote = parse_uri(to)?;
        let way = self.way(now, local.uri(), &remote);
        let mut call = OutgoingCall::new(local, remote);
        (call.request_uri, call.route, call.target) = (Some(way.uri), way.route, way.target);
        call.headers = headers.clone();
        call.body = session
            .local_sdp
            .as_ref()
            .map(|sdp| Body::sdp(sdp.as_bytes().to_vec()));
        let unreachable = SessionError::InvalidUri(to.to_owned());
        match self.dialogs.invite(now, call) {
            Ok(key) => {
                self.link_call(id, key);
                if let Some(session) = self.sessions.get_mut(id).filter(|_| !headers.is_empty()) {
                    session.extras_mut().headers = headers.into();
                }
            }
            Err(source) => {
                self.end(now, id, None);
                self.pump(now);
                return Err(match source {
                    DialogError::Unreachable(_) => unreachable,
                    DialogError::TooManyCalls(_) => SessionError::ResourceExhausted,
                    source => SessionError::Dialog {
                        session_id: Some(id),
                        source,
                    },
                });
            }
        }
        let call_id = self.call_id(id).unwrap_or_default();
        tracing::info!(session = %id, call_id, "call placed");
        self.pump(now);
        Ok(())
    }

    pub(super) fn on_progress(
        &mut self,
        id: SessionId,
        now: Instant,
        status: StatusCode,
        from: (Option<ForkId>, bool),
        body: Option<Body>,
    ) {
        self.referred_call_rings(now, id, status);
        if let Some(other) = self.other_leg(id) {
            self.relay_progress(now, id, other, status, body);
        } else if let Some(body) = body {
            self.hear_early(now, id, from, &body);
        }
        self.enter(
            now,
            id,
            CallState::Ringing,
            Some(Cow::Owned(format!("{} {}", status.code(), status.reason()))),
        );
    }

    pub(super) fn on_answered(
        &mut self,
        now: Instant,
        id: SessionId,
        fork: Option<ForkId>,
        body: Option<Body>,
        offer: bool,
    ) {
        if !offer {
            return self.on_first_answer(now, id, fork, text(body.as_ref()));
        }
        let answer = self.answer_peer(now, id, body);
        let key = self.sessions.get(id).and_then(|session| session.call);
        let (Ok(Some(answer)), Some(key)) = (answer, key) else {
            return self.end(now, id, Some(crate::TerminalCause::MediaFailed));
        };
        match self
            .dialogs
            .ack_answer(now, key, Body::sdp(answer.as_bytes().to_vec()))
        {
            Ok(()) => self.establish(now, id),
            Err(error) => tracing::warn!(session = %id, %error, "cannot answer in the ACK"),
        }
    }
}
