//! The ACKs for 2xx that go to named hosts: each waits for its host to be found, and is kept for the repetitions of the
//! 2xx (RFC 3261 section 13.2.2.4).

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use bytes::Bytes;
use rvoip_sip_transport::sip_core::RequestBuilder;
use rvoip_sip_transport::{LocateId, Target};

/// An ACK for a 2xx that has been sent or is about to be, for
/// [`resend_ack`](crate::TransactionLayer::resend_ack).
#[derive(Clone, Debug)]
pub struct Ack(pub(crate) AckState);

#[derive(Clone, Debug)]
pub(crate) enum AckState {
    /// What was sent, and where.
    Sent { octets: Bytes, target: Target },
    /// The layer keeps it under this number.
    Named(u64),
}

#[derive(Debug)]
pub(crate) enum NamedAck {
    /// Its host is being looked for; when there is none, this is where it goes.
    Locating {
        request: RequestBuilder,
        path: Option<Target>,
    },
    Sent {
        octets: Bytes,
        target: Target,
    },
}

#[derive(Debug, Default)]
pub(crate) struct NamedAcks {
    /// All are kept equally long, so the oldest goes first.
    acks: BTreeMap<u64, (Instant, NamedAck)>,
    searches: HashMap<LocateId, u64>,
    begun: u64,
}

impl NamedAcks {
    pub(crate) fn is_empty(&self) -> bool {
        self.acks.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.acks.len()
    }

    pub(crate) fn insert(&mut self, until: Instant, search: LocateId, ack: NamedAck) -> u64 {
        self.begun += 1;
        self.acks.insert(self.begun, (until, ack));
        self.searches.insert(search, self.begun);
        self.begun
    }

    /// The ACK whose search has ended.
    pub(crate) fn located(&mut self, search: LocateId) -> Option<(u64, &mut NamedAck)> {
        let number = self.searches.remove(&search)?;
        let (_, ack) = self.acks.get_mut(&number)?;
        Some((number, ack))
    }

    pub(crate) fn get(&self, number: u64) -> Option<&NamedAck> {
        self.acks.get(&number).map(|(_, ack)| ack)
    }

    /// Keeps what was sent, and where.
    pub(crate) fn set_sent(&mut self, number: u64, octets: Bytes, target: Target) {
        if let Some((_, ack)) = self.acks.get_mut(&number) {
            *ack = NamedAck::Sent { octets, target };
        }
    }

    pub(crate) fn remove(&mut self, number: u64) {
        self.acks.remove(&number);
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.acks.first_key_value().map(|(_, (until, _))| *until)
    }

    pub(crate) fn expire(&mut self, now: Instant) {
        while self.next_deadline().is_some_and(|until| until <= now) {
            self.acks.pop_first();
        }
    }
}
