//! Places in pages: a table that grows without moving what is in it and gives empty pages back.

/// Places of a page. Growing costs one page, whatever the table holds.
const PAGE_PLACES: u32 = 256;
const NONE: u32 = u32::MAX;

/// Things found by the number of their place, which is used again when a thing has gone.
#[derive(Debug)]
pub(crate) struct Arena<T> {
    pages: Vec<Page<T>>,
    /// Pages with a vacant place, the next one to be filled last.
    with_room: Vec<u32>,
    /// Places that memory is held for.
    room: usize,
    len: usize,
}

#[derive(Debug)]
struct Page<T> {
    /// Empty while nothing is on the page and its memory has been given back.
    places: Vec<Place<T>>,
    /// The first of the vacant places, each of which names the next.
    vacant: u32,
    taken: u32,
}

#[derive(Debug)]
enum Place<T> {
    Vacant(u32),
    Taken(T),
}

impl<T> Default for Arena<T> {
    fn default() -> Self {
        Arena {
            pages: Vec::new(),
            with_room: Vec::new(),
            room: 0,
            len: 0,
        }
    }
}

impl<T> Page<T> {
    fn insert(&mut self, thing: T) -> u32 {
        self.taken += 1;
        let at = self.vacant;
        match self.places.get_mut(at as usize) {
            Some(place) => {
                if let Place::Vacant(next) = *place {
                    self.vacant = next;
                }
                *place = Place::Taken(thing);
                at
            }
            None => {
                if self.places.capacity() == 0 {
                    self.places.reserve_exact(PAGE_PLACES as usize);
                }
                self.places.push(Place::Taken(thing));
                self.places.len() as u32 - 1
            }
        }
    }

    fn remove(&mut self, at: u32) -> Option<T> {
        let place = self.places.get_mut(at as usize)?;
        if matches!(place, Place::Vacant(_)) {
            return None;
        }
        let before = std::mem::replace(place, Place::Vacant(self.vacant));
        self.vacant = at;
        self.taken -= 1;
        match before {
            Place::Taken(thing) => Some(thing),
            Place::Vacant(_) => None,
        }
    }
}

impl<T> Arena<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Places that memory is held for.
    #[cfg(test)]
    pub(crate) fn room(&self) -> usize {
        self.room
    }

    pub(crate) fn insert(&mut self, thing: T) -> u32 {
        let number = *self.with_room.last().unwrap_or(&NONE);
        let number = if number == NONE {
            self.pages.push(Page {
                places: Vec::new(),
                vacant: NONE,
                taken: 0,
            });
            self.with_room.push(self.pages.len() as u32 - 1);
            self.pages.len() as u32 - 1
        } else {
            number
        };
        let page = &mut self.pages[number as usize];
        if page.taken == 0 && page.places.is_empty() {
            self.room += PAGE_PLACES as usize;
        }
        let at = page.insert(thing);
        if page.taken == PAGE_PLACES {
            self.with_room.pop();
        }
        self.len += 1;
        number * PAGE_PLACES + at
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let (number, at) = (slot / PAGE_PLACES, slot % PAGE_PLACES);
        let page = self.pages.get_mut(number as usize)?;
        let thing = page.remove(at)?;
        self.len -= 1;
        if page.taken == PAGE_PLACES - 1 {
            self.with_room.push(number);
        }
        // One page stays in reserve, so that a table that grows and shrinks by one thing does not ask for memory each time.
        if page.taken == 0 && self.room - self.len > PAGE_PLACES as usize {
            page.places = Vec::new();
            page.vacant = NONE;
            self.room -= PAGE_PLACES as usize;
        }
        Some(thing)
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&T> {
        let page = self.pages.get((slot / PAGE_PLACES) as usize)?;
        match page.places.get((slot % PAGE_PLACES) as usize)? {
            Place::Taken(thing) => Some(thing),
            Place::Vacant(_) => None,
        }
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        let page = self.pages.get_mut((slot / PAGE_PLACES) as usize)?;
        match page.places.get_mut((slot % PAGE_PLACES) as usize)? {
            Place::Taken(thing) => Some(thing),
            Place::Vacant(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};
    use std::collections::BTreeMap;

    #[test]
    fn agrees_with_a_map_and_gives_its_pages_back() {
        let mut rng = StdRng::seed_from_u64(5);
        let (mut arena, mut model) = (Arena::default(), BTreeMap::new());
        for wave in 0..6 {
            for number in 0..5_000u32 {
                let slot = arena.insert(number);
                assert_eq!(model.insert(slot, number), None, "a place is given once");
                if rng.next_u32() % 4 == 0 {
                    let slot = rng.next_u32() % 8_192;
                    assert_eq!(arena.remove(slot), model.remove(&slot));
                    assert!(arena.get(slot).is_none() && arena.remove(slot).is_none());
                }
            }
            assert_eq!(arena.len(), model.len());
            assert!(model.iter().all(|(slot, it)| arena.get(*slot) == Some(it)));
            let kept = if wave % 2 == 0 { 0 } else { 100 };
            while model.len() > kept {
                let (slot, number) = model.pop_first().unwrap();
                assert_eq!(arena.remove(slot), Some(number));
            }
            assert!(arena.room() <= kept + 2 * PAGE_PLACES as usize);
        }
    }
}
