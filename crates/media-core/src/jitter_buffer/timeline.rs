//! RTP timestamps as places of samples: counted on through their wrap, at the rate that is played.

/// The timeline of one source.
#[derive(Debug)]
pub(super) struct Timeline {
    clock_rate_hz: i64,
    sample_rate_hz: i64,
    /// The latest timestamp, without wrap.
    latest: Option<i64>,
}

impl Timeline {
    pub(super) fn new(clock_rate_hz: u32, sample_rate_hz: u32) -> Self {
        Self {
            clock_rate_hz: clock_rate_hz.max(1).into(),
            sample_rate_hz: sample_rate_hz.into(),
            latest: None,
        }
    }

    /// Whether its timestamps are those of this clock.
    pub(super) fn is_of(&self, clock_rate_hz: u32) -> bool {
        self.clock_rate_hz == i64::from(clock_rate_hz)
    }

    /// Where the sound of a timestamp, near those before it, begins.
    pub(super) fn place(&self, timestamp: u32) -> i64 {
        (self.extend(timestamp) * self.sample_rate_hz).div_euclid(self.clock_rate_hz)
    }

    /// The source goes on from this timestamp, wherever it was before.
    pub(super) fn begin(&mut self, timestamp: u32) {
        self.latest = Some(self.extend(timestamp));
    }

    /// Another source: timestamps have nothing to do with those before.
    pub(super) fn restart(&mut self) {
        self.latest = None;
    }

    /// Takes note of a timestamp that belongs to the source.
    pub(super) fn observe(&mut self, timestamp: u32) {
        let timestamp = self.extend(timestamp);
        self.latest = Some(timestamp.max(self.latest.unwrap_or(timestamp)));
    }

    fn extend(&self, timestamp: u32) -> i64 {
        match self.latest {
            Some(latest) => latest + i64::from(timestamp.wrapping_sub(latest as u32) as i32),
            None => i64::from(timestamp),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_counted_on_and_scaled() {
        // G.722 has a clock of 8 kHz for sound of 16 kHz; Opus may be played at less than its clock.
        for (clock, rate) in [(8_000, 8_000), (8_000, 16_000), (48_000, 16_000)] {
            let mut timeline = Timeline::new(clock, rate);
            let start = u32::MAX - 5 * clock;
            for second in 0..20 {
                let timestamp = start.wrapping_add(second * clock);
                let sound = timeline.place(timestamp)
                    - i64::from(start) * i64::from(rate) / i64::from(clock);
                assert!(
                    (sound - i64::from(second * rate)).abs() <= 1,
                    "{clock} {rate}"
                );
                timeline.observe(timestamp);
            }
            let late = start.wrapping_add(2 * clock);
            assert!(timeline.place(late) < timeline.place(start.wrapping_add(3 * clock)));
        }
    }
}
