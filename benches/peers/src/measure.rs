//! Times: the middle and the least of many short runs.

use std::time::{Duration, Instant};

/// How long a run of one work takes at least, so that the clock is fine enough.
const RUN: Duration = Duration::from_millis(1);

/// How often a work is done to fill a run.
pub fn repetitions(work: &dyn Fn()) -> u32 {
    let mut count = 1;
    while run(work, count) < RUN {
        count *= 2;
    }
    count
}

/// Does the work over and over, and says how long all of it took.
pub fn run(work: &dyn Fn(), count: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..count {
        work();
    }
    start.elapsed()
}

/// Nanoseconds of one work, by runs.
#[derive(Default)]
pub struct Times(Vec<f64>);

impl Times {
    pub fn add(&mut self, run: Duration, count: u32) {
        self.0.push(run.as_secs_f64() * 1e9 / f64::from(count));
    }

    /// The middle one and the least.
    pub fn median_and_least(&mut self) -> (f64, f64) {
        self.0.sort_by(f64::total_cmp);
        (self.0[self.0.len() / 2], self.0[0])
    }
}
