//! What goes on beside the state of a call: holds, early media, an offer that is not settled.

use std::sync::atomic::Ordering;

use rvoip_dialog_core::sip_core::StatusCode;

use super::CallRecord;
use crate::waiting::wait_for;
use crate::{HoldState, SessionPriority};

const HELD_LOCALLY: u8 = 1;
const HELD_REMOTELY: u8 = 2;
const EARLY_MEDIA: u8 = 4;
const OFFER_PENDING: u8 = 8;

impl CallRecord {
    /// Who holds the call.
    pub fn hold(&self) -> HoldState {
        HoldState {
            local: self.has(HELD_LOCALLY),
            remote: self.has(HELD_REMOTELY),
        }
    }

    /// Whether media flows, or may flow, before the call is answered.
    pub fn has_early_media(&self) -> bool {
        self.has(EARLY_MEDIA)
    }

    /// Whether a change of the session that we asked for is not settled yet.
    pub fn is_offer_pending(&self) -> bool {
        self.has(OFFER_PENDING)
    }

    /// How urgent the call is to the application.
    pub fn priority(&self) -> SessionPriority {
        SessionPriority::from_index(self.priority.load(Ordering::Relaxed))
    }

    /// Says how urgent the call is; nothing here acts upon it.
    pub fn set_priority(&self, priority: SessionPriority) {
        self.priority.store(priority as u8, Ordering::Relaxed);
    }

    fn has(&self, substate: u8) -> bool {
        self.substates.load(Ordering::Acquire) & substate != 0
    }

    fn set(&self, substate: u8, on: bool) {
        if on {
            self.substates.fetch_or(substate, Ordering::AcqRel);
        } else {
            self.substates.fetch_and(!substate, Ordering::AcqRel);
        }
    }

    pub(crate) fn set_hold(&self, hold: HoldState) {
        self.set(HELD_LOCALLY, hold.local);
        self.set(HELD_REMOTELY, hold.remote);
    }

    pub(crate) fn set_early_media(&self, on: bool) {
        self.set(EARLY_MEDIA, on);
    }

    /// A change of the session is asked for from now on.
    pub(crate) fn begin_offer(&self) {
        self.refusal.store(0, Ordering::Release);
        self.set(OFFER_PENDING, true);
    }

    /// The change of the session is made, or refused.
    pub(crate) fn settle_offer(&self, refusal: Option<StatusCode>) {
        if self.is_offer_pending() {
            let status = refusal.map_or(0, |status| status.code());
            self.refusal.store(status, Ordering::Release);
            self.set(OFFER_PENDING, false);
            self.changed.notify_waiters();
        }
    }

    /// What refused our last change of the session.
    pub(crate) fn refusal(&self) -> Option<StatusCode> {
        StatusCode::new(self.refusal.load(Ordering::Acquire))
    }

    /// Waits until no change of ours is outstanding.
    pub(crate) async fn wait_for_settlement(&self) {
        let settled = || (!self.is_offer_pending() || self.state().is_final()).then_some(());
        wait_for(&self.changed, settled).await;
    }
}
