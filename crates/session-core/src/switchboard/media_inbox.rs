//! Media events on their way from the media workers to the core.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use rvoip_media_core::MediaEvent;

/// Events that may wait; beyond them only the ends of sessions are kept, one per session.
const MAX_WAITING: usize = 16_384;

/// Media events that wait for the core.
#[derive(Debug, Default)]
pub(super) struct MediaInbox(Mutex<VecDeque<MediaEvent>>);

impl MediaInbox {
    /// Adds an event; returns whether the core has to be woken for it.
    pub(super) fn push(&self, event: MediaEvent) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= MAX_WAITING && !matches!(event, MediaEvent::Ended { .. }) {
            return false;
        }
        waiting.push_back(event);
        waiting.len() == 1
    }

    /// Takes all events.
    pub(super) fn take(&self) -> VecDeque<MediaEvent> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
