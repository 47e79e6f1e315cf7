//! Hold and resume (RFC 3264 section 8.4, RFC 6337 section 5.3): who holds a call, and the handle's side of changing it.

use std::fmt;

use rvoip_dialog_core::OfferMethod;

use crate::{CallSession, Result, SessionError};

/// Who holds a call. The sides are independent: each holds and resumes for itself, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct HoldState {
    /// We hold: nothing is received, and at most music is sent.
    pub local: bool,
    /// The peer holds: it does not want to receive what it received before.
    pub remote: bool,
}

impl HoldState {
    /// Whether anybody holds.
    pub const fn is_held(self) -> bool {
        self.local || self.remote
    }

    /// Who holds, in words; `None` when nobody does.
    pub const fn words(self) -> Option<&'static str> {
        match (self.local, self.remote) {
            (false, false) => None,
            (true, false) => Some("held by us"),
            (false, true) => Some("held by the peer"),
            (true, true) => Some("held by both"),
        }
    }
}

impl fmt::Display for HoldState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().unwrap_or("not held"))
    }
}

impl CallSession {
    /// Who holds the call now.
    pub fn hold_state(&self) -> HoldState {
        self.call().hold()
    }

    /// Holds the call: nothing of ours is heard from now on but the music on hold, if there is any. Returns when the peer has
    /// agreed. Holding a held call does nothing.
    ///
    /// # Errors
    /// [`SessionError::InvalidState`] unless the call is answered, [`SessionError::NoMedia`] when its media is not ours to
    /// hold, [`SessionError::OfferRefused`] when the peer does not agree, [`SessionError::CallEnded`].
    pub async fn hold(&self) -> Result<()> {
        let id = self.id;
        self.switchboard()
            .call(move |core, now| core.hold(now, id))
            .await??;
        self.offer_settled().await
    }

    /// Takes the call back from our hold; that of the peer stays. Returns when the peer has agreed.
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub async fn resume(&self) -> Result<()> {
        let id = self.id;
        self.switchboard()
            .call(move |core, now| core.resume(now, id))
            .await??;
        self.offer_settled().await
    }

    /// Offers the application's own description; from the answer on the application handles the media. Our description as
    /// it stands refreshes the session and changes nothing. Returns when the peer has agreed.
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub async fn update_media(&self, sdp: &str) -> Result<()> {
        self.update_media_by(OfferMethod::Invite, sdp).await
    }

    /// As [`update_media`](Self::update_media), by a request of the application's choice: an UPDATE costs one round trip and no
    /// ACK, but leaves the peer no time to ask its user.
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub async fn update_media_by(&self, method: OfferMethod, sdp: &str) -> Result<()> {
        let (id, sdp) = (self.id, sdp.to_owned());
        self.switchboard()
            .call(move |core, now| core.update_media(now, id, &sdp, method))
            .await??;
        self.offer_settled().await
    }

    /// Waits for the outcome of our offer. It comes in any case: the transaction of the offer ends, or the call does.
    async fn offer_settled(&self) -> Result<()> {
        let call = self.call();
        call.wait_for_settlement().await;
        if let Some(cause) = call.cause() {
            return Err(SessionError::CallEnded {
                session_id: self.id,
                cause: cause.clone(),
                call_id: call.call_id().cloned(),
            });
        }
        match call.refusal() {
            Some(status) => Err(SessionError::OfferRefused {
                session_id: self.id,
                state: call.state(),
                status,
                call_id: call.call_id().cloned(),
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_says_who_holds() {
        let of = |local, remote| HoldState { local, remote };
        assert!(!of(false, false).is_held());
        assert_eq!(of(false, false).to_string(), "not held");
        for (local, remote, words) in [
            (true, false, "held by us"),
            (false, true, "held by the peer"),
            (true, true, "held by both"),
        ] {
            assert!(of(local, remote).is_held());
            assert_eq!(of(local, remote).words(), Some(words));
        }
    }
}
