//! Samples at the places their timestamps give them: a ring with a bit per sample that says whether it is there.

/// Sound below this is taken for silence: -48 dB of full scale.
const QUIET: u16 = 128;
const SAMPLES: usize = 4_096;

/// A window of timestamps, from the one played next on.
#[derive(Debug)]
pub(super) struct SampleStore {
    samples: Box<[i16; SAMPLES]>,
    present: [u64; SAMPLES / 64],
    /// The first timestamp of the window.
    first: i64,
}

impl Default for SampleStore {
    fn default() -> Self {
        Self {
            samples: Box::new([0; SAMPLES]),
            present: [0; SAMPLES / 64],
            first: 0,
        }
    }
}

impl SampleStore {
    /// The length of the window: half a second.
    pub(super) const CAPACITY: i64 = SAMPLES as i64;

    /// Forgets everything; the window begins at `first`.
    pub(super) fn clear(&mut self, first: i64) {
        self.present.fill(0);
        self.first = first;
    }

    /// Moves the window; what falls out of it is forgotten.
    pub(super) fn move_to(&mut self, first: i64) {
        let moved = first - self.first;
        if moved.abs() >= Self::CAPACITY {
            self.present.fill(0);
        } else {
            // Places that the old and the new window do not share have the same bits at either end.
            let unshared = self.first.min(first)..self.first.max(first);
            unshared.for_each(|place| self.set(place, false));
        }
        self.first = first;
    }

    /// Puts samples into the window, which they must fit into; returns whether any place was free.
    pub(super) fn put(&mut self, first: i64, samples: &[i16]) -> bool {
        let mut new = false;
        for (place, sample) in (first..).zip(samples) {
            if self.is_inside(place) && !self.has(place) {
                self.samples[index(place)] = *sample;
                self.set(place, true);
                new = true;
            }
        }
        new
    }

    /// Copies samples out, present or not.
    pub(super) fn read(&self, first: i64, output: &mut [i16]) {
        for (place, sample) in (first..).zip(output) {
            *sample = self.samples[index(place)];
        }
    }

    /// Whether the samples from `first` on are present or missing, and how many of them are alike, at most `limit`.
    pub(super) fn run(&self, first: i64, limit: i64) -> (bool, i64) {
        let present = self.has(first);
        let end = self.find(first, limit, |place| self.has(place) != present);
        (present, end.map_or(limit, |end| end - first))
    }

    /// How many samples from `first` on are missing or silent, at most `limit`.
    pub(super) fn quiet_run(&self, first: i64, limit: i64) -> i64 {
        let loud = |place| self.has(place) && self.samples[index(place)].unsigned_abs() > QUIET;
        let end = self.find(first, limit, loud);
        end.map_or(limit, |end| end - first)
    }

    /// Whether `count` samples from `first` on are all present.
    pub(super) fn is_complete(&self, first: i64, count: i64) -> bool {
        self.run(first, count) == (true, count)
    }

    /// The first place of `limit` from `first` on that `wanted` holds for. Beyond the window all are alike: none is looked at
    /// but the first.
    fn find(&self, first: i64, limit: i64, wanted: impl Fn(i64) -> bool) -> Option<i64> {
        let end = first.max(self.first + Self::CAPACITY).saturating_add(1);
        (first..end.min(first.saturating_add(limit))).find(|place| wanted(*place))
    }

    fn is_inside(&self, place: i64) -> bool {
        (self.first..self.first + Self::CAPACITY).contains(&place)
    }

    fn has(&self, place: i64) -> bool {
        let index = index(place);
        self.is_inside(place) && self.present[index / 64] >> (index % 64) & 1 == 1
    }

    fn set(&mut self, place: i64, present: bool) {
        let index = index(place);
        let bit = 1 << (index % 64);
        match present {
            true => self.present[index / 64] |= bit,
            false => self.present[index / 64] &= !bit,
        }
    }
}

fn index(place: i64) -> usize {
    place.rem_euclid(SampleStore::CAPACITY) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_moves_keeps_what_it_shares_with_the_old_one() {
        for moved in [-5_000, -4_096, -1_000, -1, 0, 1, 1_000, 4_096, 5_000] {
            let mut store = SampleStore::default();
            store.clear(10_000);
            store.put(10_000, &[7; 4_096]);
            store.move_to(10_000 + moved);
            for place in 4_000..20_000 {
                let window = 10_000 + moved..10_000 + moved + SampleStore::CAPACITY;
                let shared = window.contains(&place) && (10_000..14_096).contains(&place);
                assert_eq!(store.has(place), shared, "{moved} {place}");
            }
        }
    }

    #[test]
    fn samples_beyond_the_window_are_left_out() {
        let mut store = SampleStore::default();
        store.clear(100);
        assert!(store.put(0, &[7; 10_000]));
        assert_eq!(store.run(0, i64::MAX), (false, 100));
        assert_eq!(store.run(100, i64::MAX), (true, SampleStore::CAPACITY));
        assert_eq!(store.quiet_run(4_196, i64::MAX), i64::MAX);
    }
}
