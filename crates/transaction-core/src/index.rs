//! Finding things of a table by fingerprint, at the same cost however many there are.
//!
//! Linear hashing (Litwin 1980): a table of chains that grows by one chain when a thing comes in and shrinks by one when
//! things have gone, so that no insertion ever waits until everything has been filed anew. The chains run through the
//! things themselves.

use crate::arena::Arena;
use crate::fingerprint::Fingerprint;

const NONE: u32 = u32::MAX;
/// Chains whose beginnings stand in one allocation.
const CHUNK_CHAINS: usize = 1024;
/// There are never fewer chains than this.
const LEAST_CHAINS: usize = 16;
/// Chains are joined when there are so many for each thing: far from the one at which they are split.
const SPARSE: usize = 4;

/// What is found by fingerprints, one of each number at most.
pub(crate) trait Marked {
    fn fingerprint(&self, number: usize) -> Option<Fingerprint>;
    /// The next thing in the chain.
    fn next(&self, number: usize) -> u32;
    fn set_next(&mut self, number: usize, next: u32);
}

/// An index by the fingerprint of this `NUMBER`.
#[derive(Debug)]
pub(crate) struct Index<const NUMBER: usize> {
    chunks: Vec<Vec<u32>>,
    chains: usize,
    len: usize,
}

impl<const NUMBER: usize> Default for Index<NUMBER> {
    fn default() -> Self {
        Index {
            chunks: vec![vec![NONE; LEAST_CHAINS]],
            chains: LEAST_CHAINS,
            len: 0,
        }
    }
}

impl<const NUMBER: usize> Index<NUMBER> {
    pub(crate) fn find<T: Marked>(&self, sought: Fingerprint, things: &Arena<T>) -> Option<u32> {
        let mut slot = *self.chain(self.number(sought));
        while let Some(thing) = things.get(slot) {
            if thing.fingerprint(NUMBER) == Some(sought) {
                return Some(slot);
            }
            slot = thing.next(NUMBER);
        }
        None
    }

    /// Enters a thing that has a fingerprint. Of several with the same one the last is found.
    pub(crate) fn insert<T: Marked>(&mut self, slot: u32, things: &mut Arena<T>) {
        if self.file(slot, things) {
            self.len += 1;
            if self.len > self.chains {
                self.split(things);
            }
        }
    }

    pub(crate) fn remove<T: Marked>(&mut self, slot: u32, things: &mut Arena<T>) {
        let Some(thing) = things.get(slot) else {
            return;
        };
        let (Some(fingerprint), next) = (thing.fingerprint(NUMBER), thing.next(NUMBER)) else {
            return;
        };
        let number = self.number(fingerprint);
        let first = self.chain_mut(number);
        if *first == slot {
            *first = next;
        } else {
            let mut before = *first;
            loop {
                let Some(thing) = things.get_mut(before) else {
                    return;
                };
                if thing.next(NUMBER) == slot {
                    thing.set_next(NUMBER, next);
                    break;
                }
                before = thing.next(NUMBER);
            }
        }
        self.len -= 1;
        let least = LEAST_CHAINS.max(SPARSE * self.len);
        while self.chains > least {
            self.join(things);
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts a thing into its chain.
    fn file<T: Marked>(&mut self, slot: u32, things: &mut Arena<T>) -> bool {
        let Some(thing) = things.get_mut(slot) else {
            return false;
        };
        let Some(fingerprint) = thing.fingerprint(NUMBER) else {
            return false;
        };
        let number = self.number(fingerprint);
        let next = std::mem::replace(self.chain_mut(number), slot);
        thing.set_next(NUMBER, next);
        true
    }

    /// The chain of a fingerprint. Chains are numbered by the last bits of their fingerprints; those that have not been
    /// split yet by one bit less.
    fn number(&self, fingerprint: Fingerprint) -> usize {
        let bits = self.chains.next_power_of_two();
        let number = fingerprint.bits() as usize & (bits - 1);
        if number < self.chains {
            number
        } else {
            number - bits / 2
        }
    }

    fn chain(&self, number: usize) -> &u32 {
        &self.chunks[number / CHUNK_CHAINS][number % CHUNK_CHAINS]
    }

    fn chain_mut(&mut self, number: usize) -> &mut u32 {
        &mut self.chunks[number / CHUNK_CHAINS][number % CHUNK_CHAINS]
    }

    /// Makes two chains of one.
    fn split<T: Marked>(&mut self, things: &mut Arena<T>) {
        let new = self.chains;
        match self.chunks.last_mut() {
            Some(chunk) if chunk.len() < CHUNK_CHAINS => chunk.push(NONE),
            _ => {
                let mut chunk = Vec::with_capacity(CHUNK_CHAINS);
                chunk.push(NONE);
                self.chunks.push(chunk);
            }
        }
        self.chains += 1;
        self.refile(new - self.chains.next_power_of_two() / 2, things);
    }

    /// Makes one chain of two.
    fn join<T: Marked>(&mut self, things: &mut Arena<T>) {
        self.chains -= 1;
        self.refile(self.chains, things);
        if let Some(chunk) = self.chunks.last_mut() {
            chunk.pop();
            if chunk.is_empty() {
                self.chunks.pop();
            }
        }
    }

    /// Files the things of one chain where they belong now: turned around once, and once more by being filed, so that
    /// those of one fingerprint stay in their order.
    fn refile<T: Marked>(&mut self, number: usize, things: &mut Arena<T>) {
        let mut slot = std::mem::replace(self.chain_mut(number), NONE);
        let mut last = NONE;
        while let Some(thing) = things.get_mut(slot) {
            let next = thing.next(NUMBER);
            thing.set_next(NUMBER, last);
            last = std::mem::replace(&mut slot, next);
        }
        while let Some(thing) = things.get(last) {
            let next = thing.next(NUMBER);
            self.file(last, things);
            last = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};
    use std::collections::HashMap;

    struct Thing {
        fingerprint: Option<Fingerprint>,
        next: u32,
    }

    impl Marked for Thing {
        fn fingerprint(&self, _: usize) -> Option<Fingerprint> {
            self.fingerprint
        }

        fn next(&self, _: usize) -> u32 {
            self.next
        }

        fn set_next(&mut self, _: usize, next: u32) {
            self.next = next;
        }
    }

    fn insert(index: &mut Index<0>, things: &mut Arena<Thing>, fingerprint: Fingerprint) -> u32 {
        let slot = things.insert(Thing {
            fingerprint: Some(fingerprint),
            next: NONE,
        });
        index.insert(slot, things);
        slot
    }

    #[test]
    fn agrees_with_a_map_while_it_grows_and_shrinks() {
        let mut rng = StdRng::seed_from_u64(3);
        let (mut index, mut things) = (Index::<0>::default(), Arena::default());
        let mut model: HashMap<Fingerprint, u32> = HashMap::new();
        for size in [10, 3_000, 100, 20_000, 0] {
            while model.len() < size {
                let fingerprint = Fingerprint::from_bits(rng.next_u64());
                let slot = insert(&mut index, &mut things, fingerprint);
                model.insert(fingerprint, slot);
            }
            let gone: Vec<Fingerprint> = model.keys().skip(size).copied().collect();
            for fingerprint in gone {
                let slot = model.remove(&fingerprint).unwrap();
                index.remove(slot, &mut things);
                things.remove(slot);
                assert_eq!(index.find(fingerprint, &things), None);
            }
            assert_eq!(index.len(), model.len());
            assert!(
                model
                    .iter()
                    .all(|(it, slot)| index.find(*it, &things) == Some(*slot))
            );
            assert!(index.chains <= (SPARSE * model.len()).max(LEAST_CHAINS));
        }
    }

    #[test]
    fn of_twins_the_younger_is_found_however_often_they_are_refiled() {
        let mut rng = StdRng::seed_from_u64(4);
        let (mut index, mut things) = (Index::<0>::default(), Arena::default());
        let twins = Fingerprint::from_bits(77);
        let [elder, younger] = [0, 1].map(|_| insert(&mut index, &mut things, twins));
        for _ in 0..1_000 {
            assert_eq!(index.find(twins, &things), Some(younger));
            insert(
                &mut index,
                &mut things,
                Fingerprint::from_bits(rng.next_u64()),
            );
        }
        index.remove(younger, &mut things);
        assert_eq!(index.find(twins, &things), Some(elder));
    }

    /// The cost of an insertion, counted in things looked at, does not depend on how many there are.
    #[test]
    fn no_insertion_looks_at_more_than_two_chains() {
        use std::cell::Cell;

        struct Watched(Thing, std::rc::Rc<Cell<u32>>);

        impl Marked for Watched {
            fn fingerprint(&self, number: usize) -> Option<Fingerprint> {
                self.1.set(self.1.get() + 1);
                self.0.fingerprint(number)
            }

            fn next(&self, number: usize) -> u32 {
                self.0.next(number)
            }

            fn set_next(&mut self, number: usize, next: u32) {
                self.0.set_next(number, next);
            }
        }

        let looks = std::rc::Rc::new(Cell::new(0));
        let mut rng = StdRng::seed_from_u64(3);
        let (mut index, mut things) = (Index::<0>::default(), Arena::default());
        let mut most = 0;
        for _ in 0..50_000 {
            let fingerprint = Some(Fingerprint::from_bits(rng.next_u64()));
            let thing = Thing {
                fingerprint,
                next: NONE,
            };
            let slot = things.insert(Watched(thing, looks.clone()));
            looks.set(0);
            index.insert(slot, &mut things);
            most = most.max(looks.get());
        }
        assert!((2..16).contains(&most), "{most}");
    }
}
