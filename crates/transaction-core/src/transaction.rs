//! One transaction: its machine, what it would send again, and when.

use std::time::Instant;

use bytes::Bytes;

use crate::fingerprint::Fingerprint;
use crate::flow::FlowId;
use crate::index::Marked;
use crate::key::Key;
use crate::machine::Machine;
use crate::ring::{Link, Linked};
use crate::timer::{Timer, Timers};
use crate::timer_wheel::{Seat, Timed};

/// The numbers of the fingerprints by which a transaction is found.
pub(crate) const BY_MESSAGE: usize = 0;
pub(crate) const BY_INVITE: usize = 1;

/// Everything that is kept of a transaction: a few words, and one message while it may have to go out again.
#[derive(Debug)]
pub(crate) struct Transaction {
    /// How responses or requests find it, and what a CANCEL with a strange branch finds an INVITE by.
    fingerprints: [Option<Fingerprint>; 2],
    /// The octets that would go out again; of a server transaction without an answer, the request.
    pub(crate) kept: Bytes,
    /// Its places in the timer table and among the riders of its flow.
    links: [Link; 2],
    chains: [u32; 2],
    /// Tells it from others that have had its slot.
    pub(crate) generation: u32,
    /// Where it sends; the table has it in full.
    pub(crate) flow: FlowId,
    /// When the timers fire, in milliseconds of which the last 32 bits are kept.
    repeat_at: u32,
    expiry_at: u32,
    /// The timer that makes something go out again.
    repeat: Option<Timer>,
    /// How often it has fired in a row.
    round: u8,
    /// The timer that ends the transaction.
    expiry: Option<Timer>,
    seat: Option<Seat>,
    pub(crate) machine: Machine,
    /// Whether the transport repeats what is lost.
    pub(crate) reliable: bool,
    /// Whether `kept` has gone out.
    pub(crate) sent: bool,
    /// Whether the flow is one that this side opened to bring a response home (RFC 3261 section 18.2.2).
    pub(crate) reopened: bool,
    pub(crate) relation: Relation,
}

/// What a transaction knows of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// Nothing.
    None,
    /// An INVITE of ours, and its CANCEL.
    CancelledBy(Key),
    /// An INVITE received, already cancelled.
    Cancelled,
    /// A CANCEL received: answered by this layer, unknown to the transaction user.
    Hidden,
}

impl Transaction {
    /// A transaction of no flow yet.
    pub(crate) fn new(machine: Machine, fingerprint: Fingerprint, kept: Bytes) -> Transaction {
        Transaction {
            fingerprints: [Some(fingerprint), None],
            kept,
            links: [Link::default(); 2],
            chains: [0; 2],
            generation: 0,
            flow: FlowId::NONE,
            repeat_at: 0,
            expiry_at: 0,
            repeat: None,
            round: 0,
            expiry: None,
            seat: None,
            machine,
            reliable: false,
            sent: false,
            reopened: false,
            relation: Relation::None,
        }
    }

    /// Makes an INVITE known by what its CANCEL copies from it.
    pub(crate) fn found_as_invite(mut self, fingerprint: Option<Fingerprint>) -> Transaction {
        self.fingerprints[BY_INVITE] = fingerprint;
        self
    }

    /// Keeps octets that may have to go out again. What lingers with them is given memory of their exact size: a message
    /// that was just written has room to spare.
    pub(crate) fn keep(&mut self, octets: Bytes) {
        self.kept = if self.machine.lingers_with_octets() {
            Bytes::copy_from_slice(&octets)
        } else {
            octets
        };
    }

    /// Whether the repeating timer fires no later than the one that ends the transaction.
    fn repeats_first(&self) -> bool {
        let difference = self.repeat_at.wrapping_sub(self.expiry_at) as i32;
        self.repeat.is_some() && (self.expiry.is_none() || difference <= 0)
    }

    /// Takes out a timer that is due at `passed`, the earlier of two.
    pub(crate) fn take_due(&mut self, passed: u64) -> Option<Timer> {
        let due = self.due()?;
        if (due.wrapping_sub(passed as u32) as i32) > 0 {
            return None;
        }
        if self.repeats_first() {
            self.repeat.take()
        } else {
            self.expiry.take()
        }
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
        let running = if timer.repeats() {
            &mut self.repeat
        } else {
            &mut self.expiry
        };
        if *running == Some(timer) {
            *running = None;
        }
    }

    fn set(&mut self, now: Instant, timer: Timer, timers: &mut Timers) {
        let round = if timer.repeats() { self.round } else { 0 };
        let deadline = timers.deadline(now, timer, round) as u32;
        if timer.repeats() {
            (self.repeat, self.repeat_at) = (Some(timer), deadline);
        } else {
            (self.expiry, self.expiry_at) = (Some(timer), deadline);
        }
    }
}

impl Timed for Transaction {
    fn seat(&self) -> Option<Seat> {
        self.seat
    }

    fn set_seat(&mut self, seat: Option<Seat>) {
        self.seat = seat;
    }

    fn due(&self) -> Option<u32> {
        if self.repeats_first() {
            Some(self.repeat_at)
        } else {
            self.expiry.map(|_| self.expiry_at)
        }
    }
}

impl Linked for Transaction {
    fn link(&self, number: usize) -> &Link {
        &self.links[number]
    }

    fn link_mut(&mut self, number: usize) -> &mut Link {
        &mut self.links[number]
    }
}

impl Marked for Transaction {
    fn fingerprint(&self, number: usize) -> Option<Fingerprint> {
        self.fingerprints[number]
    }

    fn next(&self, number: usize) -> u32 {
        self.chains[number]
    }

    fn set_next(&mut self, number: usize, next: u32) {
        self.chains[number] = next;
    }
}
