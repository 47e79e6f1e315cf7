//! Datagrams that have been received and wait for their turn.
//!
//! The kernel's own queue holds a few hundred messages on a usual system and drops the rest, what
//! ends calls no less than what begins them. It is emptied into this one whenever the shard gets
//! to it; what lies here has an arrival time, so that the core can be told how far behind it is.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::{Input, ListenerId};

/// Datagrams that may wait; with as many, more are left to the kernel, which drops what it cannot
/// hold.
const DATAGRAMS: usize = 16_384;
/// Octets that may wait.
const OCTETS: usize = 16 * 1024 * 1024;
/// Room for so many is kept when nothing waits.
const USUAL_DATAGRAMS: usize = 1024;
/// Waits that differ by less are told as one.
const GRAIN: Duration = Duration::from_millis(1);

pub(super) struct Inbox {
    waiting: VecDeque<Arrival>,
    octets: usize,
    /// The wait that the core knows of.
    told: Duration,
}

struct Arrival {
    at: Instant,
    listener: ListenerId,
    source: SocketAddr,
    payload: Bytes,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self {
            waiting: VecDeque::new(),
            octets: 0,
            told: Duration::ZERO,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= DATAGRAMS || self.octets >= OCTETS
    }

    pub(super) fn push(
        &mut self,
        at: Instant,
        listener: ListenerId,
        source: SocketAddr,
        datagram: &[u8],
    ) {
        self.octets += datagram.len();
        self.waiting.push_back(Arrival {
            at,
            listener,
            source,
            payload: Bytes::copy_from_slice(datagram),
        });
    }

    /// Hands on up to `limit` datagrams in the order of their arrival; returns whether more wait.
    /// The shard as a whole is `behind` by so much.
    pub(super) fn deliver(
        &mut self,
        now: Instant,
        behind: Duration,
        limit: usize,
        mut deliver: impl FnMut(Input),
    ) -> bool {
        for _ in 0..limit {
            self.tell(now, behind, &mut deliver);
            let Some(arrival) = self.waiting.pop_front() else {
                break;
            };
            self.octets -= arrival.payload.len();
            deliver(Input::Datagram {
                listener: arrival.listener,
                source: arrival.source,
                payload: arrival.payload,
            });
        }
        if self.waiting.is_empty() && self.waiting.capacity() > USUAL_DATAGRAMS {
            self.waiting = VecDeque::new();
        }
        !self.waiting.is_empty()
    }

    /// Tells how long what has its turn now has waited, unless that is known.
    pub(super) fn tell(&mut self, now: Instant, behind: Duration, mut deliver: impl FnMut(Input)) {
        let first = self.waiting.front();
        let waited = first.map(|arrival| now.saturating_duration_since(arrival.at));
        let waited = waited.unwrap_or_default().max(behind);
        if waited.abs_diff(self.told) >= GRAIN || (waited.is_zero() && !self.told.is_zero()) {
            self.told = waited;
            deliver(Input::Backlog { waited });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(inbox: &mut Inbox, at: Instant, octets: usize) {
        let source = ([192, 0, 2, 7], 5060).into();
        inbox.push(at, ListenerId(0), source, &vec![b'x'; octets]);
    }

    /// The waits told, in milliseconds, and how many datagrams came after each.
    fn delivered(inbox: &mut Inbox, now: Instant, limit: usize) -> Vec<(u128, usize)> {
        let mut told = vec![(u128::MAX, 0)];
        inbox.deliver(now, Duration::ZERO, limit, |input| match input {
            Input::Backlog { waited } => told.push((waited.as_millis(), 0)),
            _ => told.last_mut().unwrap().1 += 1,
        });
        told
    }

    #[test]
    fn waits_are_told_when_they_change_and_in_order() {
        let (start, mut inbox) = (Instant::now(), Inbox::new());
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        for milliseconds in [0, 0, 10, 10, 10, 30] {
            push(&mut inbox, at(milliseconds), 100);
        }
        assert_eq!(delivered(&mut inbox, at(0), 2), [(u128::MAX, 2)]);
        assert_eq!(
            delivered(&mut inbox, at(30), 9),
            [(u128::MAX, 0), (20, 3), (0, 1)]
        );
        assert_eq!(delivered(&mut inbox, at(31), 9), [(u128::MAX, 0)]);
        let mut told = Vec::new();
        inbox.tell(at(40), Duration::from_millis(7), |input| told.push(input));
        inbox.tell(at(41), Duration::ZERO, |input| told.push(input));
        let told = told.iter().map(|input| match input {
            Input::Backlog { waited } => waited.as_millis(),
            _ => u128::MAX,
        });
        assert!(told.eq([7, 0]), "the streams count as well");
    }

    #[test]
    fn it_takes_no_more_than_its_share_and_gives_its_room_back() {
        let (now, mut inbox) = (Instant::now(), Inbox::new());
        let mut count = 0;
        while !inbox.is_full() {
            push(&mut inbox, now, 60_000);
            count += 1;
        }
        assert_eq!(count, OCTETS.div_ceil(60_000));
        while inbox.deliver(now, Duration::ZERO, 64, drop) {}
        while !inbox.is_full() {
            push(&mut inbox, now, 4);
        }
        assert_eq!(inbox.waiting.len(), DATAGRAMS);
        while inbox.deliver(now, Duration::ZERO, 64, drop) {}
        assert!(inbox.octets == 0 && inbox.waiting.capacity() <= USUAL_DATAGRAMS);
    }
}
