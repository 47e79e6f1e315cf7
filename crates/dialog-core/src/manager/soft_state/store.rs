//! All registrations and publications of a manager, and the flows they rest on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::{Deref, DerefMut};
use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::ByteString;
use rvoip_transaction_core::sip_transport::Flow;

use super::super::publication::Publication;
use super::super::registration::Registration;
use crate::EndCause;
use crate::id::LocalTag;
use crate::soft_state::{BackOff, SoftStateKey, State};
use crate::table::{Key, Table, Tenant};

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
    key: SoftStateKey,
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
            // The table gives another.
            key: SoftStateKey::new(0, 0),
        }
    }

    pub(in crate::manager) fn flow(&self) -> Option<Flow> {
        self.flow
    }
}

/// The table of registrations and publications.
#[derive(Debug, Default)]
pub(in crate::manager) struct SoftStates {
    table: Table<SoftState>,
    /// Who has registered over a flow to which address.
    flows: BTreeMap<SocketAddr, Vec<SoftStateKey>>,
}

impl Tenant for SoftState {
    type Key = SoftStateKey;

    fn key(&self) -> SoftStateKey {
        self.key
    }

    fn due(&self) -> Option<Instant> {
        self.wake
    }

    fn wake(&mut self) -> &mut Option<Instant> {
        &mut self.scheduled
    }
}

impl Deref for SoftStates {
    type Target = Table<SoftState>;

    fn deref(&self) -> &Table<SoftState> {
        &self.table
    }
}

impl DerefMut for SoftStates {
    fn deref_mut(&mut self) -> &mut Table<SoftState> {
        &mut self.table
    }
}

impl SoftStates {
    pub(in crate::manager) fn insert(&mut self, record: SoftState) -> SoftStateKey {
        self.table.insert(|key| SoftState { key, ..record })
    }

    pub(in crate::manager) fn remove(&mut self, key: SoftStateKey) -> Option<Box<SoftState>> {
        self.set_flow(key, None);
        self.table.remove(key)
    }

    /// Takes the next one whose deadline has come.
    pub(in crate::manager) fn pop_due(&mut self, now: Instant) -> Option<SoftStateKey> {
        let key = self.table.pop_due(now)?;
        self.get_mut(key)?.wake = None;
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
}
