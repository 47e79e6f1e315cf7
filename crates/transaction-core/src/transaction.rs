//! One transaction: its machine, what it would send again, and when.

use std::time::Instant;

use bytes::Bytes;

use crate::flow::FlowId;
use crate::key::Key;
use crate::machine::Machine;
use crate::matching::Fingerprint;
use crate::timer::{Timer, Timers};

/// Everything that is kept of a transaction: a few words, and one message while it may have to go out again.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) machine: Machine,
    /// How responses or requests find it.
    pub(crate) fingerprint: Fingerprint,
    /// Where it sends; the table has it in full.
    pub(crate) flow: FlowId,
    /// Whether the transport repeats what is lost.
    pub(crate) reliable: bool,
    /// The octets that would go out again; of a server transaction without an answer, the request.
    pub(crate) kept: Bytes,
    /// Whether `kept` has gone out.
    pub(crate) sent: bool,
    /// Whether the flow is one that this side opened to bring a response home (RFC 3261 section 18.2.2).
    pub(crate) reopened: bool,
    /// The timer that makes something go out again.
    repeat: Option<(Instant, Timer)>,
    /// How often it has fired in a row.
    round: u8,
    /// The timer that ends the transaction.
    expiry: Option<(Instant, Timer)>,
    pub(crate) link: Link,
}

/// What a transaction knows of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Nothing.
    None,
    /// An INVITE of ours, and its CANCEL.
    CancelledBy(Key),
    /// An INVITE received: what a CANCEL with a strange branch finds it by.
    Invite(Fingerprint),
    /// An INVITE received, already cancelled.
    CancelledInvite(Fingerprint),
    /// A CANCEL received: answered by this layer, unknown to the transaction user.
    Hidden,
}

impl Link {
    /// What a CANCEL with a strange branch finds an INVITE by.
    pub(crate) fn invite(self) -> Option<Fingerprint> {
        match self {
            Link::Invite(fingerprint) | Link::CancelledInvite(fingerprint) => Some(fingerprint),
            Link::None | Link::CancelledBy(_) | Link::Hidden => None,
        }
    }
}

impl Transaction {
    pub(crate) fn new(
        machine: Machine,
        fingerprint: Fingerprint,
        (flow, reliable): (FlowId, bool),
        kept: Bytes,
    ) -> Transaction {
        Transaction {
            machine,
            fingerprint,
            flow,
            reliable,
            kept,
            sent: false,
            reopened: false,
            repeat: None,
            round: 0,
            expiry: None,
            link: Link::None,
        }
    }

    /// When the next of the two timers fires.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        [self.repeat, self.expiry]
            .into_iter()
            .flatten()
            .map(|(at, _)| at)
            .min()
    }

    /// Takes out a timer that is due, the earlier of two.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Timer> {
        let due = self.deadline().filter(|at| *at <= now)?;
        let slot = if self.repeat.is_some_and(|(at, _)| at == due) {
            &mut self.repeat
        } else {
            &mut self.expiry
        };
        slot.take().map(|(_, timer)| timer)
    }

    /// Sets a timer to its first interval.
    pub(crate) fn start(&mut self, now: Instant, timer: Timer, timers: &mut Timers) {
        if timer.repeats() {
            self.round = 0;
        }
        self.set(now, timer, timers);
    }

    /// Sets a repeating timer to its next interval.
    pub(crate) fn again(&mut self, now: Instant, timer: Timer, timers: &mut Timers) {
        self.round = self.round.saturating_add(1);
        self.set(now, timer, timers);
    }

    /// Sets a repeating timer to its longest interval.
    pub(crate) fn again_at_t2(&mut self, now: Instant, timer: Timer, timers: &mut Timers) {
        self.round = u8::MAX;
        self.set(now, timer, timers);
    }

    pub(crate) fn stop(&mut self, timer: Timer) {
        let slot = if timer.repeats() {
            &mut self.repeat
        } else {
            &mut self.expiry
        };
        if slot.is_some_and(|(_, running)| running == timer) {
            *slot = None;
        }
    }

    fn set(&mut self, now: Instant, timer: Timer, timers: &mut Timers) {
        let round = if timer.repeats() { self.round } else { 0 };
        let deadline = timers.deadline(now, timer, round).map(|at| (at, timer));
        if timer.repeats() {
            self.repeat = deadline;
        } else {
            self.expiry = deadline;
        }
    }
}
