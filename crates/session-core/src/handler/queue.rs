//! Queues calls for whoever takes them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::{CallDecision, CallHandler, CallSession, IncomingCall};

/// Defers calls into a bounded queue; a full one answers 486.
///
/// A call that ends while it waits leaves the queue by itself.
#[derive(Debug)]
pub struct QueueHandler {
    calls: Mutex<VecDeque<IncomingCall>>,
    max_calls: usize,
    arrived: Notify,
}

impl QueueHandler {
    /// A queue for at most `max_calls` calls.
    pub fn new(max_calls: usize) -> Self {
        QueueHandler {
            calls: Mutex::new(VecDeque::new()),
            max_calls,
            arrived: Notify::new(),
        }
    }

    /// Takes the call that waits longest.
    pub fn dequeue(&self) -> Option<IncomingCall> {
        self.lock().pop_front()
    }

    /// Waits for a call and takes it.
    pub async fn next(&self) -> IncomingCall {
        loop {
            let arrived = self.arrived.notified();
            if let Some(call) = self.dequeue() {
                return call;
            }
            arrived.await;
        }
    }

    /// How many calls wait.
    pub fn queue_size(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<IncomingCall>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl CallHandler for QueueHandler {
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
        let mut calls = self.lock();
        if calls.len() >= self.max_calls {
            return CallDecision::Reject("486 Queue Full".to_owned());
        }
        calls.push_back(call);
        drop(calls);
        self.arrived.notify_one();
        CallDecision::Defer
    }

    async fn on_call_ended(&self, call: CallSession, _reason: &str) {
        let abandoned = {
            let mut calls = self.lock();
            calls
                .iter()
                .position(|waiting| waiting.id == call.id)
                .and_then(|position| calls.remove(position))
        };
        drop(abandoned);
    }
}
