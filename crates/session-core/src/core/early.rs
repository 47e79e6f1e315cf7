//! A session before its call is answered: early media of the peer, and ours (RFC 3960, RFC 3262).

use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::StatusCode;
use rvoip_dialog_core::{Body, ForkId};

use super::SessionCore;
use super::permit::refuse;
use super::session::{Due, Exchange};
use crate::{BasicSessionEvent, CallDirection, Operation, Result, SessionId};

/// Called parties of one call whose answers are kept.
const MAX_FORKS: usize = 16;

/// What the called parties of a call have said of media before one of them answers it.
#[derive(Debug, Default)]
pub(super) struct Early(Vec<EarlyFork>);

/// One of them.
#[derive(Debug)]
struct EarlyFork {
    fork: Option<ForkId>,
    /// What it has described last; `None` when it has changed the session since.
    described: Option<Arc<str>>,
    /// That is its answer.
    is_answer: bool,
}

impl Early {
    /// The answer of a called party; `None` inside when it has changed the session since.
    fn of(&self, fork: Option<ForkId>) -> Option<Option<Arc<str>>> {
        let mut known = self.0.iter();
        let known = known.find(|known| known.fork == fork && known.is_answer)?;
        Some(known.described.clone())
    }

    /// Takes note of a description; returns whether it is a new one of this called party.
    fn set(&mut self, fork: Option<ForkId>, described: Option<Arc<str>>, is_answer: bool) -> bool {
        let has_room = self.0.len() < MAX_FORKS;
        match self.0.iter_mut().find(|known| known.fork == fork) {
            Some(known) => {
                let is_new = known.described != described;
                known.is_answer |= is_answer;
                known.described = described;
                is_new
            }
            None if has_room => {
                self.0.push(EarlyFork {
                    fork,
                    described,
                    is_answer,
                });
                true
            }
            None => false,
        }
    }
}

impl SessionCore {
    /// Describes our media before the call is answered (183), and sends it: an announcement, or a ringing tone of our own.
    /// The same description is the answer of the call. `reliable` repeats it until the caller has it (RFC 3262), where the
    /// caller can do that.
    ///
    /// # Errors
    /// When the call no longer waits for a decision, came without an offer, or no media can be agreed on.
    pub fn start_early_media(
        &mut self,
        now: Instant,
        id: SessionId,
        sdp: Option<String>,
        reliable: bool,
    ) -> Result<()> {
        let key = self.undecided(id, Operation::StartEarlyMedia)?;
        let session = self.session(id)?;
        if session.exchange == Exchange::OfferWanted {
            return Err(refuse(session, Operation::StartEarlyMedia));
        }
        let sdp = self.describe(now, id, sdp)?;
        self.sessions.schedule(id, Due::Alert, None);
        let Some(session) = self.sessions.get_mut(id) else {
            return Ok(());
        };
        session.alerted = true;
        let body = Body::sdp(sdp.as_bytes().to_vec());
        let media = session.media;
        self.dialogs
            .provisional(now, key, StatusCode::SESSION_PROGRESS, Some(body), reliable)
            .map_err(|source| self.signalling(id, source))?;
        if let Some(Err(error)) = media.map(|key| self.media.start(now, key)) {
            tracing::warn!(session = %id, %error, "media cannot start");
        }
        self.tell_early_media(id);
        self.pump(now);
        Ok(())
    }

    /// A description in a provisional response: the media of that called party may come in, in place of another's. Responses
    /// that are repeated, as every minute (RFC 3261 section 13.3.1.1), take nobody's place. We send nothing yet. A reliable one
    /// is the answer of that called party.
    pub(super) fn hear_early(
        &mut self,
        now: Instant,
        id: SessionId,
        (fork, reliable): (Option<ForkId>, bool),
        body: &Body,
    ) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let answer = std::str::from_utf8(&body.content).ok();
        let Some(answer) = answer.filter(|_| session.exchange == Exchange::OfferSent) else {
            return;
        };
        let answer: Arc<str> = Arc::from(answer);
        let early = session.extras_mut().early.get_or_insert_default();
        if !early.set(fork, Some(Arc::clone(&answer)), reliable) {
            return;
        }
        if let Some(key) = session.media
            && let Err(error) = self.media.apply_answer(now, key, &answer)
        {
            tracing::debug!(session = %id, %error, "no early media");
            return;
        }
        session.remote_sdp = Some(answer);
        self.tell_early_media(id);
    }

    /// Sound of a called party has come before it has answered, or its description has.
    pub(super) fn hear_early_flow(&mut self, id: SessionId) {
        let rings = self.session(id).is_ok_and(|session| {
            session.record.direction() == CallDirection::Outgoing
                && !session.record.state().is_answered()
        });
        if rings {
            self.tell_early_media(id);
        }
    }

    fn tell_early_media(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let call = Arc::clone(&session.record);
        if !call.has_early_media() {
            call.set_early_media(true);
            self.events
                .push_back(BasicSessionEvent::EarlyMediaStarted { call });
        }
    }

    /// A called party has changed the session before it answers the call.
    pub(super) fn note_early_change(&mut self, id: SessionId, fork: Option<ForkId>) {
        if let Some(session) = self.sessions.get_mut(id)
            && !session.record.state().is_answered()
        {
            let early = session.extras_mut().early.get_or_insert_default();
            early.set(fork, None, true);
        }
    }

    /// The answer to an offer of ours before the call is answered, in a PRACK or to an UPDATE.
    pub(super) fn on_early_answer(&mut self, now: Instant, id: SessionId, answer: Option<&str>) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.exchange != Exchange::OfferSent {
            return;
        }
        session.exchange = Exchange::Settled;
        let applied = session.media.zip(answer);
        if let Some((key, answer)) = applied
            && let Err(error) = self.media.apply_answer(now, key, answer)
        {
            tracing::debug!(session = %id, %error, "no early media");
        }
        session.remote_sdp = answer.map(Arc::from);
    }

    /// The description by which the call begins: the one in the 2xx of this called party, or what was agreed on with it before.
    /// `Err` when there is none.
    pub(super) fn final_answer(
        &self,
        id: SessionId,
        fork: Option<ForkId>,
        answer: Option<Arc<str>>,
    ) -> Result<Option<Arc<str>>, ()> {
        if answer.is_some() {
            return Ok(answer);
        }
        let early = self
            .sessions
            .get(id)
            .and_then(|it| it.extras()?.early.as_ref());
        let known = early.and_then(|early| early.of(fork).or_else(|| early.of(None)));
        known.ok_or(())
    }
}
