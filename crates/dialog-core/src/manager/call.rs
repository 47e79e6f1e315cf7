//! The record of one call: its dialog, where its state machine stands, and what is outstanding.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rvoip_transaction_core::sip_core::Request;
use rvoip_transaction_core::sip_transport::Target;
use rvoip_transaction_core::{ClientKey, ServerKey};

use crate::dialog::Dialog;
use crate::invite::{uac, uas};
use crate::offer_answer::Ledger;
use crate::{CallKey, EndCause};

/// Which side of the call this is, and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Caller(uac::State),
    Called(uas::State),
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Caller(state) => state.name(),
            Role::Called(state) => state.name(),
        }
    }

    /// Both parties have agreed and neither has hung up.
    pub(crate) fn is_confirmed(self) -> bool {
        matches!(
            self,
            Role::Caller(uac::State::Confirmed) | Role::Called(uas::State::Confirmed)
        )
    }

    /// Called, and the decision is still to be made.
    pub(crate) fn is_undecided(self) -> bool {
        matches!(
            self,
            Role::Called(uas::State::Received | uas::State::Ringing)
        )
    }
}

/// The INVITE transaction that is open in a call; there is at most one.
#[derive(Debug)]
pub(crate) enum Exchange {
    None,
    /// Ours, with its CSeq number.
    Ours {
        client: ClientKey,
        number: u32,
    },
    /// The peer's, waiting for our answer.
    Theirs(Box<Theirs>),
}

/// An INVITE of the peer that waits for our answer.
#[derive(Debug)]
pub(crate) struct Theirs {
    pub(crate) server: ServerKey,
    pub(crate) request: Arc<Request>,
    /// Its CSeq number.
    pub(crate) number: u32,
    /// The last provisional response and when it is due again, lest proxies give up (RFC 3261 section 13.3.1.1).
    pub(crate) provisional: Option<(Bytes, Instant)>,
}

/// A 2xx of ours that is repeated until its ACK comes (RFC 3261 section 13.3.1.4).
#[derive(Debug)]
pub(crate) struct Unacknowledged {
    pub(crate) server: ServerKey,
    pub(crate) response: Bytes,
    /// The CSeq number that the ACK will carry.
    pub(crate) number: u32,
    pub(crate) interval: Duration,
    pub(crate) next: Instant,
    pub(crate) until: Instant,
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) key: CallKey,
    pub(crate) role: Role,
    pub(crate) dialog: Dialog,
    pub(crate) ledger: Ledger,
    pub(crate) exchange: Exchange,
    pub(crate) unacknowledged: Option<Box<Unacknowledged>>,
    /// Where the first INVITE went or came from: for requests whose URI leads nowhere. Shared by calls that go the same way.
    pub(crate) path: Option<Arc<Target>>,
    /// When the present state has lasted too long.
    pub(crate) limit: Option<Instant>,
    /// The first cause for which the call ends; later ones are consequences.
    pub(crate) cause: Option<EndCause>,
    /// What the deadline queue holds for this call.
    pub(super) wake: Option<Instant>,
}

impl Call {
    pub(super) fn new(key: CallKey, role: Role, dialog: Dialog) -> Call {
        Call {
            key,
            role,
            dialog,
            ledger: Ledger::default(),
            exchange: Exchange::None,
            unacknowledged: None,
            path: None,
            limit: None,
            cause: None,
            wake: None,
        }
    }

    /// Keeps the first cause.
    pub(crate) fn note(&mut self, cause: EndCause) {
        self.cause.get_or_insert(cause);
    }

    /// The next moment at which something is due.
    pub(super) fn due(&self) -> Option<Instant> {
        let repeat = self
            .unacknowledged
            .as_ref()
            .map(|success| success.next.min(success.until));
        let provisional = match &self.exchange {
            Exchange::Theirs(theirs) => theirs.provisional.as_ref().map(|(_, at)| *at),
            _ => None,
        };
        [self.limit, repeat, provisional]
            .into_iter()
            .flatten()
            .min()
    }
}
