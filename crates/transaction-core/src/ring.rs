//! Lists through the things of a table: entering and leaving cost the same however long a list is.

use crate::arena::Arena;

const NONE: u32 = u32::MAX;

/// The neighbours of a thing on a ring.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    previous: u32,
    next: u32,
}

impl Default for Link {
    fn default() -> Self {
        Link {
            previous: NONE,
            next: NONE,
        }
    }
}

/// What stands on rings, one of each number at a time.
pub(crate) trait Linked {
    fn link(&self, number: usize) -> &Link;
    fn link_mut(&mut self, number: usize) -> &mut Link;
}

/// A ring, known by its first thing; the last one stands before it. `NUMBER` tells which of its links a thing uses here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ring<const NUMBER: usize> {
    first: u32,
}

impl<const NUMBER: usize> Default for Ring<NUMBER> {
    fn default() -> Self {
        Ring { first: NONE }
    }
}

impl<const NUMBER: usize> Ring<NUMBER> {
    pub(crate) fn first(self) -> Option<u32> {
        (self.first != NONE).then_some(self.first)
    }

    /// Puts a thing at the end.
    pub(crate) fn push<T: Linked>(&mut self, slot: u32, things: &mut Arena<T>) {
        let (mut previous, mut next) = (slot, slot);
        match self.first() {
            None => self.first = slot,
            Some(first) => {
                next = first;
                Self::change(things, first, |link| {
                    previous = std::mem::replace(&mut link.previous, slot);
                });
                Self::change(things, previous, |link| link.next = slot);
            }
        }
        Self::change(things, slot, |link| *link = Link { previous, next });
    }

    /// Takes out a thing that is on this ring.
    pub(crate) fn remove<T: Linked>(&mut self, slot: u32, things: &mut Arena<T>) {
        let mut taken = Link::default();
        Self::change(things, slot, |link| taken = std::mem::take(link));
        let Link { previous, next } = taken;
        if next == slot {
            self.first = NONE;
            return;
        }
        if self.first == slot {
            self.first = next;
        }
        Self::change(things, previous, |link| link.next = next);
        Self::change(things, next, |link| link.previous = previous);
    }

    /// Every thing on the ring, in order.
    pub(crate) fn slots<T: Linked>(self, things: &Arena<T>) -> Vec<u32> {
        let mut slots = Vec::new();
        let mut slot = self.first;
        while let Some(thing) = things.get(slot) {
            slots.push(slot);
            slot = thing.link(NUMBER).next;
            if slot == self.first {
                break;
            }
        }
        slots
    }

    fn change<T: Linked>(things: &mut Arena<T>, slot: u32, change: impl FnOnce(&mut Link)) {
        if let Some(thing) = things.get_mut(slot) {
            change(thing.link_mut(NUMBER));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Bead([Link; 2]);

    impl Linked for Bead {
        fn link(&self, number: usize) -> &Link {
            &self.0[number]
        }

        fn link_mut(&mut self, number: usize) -> &mut Link {
            &mut self.0[number]
        }
    }

    #[test]
    fn beads_leave_from_the_front_the_middle_and_the_end_of_either_ring() {
        let mut beads = Arena::default();
        let slots: Vec<u32> = (0..5).map(|_| beads.insert(Bead::default())).collect();
        let (mut one, mut other) = (Ring::<0>::default(), Ring::<1>::default());
        for slot in &slots {
            one.push(*slot, &mut beads);
            other.push(*slot, &mut beads);
        }
        let steps = [
            (2, vec![0, 1, 3, 4]),
            (4, vec![0, 1, 3]),
            (0, vec![1, 3]),
            (3, vec![1]),
            (1, vec![]),
        ];
        for (gone, left) in steps {
            one.remove(gone, &mut beads);
            assert_eq!(one.slots(&beads), left);
            assert_eq!(one.first(), left.first().copied());
        }
        assert_eq!(other.slots(&beads), slots);
        one.push(3, &mut beads);
        assert_eq!(one.slots(&beads), [3]);
    }
}
