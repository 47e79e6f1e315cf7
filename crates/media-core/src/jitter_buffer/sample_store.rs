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

    /// Moves the window; what falls out of it at its beginning is forgotten, and a move back forgets nothing.
    pub(super) fn move_to(&mut self, first: i64) {
        if first - self.first >= Self::CAPACITY {
            self.present.fill(0);
        } else {
            (self.first..first).for_each(|place| self.set(place, false));
        }
        self.first = first;
    }

    /// Puts samples into the window, which they must fit into; returns whether any place was free.
    pub(super) fn put(&mut self, first: i64, samples: &[i16]) -> bool {
        let mut new = false;
        for (place, sample) in (first..).zip(samples) {
            if !self.has(place) {
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
        let mut run = first..first + limit;
        let end = run.find(|place| self.has(*place) != present);
        (present, end.unwrap_or(first + limit) - first)
    }

    /// How many samples from `first` on are missing or silent, at most `limit`.
    pub(super) fn quiet_run(&self, first: i64, limit: i64) -> i64 {
        let loud =
            |place: &i64| self.has(*place) && self.samples[index(*place)].unsigned_abs() > QUIET;
        let end = (first..first + limit).find(loud);
        end.unwrap_or(first + limit) - first
    }

    /// Whether `count` samples from `first` on are all present.
    pub(super) fn is_complete(&self, first: i64, count: i64) -> bool {
        self.run(first, count) == (true, count)
    }

    fn has(&self, place: i64) -> bool {
        let inside = (self.first..self.first + Self::CAPACITY).contains(&place);
        let index = index(place);
        inside && self.present[index / 64] >> (index % 64) & 1 == 1
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
