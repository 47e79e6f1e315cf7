//! What waits to be told to the handler about one call; bounded, and the end is never lost.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rvoip_dialog_core::sip_core::Request;
use rvoip_media_core::{Codec, MediaStatistics};

use crate::handler::WarningCategory;
use crate::{CallRecord, CallState, IncomingRequest, TerminalCause, Transfer, TransferProgress};

/// Notices that may wait for a slow handler of one call; beyond them only the first and the last are kept.
const MAX_WAITING: usize = 64;

/// One thing to tell the handler about a call.
#[derive(Debug)]
pub(crate) enum Callback {
    Received(Arc<Request>),
    StateChanged {
        old_state: CallState,
        new_state: CallState,
        reason: Option<Cow<'static, str>>,
    },
    Established {
        local_sdp: Option<Arc<str>>,
        remote_sdp: Option<Arc<str>>,
    },
    /// A call that wants to take the place of another.
    ReplacementReceived(Arc<Request>, Arc<CallRecord>),
    TransferAdvanced(Arc<Transfer>, TransferProgress),
    MediaFlowChanged(bool, Option<Codec>),
    Pressed(char, Duration),
    MediaReported(Arc<MediaStatistics>),
    Warning(WarningCategory, Arc<str>),
    Requested(IncomingRequest),
    Ended(TerminalCause),
}

/// What waits to be told about one call.
#[derive(Debug, Default)]
pub(crate) struct CallbackQueue(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    callbacks: VecDeque<Callback>,
    running: bool,
    overflowed: bool,
}

impl CallbackQueue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a notice; returns whether a task has to be started for it.
    pub(super) fn push(&self, callback: Callback) -> bool {
        let mut waiting = self.lock();
        if waiting.callbacks.len() >= MAX_WAITING && !matches!(callback, Callback::Ended(_)) {
            waiting.overflowed = true;
            return false;
        }
        if std::mem::take(&mut waiting.overflowed) {
            let message = Arc::from("the handler is slow: notices of this call were dropped");
            waiting
                .callbacks
                .push_back(Callback::Warning(WarningCategory::Handler, message));
        }
        waiting.callbacks.push_back(callback);
        !std::mem::replace(&mut waiting.running, true)
    }

    pub(super) fn next(&self) -> Option<Callback> {
        let mut waiting = self.lock();
        let callback = waiting.callbacks.pop_front();
        if callback.is_none() {
            *waiting = Waiting::default();
        }
        callback
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_handler_loses_notices_but_not_the_end() {
        let queue = CallbackQueue::default();
        assert!(queue.push(Callback::MediaFlowChanged(true, None)));
        for _ in 0..2 * MAX_WAITING {
            assert!(!queue.push(Callback::MediaFlowChanged(false, None)));
        }
        assert!(!queue.push(Callback::Ended(TerminalCause::RemoteHangup)));
        let told: Vec<Callback> = std::iter::from_fn(|| queue.next()).collect();
        assert_eq!(told.len(), MAX_WAITING + 2);
        assert!(matches!(
            told[MAX_WAITING],
            Callback::Warning(WarningCategory::Handler, _)
        ));
        assert!(matches!(told[MAX_WAITING + 1], Callback::Ended(_)));
        assert!(
            queue.push(Callback::MediaFlowChanged(true, None)),
            "a new task is wanted after the queue ran empty"
        );
    }
}
