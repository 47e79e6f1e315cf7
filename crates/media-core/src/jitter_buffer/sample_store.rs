//! Decoded samples at the places their timestamps give them: a ring, and the runs of it that are there.

/// Sound below this is taken for silence: -48 dB of full scale.
const QUIET: u16 = 128;
/// Runs that may lie apart in the window; sound that would be one more is left out.
const MAX_RUNS: usize = 16;

/// A window of places, from the one played next on.
#[derive(Debug)]
pub(super) struct SampleStore {
    samples: Box<[i16]>,
    /// What is there: beginnings and ends, in order, apart from each other and inside the window.
    runs: Vec<(i64, i64)>,
    /// The first place of the window.
    first: i64,
}

impl SampleStore {
    /// An empty window of `capacity` samples.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            samples: vec![0; capacity].into(),
            runs: Vec::with_capacity(MAX_RUNS),
            first: 0,
        }
    }

    /// Forgets everything; the window begins at `first`.
    pub(super) fn clear(&mut self, first: i64) {
        self.runs.clear();
        self.first = first;
    }

    /// Moves the window; what falls out of it is forgotten.
    pub(super) fn move_to(&mut self, first: i64) {
        self.first = first;
        let end = self.end();
        self.runs.retain_mut(|(from, to)| {
            (*from, *to) = ((*from).max(first), (*to).min(end));
            from < to
        });
    }

    /// Puts samples where none are yet; what is outside the window is left out. Returns whether any place was free.
    pub(super) fn put(&mut self, first: i64, samples: &[i16]) -> bool {
        let end = (first + samples.len() as i64).min(self.end());
        let mut place = first.max(self.first);
        let mut new = false;
        while place < end {
            let (present, run) = self.run(place, end - place);
            if !present && self.add(place, place + run) {
                let from = (place - first) as usize;
                self.write(place, &samples[from..from + run as usize]);
                new = true;
            }
            place += run;
        }
        new
    }

    /// Copies samples out, present or not.
    pub(super) fn read(&self, first: i64, output: &mut [i16]) {
        let from = self.index(first);
        let before_wrap = output.len().min(self.samples.len() - from);
        let (head, tail) = output.split_at_mut(before_wrap);
        head.copy_from_slice(&self.samples[from..from + head.len()]);
        tail.copy_from_slice(&self.samples[..tail.len()]);
    }

    /// The sample at `place`, present or not.
    pub(super) fn sample(&self, place: i64) -> i16 {
        self.samples[self.index(place)]
    }

    /// Whether the samples from `first` on are present or missing, and how many of them are alike, at most `limit`.
    pub(super) fn run(&self, first: i64, limit: i64) -> (bool, i64) {
        let next = self.runs.iter().find(|(_, end)| first < *end);
        match next {
            Some((begin, end)) if *begin <= first => (true, (end - first).min(limit)),
            Some((begin, _)) => (false, (begin - first).min(limit)),
            None => (false, limit),
        }
    }

    /// How many samples from `first` on are missing or silent, at most `limit`.
    pub(super) fn quiet_run(&self, first: i64, limit: i64) -> i64 {
        let end = first.saturating_add(limit);
        for (from, to) in &self.runs {
            let mut places = (*from).max(first)..(*to).min(end);
            if let Some(loud) = places.find(|place| self.sample(*place).unsigned_abs() > QUIET) {
                return loud - first;
            }
        }
        limit
    }

    /// Whether `count` samples from `first` on are all present.
    pub(super) fn is_complete(&self, first: i64, count: i64) -> bool {
        self.run(first, count) == (true, count)
    }

    fn end(&self) -> i64 {
        self.first.saturating_add(self.samples.len() as i64)
    }

    fn index(&self, place: i64) -> usize {
        place.rem_euclid(self.samples.len() as i64) as usize
    }

    fn write(&mut self, first: i64, samples: &[i16]) {
        let from = self.index(first);
        let before_wrap = samples.len().min(self.samples.len() - from);
        let (head, tail) = samples.split_at(before_wrap);
        self.samples[from..from + head.len()].copy_from_slice(head);
        self.samples[..tail.len()].copy_from_slice(tail);
    }

    /// Adds a run that touches others but does not overlap them; returns whether there was room for it.
    fn add(&mut self, from: i64, to: i64) -> bool {
        let place = self.runs.partition_point(|(_, end)| *end < from);
        let touched = |(begin, _): &&(i64, i64)| *begin <= to;
        let joined = self.runs[place..].iter().take_while(touched).count();
        if joined == 0 {
            let room = self.runs.len() < MAX_RUNS;
            if room {
                self.runs.insert(place, (from, to));
            }
            return room;
        }
        let begin = self.runs[place].0.min(from);
        let end = self.runs[place + joined - 1].1.max(to);
        self.runs[place] = (begin, end);
        self.runs.drain(place + 1..place + joined);
        true
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn a_window_that_moves_keeps_what_it_shares_with_the_old_one() {
        for moved in [-5_000, -4_096, -1_000, -1, 0, 1, 1_000, 4_096, 5_000] {
            let mut store = SampleStore::new(4_096);
            store.clear(10_000);
            store.put(10_000, &[7; 4_096]);
            store.move_to(10_000 + moved);
            for place in 4_000..20_000 {
                let window = 10_000 + moved..10_000 + moved + 4_096;
                let shared = window.contains(&place) && (10_000..14_096).contains(&place);
                assert_eq!(store.run(place, 1).0, shared, "{moved} {place}");
            }
        }
    }

    #[test]
    fn samples_beyond_the_window_are_left_out() {
        let mut store = SampleStore::new(4_096);
        store.clear(100);
        assert!(store.put(0, &[7; 10_000]));
        assert_eq!(store.run(0, i64::MAX), (false, 100));
        assert_eq!(store.run(100, i64::MAX), (true, 4_096));
        assert_eq!(store.quiet_run(4_196, i64::MAX), i64::MAX);
    }

    #[test]
    fn pieces_in_any_order_are_what_a_row_of_cells_says() {
        let mut rng = StdRng::seed_from_u64(4);
        for _ in 0..300 {
            let mut store = SampleStore::new(300);
            store.clear(-100);
            let mut cells = [None; 300];
            for _ in 0..12 {
                let first = rng.random_range(-120..220);
                let sample: i16 = rng.random_range(100..200);
                let count = rng.random_range(0..60);
                let mut new = false;
                for place in first..first + count {
                    let cell = usize::try_from(place + 100)
                        .ok()
                        .and_then(|n| cells.get_mut(n));
                    if let Some(cell @ None) = cell {
                        *cell = Some(sample);
                        new = true;
                    }
                }
                assert_eq!(store.put(first, &vec![sample; count as usize]), new);
            }
            for (place, cell) in (-100..200).zip(&cells) {
                let present = store.run(place, 1).0;
                assert_eq!(present.then(|| store.sample(place)), *cell);
                let rest = &cells[(place + 100) as usize..];
                let alike = rest.iter().take_while(|other| other.is_some() == present);
                assert_eq!(store.run(place, 200 - place).1, alike.count() as i64);
                let quiet = |cell: &&Option<i16>| cell.is_none_or(|sample| sample <= 128);
                let run = rest.iter().take_while(quiet).count() as i64;
                assert_eq!(store.quiet_run(place, 200 - place), run);
            }
        }
    }
}
