//! Takes the steps of a transaction's machine and does what they ask for.

use std::io;
use std::time::Instant;

use bytes::Bytes;
use rvoip_sip_transport::sip_core::{Method, Request, Response, StatusCode};
use rvoip_sip_transport::{Flow, TransportError};

use super::TransactionLayer;
use super::send::{error_kind, reread_request};
use crate::event::{ServerFailure, TransactionEvent};
use crate::key::{ClientKey, Key, ServerKey};
use crate::machine::{Action, Actions, Ending, Stimulus};
use crate::timer::Timer;
use crate::transaction::Relation;

/// The message that comes with a stimulus.
pub(super) enum Carried {
    Nothing,
    Request(Request, Flow),
    Response(Response),
}

impl TransactionLayer {
    /// Takes a step and does its actions. Tells whether the machine had anything to do; an error is that of the network,
    /// and the transaction has dealt with it.
    pub(super) fn step(
        &mut self,
        now: Instant,
        key: Key,
        stimulus: Stimulus,
        message: Carried,
    ) -> Result<bool, TransportError> {
        let Some(transaction) = self.store.get_mut(key) else {
            return Ok(false);
        };
        let before = transaction.machine;
        let reliable = transaction.reliable;
        let actions = transaction.machine.step(stimulus, reliable);
        tracing::debug!(?key, ?before, after = ?transaction.machine, ?stimulus, "transaction step");
        let result = self.perform(now, key, &actions, message);
        if let Err(error) = result {
            self.fail(key, error_kind(error));
            return Err(error);
        }
        Ok(!actions.is_empty())
    }

    /// Does what a step asked for, in order, and leaves the timers in the queue. Goes on to the end whatever the network
    /// says, and then reports it.
    pub(super) fn perform(
        &mut self,
        now: Instant,
        key: Key,
        actions: &Actions,
        mut message: Carried,
    ) -> Result<(), TransportError> {
        let mut result = Ok(());
        for action in actions {
            let Some(transaction) = self.store.get_mut(key) else {
                break;
            };
            let timers = &mut self.timers;
            match *action {
                Action::Start(timer) => transaction.start(now, timer, timers),
                Action::Again(timer) => transaction.again(now, timer, timers),
                Action::AgainAtT2(timer) => transaction.again_at_t2(now, timer, timers),
                Action::Stop(timer) => transaction.stop(timer),
                Action::Send => result = result.and(self.send(now, key, &message)),
                Action::Acknowledge => result = result.and(self.acknowledge(now, key, &message)),
                Action::Repeat => result = result.and(self.repeat(now, key)),
                Action::Deliver => {
                    self.deliver(key, std::mem::replace(&mut message, Carried::Nothing))
                }
                Action::End(_) if result.is_err() => {
                    self.end(key, Ending::TransportFailed, result.err().map(error_kind))
                }
                Action::End(ending) => self.end(key, ending, None),
            }
        }
        if let Some(transaction) = self.store.get_mut(key) {
            if !transaction.machine.keeps_octets() {
                transaction.kept = Bytes::new();
            }
            self.store.schedule(self.timers.passed(now), key);
        }
        result
    }

    /// Tells a transaction that the network has failed it.
    pub(super) fn fail(&mut self, key: Key, error: io::ErrorKind) {
        let Some(transaction) = self.store.get_mut(key) else {
            return;
        };
        let reliable = transaction.reliable;
        for action in transaction
            .machine
            .step(Stimulus::TransportFailed, reliable)
        {
            if let Action::End(ending) = action {
                self.end(key, ending, Some(error));
            }
        }
    }

    /// Fires the timer of a transaction that is due.
    pub(super) fn fire(&mut self, now: Instant, key: Key) {
        let Some(transaction) = self.store.get_mut(key) else {
            return;
        };
        let passed = self.timers.passed(now);
        let Some(timer) = transaction.take_due(passed) else {
            return self.store.schedule(passed, key);
        };
        let message = match timer {
            Timer::Trying => match reread_request(&transaction.kept) {
                Some(request) => {
                    Carried::Response(Response::builder_for(&request, StatusCode::TRYING).build())
                }
                None => Carried::Nothing,
            },
            _ => Carried::Nothing,
        };
        // A failure of the network has become the transaction's terminal event by now.
        let _ = self.step(now, key, Stimulus::Fired(timer), message);
    }

    fn deliver(&mut self, key: Key, message: Carried) {
        match message {
            Carried::Request(request, flow) if *request.method() == Method::Ack => {
                self.events
                    .push_back(TransactionEvent::Ack { request, flow });
            }
            Carried::Request(request, flow) => {
                self.events.push_back(TransactionEvent::Request {
                    key: ServerKey(key),
                    request,
                    flow,
                });
            }
            Carried::Response(response) => {
                self.events.push_back(TransactionEvent::Response {
                    key: ClientKey(key),
                    response,
                });
            }
            Carried::Nothing => {}
        }
    }

    /// Frees a transaction and says how it ended.
    pub(super) fn end(&mut self, key: Key, ending: Ending, error: Option<io::ErrorKind>) {
        let Some(transaction) = self.store.remove(key) else {
            return;
        };
        self.homing.forget(key);
        match ending {
            Ending::TimedOut | Ending::Unanswered => self.counters.timed_out += 1,
            Ending::TransportFailed => self.counters.transport_failed += 1,
            Ending::Done => {}
        }
        if let Relation::CancelledBy(cancel) = transaction.relation {
            self.drop_held_cancel(cancel);
        }
        if transaction.relation == Relation::Hidden {
            return;
        }
        let error = error.unwrap_or(io::ErrorKind::Other);
        let client = transaction.machine.is_client();
        let (client_key, server_key) = (ClientKey(key), ServerKey(key));
        let failed = |cause| TransactionEvent::ServerFailed {
            key: server_key,
            cause,
        };
        self.events.push_back(match ending {
            Ending::Done if client => TransactionEvent::ClientTerminated { key: client_key },
            Ending::TransportFailed if client => TransactionEvent::ClientTransportFailed {
                key: client_key,
                error,
            },
            Ending::TimedOut | Ending::Unanswered if client => {
                TransactionEvent::ClientTimedOut { key: client_key }
            }
            Ending::Done => TransactionEvent::ServerTerminated { key: server_key },
            Ending::TransportFailed => failed(ServerFailure::Transport(error)),
            Ending::TimedOut => failed(ServerFailure::AckMissing),
            Ending::Unanswered => failed(ServerFailure::Unanswered),
        });
    }
}
