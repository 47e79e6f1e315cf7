//! The offer/answer ledger of a call (RFC 3264, RFC 6337): which offer is outstanding and who may speak next.
//!
//! ```text
//!                     we offer                         peer offers
//!   LocalOffer <-------------------- Stable ----------------------> RemoteOffer
//!       | answer, refusal              ^ ^                               | our answer, refusal
//!       +------------------------------+ +-------------------------------+
//!
//!   INVITE without body:   ours -> OfferAwaited --2xx with offer--> RemoteOffer   (answer goes in the ACK)
//!                          theirs -> OfferDue --our 2xx offers----> LocalOffer    (answer comes in the ACK)
//! ```

/// A rule of RFC 3264 that a command would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The peer's offer wants an answer.
    #[error("the peer's offer must be answered with a body")]
    AnswerMissing,
    /// The peer sent no offer, so that ours is due.
    #[error("the peer asked for our offer")]
    OfferMissing,
    /// An offer or a re-INVITE is outstanding, ours or the peer's.
    #[error("an offer is outstanding")]
    OfferOutstanding,
    /// There is nothing to answer.
    #[error("no offer is outstanding")]
    NothingToAnswer,
}

/// How a re-INVITE of the peer is turned away while another exchange is going on (RFC 3261 section 14.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glare {
    /// Ours is outstanding: 491.
    RequestPending,
    /// An earlier one of the peer's is not answered yet: 500 with a Retry-After of 0 to 10 s.
    RetryLater,
}

/// What is outstanding between the parties of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ledger {
    /// Nothing: either party may offer.
    #[default]
    Stable,
    /// Our offer waits for the peer's answer.
    LocalOffer,
    /// The peer's offer waits for our answer.
    RemoteOffer,
    /// Our INVITE asks the peer to offer.
    OfferAwaited,
    /// The peer's INVITE asks us to offer.
    OfferDue,
}

impl Ledger {
    /// We send an INVITE, with an offer or without.
    ///
    /// # Errors
    /// While any exchange is outstanding.
    pub fn send_invite(&mut self, offer: bool) -> Result<(), Violation> {
        if *self != Ledger::Stable {
            return Err(Violation::OfferOutstanding);
        }
        *self = if offer {
            Ledger::LocalOffer
        } else {
            Ledger::OfferAwaited
        };
        Ok(())
    }

    /// The peer sends an INVITE, with an offer or without.
    ///
    /// # Errors
    /// How to turn it away while an exchange is outstanding; the ledger stays.
    pub fn receive_invite(&mut self, offer: bool) -> Result<(), Glare> {
        match self {
            Ledger::Stable => {
                *self = if offer {
                    Ledger::RemoteOffer
                } else {
                    Ledger::OfferDue
                };
                Ok(())
            }
            Ledger::LocalOffer | Ledger::OfferAwaited => Err(Glare::RequestPending),
            Ledger::RemoteOffer | Ledger::OfferDue => Err(Glare::RetryLater),
        }
    }

    /// We answer the peer's INVITE with 2xx, with a body or without.
    ///
    /// # Errors
    /// When the body that is due is missing, or when no INVITE waits.
    pub fn send_success(&mut self, body: bool) -> Result<(), Violation> {
        *self = match (*self, body) {
            (Ledger::RemoteOffer, true) => Ledger::Stable,
            (Ledger::OfferDue, true) => Ledger::LocalOffer,
            (Ledger::RemoteOffer, false) => return Err(Violation::AnswerMissing),
            (Ledger::OfferDue, false) => return Err(Violation::OfferMissing),
            _ => return Err(Violation::NothingToAnswer),
        };
        Ok(())
    }

    /// The peer answers our INVITE with 2xx; true when its body is an offer that we owe an answer.
    pub fn receive_success(&mut self, body: bool) -> bool {
        let offered = *self == Ledger::OfferAwaited && body;
        *self = if offered {
            Ledger::RemoteOffer
        } else {
            Ledger::Stable
        };
        offered
    }

    /// We put the answer to the offer of a 2xx into its ACK.
    ///
    /// # Errors
    /// When the peer has not offered.
    pub fn send_ack_answer(&mut self) -> Result<(), Violation> {
        match self {
            Ledger::RemoteOffer => {
                *self = Ledger::Stable;
                Ok(())
            }
            _ => Err(Violation::NothingToAnswer),
        }
    }

    /// The ACK of our 2xx came; true when its body answers our offer.
    pub fn receive_ack(&mut self, body: bool) -> bool {
        let answers = *self == Ledger::LocalOffer;
        if answers {
            *self = Ledger::Stable;
        }
        answers && body
    }

    /// The exchange was refused, withdrawn, or failed: the session stays as it was (RFC 3264 section 8).
    pub fn roll_back(&mut self) {
        *self = Ledger::Stable;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_and_its_answer_lead_back_to_stable() {
        let mut ledger = Ledger::default();
        ledger.send_invite(true).unwrap();
        assert!(!ledger.receive_success(true));
        assert_eq!(ledger, Ledger::Stable);
        ledger.receive_invite(true).unwrap();
        assert_eq!(ledger.send_success(false), Err(Violation::AnswerMissing));
        ledger.send_success(true).unwrap();
        assert_eq!(ledger, Ledger::Stable);
    }

    #[test]
    fn a_late_offer_is_answered_in_the_ack() {
        let mut ledger = Ledger::default();
        ledger.send_invite(false).unwrap();
        assert!(ledger.receive_success(true));
        assert_eq!(ledger, Ledger::RemoteOffer);
        ledger.send_ack_answer().unwrap();
        assert_eq!(ledger.send_ack_answer(), Err(Violation::NothingToAnswer));
        ledger.receive_invite(false).unwrap();
        assert_eq!(ledger.send_success(false), Err(Violation::OfferMissing));
        ledger.send_success(true).unwrap();
        assert_eq!(ledger, Ledger::LocalOffer);
        assert!(ledger.receive_ack(true));
        assert_eq!(ledger, Ledger::Stable);
    }

    #[test]
    fn a_second_offer_is_turned_away_as_14_2_says() {
        for (mut ledger, glare) in [
            (Ledger::LocalOffer, Glare::RequestPending),
            (Ledger::OfferAwaited, Glare::RequestPending),
            (Ledger::RemoteOffer, Glare::RetryLater),
            (Ledger::OfferDue, Glare::RetryLater),
        ] {
            let before = ledger;
            assert_eq!(ledger.receive_invite(true), Err(glare));
            assert_eq!(ledger.send_invite(true), Err(Violation::OfferOutstanding));
            assert_eq!(ledger, before);
            ledger.roll_back();
            assert_eq!(ledger, Ledger::Stable);
        }
    }
}
