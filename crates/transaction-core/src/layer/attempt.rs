//! What becomes of the events of attempts: the user hears of one request, whichever server it went to.

use std::collections::VecDeque;
use std::time::Instant;

use rvoip_sip_transport::sip_core::{Method, Response, StatusCode};

use super::TransactionLayer;
use super::giving_up::retry_after;
use crate::event::TransactionEvent;
use crate::failover::{Role, Stage};
use crate::key::{ClientKey, Key};

impl TransactionLayer {
    /// Goes through the events since the last call, if any is about an attempt.
    pub(super) fn settle(&mut self, now: Instant) {
        if self.pursuits.is_empty() {
            return;
        }
        let pursuits = &self.pursuits;
        let concerns = |event: &TransactionEvent| {
            client_of(event).is_some_and(|key| pursuits.role(key).is_some())
        };
        if !self.events.iter().any(concerns) {
            return;
        }
        let mut open = std::mem::take(&mut self.events);
        let mut settled = VecDeque::with_capacity(open.len());
        while let Some(event) = open.pop_front() {
            settled.extend(self.settle_event(now, event));
            // What came of it follows at once.
            while let Some(event) = self.events.pop_back() {
                open.push_front(event);
            }
        }
        self.events = settled;
    }

    /// The event as the user is told it, if at all.
    fn settle_event(&mut self, now: Instant, event: TransactionEvent) -> Option<TransactionEvent> {
        let Some((transaction, role)) =
            client_of(&event).and_then(|key| Some((key, self.pursuits.role(key)?)))
        else {
            return Some(event);
        };
        match (event, role) {
            (TransactionEvent::Response { response, .. }, Role::Present(pursuit)) => {
                self.settle_response(now, transaction, pursuit, response)
            }
            (TransactionEvent::Response { response, .. }, Role::Former(pursuit)) => {
                self.settle_late_response(now, transaction, pursuit, response)
            }
            (event, Role::Former(_)) => {
                if event.is_terminal() {
                    self.pursuits.forget(transaction);
                    return None;
                }
                Some(event)
            }
            (event, Role::Present(pursuit)) => self.settle_end(now, transaction, pursuit, event),
        }
    }

    /// A response to the present attempt: 503 leads on to the next server, anything else is for the user.
    fn settle_response(
        &mut self,
        now: Instant,
        transaction: Key,
        key: Key,
        response: Response,
    ) -> Option<TransactionEvent> {
        self.pursuits.be_patient(key);
        let status = response.status();
        let target = self.pursuits.present(key)?.target.clone();
        let succeeded = self.pursuits.get_mut(key)?.succeeded;
        if status == StatusCode::SERVICE_UNAVAILABLE && succeeded.is_none() {
            if let Some(wish) = retry_after(&response) {
                self.transport.target_failed(now, &target, Some(wish));
            }
            if self.try_next(now, key) {
                self.pursuits.hide(transaction, key);
                return None;
            }
        } else {
            self.transport.target_works(&target);
        }
        if status.is_final() {
            self.pursuits.get_mut(key)?.succeeded = Some(status.is_success());
        }
        let key = ClientKey(key);
        Some(TransactionEvent::Response { key, response })
    }

    /// A response to a former attempt. Its 2xx wins while there is no other, and is one of a fork beside another.
    fn settle_late_response(
        &mut self,
        now: Instant,
        transaction: Key,
        key: Key,
        response: Response,
    ) -> Option<TransactionEvent> {
        let is_invite = response
            .cseq()
            .is_ok_and(|cseq| cseq.method == Method::Invite);
        if !is_invite || !response.status().is_success() {
            return None;
        }
        let pursuit = self.pursuits.get_mut(key);
        match pursuit.map(|pursuit| (pursuit.succeeded, pursuit.cancelled)) {
            Some((Some(true), _)) => {}
            Some((None, false)) => self.swap(now, transaction, key),
            _ => return Some(TransactionEvent::LateSuccess { response }),
        }
        let key = ClientKey(key);
        Some(TransactionEvent::Response { key, response })
    }

    /// Makes a former attempt that has succeeded the present one, and gives up the other.
    fn swap(&mut self, now: Instant, winner: Key, key: Key) {
        self.pursuits.be_patient(key);
        let Some(pursuit) = self.pursuits.get_mut(key) else {
            return;
        };
        pursuit.succeeded = Some(true);
        pursuit.targets = Vec::new();
        if let Stage::Trying(attempt) = &mut pursuit.stage {
            let loser = std::mem::replace(&mut attempt.key, winner);
            self.pursuits.show(winner, key);
            self.abandon(now, key, loser);
        }
    }

    /// The present attempt has ended: the next one begins, or the user hears of the end.
    fn settle_end(
        &mut self,
        now: Instant,
        transaction: Key,
        key: Key,
        event: TransactionEvent,
    ) -> Option<TransactionEvent> {
        self.pursuits.forget(transaction);
        let user = ClientKey(key);
        let ended = match event {
            TransactionEvent::ClientTimedOut { .. } => {
                TransactionEvent::ClientTimedOut { key: user }
            }
            TransactionEvent::ClientTransportFailed { error, .. } => {
                TransactionEvent::ClientTransportFailed { key: user, error }
            }
            _ => TransactionEvent::ClientTerminated { key: user },
        };
        let is_failure = !matches!(ended, TransactionEvent::ClientTerminated { .. });
        let is_open = self
            .pursuits
            .get_mut(key)
            .is_some_and(|pursuit| pursuit.succeeded.is_none());
        if is_failure && is_open {
            self.pursuits.be_patient(key);
            if let Some(attempt) = self.pursuits.present(key) {
                let target = attempt.target.clone();
                self.transport.target_failed(now, &target, None);
            }
            if self.try_next(now, key) {
                return None;
            }
        }
        self.pursuits.remove(key);
        Some(ended)
    }
}

/// The client transaction that an event is about.
fn client_of(event: &TransactionEvent) -> Option<Key> {
    match event {
        TransactionEvent::Response { key, .. }
        | TransactionEvent::ClientTimedOut { key }
        | TransactionEvent::ClientTransportFailed { key, .. }
        | TransactionEvent::ClientTerminated { key } => Some(key.0),
        _ => None,
    }
}
