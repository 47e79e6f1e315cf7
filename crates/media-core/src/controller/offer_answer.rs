//! Offers and answers of sessions, and what they make of the streams (RFC 3264).

use std::sync::Arc;
use std::time::Instant;

use super::session::{Agreement, Offered};
use super::sessions::{Done, session_mut};
use super::{MediaSessionController, MediaSessionKey};
use crate::engine::MediaCommand;
use crate::error::MediaError;

impl MediaSessionController {
    /// Writes an offer: the first one, or a new one that succeeds what was agreed on before. What it names may arrive from
    /// now on (RFC 3264 section 5.1), unless it has the first keys of SRTP: what comes before the answer cannot be read then.
    ///
    /// # Errors
    /// [`MediaError::UnknownSession`], [`MediaError::NoAddress`], [`MediaError::Port`].
    pub fn generate_offer(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
    ) -> Result<Arc<str>, MediaError> {
        let session = session_mut(&mut self.sessions, key)?;
        let Offered {
            description,
            expected: receive,
        } = session.offer(&self.config, &mut self.rng)?;
        if !receive.is_empty() {
            self.command(now, key, MediaCommand::Expect { key, receive })?;
        }
        Ok(description)
    }

    /// Answers the peer's offer and runs the stream by it. On an error the session stays as it was.
    ///
    /// # Errors
    /// [`MediaError`] whose [`sip_status`](MediaError::sip_status) refuses the offer.
    pub fn generate_answer(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
        offer: &str,
    ) -> Result<Arc<str>, MediaError> {
        let session = session_mut(&mut self.sessions, key)?;
        let agreement = session.answer(&self.config, offer, &mut self.rng)?;
        let answer = agreement.local.clone();
        self.agree(now, key, agreement)?;
        Ok(answer)
    }

    /// Takes the peer's answer to our offer and runs the stream by it. A later answer to the same offer (180 and 200, or
    /// forks) replaces an earlier one.
    ///
    /// # Errors
    /// [`MediaError`]; the offer remains outstanding and the session as it was.
    pub fn apply_answer(&mut self, now: Instant, key: MediaSessionKey, answer: &str) -> Done {
        let session = session_mut(&mut self.sessions, key)?;
        let agreement = session.accept(&self.config, answer)?;
        self.agree(now, key, agreement)
    }

    /// Forgets our outstanding offer, which the peer refused; the session stays as it was before it.
    ///
    /// # Errors
    /// [`MediaError::UnknownSession`], [`MediaError::Port`].
    pub fn withdraw_offer(&mut self, now: Instant, key: MediaSessionKey) -> Done {
        let session = self.session_mut(key)?;
        session.withdraw();
        let parameters = session.parameters().cloned().map(Box::new);
        self.command(now, key, MediaCommand::Configure { key, parameters })
    }

    /// Runs the stream by an agreement, and takes note of it if the engine does.
    fn agree(&mut self, now: Instant, key: MediaSessionKey, agreement: Agreement) -> Done {
        let session = session_mut(&mut self.sessions, key)?;
        let parameters = agreement.parameters.clone();
        if let Some(port) = &session.port {
            let configure = MediaCommand::Configure { key, parameters };
            self.ports.command(now, port.key, configure)?;
        }
        session.agree(agreement);
        Ok(())
    }
}
