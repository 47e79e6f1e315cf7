//! One deadline queue for all transactions of a shard.
//!
//! A four-way heap in which every slot of the table has at most one place, and knows it: a deadline is moved and cancelled
//! in place, so that nothing stale is ever kept. Most deadlines are set in rising order (each kind of timer runs equally
//! long) and then cost one comparison.

use std::time::Instant;

const WAYS: usize = 4;
const NOWHERE: u32 = u32::MAX;

#[derive(Debug, Default)]
pub(crate) struct DeadlineQueue {
    heap: Vec<(Instant, u32)>,
    /// Where each slot stands in the heap.
    places: Vec<u32>,
}

impl DeadlineQueue {
    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.first().map(|&(at, _)| at)
    }

    /// How many slots have a deadline.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Sets, moves or cancels the deadline of a slot.
    pub(crate) fn set(&mut self, slot: u32, deadline: Option<Instant>) {
        let place = self.place(slot);
        match (place, deadline) {
            (None, None) => {}
            (None, Some(at)) => {
                if self.places.len() <= slot as usize {
                    self.places.resize(slot as usize + 1, NOWHERE);
                }
                self.heap.push((at, slot));
                self.rise(self.heap.len() - 1);
            }
            (Some(place), Some(at)) => {
                self.heap[place].0 = at;
                self.settle(place);
            }
            (Some(place), None) => {
                self.places[slot as usize] = NOWHERE;
                self.heap.swap_remove(place);
                if place < self.heap.len() {
                    self.settle(place);
                }
            }
        }
    }

    /// Takes out a slot whose deadline is not after `now`, earliest first; equal deadlines in the order of the slots.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<u32> {
        let &(at, slot) = self.heap.first()?;
        if at > now {
            return None;
        }
        self.set(slot, None);
        Some(slot)
    }

    /// Gives back the memory of slots from `slots` on, none of which has a deadline.
    pub(crate) fn shrink(&mut self, slots: usize) {
        self.heap.shrink_to_fit();
        self.places.truncate(slots);
        self.places.shrink_to_fit();
    }

    fn place(&self, slot: u32) -> Option<usize> {
        self.places
            .get(slot as usize)
            .filter(|&&place| place != NOWHERE)
            .map(|&place| place as usize)
    }

    fn settle(&mut self, place: usize) {
        let place = self.rise(place);
        self.sink(place);
    }

    fn rise(&mut self, mut place: usize) -> usize {
        let entry = self.heap[place];
        while place > 0 {
            let parent = (place - 1) / WAYS;
            if self.heap[parent] <= entry {
                break;
            }
            self.put(place, self.heap[parent]);
            place = parent;
        }
        self.put(place, entry);
        place
    }

    fn sink(&mut self, mut place: usize) {
        let entry = self.heap[place];
        loop {
            let first = place * WAYS + 1;
            let children = first..self.heap.len().min(first + WAYS);
            let Some(least) = children
                .min_by_key(|&child| self.heap[child])
                .filter(|&child| self.heap[child] < entry)
            else {
                break;
            };
            self.put(place, self.heap[least]);
            place = least;
        }
        self.put(place, entry);
    }

    fn put(&mut self, place: usize, entry: (Instant, u32)) {
        self.heap[place] = entry;
        self.places[entry.1 as usize] = place as u32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};
    use std::collections::BTreeSet;
    use std::time::Duration;

    #[test]
    fn agrees_with_a_sorted_set_over_random_operations() {
        let start = Instant::now();
        for seed in 0..50 {
            let mut rng = StdRng::seed_from_u64(seed);
            let mut queue = DeadlineQueue::default();
            let mut model: BTreeSet<(Instant, u32)> = BTreeSet::new();
            for _ in 0..2000 {
                let slot = rng.next_u32() % 100;
                let at = start + Duration::from_millis(u64::from(rng.next_u32() % 64));
                match rng.next_u32() % 4 {
                    0 => {
                        model.retain(|entry| entry.1 != slot);
                        queue.set(slot, None);
                    }
                    1 => {
                        let due = model.first().filter(|entry| entry.0 <= at).copied();
                        assert_eq!(queue.pop_due(at), due.map(|entry| entry.1));
                        if let Some(entry) = due {
                            model.remove(&entry);
                        }
                    }
                    _ => {
                        model.retain(|entry| entry.1 != slot);
                        model.insert((at, slot));
                        queue.set(slot, Some(at));
                    }
                }
                assert_eq!(queue.len(), model.len());
                assert_eq!(queue.next(), model.first().map(|entry| entry.0));
            }
        }
    }

    #[test]
    fn a_moved_deadline_counts_once() {
        let now = Instant::now();
        let mut queue = DeadlineQueue::default();
        queue.set(3, Some(now + Duration::from_secs(1)));
        queue.set(3, Some(now + Duration::from_secs(2)));
        queue.set(3, Some(now));
        assert_eq!(queue.len(), 1);
        assert_eq!(queue.pop_due(now), Some(3));
        assert_eq!(queue.pop_due(now + Duration::from_secs(9)), None);
        assert_eq!(queue.next(), None);
    }
}
