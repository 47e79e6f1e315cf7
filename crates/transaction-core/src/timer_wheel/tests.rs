//! The wheel against a sorted set.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::ring::Link;

#[derive(Default)]
struct Thing {
    due: Option<u64>,
    seat: Option<Seat>,
    link: Link,
}

impl Linked for Thing {
    fn link(&self, _: usize) -> &Link {
        &self.link
    }

    fn link_mut(&mut self, _: usize) -> &mut Link {
        &mut self.link
    }
}

impl Timed for Thing {
    fn seat(&self) -> Option<Seat> {
        self.seat
    }

    fn set_seat(&mut self, seat: Option<Seat>) {
        self.seat = seat;
    }

    fn due(&self) -> Option<u32> {
        self.due.map(|due| due as u32)
    }
}

/// A wheel and what it should be like.
struct Bench {
    wheel: TimerWheel,
    things: Arena<Thing>,
    model: BTreeSet<(u64, u32)>,
    now: u64,
}

impl Bench {
    fn new(things: usize, now: u64) -> Bench {
        let mut bench = Bench {
            wheel: TimerWheel::default(),
            things: Arena::default(),
            model: BTreeSet::new(),
            now,
        };
        for _ in 0..things {
            bench.things.insert(Thing::default());
        }
        bench
    }

    fn set(&mut self, slot: u32, due: Option<u64>) {
        let thing = self.things.get_mut(slot).unwrap();
        if let Some(old) = std::mem::replace(&mut thing.due, due) {
            self.model.remove(&(old, slot));
        }
        self.model.extend(due.map(|due| (due, slot)));
        self.wheel.schedule(self.now, slot, &mut self.things);
        self.check();
    }

    fn check(&self) {
        assert_eq!(self.wheel.len(), self.model.len());
        let (next, earliest) = (self.wheel.next(), self.model.first().map(|entry| entry.0));
        assert_eq!(next.is_some(), earliest.is_some());
        let earliest = earliest.map(|earliest| earliest.max(self.wheel.hand));
        assert!(next <= earliest, "{next:?} {earliest:?}");
    }

    /// Lets time pass as a driver does that is never late, and says when what fired.
    fn run_until(&mut self, end: u64) -> Vec<(u64, u32)> {
        let mut fired = Vec::new();
        while let Some(at) = self.wheel.next().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            while let Some(slot) = self.wheel.pop_due(self.now, &mut self.things) {
                let due = self.things.get_mut(slot).unwrap().due.take();
                assert!(self.model.remove(&(due.unwrap(), slot)));
                fired.push((self.now, slot));
            }
            self.check();
        }
        self.now = end;
        fired
    }
}

#[test]
fn agrees_with_a_sorted_set_over_random_operations() {
    for seed in 0..60 {
        let mut rng = StdRng::seed_from_u64(seed);
        // Some wheels begin where 32 bits end.
        let start = u64::from(u32::MAX) * (seed % 3) + u64::from(rng.next_u32() % 1_000);
        let mut bench = Bench::new(100, start);
        for _ in 0..2_000 {
            let slot = rng.next_u32() % 100;
            let span = [3, 600, 5_000, 70_000, 1_000_000][rng.next_u32() as usize % 5];
            let due = bench.now + 1 + u64::from(rng.next_u32() % span);
            match rng.next_u32() % 8 {
                0 => bench.set(slot, None),
                1 => {
                    let end = bench.now + u64::from(rng.next_u32() % span / 8);
                    let expected: Vec<u64> = bench
                        .model
                        .iter()
                        .map(|entry| entry.0)
                        .take_while(|due| *due <= end)
                        .collect();
                    let fired = bench.run_until(end);
                    assert!(
                        fired.iter().map(|(at, _)| *at).eq(expected),
                        "each at its time"
                    );
                }
                2 => bench.set(slot, Some(due.div_ceil(QUARTER) * QUARTER)),
                _ => bench.set(slot, Some(due)),
            }
        }
        bench.run_until(bench.now + 3_000_000);
        assert!(bench.model.is_empty() && bench.wheel.next().is_none());
    }
}

#[test]
fn a_driver_that_comes_late_finds_everything_in_order() {
    let mut rng = StdRng::seed_from_u64(9);
    let mut bench = Bench::new(500, 17);
    for slot in 0..500 {
        bench.set(slot, Some(18 + u64::from(rng.next_u32() % 100_000)));
    }
    let mut order = Vec::new();
    while let Some(slot) = bench.wheel.pop_due(200_000, &mut bench.things) {
        order.push(bench.things.get_mut(slot).unwrap().due.take().unwrap());
    }
    assert_eq!(order.len(), 500);
    assert!(order.is_sorted());
}

/// The cost in things touched is the same with a thousand deadlines as with twenty thousand.
#[test]
fn no_step_touches_more_than_a_few_things() {
    use std::cell::Cell;
    use std::rc::Rc;

    struct Watched(Thing, Rc<Cell<u32>>);

    impl Linked for Watched {
        fn link(&self, number: usize) -> &Link {
            self.0.link(number)
        }

        fn link_mut(&mut self, number: usize) -> &mut Link {
            self.1.set(self.1.get() + 1);
            self.0.link_mut(number)
        }
    }

    impl Timed for Watched {
        fn seat(&self) -> Option<Seat> {
            self.0.seat()
        }

        fn set_seat(&mut self, seat: Option<Seat>) {
            self.1.set(self.1.get() + 1);
            self.0.set_seat(seat);
        }

        fn due(&self) -> Option<u32> {
            self.0.due()
        }
    }

    let touches = Rc::new(Cell::new(0));
    let mut per_timer = Vec::new();
    for count in [1_000, 20_000] {
        let (mut wheel, mut things) = (TimerWheel::default(), Arena::default());
        touches.set(0);
        for number in 0..count {
            let thing = Thing {
                due: Some(number / 10 + 500),
                ..Thing::default()
            };
            let slot = things.insert(Watched(thing, Rc::clone(&touches)));
            wheel.schedule(number / 10, slot, &mut things);
            if number % 2 == 0 {
                things.get_mut(slot).unwrap().0.due = None;
                wheel.schedule(number / 10, slot, &mut things);
            }
        }
        while wheel.pop_due(u64::from(u32::MAX), &mut things).is_some() {}
        assert_eq!(wheel.next(), None);
        per_timer.push(u64::from(touches.get()) / count);
    }
    assert!(per_timer[0].abs_diff(per_timer[1]) <= 1, "{per_timer:?}");
    assert!(per_timer[1] <= 20, "{per_timer:?}");
}
