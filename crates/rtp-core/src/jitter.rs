//! Interarrival jitter (RFC 3550 6.4.1, A.8).

use std::time::Duration;

/// The jitter of one source, in ticks of its clock.
///
/// Two kinds of packets say nothing about the network and are left out: those with the timestamp of the packet before
/// (the updates of a telephone event, RFC 4733), and those whose transit time differs by more than two seconds, where
/// the source began a new timestamp or was paused.
#[derive(Debug, Clone)]
pub struct Jitter {
    clock_rate_hz: u32,
    last: Option<Last>,
    /// Sixteen times the jitter, as in A.8.
    scaled: u64,
}

#[derive(Debug, Clone, Copy)]
struct Last {
    timestamp: u32,
    transit: u32,
}

impl Jitter {
    /// A jitter of zero.
    #[must_use]
    pub fn new(clock_rate_hz: u32) -> Jitter {
        Jitter {
            clock_rate_hz,
            last: None,
            scaled: 0,
        }
    }

    /// Goes on with another clock: the jitter so far in its ticks, and the next packet is compared to none before.
    pub fn set_clock_rate(&mut self, clock_rate_hz: u32) {
        let old = u64::from(self.clock_rate_hz.max(1));
        self.scaled = self.scaled * u64::from(clock_rate_hz) / old;
        self.clock_rate_hz = clock_rate_hz;
        self.last = None;
    }

    /// Takes a packet with `timestamp` that arrived `arrival` after some fixed moment.
    pub fn handle(&mut self, arrival: Duration, timestamp: u32) {
        let transit = ticks(arrival, self.clock_rate_hz).wrapping_sub(timestamp);
        if let Some(last) = self.last {
            if last.timestamp == timestamp {
                return;
            }
            let difference = u64::from((transit.wrapping_sub(last.transit) as i32).unsigned_abs());
            if difference <= 2 * u64::from(self.clock_rate_hz) {
                self.scaled = self.scaled + difference - ((self.scaled + 8) >> 4);
            }
        }
        self.last = Some(Last { timestamp, transit });
    }

    /// The jitter in ticks.
    #[must_use]
    pub fn ticks(&self) -> u32 {
        u32::try_from(self.scaled >> 4).unwrap_or(u32::MAX)
    }

    /// The jitter as a time.
    #[must_use]
    pub fn duration(&self) -> Duration {
        duration(self.ticks(), self.clock_rate_hz)
    }
}

/// A time in ticks, wrapping.
pub(crate) fn ticks(time: Duration, clock_rate_hz: u32) -> u32 {
    let whole = (time.as_secs() as u32).wrapping_mul(clock_rate_hz);
    let part = u64::from(time.subsec_nanos()) * u64::from(clock_rate_hz) / 1_000_000_000;
    whole.wrapping_add(part as u32)
}

/// The time of so many ticks.
pub(crate) fn duration(ticks: u32, clock_rate_hz: u32) -> Duration {
    Duration::from_nanos(u64::from(ticks) * 1_000_000_000 / u64::from(clock_rate_hz.max(1)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: u32 = 8000;
    const FRAME: Duration = Duration::from_millis(20);

    #[test]
    fn packets_on_their_grid_have_none() {
        let mut jitter = Jitter::new(RATE);
        let start = u32::MAX - 800;
        (0..100).for_each(|n| jitter.handle(FRAME * n, start.wrapping_add(160 * n)));
        assert_eq!(jitter.ticks(), 0);
    }

    #[test]
    fn one_late_packet_counts_twice_by_a_sixteenth() {
        let mut jitter = Jitter::new(RATE);
        jitter.handle(FRAME, 160);
        jitter.handle(FRAME * 2 + Duration::from_millis(10), 320);
        // D is 80 ticks: J = 80/16.
        assert_eq!(jitter.ticks(), 5);
        jitter.handle(FRAME * 3, 480);
        // D is -80: J = 5 + (80 - 5)/16 = 9.69.
        assert_eq!(jitter.ticks(), 9);
        assert_eq!(jitter.duration(), Duration::from_micros(9 * 125));
    }

    #[test]
    fn a_repeated_timestamp_and_a_new_timeline_say_nothing() {
        let mut jitter = Jitter::new(RATE);
        (0..10).for_each(|n| jitter.handle(FRAME * n, 160));
        assert_eq!(jitter.ticks(), 0);
        (10..20).for_each(|n| jitter.handle(FRAME * n, 1_000_000 + 160 * n));
        assert_eq!(jitter.ticks(), 0);
    }

    #[test]
    fn ticks_wrap_after_days() {
        assert_eq!(ticks(Duration::from_millis(1_500), RATE), 12_000);
        assert_eq!(ticks(Duration::new(0, 999_999_999), RATE), 7999);
        // 2^32 ticks of 8 kHz are 536,870.912 s.
        assert_eq!(ticks(Duration::from_millis(536_870_912 + 20), RATE), 160);
    }

    #[test]
    fn another_clock_keeps_the_time_and_compares_nothing_across_the_change() {
        let mut jitter = Jitter::new(RATE);
        jitter.handle(FRAME, 160);
        jitter.handle(FRAME * 2 + Duration::from_millis(10), 320);
        jitter.set_clock_rate(48_000);
        assert_eq!(
            (jitter.ticks(), jitter.duration()),
            (30, Duration::from_micros(625))
        );
        // The timeline of the new clock begins anywhere.
        jitter.handle(FRAME * 3, 5_000);
        jitter.handle(FRAME * 4, 5_960);
        // D is 0: J = 30 - 30/16, all in ticks of 48 kHz.
        assert_eq!(jitter.ticks(), 28);
    }

    proptest! {
        /// The RFC's own formula in real numbers, over up to 2000 packets with delays of up to 250 ms.
        #[test]
        fn it_is_the_formula_of_the_rfc(delays in proptest::collection::vec(0u64..250, 2..2000), start: u32) {
            let mut jitter = Jitter::new(RATE);
            let mut expected = 0.0;
            for (n, delay) in delays.iter().enumerate() {
                let arrival = FRAME * n as u32 + Duration::from_millis(*delay);
                jitter.handle(arrival, start.wrapping_add(160 * n as u32));
                if n > 0 {
                    let d = (*delay as f64 - delays[n - 1] as f64) * 8.0;
                    expected += (d.abs() - expected) / 16.0;
                }
            }
            prop_assert!((f64::from(jitter.ticks()) - expected).abs() <= 1.5, "{} {expected}", jitter.ticks());
        }
    }
}
