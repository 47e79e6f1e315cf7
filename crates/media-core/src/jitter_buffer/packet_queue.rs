//! Packets that wait to be decoded: in the order of their timestamps, their payloads end to end in one piece of memory.

use std::collections::VecDeque;

use crate::codec::Codec;

/// Packets that may wait; of 10 ms each they are two thirds of a second.
const MAX_PACKETS: usize = 64;

/// Memory for payloads is taken in such steps.
const STEP_OCTETS: usize = 1_024;

/// A packet that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Where its sound begins.
    pub(super) first: i64,
    /// How many samples it stands for.
    pub(super) samples: i64,
    /// Its place among the packets that were sent.
    pub(super) sequence: u64,
    /// What its payload is.
    pub(super) content: Content,
}

impl Waiting {
    /// The packets between the last one and this; none before the first.
    pub(super) fn missing_after(&self, last: Option<u64>) -> u32 {
        let missing = last.map_or(0, |last| {
            self.sequence.saturating_sub(last).saturating_sub(1)
        });
        u32::try_from(missing).unwrap_or(u32::MAX)
    }
}

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Sound.
    Audio(Codec),
    /// The noise that follows (RFC 3389); without a payload it is silence.
    Noise,
}

/// What became of a packet that was to be queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queued {
    /// It waits.
    Waits,
    /// One of its place waits already.
    Duplicate,
    /// There is no room for it.
    Full,
}

/// The packets that wait.
#[derive(Debug)]
pub(super) struct PacketQueue {
    packets: VecDeque<(Waiting, usize)>,
    arena: Vec<u8>,
    /// How large the arena may become.
    limit: usize,
    /// Where the payloads lie in the arena.
    begin: usize,
    end: usize,
}

impl PacketQueue {
    /// An empty queue for payloads of at most so many octets in all; it takes the memory that it comes to need.
    pub(super) fn new(octets: usize) -> Self {
        Self {
            packets: VecDeque::new(),
            arena: Vec::new(),
            limit: octets,
            begin: 0,
            end: 0,
        }
    }

    /// Lets payloads have so many octets in all; never less than before.
    pub(super) fn allow(&mut self, octets: usize) {
        self.limit = self.limit.max(octets);
    }

    pub(super) fn clear(&mut self) {
        self.packets.clear();
        (self.begin, self.end) = (0, 0);
    }

    /// The packet that comes first, and its payload.
    pub(super) fn first(&self) -> Option<(Waiting, &[u8])> {
        let (packet, octets) = *self.packets.front()?;
        Some((packet, &self.arena[self.begin..self.begin + octets]))
    }

    /// Forgets the packet that comes first.
    pub(super) fn pop(&mut self) {
        if let Some((_, octets)) = self.packets.pop_front() {
            self.begin += octets;
        }
    }

    /// Puts a packet at its place.
    pub(super) fn push(&mut self, packet: Waiting, payload: &[u8]) -> Queued {
        let before = |(waiting, _): &(Waiting, usize)| waiting.first < packet.first;
        let place = self.packets.partition_point(before);
        if let Some((there, _)) = self.packets.get(place)
            && there.first == packet.first
        {
            return Queued::Duplicate;
        }
        let used = self.end - self.begin;
        if self.packets.len() == MAX_PACKETS || used + payload.len() > self.limit {
            return Queued::Full;
        }
        if used + payload.len() > self.arena.len() {
            let wanted = (used + payload.len()).next_multiple_of(STEP_OCTETS);
            self.arena.resize(wanted.min(self.limit), 0);
        }
        if self.end + payload.len() > self.arena.len() {
            self.arena.copy_within(self.begin..self.end, 0);
            (self.begin, self.end) = (0, used);
        }
        let behind = self.packets.range(place..).map(|(_, octets)| octets);
        let from = self.end - behind.sum::<usize>();
        let to = from + payload.len();
        self.arena.copy_within(from..self.end, to);
        self.arena[from..to].copy_from_slice(payload);
        self.end += payload.len();
        self.packets.insert(place, (packet, payload.len()));
        Queued::Waits
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn packet(first: i64) -> Waiting {
        Waiting {
            first,
            samples: 160,
            sequence: 0,
            content: Content::Noise,
        }
    }

    #[test]
    fn packets_come_out_in_order_with_their_payloads() {
        let mut rng = StdRng::seed_from_u64(2);
        let mut queue = PacketQueue::new(1_000);
        let mut model: Vec<(i64, Vec<u8>)> = Vec::new();
        for _ in 0..20_000 {
            if rng.random_bool(0.5) {
                let first = rng.random_range(0..200);
                let payload: Vec<u8> = (0..rng.random_range(0..60)).map(|_| rng.random()).collect();
                let used: usize = model.iter().map(|(_, payload)| payload.len()).sum();
                let expected = if model.iter().any(|(there, _)| *there == first) {
                    Queued::Duplicate
                } else if model.len() == MAX_PACKETS || used + payload.len() > 1_000 {
                    Queued::Full
                } else {
                    model.push((first, payload.clone()));
                    model.sort();
                    Queued::Waits
                };
                assert_eq!(queue.push(packet(first), &payload), expected);
            } else if !model.is_empty() {
                model.remove(0);
                queue.pop();
            }
            let first = queue
                .first()
                .map(|(packet, payload)| (packet.first, payload.to_vec()));
            assert_eq!(first.as_ref(), model.first());
        }
    }

    #[test]
    fn more_room_keeps_what_waits() {
        let mut queue = PacketQueue::new(4);
        assert_eq!(queue.push(packet(0), &[1, 2, 3]), Queued::Waits);
        assert_eq!(queue.push(packet(1), &[4, 5]), Queued::Full);
        queue.allow(8);
        assert_eq!(queue.push(packet(1), &[4, 5]), Queued::Waits);
        assert_eq!(queue.first().unwrap().1, [1, 2, 3]);
        queue.pop();
        assert_eq!(queue.first().unwrap().1, [4, 5]);
    }
}
