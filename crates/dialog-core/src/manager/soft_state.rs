//! The layer's part of registrations and publications: one request after the other, refreshed, tried again, taken back.

mod judgement;
mod status;
mod store;

use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::{Response, RetryAfter};

use super::DialogManager;
use super::client::ClientUse;
use crate::config::DialogManagerConfig;
use crate::soft_state::{self, Actions, Input, SoftStateKey, refresh_after};
use crate::{DialogError, EndCause};

pub(super) use judgement::Judgement;
pub(super) use store::{Purpose, SoftState, SoftStates};

/// What a Retry-After may ask for at most.
const LONGEST_RETRY: Duration = Duration::from_secs(24 * 3600);

/// How often one request is sent otherwise before it counts as failed.
pub(super) const MAX_ROUNDS: u8 = 5;

impl DialogManager {
    /// Whether one more registration or publication may be begun.
    pub(super) fn admit_soft_state(&self) -> Result<(), DialogError> {
        let client = match &self.config {
            DialogManagerConfig::Client(client) => client,
            DialogManagerConfig::Hybrid(both) => &both.client,
            DialogManagerConfig::Server(_) => return Err(DialogError::NotAClient),
        };
        if self.draining {
            return Err(DialogError::Draining);
        }
        let max = client.max_registrations;
        match self.soft_states.len() < max {
            true => Ok(()),
            false => Err(DialogError::TooManyRegistrations(max)),
        }
    }

    /// Begins one; nothing is left when its first request cannot be sent.
    pub(super) fn begin_soft_state(
        &mut self,
        now: Instant,
        record: SoftState,
    ) -> Result<SoftStateKey, DialogError> {
        let key = self.soft_states.insert(record);
        if let Err(error) = self.send_soft_state(now, key) {
            self.soft_states.remove(key);
            return Err(error);
        }
        self.tell_state(key);
        Ok(key)
    }

    fn send_soft_state(&mut self, now: Instant, key: SoftStateKey) -> Result<(), DialogError> {
        let Some(record) = self.soft_states.get_mut(key) else {
            return Ok(());
        };
        record.cseq += 1;
        let errand = match &record.purpose {
            Purpose::Registration(registration) => {
                registration.errand(record, &self.capabilities)?
            }
            Purpose::Publication(publication) => publication.errand(record, &self.capabilities)?,
        };
        if let Purpose::Publication(publication) = &mut record.purpose {
            publication.note_sent();
        }
        self.dispatch(now, ClientUse::SoftState(key), errand)?;
        Ok(())
    }

    /// The final response to its request.
    pub(super) fn soft_state_answered(
        &mut self,
        now: Instant,
        key: SoftStateKey,
        response: &Response,
    ) {
        let Some(record) = self.soft_states.get_mut(key) else {
            return;
        };
        // Credentials may have cost some numbers more.
        record.cseq = record.cseq.max(response.cseq_number().unwrap_or(0));
        let judgement = match record.state.is_leaving() {
            true if response.status().is_success() => Judgement::granted(Duration::ZERO),
            _ => self.judge_soft_state(now, key, response),
        };
        let retry = response.headers().first::<RetryAfter>().ok().flatten();
        let retry = retry.map_or(Duration::ZERO, |retry| {
            Duration::from_secs(retry.seconds.into())
        });
        self.step_soft_state(now, key, judgement, retry.min(LONGEST_RETRY));
    }

    fn judge_soft_state(
        &mut self,
        now: Instant,
        key: SoftStateKey,
        response: &Response,
    ) -> Judgement {
        match self.soft_states.get(key).map(|record| &record.purpose) {
            Some(Purpose::Registration(_)) => self.judge_registration(now, key, response),
            _ => self.judge_publication(key, response),
        }
    }

    /// Its request found no answer.
    pub(super) fn soft_state_failed(&mut self, now: Instant, key: SoftStateKey, cause: EndCause) {
        let judgement = Judgement {
            input: Input::Failed,
            cause: Some(cause),
            granted: Duration::ZERO,
        };
        self.step_soft_state(now, key, judgement, Duration::ZERO);
    }

    /// Something other than an answer happened to it.
    pub(super) fn prompt_soft_state(&mut self, now: Instant, key: SoftStateKey, input: Input) {
        let judgement = Judgement {
            input,
            cause: None,
            granted: Duration::ZERO,
        };
        self.step_soft_state(now, key, judgement, Duration::ZERO);
    }

    fn step_soft_state(
        &mut self,
        now: Instant,
        key: SoftStateKey,
        judgement: Judgement,
        retry_after: Duration,
    ) {
        let patience = self.patience();
        let Some(record) = self.soft_states.get_mut(key) else {
            return;
        };
        let Some((next, actions)) = soft_state::step(record.state, judgement.input) else {
            return;
        };
        let Actions {
            send,
            keep,
            wait,
            renew,
            end,
        } = actions;
        record.state = next;
        record.renew |= renew;
        if judgement.input != Input::Again {
            record.rounds = 0;
        }
        if judgement.cause.is_some() {
            record.cause = judgement.cause;
        }
        if keep {
            (record.failures, record.was_granted, record.cause) = (0, true, None);
            record.kept_since = Some(now);
            let rest = refresh_after(judgement.granted, patience, &mut self.rng);
            let renew = std::mem::take(&mut record.renew);
            record.wake = Some(if renew { now } else { now + rest });
            self.tell_state(key);
        } else if wait {
            record.failures = record.failures.saturating_add(1);
            let wait = record
                .back_off
                .wait(record.failures, &mut self.rng)
                .max(retry_after);
            (record.wake, record.renew) = (Some(now + wait), false);
            self.tell_failure(key, wait);
        } else if end {
            return self.end_soft_state(key, judgement.input == Input::Refused);
        } else {
            record.wake = None;
        }
        if send && judgement.input != Input::Again && !next.is_leaving() {
            self.tell_state(key);
        }
        self.soft_states.schedule(key);
        if send && let Err(error) = self.send_soft_state(now, key) {
            tracing::debug!(%error, "a registration or publication cannot be sent");
            self.soft_state_failed(now, key, unsent(&error));
        }
    }

    /// Takes all registrations and publications back.
    pub fn withdraw_all(&mut self, now: Instant) {
        let all: Vec<_> = self.soft_states.keys().collect();
        for key in all {
            self.prompt_soft_state(now, key, Input::Remove);
        }
        self.pump(now);
    }

    /// Does what is due: refreshes, and new tries.
    pub(super) fn soft_states_due(&mut self, now: Instant) {
        while let Some(key) = self.soft_states.pop_due(now) {
            self.prompt_soft_state(now, key, Input::Due);
        }
    }
}

/// What a request that could not be sent is told as.
fn unsent(error: &DialogError) -> EndCause {
    use rvoip_transaction_core::TransactionError;
    match error {
        DialogError::Transaction(TransactionError::Locate(error)) => {
            EndCause::Unlocated { error: *error }
        }
        _ => EndCause::TransportFailed {
            error: std::io::ErrorKind::NotConnected,
        },
    }
}
