//! The record of one call: its dialog, where its state machine stands, and what is outstanding.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rvoip_transaction_core::sip_core::{Allow, HeaderMap, Method, Request};
use rvoip_transaction_core::sip_transport::{Target, soonest};
use rvoip_transaction_core::{ClientKey, ServerKey};

use super::leg::{Change, Early};
use super::subscription::Usages;
use crate::dialog::Dialog;
use crate::fork::ForkId;
use crate::invite::{uac, uas};
use crate::offer_answer::{Carrier, Ledger, Meaning, Party};
use crate::session_timer::SessionTimer;
use crate::{Body, CallKey, EndCause};

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

    /// This side has hung up: the peer's requests find no dialog any more.
    pub(crate) fn is_leaving(self) -> bool {
        matches!(
            self,
            Role::Caller(uac::State::Cancelling | uac::State::Closing)
                | Role::Called(uas::State::Departing | uas::State::Closing)
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
    /// The peer's last Allow names UPDATE.
    pub(crate) updates: bool,
    /// It names INFO.
    pub(crate) infos: bool,
    /// Which of the called parties has answered.
    pub(crate) fork: Option<ForkId>,
    /// What there is before the answer only.
    pub(crate) early: Option<Box<Early>>,
    /// What is being changed without INVITE.
    pub(crate) change: Option<Box<Change>>,
    /// How the session is kept alive.
    pub(crate) timer: Option<Box<SessionTimer>>,
    /// When the present state has lasted too long.
    pub(crate) limit: Option<Instant>,
    /// The first cause for which the call ends; later ones are consequences.
    pub(crate) cause: Option<EndCause>,
    /// What happens beside the call in its dialog; most calls have nothing.
    pub(super) usages: Option<Box<Usages>>,
    /// What the deadline queue holds for this call.
    pub(super) wake: Option<Instant>,
}

impl Call {
    /// The transaction of the INVITE of the peer that is open.
    pub(super) fn asking(&self) -> Option<ServerKey> {
        match &self.exchange {
            Exchange::Theirs(theirs) => Some(theirs.server),
            _ => None,
        }
    }

    pub(super) fn new(key: CallKey, role: Role, dialog: Dialog) -> Call {
        Call {
            key,
            role,
            dialog,
            ledger: Ledger::default(),
            exchange: Exchange::None,
            unacknowledged: None,
            path: None,
            updates: false,
            infos: false,
            fork: None,
            early: None,
            change: None,
            timer: None,
            limit: None,
            cause: None,
            usages: None,
            wake: None,
        }
    }

    /// Keeps the first cause.
    pub(crate) fn note(&mut self, cause: EndCause) {
        self.cause.get_or_insert(cause);
    }

    /// The peer answers our INVITE with 2xx; true when its body is an offer that we owe an answer. What a peer leaves out is
    /// not waited for.
    pub(super) fn receive_success(&mut self, body: bool) -> bool {
        match self.ledger.pass(Party::Remote, Carrier::Success, body) {
            Ok(meaning) => meaning == Meaning::Offer,
            Err(_) => {
                self.ledger.fail(Carrier::Invite);
                false
            }
        }
    }

    /// The ACK of our 2xx came; true when it ends the exchange in which we offered.
    pub(super) fn receive_ack(&mut self, body: bool) -> bool {
        let offered = self.ledger == Ledger::Offered(Party::Local, Carrier::Success);
        if offered && self.ledger.pass(Party::Remote, Carrier::Ack, body).is_err() {
            self.ledger.fail(Carrier::Invite);
        }
        offered
    }

    /// What a message of the peer says about UPDATE and INFO; one without Allow says nothing.
    pub(super) fn note_allow(&mut self, headers: &HeaderMap) {
        if let Ok(Some(allow)) = headers.first::<Allow>() {
            self.updates = allow.contains(&Method::Update);
            self.infos = allow.contains(&Method::Info);
        }
    }

    /// Our description of the session, as it went out.
    pub(super) fn described(&mut self, body: &Body) {
        if let Some(timer) = &mut self.timer {
            timer.local = Some(body.clone());
        }
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
        let timer = self.timer.as_ref().map(|timer| timer.due());
        let change = match (&self.change, &self.early) {
            (None, None) => None,
            _ => self.change_due(),
        };
        soonest([self.limit, repeat, provisional, timer, change])
    }
}
