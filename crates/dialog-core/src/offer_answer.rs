//! The offer/answer ledger of a dialog (RFC 3264, RFC 3262 section 5, RFC 3311, RFC 6337): which offer is outstanding, who
//! may speak next, and in which message.
//!
//! ```text
//!   the offer goes in          its answer goes in
//!   INVITE                     2xx, or a reliable 1xx before it
//!   2xx                        ACK           (the INVITE had none)
//!   reliable 1xx               PRACK         (the INVITE had none)
//!   PRACK                      2xx of PRACK
//!   UPDATE                     2xx of UPDATE
//!
//!   Stable --INVITE, PRACK, UPDATE with offer--> Offered --its answer, refusal--> Stable
//!   Stable --INVITE without offer--> Invited --reliable 1xx or 2xx with offer--> Offered
//! ```

mod glare;
mod proposal;

pub use glare::{Glare, back_off, retry_after};
pub use proposal::OfferMethod;
pub(crate) use proposal::Proposal;

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
    /// A provisional response that is not reliable carries no offer.
    #[error("an offer in a provisional response has to be reliable")]
    OfferUnreliable,
}

/// One of the two sides of a dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// This side.
    Local,
    /// The peer.
    Remote,
}

/// The messages in which offers and answers travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// An INVITE, the first or a later one.
    Invite,
    /// A reliable provisional response to it.
    Reliable,
    /// Its 2xx.
    Success,
    /// The ACK of the 2xx.
    Ack,
    /// PRACK.
    Prack,
    /// The 2xx of PRACK.
    PrackSuccess,
    /// UPDATE.
    Update,
    /// The 2xx of UPDATE.
    UpdateSuccess,
}

/// What a body is in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// There is none, or it says nothing: to be left out, or passed over.
    Nothing,
    /// An offer.
    Offer,
    /// The answer to the outstanding offer.
    Answer,
}

/// What is outstanding between the parties of a dialog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ledger {
    /// Nothing: either party may offer.
    #[default]
    Stable,
    /// The offer of a party, in this message, waits for the other's answer.
    Offered(Party, Carrier),
    /// The INVITE of this party asks the other to offer.
    Invited(Party),
}

impl Ledger {
    /// A message goes by, with a body or without.
    ///
    /// # Errors
    /// When it must not be sent so, or is turned away; the ledger stays.
    pub fn pass(&mut self, by: Party, carrier: Carrier, body: bool) -> Result<Meaning, Violation> {
        let (next, meaning) = self.after(by, carrier, body)?;
        *self = next;
        Ok(meaning)
    }

    /// The ledger after a message, and what its body is.
    ///
    /// # Errors
    /// As [`pass`](Self::pass).
    pub fn after(
        self,
        by: Party,
        carrier: Carrier,
        body: bool,
    ) -> Result<(Ledger, Meaning), Violation> {
        use Carrier::*;
        use Ledger::*;
        let foreign = |party| party != by;
        let (offered, answered) = (Offered(by, carrier), (Stable, Meaning::Answer));
        Ok(match (carrier, self) {
            (Invite, Stable) if body => (offered, Meaning::Offer),
            (Invite, Stable) => (Invited(by), Meaning::Nothing),
            (Invite, _) => return Err(Violation::OfferOutstanding),

            (Reliable | Success, Offered(party, Invite)) if foreign(party) && body => answered,
            (Success, Offered(party, Invite)) if foreign(party) => {
                return Err(Violation::AnswerMissing);
            }
            (Reliable | Success, Invited(party)) if foreign(party) && body => {
                (offered, Meaning::Offer)
            }
            (Reliable | Success, Invited(party)) if foreign(party) => {
                return Err(Violation::OfferMissing);
            }
            (Success, Offered(..) | Invited(_)) => return Err(Violation::OfferOutstanding),

            (Ack, Offered(party, Success))
            | (Prack, Offered(party, Reliable))
            | (PrackSuccess, Offered(party, Prack))
            | (UpdateSuccess, Offered(party, Update))
                if foreign(party) =>
            {
                match body {
                    true => answered,
                    false => return Err(Violation::AnswerMissing),
                }
            }

            (Prack | Update, Stable) if body => (offered, Meaning::Offer),
            (Prack | Update, _) if body => return Err(Violation::OfferOutstanding),
            _ => (self, Meaning::Nothing),
        })
    }

    /// The request of a party was refused, withdrawn, or failed; an offer of its exchange is void and the session stays as it
    /// was (RFC 3264 section 8). An INVITE takes with it what its responses have offered.
    pub fn fail(&mut self, request: Carrier) {
        use Carrier::*;
        let void = match (request, *self) {
            (_, Ledger::Stable) => false,
            (Invite, Ledger::Invited(_)) => true,
            (Invite, Ledger::Offered(_, carrier)) => matches!(carrier, Invite | Reliable | Success),
            (_, Ledger::Offered(_, carrier)) => carrier == request,
            _ => false,
        };
        if void {
            *self = Ledger::Stable;
        }
    }

    /// How an offer or INVITE of the peer is turned away now; `None` when it need not be.
    pub fn glare(self) -> Option<Glare> {
        match self {
            Ledger::Stable => None,
            Ledger::Offered(Party::Local, _) | Ledger::Invited(Party::Local) => {
                Some(Glare::RequestPending)
            }
            Ledger::Offered(Party::Remote, _) | Ledger::Invited(Party::Remote) => {
                Some(Glare::RetryLater)
            }
        }
    }

    /// Nothing is outstanding.
    pub fn is_stable(self) -> bool {
        self == Ledger::Stable
    }
}

#[cfg(test)]
mod tests;
