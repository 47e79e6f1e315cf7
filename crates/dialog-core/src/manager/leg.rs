//! The dialogs of a call: the one that it is, and before its answer one with each called party that was heard of (RFC 3261
//! section 12.1); what is being changed in each.

use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::Request;

use super::call::Call;
use super::reliable::Reliable;
use crate::dialog::Dialog;
use crate::fork::ForkId;
use crate::offer_answer::{Carrier, Ledger, Proposal};
use crate::prack::Arrivals;
use crate::{Body, Leg};

/// An offer of the peer in PRACK or UPDATE that waits for our answer.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) server: ServerKey,
    pub(crate) request: Arc<Request>,
    pub(crate) carrier: Carrier,
    pub(crate) until: Instant,
}

/// An offer of ours that met another one and goes out again.
#[derive(Debug)]
pub(crate) struct Retry {
    pub(crate) proposal: Proposal,
    pub(crate) at: Instant,
    /// The session has changed meanwhile, so that the offer is no longer true.
    pub(crate) stale: bool,
}

/// What is being changed in a dialog, beside the INVITE that is open.
#[derive(Debug, Default)]
pub(crate) struct Change {
    /// The reliable provisional responses to our re-INVITE.
    pub(crate) arrivals: Option<Arrivals>,
    /// An UPDATE of ours is not answered yet.
    pub(crate) updating: bool,
    pub(crate) asked: Option<Asked>,
    pub(crate) retry: Option<Retry>,
}

impl Change {
    fn is_empty(&self) -> bool {
        self.arrivals.is_none() && !self.updating && self.asked.is_none() && self.retry.is_none()
    }

    fn due(&self) -> Option<Instant> {
        let asked = self.asked.as_ref().map(|asked| asked.until);
        let retry = self.retry.as_ref().map(|retry| retry.at);
        asked.into_iter().chain(retry).min()
    }
}

/// The caller's dialog with a called party that has sent a reliable provisional response.
#[derive(Debug)]
pub(crate) struct EarlyDialog {
    pub(crate) id: ForkId,
    pub(crate) dialog: Dialog,
    pub(crate) ledger: Ledger,
    pub(crate) change: Option<Box<Change>>,
    pub(crate) arrivals: Arrivals,
    /// The response whose PRACK waits for our answer to its offer.
    pub(crate) unanswered: Option<u32>,
    /// The answer to the offer of the INVITE, as long as nothing has changed it.
    pub(crate) answer: Option<Body>,
    /// Our description, where it is another one than that of the INVITE.
    pub(crate) local: Option<Body>,
    /// The peer speaks UPDATE.
    pub(crate) updates: bool,
    /// PRACKs of ours that are not answered yet: a request that overtook one would have it refused for its CSeq.
    pub(crate) pracking: u8,
}

/// What a call has before its answer only.
#[derive(Debug, Default)]
pub(crate) struct Early {
    /// The caller's dialogs.
    pub(crate) dialogs: Vec<EarlyDialog>,
    /// The called party's reliable provisional responses.
    pub(crate) reliable: Option<Reliable>,
    /// The called party's description, once a message before the 2xx has brought it.
    pub(crate) local: Option<Body>,
}

/// One dialog of a call.
#[derive(Debug)]
pub(crate) struct LegMut<'a> {
    pub(crate) dialog: &'a mut Dialog,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) change: &'a mut Option<Box<Change>>,
    /// It is one of several that the call may become.
    pub(crate) early: Option<ForkId>,
}

impl LegMut<'_> {
    /// The offer of the peer that waits for our answer.
    pub(crate) fn asked(&self) -> Option<&Asked> {
        self.change.as_ref()?.asked.as_ref()
    }

    /// Whether an UPDATE of ours is open, or an offer of ours waits for its next try.
    pub(crate) fn is_changing(&self) -> bool {
        let change = self.change.as_ref();
        change.is_some_and(|change| change.updating || change.retry.is_some())
    }

    pub(crate) fn change(&mut self) -> &mut Change {
        self.change.get_or_insert_default()
    }

    /// Takes the offer of the peer that waits.
    pub(crate) fn take_asked(&mut self) -> Option<Asked> {
        let asked = self.change.as_mut()?.asked.take();
        self.settle();
        asked
    }

    /// Takes the offer of ours that waits for its next try.
    pub(crate) fn take_retry(&mut self) -> Option<Retry> {
        let retry = self.change.as_mut()?.retry.take();
        self.settle();
        retry
    }

    /// The UPDATE of ours is over.
    pub(crate) fn updated(&mut self) {
        if let Some(change) = self.change {
            change.updating = false;
        }
        self.settle();
    }

    /// Our re-INVITE is over.
    pub(crate) fn reinvited(&mut self) {
        if let Some(change) = self.change {
            change.arrivals = None;
        }
        self.settle();
    }

    /// The peer changes the session: an offer of ours that waits is no longer true.
    pub(crate) fn overtake(&mut self) {
        if let Some(retry) = self
            .change
            .as_mut()
            .and_then(|change| change.retry.as_mut())
        {
            retry.stale = true;
        }
    }

    fn settle(&mut self) {
        if self.change.as_ref().is_some_and(|change| change.is_empty()) {
            *self.change = None;
        }
    }
}

impl Call {
    /// The early dialog that a command names; the only one when it names none.
    pub(crate) fn early_mut(&mut self, fork: Option<ForkId>) -> Option<&mut EarlyDialog> {
        let dialogs = &mut self.early.as_mut()?.dialogs;
        match fork {
            Some(id) => dialogs.iter_mut().find(|early| early.id == id),
            None if dialogs.len() == 1 => dialogs.first_mut(),
            None => None,
        }
    }

    /// The dialog that a command or a message of the peer is for; `None` when it is of a called party that did not win.
    pub(crate) fn leg_mut(&mut self, fork: Option<ForkId>) -> Option<LegMut<'_>> {
        if self.early_mut(fork).is_some() {
            return self.early_mut(fork).map(|early| LegMut {
                early: Some(early.id),
                dialog: &mut early.dialog,
                ledger: &mut early.ledger,
                change: &mut early.change,
            });
        }
        (fork.is_none() || fork == self.fork).then_some(LegMut {
            early: None,
            dialog: &mut self.dialog,
            ledger: &mut self.ledger,
            change: &mut self.change,
        })
    }

    /// The dialog of this call that a request of the peer is in.
    pub(crate) fn owner(&self, request: &Request) -> Option<Leg> {
        let call = self.key;
        if let Some(early) = &self.early
            && let Some(early) = early
                .dialogs
                .iter()
                .find(|early| early.dialog.owns(request))
        {
            let fork = Some(early.id);
            return Some(Leg { call, fork });
        }
        self.dialog.owns(request).then_some(Leg::from(call))
    }

    /// Our description of the session before the answer, as a message has brought it.
    pub(crate) fn described_early(&mut self, fork: Option<ForkId>, body: &Body) {
        if let Some(early) = self.early_mut(fork) {
            early.answer = None;
            early.local = Some(body.clone());
        } else if let Some(early) = &mut self.early {
            early.local = Some(body.clone());
        }
    }

    /// All dialogs of the call in which something is being changed.
    pub(crate) fn changing(&self) -> Vec<Option<ForkId>> {
        let early = self.early.iter().flat_map(|early| &early.dialogs);
        let early = early.filter(|early| early.change.is_some());
        let own = self.change.iter().map(|_| None);
        own.chain(early.map(|early| Some(early.id))).collect()
    }

    /// Takes all offers of the peer that wait, as the call is over.
    pub(crate) fn take_asked(&mut self) -> Vec<Asked> {
        let legs = self.changing();
        let asked = legs
            .into_iter()
            .filter_map(|fork| self.leg_mut(fork)?.take_asked());
        asked.collect()
    }

    /// The next moment at which something of all this is due.
    pub(crate) fn change_due(&self) -> Option<Instant> {
        let own = self.change.as_ref().and_then(|change| change.due());
        let Some(early) = &self.early else {
            return own;
        };
        let dialogs = early.dialogs.iter();
        let early_due = dialogs.filter_map(|early| early.change.as_ref()?.due());
        let reliable = early.reliable.as_ref().and_then(Reliable::due);
        own.into_iter().chain(early_due).chain(reliable).min()
    }
}
