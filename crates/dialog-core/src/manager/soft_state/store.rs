//! All registrations and publications of a manager: a slab with checked keys, their deadlines, and the flows they rest on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::ByteString;
use rvoip_transaction_core::sip_transport::Flow;
use slab::Slab;

use super::super::publication::Publication;
use super::super::registration::Registration;
use crate::EndCause;
use crate::deadline_queue::DeadlineQueue;
use crate::id::LocalTag;
use crate::soft_state::{BackOff, SoftStateKey, State};

/// What the state is.
#[derive(Debug)]
pub(in crate::manager) enum Purpose {
    Registration(Box<Registration>),
    Publication(Box<Publication>),
}

/// One registration or publication.
#[derive(Debug)]
pub(in crate::manager) struct SoftState {
    pub(in crate::manager) state: State,
    pub(in crate::manager) purpose: Purpose,
    pub(in crate::manager) call_id: ByteString,
    pub(in crate::manager) tag: LocalTag,
    /// The CSeq number of the last request.
    pub(in crate::manager) cseq: u32,
    /// The lifetime that is asked for; a 423 raises it.
    pub(in crate::manager) expires: Duration,
    pub(in crate::manager) back_off: BackOff,
    /// Failures in a row.
    pub(in crate::manager) failures: u32,
    /// How often the present request was sent otherwise than at first: longer, to another place, as a new one.
    pub(in crate::manager) rounds: u8,
    /// The server has agreed once: it will not refuse for good any more.
    pub(in crate::manager) was_granted: bool,
    /// It is to be refreshed as soon as the present request is granted.
    pub(in crate::manager) renew: bool,
    /// When it was granted last.
    pub(in crate::manager) kept_since: Option<Instant>,
    pub(in crate::manager) wake: Option<Instant>,
    /// The last failure.
    pub(in crate::manager) cause: Option<EndCause>,
    flow: Option<Flow>,
    scheduled: Option<Instant>,
    generation: u32,
}

impl SoftState {
    pub(in crate::manager) fn new(
        purpose: Purpose,
        call_id: ByteString,
        tag: LocalTag,
        expires: Duration,
        back_off: BackOff,
    ) -> SoftState {
        SoftState {
            state: State::Making,
            purpose,
            call_id,
            tag,
            cseq: 0,
            expires,
            back_off,
            failures: 0,
            rounds: 0,
            was_granted: false,
            renew: false,
            kept_since: None,
            wake: None,
            cause: None,
            flow: None,
            scheduled: None,
            generation: 0,
        }
    }

    pub(in crate::manager) fn flow(&self) -> Option<Flow> {
        self.flow
    }
}

/// The table of registrations and publications.
#[derive(Debug, Default)]
pub(in crate::manager) struct SoftStates {
    all: Slab<Box<SoftState>>,
    deadlines: DeadlineQueue<SoftStateKey>,
    /// Who has registered over a flow to which address.
    flows: BTreeMap<SocketAddr, Vec<SoftStateKey>>,
    generation: u32,
}

impl SoftStates {
    pub(in crate::manager) fn insert(&mut self, mut record: SoftState) -> SoftStateKey {
        self.generation = self.generation.wrapping_add(1);
        record.generation = self.generation;
        let index = self.all.insert(Box::new(record)) as u32;
        SoftStateKey {
            index,
            generation: self.generation,
        }
    }

    pub(in crate::manager) fn get(&self, key: SoftStateKey) -> Option<&SoftState> {
        let record = self.all.get(key.index as usize)?;
        (record.generation == key.generation).then_some(record)
    }

    pub(in crate::manager) fn get_mut(&mut self, key: SoftStateKey) -> Option<&mut SoftState> {
        let record = self.all.get_mut(key.index as usize)?;
        (record.generation == key.generation).then_some(record)
    }

    pub(in crate::manager) fn remove(&mut self, key: SoftStateKey) -> Option<Box<SoftState>> {
        self.set_flow(key, None);
        self.get(key)?;
        let mut record = self.all.remove(key.index as usize);
        self.deadlines.set(key, &mut record.scheduled, None);
        Some(record)
    }

    /// Brings the deadlines up to date; to be called after every change of `wake`.
    pub(in crate::manager) fn schedule(&mut self, key: SoftStateKey) {
        let Some(record) = self
            .all
            .get_mut(key.index as usize)
            .filter(|record| record.generation == key.generation)
        else {
            return;
        };
        let due = record.wake;
        self.deadlines.set(key, &mut record.scheduled, due);
    }

    pub(in crate::manager) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Takes the next one whose deadline has come.
    pub(in crate::manager) fn pop_due(&mut self, now: Instant) -> Option<SoftStateKey> {
        let key = self.deadlines.pop_due(now)?;
        let record = self.get_mut(key)?;
        (record.wake, record.scheduled) = (None, None);
        Some(key)
    }

    /// Notes the flow on which one rests from now on; gives the one before, when nobody rests on it any more.
    pub(in crate::manager) fn set_flow(
        &mut self,
        key: SoftStateKey,
        flow: Option<Flow>,
    ) -> Option<Flow> {
        let before = std::mem::replace(&mut self.get_mut(key)?.flow, flow);
        if before == flow {
            return None;
        }
        if let Some(flow) = flow {
            self.flows.entry(flow.remote).or_default().push(key);
        }
        let before = before?;
        let riders = self.flows.get_mut(&before.remote)?;
        riders
            .retain(|rider| *rider != key || flow.is_some_and(|flow| flow.remote == before.remote));
        if riders.is_empty() {
            self.flows.remove(&before.remote);
        }
        self.on_flow(&before).is_empty().then_some(before)
    }

    /// Those that rest on a flow.
    pub(in crate::manager) fn on_flow(&self, flow: &Flow) -> Vec<SoftStateKey> {
        let Some(riders) = self.flows.get(&flow.remote) else {
            return Vec::new();
        };
        let rests = |key: &&SoftStateKey| {
            self.get(**key)
                .is_some_and(|record| record.flow.as_ref() == Some(flow))
        };
        riders.iter().filter(rests).copied().collect()
    }

    pub(in crate::manager) fn len(&self) -> usize {
        self.all.len()
    }

    /// All there are, those included that end.
    pub(in crate::manager) fn keys(&self) -> Vec<SoftStateKey> {
        let all = self.all.iter();
        all.map(|(index, record)| SoftStateKey {
            index: index as u32,
            generation: record.generation,
        })
        .collect()
    }
}
