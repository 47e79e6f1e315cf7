//! The timer table of a shard: setting, moving, cancelling and firing a deadline cost the same however many there are.
//!
//! Two wheels turn below one hand. The fine one has a ring of deadlines for each of the next 250 ms. The coarse one has a
//! ring for each of the 255 quarters of a second after that, whose deadlines go over to the fine one when the hand reaches
//! their quarter; those on the beginning of a quarter, where what lingers ends, fire at once. What lies beyond is put to
//! the last quarter and looked at again there. A deadline counts in milliseconds since the first moment seen and never
//! fires early.

use crate::arena::Arena;
use crate::ring::{Linked, Ring};

/// Milliseconds of a quarter, and rings of the fine wheel.
pub(crate) const QUARTER: u64 = 250;
/// Rings of the coarse wheel.
const QUARTERS: u64 = 256;

/// The number of the links by which things stand on the rings here.
pub(crate) const WHEEL: usize = 0;

/// A place on either wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    Fine(u8),
    Coarse(u8),
}

/// What has a deadline.
pub(crate) trait Timed: Linked {
    fn seat(&self) -> Option<Seat>;
    fn set_seat(&mut self, seat: Option<Seat>);
    /// The deadline in milliseconds, of which the last 32 bits are enough: no timer runs for 24 days.
    fn due(&self) -> Option<u32>;
}

#[derive(Debug)]
pub(crate) struct TimerWheel {
    /// The time up to which everything that was due has been taken out.
    hand: u64,
    fine: Dial,
    coarse: Dial,
    /// For each coarse ring a time at which to look at it: its earliest deadline, unless that has been cancelled.
    look_at: Vec<u64>,
    len: usize,
}

/// Rings, and which of them hold anything.
#[derive(Debug)]
struct Dial {
    rings: Vec<Ring<WHEEL>>,
    held: [u64; 4],
}

impl Default for TimerWheel {
    fn default() -> Self {
        TimerWheel {
            hand: 0,
            fine: Dial::new(QUARTER),
            coarse: Dial::new(QUARTERS),
            look_at: vec![0; QUARTERS as usize],
            len: 0,
        }
    }
}

impl TimerWheel {
    /// When to look for something due: never after the earliest deadline.
    pub(crate) fn next(&self) -> Option<u64> {
        let turn = self.hand - self.hand % QUARTER;
        let fine = self.fine.next(self.hand % QUARTER, QUARTER);
        let fine = fine.map(|ahead| turn + ahead);
        let coarse = self.coarse.next(self.hand / QUARTER % QUARTERS, QUARTERS);
        let coarse = coarse.map(|ahead| self.look_at[(ahead % QUARTERS) as usize]);
        [fine, coarse].into_iter().flatten().min()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts a thing where its deadline belongs, or takes it out when it has none.
    pub(crate) fn schedule<T: Timed>(&mut self, now: u64, slot: u32, things: &mut Arena<T>) {
        let Some(thing) = things.get(slot) else {
            return;
        };
        let (seat, due) = (thing.seat(), thing.due());
        if self.len == 0 {
            self.hand = self.hand.max(now);
        }
        let new = due.map(|due| self.seat_of(due));
        if seat != new {
            self.unseat(slot, things);
            if let Some(new) = new {
                self.seat(new, slot, things);
            }
        }
    }

    /// Takes a thing out.
    pub(crate) fn unseat<T: Timed>(&mut self, slot: u32, things: &mut Arena<T>) {
        let Some(seat) = things.get(slot).and_then(Timed::seat) else {
            return;
        };
        self.len -= 1;
        match seat {
            Seat::Fine(at) => self.fine.remove(at, slot, things),
            Seat::Coarse(at) => self.coarse.remove(at, slot, things),
        }
        if let Some(thing) = things.get_mut(slot) {
            thing.set_seat(None);
        }
    }

    /// Takes out a thing whose deadline is not after `now`, the earliest first.
    pub(crate) fn pop_due<T: Timed>(&mut self, now: u64, things: &mut Arena<T>) -> Option<u32> {
        loop {
            let quarter = self.hand / QUARTER;
            let (start, ring) = (quarter * QUARTER, (quarter % QUARTERS) as u8);
            while let Some(slot) = self.coarse.first(ring) {
                self.unseat(slot, things);
                let due = things.get(slot).and_then(Timed::due);
                if due == Some(start as u32) {
                    return Some(slot);
                }
                if let Some(due) = due {
                    let seat = self.seat_of(due);
                    self.seat(seat, slot, things);
                }
            }
            let last = now.min(start + QUARTER - 1);
            if self.hand <= last
                && let Some(ahead) = self.fine.next(self.hand - start, QUARTER)
                && start + ahead <= last
            {
                self.hand = start + ahead;
                let slot = self.fine.first(ahead as u8)?;
                self.unseat(slot, things);
                return Some(slot);
            }
            if now / QUARTER <= quarter {
                self.hand = self.hand.max(now);
                return None;
            }
            self.hand = self.next_quarter(now) * QUARTER;
        }
    }

    /// The quarter after that of the hand, or a later one when nothing is to be done before.
    fn next_quarter(&self, now: u64) -> u64 {
        let next = self.hand / QUARTER + 1;
        if self.fine.held != [0; 4] {
            return next;
        }
        let turn = next - next % QUARTERS;
        let held = self.coarse.next(next % QUARTERS, QUARTERS);
        let held = held.map_or(u64::MAX, |ahead| turn + ahead);
        held.min(now / QUARTER)
    }

    fn seat_of(&mut self, due: u32) -> Seat {
        let ahead = due.wrapping_sub(self.hand as u32) as i32;
        let ahead = u64::try_from(ahead).unwrap_or(0);
        let due = self.hand + ahead;
        if ahead < QUARTER {
            return Seat::Fine((due % QUARTER) as u8);
        }
        let farthest = self.hand / QUARTER + QUARTERS - 1;
        let quarter = (due / QUARTER).min(farthest);
        let ring = (quarter % QUARTERS) as usize;
        let look_at = due.min((quarter + 1) * QUARTER - 1);
        let earlier = self.look_at[ring];
        let is_held = self.coarse.first(ring as u8).is_some();
        self.look_at[ring] = if is_held {
            look_at.min(earlier)
        } else {
            look_at
        };
        Seat::Coarse(ring as u8)
    }

    fn seat<T: Timed>(&mut self, seat: Seat, slot: u32, things: &mut Arena<T>) {
        self.len += 1;
        match seat {
            Seat::Fine(at) => self.fine.push(at, slot, things),
            Seat::Coarse(at) => self.coarse.push(at, slot, things),
        }
        if let Some(thing) = things.get_mut(slot) {
            thing.set_seat(Some(seat));
        }
    }
}

impl Dial {
    fn new(rings: u64) -> Dial {
        Dial {
            rings: vec![Ring::default(); rings as usize],
            held: [0; 4],
        }
    }

    fn first(&self, at: u8) -> Option<u32> {
        self.rings[usize::from(at)].first()
    }

    fn push<T: Linked>(&mut self, at: u8, slot: u32, things: &mut Arena<T>) {
        self.rings[usize::from(at)].push(slot, things);
        self.held[usize::from(at / 64)] |= 1 << (at % 64);
    }

    fn remove<T: Linked>(&mut self, at: u8, slot: u32, things: &mut Arena<T>) {
        let ring = &mut self.rings[usize::from(at)];
        ring.remove(slot, things);
        if ring.first().is_none() {
            self.held[usize::from(at / 64)] &= !(1 << (at % 64));
        }
    }

    /// The next ring that holds something, from `from` on around the dial; past the end it counts on.
    fn next(&self, from: u64, rings: u64) -> Option<u64> {
        self.first_from(from)
            .or_else(|| Some(self.first_from(0)? + rings))
    }

    fn first_from(&self, from: u64) -> Option<u64> {
        let mut word = (from / 64) as usize;
        let mut bits = self.held.get(word)? & (u64::MAX << (from % 64));
        while bits == 0 {
            word += 1;
            bits = *self.held.get(word)?;
        }
        Some(word as u64 * 64 + u64::from(bits.trailing_zeros()))
    }
}

#[cfg(test)]
mod tests;
