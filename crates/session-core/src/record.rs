//! What is known of one call, shared by everybody who looks at it; only the core writes it.

use std::sync::atomic::{AtomicU8, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rvoip_dialog_core::sip_transport::PeerIdentity;
use rvoip_media_core::MediaStatistics;
use tokio::sync::Notify;

use crate::callbacks::CallbackQueue;
use crate::waiting::wait_for;
use crate::{CallState, SessionId, SessionPriority, TerminalCause};

mod substates;

/// Who placed a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallDirection {
    /// The peer.
    Incoming,
    /// We.
    Outgoing,
}

/// What is known of one call. Always current, read without asking anybody.
#[derive(Debug)]
pub struct CallRecord {
    id: SessionId,
    direction: CallDirection,
    /// The URIs of caller and called party, one behind the other.
    parties: Box<str>,
    from_octets: u32,
    created_at: Instant,
    state: AtomicU8,
    /// What goes on beside the state, as bits.
    substates: AtomicU8,
    priority: AtomicU8,
    /// The status that refused our last offer; 0 when none did.
    refusal: AtomicU16,
    /// The Call-ID, once there is an INVITE.
    call_id: OnceLock<Arc<str>>,
    /// Whose certificate came with the call.
    peer: OnceLock<Arc<PeerIdentity>>,
    answered_at: OnceLock<Instant>,
    end: OnceLock<Box<End>>,
    statistics: Mutex<Option<Arc<MediaStatistics>>>,
    changed: Notify,
    pub(crate) callbacks: CallbackQueue,
}

/// When and why a call ended.
pub(crate) type End = (Instant, TerminalCause);

impl CallRecord {
    pub(crate) fn new(
        id: SessionId,
        direction: CallDirection,
        from: &str,
        to: &str,
        now: Instant,
    ) -> Self {
        let state = match direction {
            CallDirection::Incoming => CallState::Ringing,
            CallDirection::Outgoing => CallState::Initiating,
        };
        CallRecord {
            id,
            direction,
            parties: [from, to].concat().into(),
            from_octets: from.len() as u32,
            created_at: now,
            state: AtomicU8::new(state as u8),
            substates: AtomicU8::new(0),
            priority: AtomicU8::new(SessionPriority::Normal as u8),
            refusal: AtomicU16::new(0),
            call_id: OnceLock::new(),
            peer: OnceLock::new(),
            answered_at: OnceLock::new(),
            end: OnceLock::new(),
            statistics: Mutex::new(None),
            changed: Notify::new(),
            callbacks: CallbackQueue::default(),
        }
    }

    /// The identity of the session.
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// Who placed the call.
    pub fn direction(&self) -> CallDirection {
        self.direction
    }

    /// The URI of the caller.
    pub fn from(&self) -> &str {
        &self.parties[..self.from_octets as usize]
    }

    /// The URI of the called party.
    pub fn to(&self) -> &str {
        &self.parties[self.from_octets as usize..]
    }

    /// The Call-ID of its first INVITE, by which the call is known to its peer and in its logs; `None` before that is sent.
    pub fn call_id(&self) -> Option<&Arc<str>> {
        self.call_id.get()
    }

    /// Whose certificate came with the call, when it came in over TLS from a peer that showed one.
    pub fn peer(&self) -> Option<&Arc<PeerIdentity>> {
        self.peer.get()
    }

    /// Where the call stands now.
    pub fn state(&self) -> CallState {
        CallState::from_index(self.state.load(Ordering::Acquire))
    }

    /// When the call came to be.
    pub fn created_at(&self) -> Instant {
        self.created_at
    }

    /// When the call was answered.
    pub fn answered_at(&self) -> Option<Instant> {
        self.answered_at.get().copied()
    }

    /// When the call ended.
    pub fn ended_at(&self) -> Option<Instant> {
        self.end.get().map(|end| end.0)
    }

    /// Why the call ended.
    pub fn cause(&self) -> Option<&TerminalCause> {
        self.end.get().map(|end| &end.1)
    }

    /// From the answer to the end, or to `now` while the call lasts; zero before the answer.
    pub fn duration(&self, now: Instant) -> Duration {
        let end = self.ended_at().unwrap_or(now);
        self.answered_at()
            .map(|start| end.saturating_duration_since(start))
            .unwrap_or_default()
    }

    /// The last report on its media; after the end of the call the final figures.
    pub fn media_statistics(&self) -> Option<Arc<MediaStatistics>> {
        self.statistics
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Enters `next`; the caller has checked that it may follow. Returns the state left.
    pub(crate) fn enter(&self, next: CallState, now: Instant) -> CallState {
        if next == CallState::Active {
            self.answered_at.get_or_init(|| now);
        }
        let old = CallState::from_index(self.state.swap(next as u8, Ordering::AcqRel));
        self.changed.notify_waiters();
        old
    }

    pub(crate) fn set_call_id(&self, call_id: &str) {
        self.call_id.get_or_init(|| call_id.into());
    }

    pub(crate) fn set_peer(&self, peer: &Arc<PeerIdentity>) {
        self.peer.get_or_init(|| Arc::clone(peer));
    }

    pub(crate) fn set_end(&self, end: Box<End>) {
        self.end.get_or_init(|| end);
    }

    pub(crate) fn set_statistics(&self, statistics: Arc<MediaStatistics>) {
        *self
            .statistics
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(statistics);
        self.changed.notify_waiters();
    }

    /// Waits for a report other than `known`, or for the end of the call.
    pub(crate) async fn wait_for_report(&self, known: Option<&Arc<MediaStatistics>>) {
        self.wait_until(|state| {
            let statistics = self.media_statistics();
            let same = match (statistics.as_ref(), known) {
                (Some(new), Some(known)) => Arc::ptr_eq(new, known),
                (new, _) => new.is_none(),
            };
            !same || state.is_final()
        })
        .await;
    }

    /// Waits until `wanted` holds for the state.
    pub(crate) async fn wait_until(&self, wanted: impl Fn(CallState) -> bool) -> CallState {
        let state = || Some(self.state()).filter(|state| wanted(*state));
        wait_for(&self.changed, state).await
    }
}
