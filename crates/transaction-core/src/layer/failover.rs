//! Requests to one of several servers: the next is tried when one is silent, cannot be reached or answers 503
//! (RFC 3263 section 4.3).

use std::io;
use std::time::Instant;

use rvoip_sip_transport::sip_core::{ByteString, Method, RequestBuilder};
use rvoip_sip_transport::{LocateError, Target};

use super::TransactionLayer;
use super::location::Way;
use super::send::error_kind;
use crate::error::TransactionError;
use crate::event::TransactionEvent;
use crate::failover::{Attempt, Pursuit, Stage};
use crate::key::{ClientKey, Key};
use crate::next_hop::{NextHop, OwnContact};

impl TransactionLayer {
    /// Begins a client transaction with one target, or a pursuit of several.
    pub(super) fn begin_request(
        &mut self,
        now: Instant,
        request: RequestBuilder,
        contact: Option<OwnContact>,
        next_hop: NextHop,
    ) -> Result<Key, TransactionError> {
        if matches!(request.method(), Method::Ack | Method::Cancel) {
            return Err(TransactionError::NotARequestOfItsOwn);
        }
        if !self.has_room(request.method()) {
            return Err(TransactionError::TableFull);
        }
        let (stage, targets, is_said) = match self.way_to(now, next_hop)? {
            Way::One(target, true) => return self.begin_client(now, request, contact, target),
            Way::One(target, false) => match self.stream_for(&request, &target) {
                None => return self.begin_client(now, request, contact, target),
                Some(stream) => (Stage::Idle, vec![stream, target], true),
            },
            Way::Several(targets, is_said) => (Stage::Idle, targets, is_said),
            Way::Search(search, path, is_said) => {
                (Stage::Locating(search, path), Vec::new(), is_said)
            }
        };
        let pursuit = Box::new(Pursuit {
            request,
            contact,
            targets,
            stage,
            is_said,
            cancelled: false,
            succeeded: None,
        });
        match &pursuit.stage {
            Stage::Locating(..) => {
                let key = self.pursuits.insert(pursuit);
                // The search may have ended already.
                self.drain_transport(now);
                Ok(key)
            }
            Stage::Idle | Stage::Trying(_) => self.pursue(now, pursuit),
        }
    }

    /// The same place over a stream, where the request is too large for a datagram (RFC 3261 section 18.1.1).
    fn stream_for(&self, request: &RequestBuilder, target: &Target) -> Option<Target> {
        /// A Via and a Contact as this side writes them, with room for a long name.
        const OWN_OCTETS: usize = 200;
        let octets = request.octets() + OWN_OCTETS;
        self.transport.stream_instead(target, octets)
    }

    /// Begins to try the targets of a new pursuit.
    fn pursue(&mut self, now: Instant, mut pursuit: Box<Pursuit>) -> Result<Key, TransactionError> {
        self.add_streams(&mut pursuit);
        let (attempt, contact) = self.try_targets(now, &mut pursuit)?;
        let key = self.pursuits.insert(pursuit);
        self.take_up(key, attempt, contact);
        Ok(key)
    }

    /// The search for the servers of a pursuit has ended.
    pub(super) fn begin_pursuit(
        &mut self,
        now: Instant,
        key: Key,
        found: Result<Vec<Target>, LocateError>,
    ) {
        let Some(mut pursuit) = self.pursuits.take(key) else {
            return;
        };
        let path = match std::mem::replace(&mut pursuit.stage, Stage::Idle) {
            Stage::Locating(_, path) => path,
            Stage::Idle | Stage::Trying(_) => None,
        };
        let tried = match (found, path) {
            (Ok(targets), _) => {
                pursuit.targets = targets;
                self.add_streams(&mut pursuit);
                self.try_targets(now, &mut pursuit)
            }
            (Err(_), Some(path)) => {
                pursuit.targets = vec![path];
                self.try_targets(now, &mut pursuit)
            }
            (Err(error), None) => Err(error.into()),
        };
        match tried {
            Ok((attempt, contact)) => {
                self.pursuits.put_back(key, pursuit);
                self.take_up(key, attempt, contact);
            }
            Err(error) => {
                self.pursuits.remove(key);
                self.events.push_back(unsent(ClientKey(key), error));
            }
        }
    }

    /// Puts before each datagram target the stream target at the same place, where the request is too large for a datagram.
    fn add_streams(&self, pursuit: &mut Pursuit) {
        if pursuit.is_said {
            return;
        }
        let targets = std::mem::take(&mut pursuit.targets);
        for target in targets {
            let stream = self.stream_for(&pursuit.request, &target);
            pursuit.targets.extend(stream);
            pursuit.targets.push(target);
        }
    }

    /// Sends a request to the first of its targets that the network takes it for; also the Contact it went with.
    fn try_targets(
        &mut self,
        now: Instant,
        pursuit: &mut Pursuit,
    ) -> Result<(Attempt, Option<ByteString>), TransactionError> {
        let mut error = LocateError::NoAddress.into();
        while let Some(target) = self.transport.take_target(now, &mut pursuit.targets) {
            let (request, contact) = (pursuit.request.clone(), pursuit.contact.as_ref());
            match self.open_client(now, request, contact, &target) {
                Ok((key, contact)) => {
                    let patience = self.config.attempt_timeout;
                    let give_up_at = (!pursuit.targets.is_empty()).then(|| now + patience);
                    let attempt = Attempt {
                        key,
                        target,
                        give_up_at,
                    };
                    return Ok((attempt, contact));
                }
                Err(refused) => {
                    tracing::debug!(?target, error = %refused, "a target cannot be tried");
                    error = refused;
                }
            }
        }
        Err(error)
    }

    /// Makes an attempt the present one of a pursuit, and tells the user by which way the request goes.
    fn take_up(&mut self, key: Key, attempt: Attempt, contact: Option<ByteString>) {
        self.events.push_back(TransactionEvent::Sent {
            key: ClientKey(key),
            target: attempt.target.clone(),
            contact,
        });
        self.pursuits.attempt(key, attempt);
    }

    /// Goes on to the next target of a pursuit; `false` when there is none that can be tried, or the user has cancelled.
    pub(super) fn try_next(&mut self, now: Instant, key: Key) -> bool {
        let Some(mut pursuit) = self.pursuits.take(key) else {
            return false;
        };
        let tried = match pursuit.cancelled {
            true => None,
            false => self.try_targets(now, &mut pursuit).ok(),
        };
        self.pursuits.put_back(key, pursuit);
        let Some((attempt, contact)) = tried else {
            return false;
        };
        self.counters.failovers += 1;
        self.take_up(key, attempt, contact);
        true
    }
}

/// How a request ends that could not be sent anywhere.
fn unsent(key: ClientKey, error: TransactionError) -> TransactionEvent {
    match error {
        TransactionError::Locate(error) => TransactionEvent::ClientUnlocated { key, error },
        TransactionError::Transport(error) => TransactionEvent::ClientTransportFailed {
            key,
            error: error_kind(error),
        },
        TransactionError::TableFull => TransactionEvent::ClientTransportFailed {
            key,
            error: io::ErrorKind::QuotaExceeded,
        },
        _ => TransactionEvent::ClientTransportFailed {
            key,
            error: io::ErrorKind::Other,
        },
    }
}
