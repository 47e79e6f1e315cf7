//! When a server is waited for no longer, and what becomes of the request it has (RFC 3263 section 4.3).

use std::time::{Duration, Instant};

use rvoip_sip_transport::sip_core::{Header, HeaderName, Method, Response, RetryAfter};

use super::TransactionLayer;
use crate::error::TransactionError;
use crate::event::TransactionEvent;
use crate::failover::{Pursuits, Stage};
use crate::key::{ClientKey, Key};
use crate::machine::Machine;
use crate::timer::Timer;

impl TransactionLayer {
    /// Gives up attempts that have waited long enough for any response.
    pub(super) fn give_up_attempts(&mut self, now: Instant) {
        while let Some(key) = self.pursuits.pop_due(now) {
            let Some(attempt) = self.pursuits.present(key) else {
                continue;
            };
            let (former, target) = (attempt.key, attempt.target.clone());
            self.transport.target_failed(now, &target, None);
            let cancelled = self.pursuits.get_mut(key).is_some_and(|it| it.cancelled);
            if cancelled {
                self.pursuits.remove(key);
                self.counters.timed_out += 1;
                let key = ClientKey(key);
                self.events
                    .push_back(TransactionEvent::ClientTimedOut { key });
            } else if !self.try_next(now, key) {
                // Nothing else is left: this one has its whole time after all.
                continue;
            }
            self.abandon(now, key, former);
        }
    }

    /// Repeats a request no longer. An INVITE that rings late is cancelled, and still has its 2xx answered.
    pub(super) fn abandon(&mut self, now: Instant, pursuit: Key, former: Key) {
        let Some(transaction) = self.store.get_mut(former) else {
            return self.pursuits.forget(former);
        };
        if !matches!(transaction.machine, Machine::ClientInvite(_)) {
            self.store.remove(former);
            return self.pursuits.forget(former);
        }
        transaction.stop(Timer::A);
        let passed = self.timers.passed(now);
        self.store.schedule(passed, former);
        self.pursuits.hide(former, pursuit);
        // The user may have cancelled it already.
        if let Ok(cancel) = self.begin_cancel(now, former) {
            self.pursuits.hide(cancel, pursuit);
        }
    }

    /// Cancels an INVITE, or gives up looking for its servers.
    pub(super) fn cancel_request(
        &mut self,
        now: Instant,
        key: Key,
    ) -> Result<Key, TransactionError> {
        if !Pursuits::names(key) {
            return self.begin_cancel(now, key);
        }
        let pursuit = self.pursuits.get_mut(key);
        let pursuit = pursuit.ok_or(TransactionError::Unknown)?;
        if *pursuit.request.method() != Method::Invite {
            return Err(TransactionError::NotCancellable);
        }
        match &pursuit.stage {
            Stage::Trying(attempt) => {
                let present = attempt.key;
                let cancel = self.begin_cancel(now, present)?;
                if let Some(pursuit) = self.pursuits.get_mut(key) {
                    pursuit.cancelled = true;
                }
                Ok(cancel)
            }
            Stage::Locating(search, _) => {
                let search = *search;
                self.pursuits.stop_locating(search);
                self.transport.stop_locating(search);
                self.pursuits.remove(key);
                let cancel = self.pursuits.spent_key();
                for event in [
                    TransactionEvent::ClientCancelled {
                        key: ClientKey(key),
                    },
                    TransactionEvent::ClientTerminated {
                        key: ClientKey(cancel),
                    },
                ] {
                    self.events.push_back(event);
                }
                Ok(cancel)
            }
            Stage::Idle => Err(TransactionError::WrongState),
        }
    }
}

/// How long a server that answers 503 wants to be left alone; without a word it does not (RFC 3261 section 21.5.4).
pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().raw(&HeaderName::RetryAfter)?;
    let wish = RetryAfter::parse(value.into()).ok()?;
    Some(Duration::from_secs(wish.seconds.into()))
}
