//! A call that is sent on from here: 302 to the caller, or further legs whose signalling is joined with the first.

use std::time::Instant;

use rvoip_dialog_core::sip_core::{ByteString, HeaderName, NameAddr, StatusCode};
use rvoip_dialog_core::{CallKey, OutgoingCall};

use super::SessionCore;
use super::legs::body;
use super::outgoing::parse_uri;
use super::session::{Exchange, Leg};
use super::target_set::{TargetSet, Way};
use crate::redirect::diversion;
use crate::{
    BasicSessionEvent, CallDirection, ForwardMode, Operation, Result, SessionError, SessionId,
};

impl SessionCore {
    /// Sends an incoming call on to `target`; in legs from here to all contacts of a user who is registered with this side,
    /// of which the first to answer takes it.
    pub(super) fn forward(&mut self, now: Instant, id: SessionId, target: &str) -> Result<()> {
        let key = self.undecided(id, Operation::Forward)?;
        let callee = match parse_uri(target) {
            Ok(callee) => callee,
            Err(error) => {
                let refused = self.decline(now, id, StatusCode::TEMPORARILY_UNAVAILABLE, &[]);
                return refused.and(Err(error));
            }
        };
        let session = self.session(id)?;
        let mut headers = vec![diversion(session.record.to(), "unconditional")];
        headers.extend(
            session
                .extras()
                .and_then(|it| it.way.as_ref())
                .into_iter()
                .flatten()
                .cloned(),
        );
        if headers.len() > self.settings.redirects.max_targets {
            return self.decline(now, id, StatusCode::TOO_MANY_HOPS, &[]);
        }
        let offered = session.exchange == Exchange::OfferReceived;
        if self.settings.forwarding == ForwardMode::NewLeg && offered {
            let ways = self.ways_to(now, &callee);
            let targets = TargetSet::new(callee, headers, ways);
            return self.fork(now, id, key, targets);
        }
        let contacts = self.redirection(now, &callee);
        let contacts = contacts
            .into_iter()
            .map(|value| (HeaderName::Contact, value));
        headers.splice(0..0, contacts);
        self.decline(now, id, StatusCode::MOVED_TEMPORARILY, &headers)
    }

    /// Begins to try the targets of a call.
    fn fork(
        &mut self,
        now: Instant,
        first: SessionId,
        key: CallKey,
        mut targets: TargetSet,
    ) -> Result<()> {
        if self.draining || self.sessions.len() >= self.settings.max_sessions {
            return self
                .dialogs
                .turn_away(now, key)
                .map_err(|source| self.signalling(first, source));
        }
        let tried = self.ring_next(now, first, &mut targets);
        let status = targets.outcome();
        if tried.is_ok()
            && let Some(session) = self.sessions.get_mut(first)
        {
            session.extras_mut().targets = Some(Box::new(targets));
            return Ok(());
        }
        self.decline(now, first, status, &[])?;
        tried
    }

    /// Rings the next targets of a call, so many groups of them as it takes to have one ring.
    ///
    /// # Errors
    /// When no target is left that can be rung.
    pub(super) fn ring_next(
        &mut self,
        now: Instant,
        first: SessionId,
        targets: &mut TargetSet,
    ) -> Result<()> {
        let mut error = SessionError::ResourceExhausted;
        loop {
            let group = targets.next_group();
            if group.is_empty() {
                return Err(error);
            }
            let mut rings = false;
            for way in group {
                match self.add_leg(now, first, targets, way) {
                    Ok(second) => {
                        targets.rings(second);
                        rings = true;
                    }
                    Err(refused) => {
                        targets.note(StatusCode::SERVICE_UNAVAILABLE);
                        error = refused;
                    }
                }
            }
            if rings {
                return Ok(());
            }
        }
    }

    /// Places the call at one of its targets.
    fn add_leg(
        &mut self,
        now: Instant,
        first: SessionId,
        targets: &TargetSet,
        way: Way,
    ) -> Result<SessionId> {
        if self.sessions.len() >= self.settings.max_sessions {
            return Err(SessionError::ResourceExhausted);
        }
        let session = self.session(first)?;
        let (from, offer) = (session.record.from().to_owned(), session.remote_sdp.clone());
        let local = NameAddr::parse(ByteString::from(from.as_str()))
            .map_err(|_| SessionError::InvalidUri(from.clone()))?;
        let mut call = OutgoingCall::new(local, targets.callee.clone());
        (call.request_uri, call.route, call.target) = (Some(way.uri), way.route, way.target);
        call.headers.clone_from(&targets.headers);
        call.body = offer.as_ref().map(body);
        let record = self.sessions.insert(
            now,
            CallDirection::Outgoing,
            &from,
            targets.callee.as_str(),
            Exchange::OfferSent,
        );
        let second = record.id();
        match self.dialogs.invite(now, call) {
            Ok(key) => self.link_call(second, key),
            Err(source) => {
                self.discard(now, second);
                return Err(self.signalling(first, source));
            }
        }
        for (leg, other) in [(first, second), (second, first)] {
            if let Some(session) = self.sessions.get_mut(leg) {
                session.extras_mut().leg = Some(Leg {
                    other,
                    relays: false,
                });
            }
        }
        if let Some(session) = self.sessions.get_mut(second) {
            session.local_sdp = offer;
        }
        self.totals.sessions += 1;
        tracing::info!(session = %first, leg = %second, target = %targets.callee, "call forwarded");
        self.events
            .push_back(BasicSessionEvent::CallPlaced { call: record });
        Ok(second)
    }
}
