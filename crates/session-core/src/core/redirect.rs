//! Follows a called party who sends our call elsewhere (RFC 3261 section 8.1.3.4).

use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::{ByteString, HeaderName, NameAddr, StatusCode, Uri};
use rvoip_dialog_core::{Body, EndCause, OutgoingCall};

use super::SessionCore;
use super::outgoing::parse_uri;
use crate::redirect::Redirects;
use crate::{BasicSessionEvent, CallDirection, CallState, SessionId};

impl SessionCore {
    /// Tries the next target of a call of ours that has failed where it went; returns whether there is one.
    pub(super) fn try_next_target(
        &mut self,
        now: Instant,
        id: SessionId,
        cause: &EndCause,
    ) -> bool {
        let policy = self.settings.redirects.clone();
        let draining = self.draining;
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        let waiting = matches!(
            session.record.state(),
            CallState::Initiating | CallState::Ringing
        );
        let ours = session.record.direction() == CallDirection::Outgoing;
        if !policy.follow || !ours || !waiting || draining {
            return false;
        }
        let (status, contacts) = match cause {
            EndCause::Redirected { status, contacts } => (*status, &contacts[..]),
            // Only a call that has been redirected has another place to go, and none after a global failure.
            EndCause::Rejected { status, .. } if status.code() < 600 => (*status, &[][..]),
            EndCause::TimedOut => (StatusCode::REQUEST_TIMEOUT, &[][..]),
            EndCause::Unlocated { .. } | EndCause::TransportFailed { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, &[][..])
            }
            _ => return false,
        };
        if session.extras().is_none_or(|it| it.redirects.is_none()) {
            let first = match parse_uri(session.record.to()) {
                Ok(first) if !contacts.is_empty() => first,
                _ => return false,
            };
            session.extras_mut().redirects = Some(Redirects::new(first));
        }
        if let Some(redirects) = &mut session.extras_mut().redirects {
            redirects.failed(status, contacts, &policy);
        }
        loop {
            let redirects = self
                .sessions
                .get_mut(id)
                .and_then(|session| session.extras_mut().redirects.as_mut());
            let Some(redirects) = redirects else {
                return false;
            };
            let Some(target) = redirects.next(&policy) else {
                return false;
            };
            let history = redirects.history();
            if self.place_again(now, id, &target, history) {
                return true;
            }
        }
    }

    /// Places the call at another target; returns whether it is under way.
    fn place_again(
        &mut self,
        now: Instant,
        id: SessionId,
        target: &Uri,
        history: Vec<(HeaderName, ByteString)>,
    ) -> bool {
        let Some(session) = self.sessions.get(id) else {
            return false;
        };
        let record = Arc::clone(&session.record);
        let (Ok(local), Ok(remote)) = (
            NameAddr::parse(ByteString::from(record.from())),
            parse_uri(record.to()),
        ) else {
            return false;
        };
        let mut call = OutgoingCall::new(local, remote);
        call.request_uri = Some(target.clone());
        // Whoever is called in the end takes the place of another call, when the first was to do so.
        call.headers = session
            .extras()
            .map_or_else(Vec::new, |it| it.headers.to_vec());
        call.headers.extend(history);
        call.body = session
            .local_sdp
            .as_ref()
            .map(|sdp| Body::sdp(sdp.as_bytes().to_vec()));
        match self.dialogs.invite(now, call) {
            Ok(key) => {
                self.sessions.unlink_call(id);
                self.link_call(id, key);
                tracing::info!(session = %id, %target, "call redirected");
                self.events.push_back(BasicSessionEvent::Redirected {
                    call: record,
                    target: Arc::from(target.as_str()),
                });
                true
            }
            Err(error) => {
                tracing::info!(session = %id, %target, %error, "cannot go there");
                false
            }
        }
    }
}
