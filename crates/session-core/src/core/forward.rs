//! A call that is sent on from here: 302 to the caller, or a second leg whose signalling is joined with the first.

use std::time::Instant;

use rvoip_dialog_core::sip_core::{ByteString, HeaderName, NameAddr, StatusCode};
use rvoip_dialog_core::{CallKey, OutgoingCall};

use super::SessionCore;
use super::legs::body;
use super::outgoing::parse_uri;
use super::session::{Exchange, Leg};
use crate::redirect::diversion;
use crate::{
    BasicSessionEvent, CallDirection, ForwardMode, Operation, Result, SessionError, SessionId,
};

impl SessionCore {
    /// Sends an incoming call on to `target`.
    pub(super) fn forward(&mut self, now: Instant, id: SessionId, target: &str) -> Result<()> {
        let key = self.undecided(id, Operation::Forward)?;
        if let Err(error) = parse_uri(target) {
            let refused = self.decline(now, id, StatusCode::TEMPORARILY_UNAVAILABLE, &[]);
            return refused.and(Err(error));
        }
        let session = self.session(id)?;
        let mut way = vec![diversion(session.record.to(), "unconditional")];
        way.extend(
            session
                .extras()
                .and_then(|it| it.way.as_ref())
                .into_iter()
                .flatten()
                .cloned(),
        );
        if way.len() > self.settings.redirects.max_targets {
            return self.decline(now, id, StatusCode::TOO_MANY_HOPS, &[]);
        }
        let offered = session.exchange == Exchange::OfferReceived;
        if self.settings.forwarding == ForwardMode::NewLeg && offered {
            return self.add_leg(now, id, key, target, way);
        }
        let contacts = self.redirection(now, &parse_uri(target)?);
        let contacts = contacts
            .into_iter()
            .map(|value| (HeaderName::Contact, value));
        way.splice(0..0, contacts);
        self.decline(now, id, StatusCode::MOVED_TEMPORARILY, &way)
    }

    fn add_leg(
        &mut self,
        now: Instant,
        first: SessionId,
        key: CallKey,
        target: &str,
        way: Vec<(HeaderName, ByteString)>,
    ) -> Result<()> {
        if self.draining || self.sessions.len() >= self.settings.max_sessions {
            return self
                .dialogs
                .turn_away(now, key)
                .map_err(|source| self.signalling(first, source));
        }
        let session = self.session(first)?;
        let (from, offer) = (session.record.from().to_owned(), session.remote_sdp.clone());
        let local = NameAddr::parse(ByteString::from(from.as_str()))
            .map_err(|_| SessionError::InvalidUri(from.clone()))?;
        let mut call = OutgoingCall::new(local, parse_uri(target)?);
        self.direct_to_contact(now, &mut call);
        call.headers = way;
        call.body = offer.as_ref().map(body);
        let record = self.sessions.insert(
            now,
            CallDirection::Outgoing,
            &from,
            target,
            Exchange::OfferSent,
        );
        let second = record.id();
        match self.dialogs.invite(now, call) {
            Ok(key) => self.sessions.link_call(second, key),
            Err(source) => {
                self.discard(now, second);
                self.decline(now, first, StatusCode::SERVICE_UNAVAILABLE, &[])?;
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
        tracing::info!(session = %first, leg = %second, target, "call forwarded");
        self.events
            .push_back(BasicSessionEvent::CallPlaced { call: record });
        Ok(())
    }
}
