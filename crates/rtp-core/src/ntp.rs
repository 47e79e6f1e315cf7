//! NTP timestamps (RFC 3550 section 4) and their tie to the monotonic clock.

use std::time::{Duration, Instant, SystemTime};

const UNIX_EPOCH_NTP_SECONDS: u64 = 2_208_988_800;

/// A 64-bit NTP timestamp: seconds since 1900 and 1/2^32 of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NtpTime(pub u64);

impl NtpTime {
    /// The timestamp of a wall-clock time; times before 1970 are taken as 1970, seconds wrap in 2036.
    #[must_use]
    pub fn from_system_time(time: SystemTime) -> NtpTime {
        let since_unix = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let seconds = since_unix.as_secs().wrapping_add(UNIX_EPOCH_NTP_SECONDS);
        let fraction = (u64::from(since_unix.subsec_nanos()) << 32) / 1_000_000_000;
        NtpTime(seconds << 32 | fraction)
    }

    /// The middle 32 bits, in 1/65536 s: what LSR carries.
    #[must_use]
    pub fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// One wall-clock time and the `now` it was read at; later times follow from `now` alone, so they never jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallClock {
    instant: Instant,
    system: SystemTime,
}

impl WallClock {
    /// Ties `instant` to `system`, two readings of the same moment.
    #[must_use]
    pub fn new(instant: Instant, system: SystemTime) -> WallClock {
        WallClock { instant, system }
    }

    /// The NTP timestamp of `now`.
    #[must_use]
    pub fn ntp(&self, now: Instant) -> NtpTime {
        let system = match now.checked_duration_since(self.instant) {
            Some(after) => self.system.checked_add(after),
            None => self.system.checked_sub(self.instant.duration_since(now)),
        };
        NtpTime::from_system_time(system.unwrap_or(self.system))
    }
}

/// A duration in units of 1/65536 s, as in DLSR; saturates at 18 hours.
pub(crate) fn short_from_duration(duration: Duration) -> u32 {
    u32::try_from((duration.as_nanos() << 16) / 1_000_000_000).unwrap_or(u32::MAX)
}

/// The duration of so many 1/65536 s.
pub(crate) fn duration_from_short(units: u32) -> Duration {
    Duration::from_nanos((u64::from(units) * 1_000_000_000) >> 16)
}

/// The round trip time (RFC 3550 6.4.1): arrival - LSR - DLSR, all in 1/65536 s; `None` when the peer has had no SR
/// of ours yet (LSR 0) or the sum is negative, as with a peer that miscounts.
pub(crate) fn round_trip(
    arrival: NtpTime,
    last_sr: u32,
    delay_since_last_sr: u32,
) -> Option<Duration> {
    let units = arrival
        .middle()
        .wrapping_sub(last_sr)
        .wrapping_sub(delay_since_last_sr);
    (last_sr != 0 && units < 1 << 31).then(|| duration_from_short(units))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_3550_figure_2_is_six_and_an_eighth_seconds() {
        // A = 0xb710:8000, LSR = 0xb705:2000, DLSR = 0x0005:4000.
        let arrival = NtpTime(0xb44d_b710_8000_0000);
        assert_eq!(arrival.middle(), 0xb710_8000);
        assert_eq!(
            round_trip(arrival, 0xb705_2000, 0x0005_4000),
            Some(Duration::from_millis(6125))
        );
    }

    #[test]
    fn without_a_sender_report_or_with_a_negative_sum_there_is_no_round_trip() {
        let arrival = NtpTime(0xb44d_b710_8000_0000);
        assert_eq!(round_trip(arrival, 0, 0), None);
        assert_eq!(round_trip(arrival, 0xb710_8000, 1), None);
        assert_eq!(round_trip(arrival, 0xb710_8000, 0), Some(Duration::ZERO));
    }

    #[test]
    fn the_sum_wraps_with_the_middle_bits() {
        let arrival = NtpTime(0x0000_0000_8000_0000);
        assert_eq!(
            round_trip(arrival, 0xffff_8000, 0),
            Some(Duration::from_secs(1))
        );
    }

    #[test]
    fn known_dates_have_their_known_timestamps() {
        let unix = |secs, nanos| {
            NtpTime::from_system_time(SystemTime::UNIX_EPOCH + Duration::new(secs, nanos))
        };
        assert_eq!(unix(0, 0), NtpTime(0x83aa_7e80_0000_0000));
        assert_eq!(unix(0, 500_000_000), NtpTime(0x83aa_7e80_8000_0000));
        assert_eq!(unix(0, 999_999_999).0 >> 32, 0x83aa_7e80);
        // 2036-02-07 06:28:16 UTC is where the seconds begin again at zero.
        assert_eq!(unix(2_085_978_496, 0), NtpTime(0));
    }

    #[test]
    fn wall_time_follows_the_monotonic_clock_both_ways() {
        let instant = Instant::now() + Duration::from_secs(100);
        let clock = WallClock::new(instant, SystemTime::UNIX_EPOCH + Duration::from_secs(1000));
        let seconds = |now| (clock.ntp(now).0 >> 32) - UNIX_EPOCH_NTP_SECONDS;
        assert_eq!(seconds(instant + Duration::from_secs(5)), 1005);
        assert_eq!(seconds(instant - Duration::from_secs(5)), 995);
    }

    #[test]
    fn short_durations_go_round() {
        for millis in [0, 1, 20, 999, 5250, 65_535_000] {
            let duration = Duration::from_millis(millis);
            let error = duration - duration_from_short(short_from_duration(duration));
            assert!(
                error < Duration::from_nanos(15_259),
                "{millis} ms is off by {error:?}"
            );
        }
        assert_eq!(
            short_from_duration(Duration::from_millis(5250)),
            0x0005_4000
        );
        assert_eq!(short_from_duration(Duration::from_secs(70_000)), u32::MAX);
    }
}
