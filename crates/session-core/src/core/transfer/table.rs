//! The transfers under way, and the last of those that are over.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use rvoip_dialog_core::{KeyMap, Refer, SubscriptionKey};
use tokio::sync::Notify;

use crate::{
    CallRecord, SessionId, Transfer, TransferId, TransferProgress, TransferRole, TransferType,
};

/// Transfers that are kept when they are over.
const HISTORY: usize = 256;

/// A transfer under way.
#[derive(Debug, Clone)]
pub(in crate::core) struct Pending {
    pub(in crate::core) record: Arc<CallRecord>,
    /// The other call of an attended transfer of ours.
    pub(in crate::core) consultation: Option<SessionId>,
    /// The call that we place because our peer asked for it.
    pub(in crate::core) placed: Option<SessionId>,
}

#[derive(Debug, Default)]
pub(in crate::core) struct Transfers {
    pending: KeyMap<SubscriptionKey, (Arc<Transfer>, Pending)>,
    /// What the peers asked for, until we do it.
    refers: KeyMap<SubscriptionKey, Box<Refer>>,
    /// The calls that are placed because a peer asked for them.
    placed: HashMap<SessionId, SubscriptionKey>,
    /// The calls that were placed to ask, and those that are held for them.
    pub(in crate::core) consultations: HashMap<SessionId, SessionId>,
    pub(in crate::core) history: VecDeque<Arc<Transfer>>,
    count: u64,
}

impl Transfers {
    pub(in crate::core) fn begin(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        pending: Pending,
        (role, transfer_type): (TransferRole, TransferType),
        (target, referred_by): (String, Option<String>),
    ) -> Arc<Transfer> {
        self.count += 1;
        let transfer = Arc::new(Transfer {
            id: TransferId(self.count),
            role,
            transfer_type,
            session_id: pending.record.id(),
            target,
            referred_by,
            started_at: now,
            successor: OnceLock::new(),
            ended_at: OnceLock::new(),
            progress: Mutex::new(TransferProgress::Initiated),
            changed: Notify::new(),
        });
        self.pending.insert(key, (Arc::clone(&transfer), pending));
        transfer
    }

    pub(in crate::core) fn keys(&self) -> Vec<SubscriptionKey> {
        let mut keys: Vec<SubscriptionKey> = self.pending.keys().copied().collect();
        keys.sort();
        keys
    }

    pub(in crate::core) fn progress(&self, key: SubscriptionKey) -> Option<TransferProgress> {
        self.pending
            .get(&key)
            .map(|(transfer, _)| transfer.progress())
    }

    pub(in crate::core) fn role(&self, key: SubscriptionKey) -> Option<TransferRole> {
        self.pending.get(&key).map(|(transfer, _)| transfer.role)
    }

    pub(in crate::core) fn transfer(&self, key: SubscriptionKey) -> Option<&Arc<Transfer>> {
        self.pending.get(&key).map(|(transfer, _)| transfer)
    }

    pub(in crate::core) fn of_session(
        &self,
        id: SessionId,
        role: TransferRole,
    ) -> Option<SubscriptionKey> {
        let mut all = self.pending.iter();
        all.find(|(_, (transfer, _))| transfer.session_id == id && transfer.role == role)
            .map(|(key, _)| *key)
    }

    pub(in crate::core) fn of_id(&self, id: TransferId) -> Option<SubscriptionKey> {
        let mut all = self.pending.iter();
        all.find(|(_, (transfer, _))| transfer.id == id)
            .map(|(key, _)| *key)
    }

    /// The transfer that a call is placed for; most calls are for none.
    pub(in crate::core) fn placed_for(&self, id: SessionId) -> Option<SubscriptionKey> {
        match self.placed.is_empty() {
            true => None,
            false => self.placed.get(&id).copied(),
        }
    }

    /// What the peer asks for, kept for the decision.
    pub(in crate::core) fn note_refer(&mut self, key: SubscriptionKey, refer: Refer) {
        self.refers.insert(key, Box::new(refer));
    }

    pub(in crate::core) fn take_refer(&mut self, key: SubscriptionKey) -> Option<Box<Refer>> {
        self.refers.remove(&key)
    }

    /// The call to the target is placed.
    pub(in crate::core) fn set_placed(&mut self, key: SubscriptionKey, placed: SessionId) {
        if let Some((transfer, pending)) = self.pending.get_mut(&key) {
            transfer.successor.get_or_init(|| placed);
            pending.placed = Some(placed);
            self.placed.insert(placed, key);
        }
    }

    /// Notes how far a transfer has come; one that is over goes.
    pub(in crate::core) fn advance(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        progress: TransferProgress,
    ) -> Option<(Arc<Transfer>, Pending)> {
        if !progress.is_final() {
            let (transfer, pending) = self.pending.get(&key)?;
            transfer.advance(progress);
            return Some((Arc::clone(transfer), pending.clone()));
        }
        let (transfer, pending) = self.pending.remove(&key)?;
        self.refers.remove(&key);
        if let Some(placed) = pending.placed {
            self.placed.remove(&placed);
        }
        transfer.ended_at.get_or_init(|| now);
        transfer.advance(progress);
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(Arc::clone(&transfer));
        Some((transfer, pending))
    }
}
