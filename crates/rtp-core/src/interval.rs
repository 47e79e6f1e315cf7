//! When to send RTCP (RFC 3550 6.2, 6.3, A.7).

use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;

/// The smallest interval, before it is spread (6.2).
const MINIMUM: Duration = Duration::from_secs(5);
/// e - 3/2: makes up for reconsideration, which settles below the intended rate (6.3.1).
const COMPENSATION: f64 = 1.21828;
/// What a first report is taken to be, headers of UDP and IP included.
const FIRST_AVERAGE_OCTETS: f64 = 128.0;
/// UDP and IPv4 headers, which count as RTCP bandwidth (6.2).
const HEADER_OCTETS: usize = 28;

/// Who takes part, as one participant sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// All participants, oneself included.
    pub members: u32,
    /// Those who sent RTP of late.
    pub senders: u32,
    /// Whether oneself is among the senders.
    pub we_sent: bool,
}

/// The interval before it is spread (6.3.1, "Td"): each participant's share of the bandwidth, at least 5 s, for the first
/// report half of that.
#[must_use]
pub fn deterministic_interval(
    group: Membership,
    octets_per_second: u32,
    average_octets: f64,
    initial: bool,
) -> Duration {
    let minimum = if initial { MINIMUM / 2 } else { MINIMUM };
    let (members, senders) = (f64::from(group.members), f64::from(group.senders));
    let bandwidth = f64::from(octets_per_second.max(1));
    let (sharing, bandwidth) = match (senders <= members * 0.25, group.we_sent) {
        (true, true) => (senders, bandwidth * 0.25),
        (true, false) => (members - senders, bandwidth * 0.75),
        (false, _) => (members, bandwidth),
    };
    let share = average_octets * sharing / bandwidth;
    Duration::try_from_secs_f64(share)
        .unwrap_or(Duration::from_secs(86_400))
        .max(minimum)
}

/// The reporting times of one participant.
#[derive(Debug, Clone)]
pub struct RtcpSchedule {
    octets_per_second: u32,
    average_octets: f64,
    initial: bool,
    previous: Instant,
    next: Instant,
    members: u32,
}

impl RtcpSchedule {
    /// A schedule whose first report comes after half the usual interval.
    #[must_use]
    pub fn new(
        now: Instant,
        octets_per_second: u32,
        group: Membership,
        rng: &mut StdRng,
    ) -> RtcpSchedule {
        let mut schedule = RtcpSchedule {
            octets_per_second,
            average_octets: FIRST_AVERAGE_OCTETS,
            initial: true,
            previous: now,
            next: now,
            members: group.members,
        };
        schedule.next = now + schedule.draw(group, rng);
        schedule
    }

    /// When to ask [`RtcpSchedule::is_due`].
    #[must_use]
    pub fn next(&self) -> Instant {
        self.next
    }

    /// Whether a report is to be sent now. The interval is drawn anew for the present group; when that puts the report
    /// into the future, it waits (timer reconsideration, 6.3.6).
    pub fn is_due(&mut self, now: Instant, group: Membership, rng: &mut StdRng) -> bool {
        if now < self.next {
            return false;
        }
        self.next = self.previous + self.draw(group, rng);
        self.members = group.members;
        self.next <= now
    }

    /// Takes note of a report of so many octets sent at `now` and schedules the next.
    pub fn sent(&mut self, now: Instant, octets: usize, group: Membership, rng: &mut StdRng) {
        self.count(octets);
        self.initial = false;
        self.previous = now;
        self.next = now + self.draw(group, rng);
    }

    /// Takes note of a report of so many octets that came in.
    pub fn received(&mut self, octets: usize) {
        self.count(octets);
    }

    /// Brings the next report forward when the group has shrunk (reverse reconsideration, 6.3.4).
    pub fn shrunk(&mut self, now: Instant, members: u32) {
        if members < self.members {
            let share = f64::from(members) / f64::from(self.members);
            self.next = now + self.next.saturating_duration_since(now).mul_f64(share);
            let since = now.saturating_duration_since(self.previous);
            self.previous = now.checked_sub(since.mul_f64(share)).unwrap_or(now);
            self.members = members;
        }
    }

    /// The interval before it is spread.
    #[must_use]
    pub fn deterministic(&self, group: Membership) -> Duration {
        deterministic_interval(
            group,
            self.octets_per_second,
            self.average_octets,
            self.initial,
        )
    }

    /// The interval, spread over half to one and a half of itself (6.3.1, "T").
    fn draw(&self, group: Membership, rng: &mut StdRng) -> Duration {
        self.deterministic(group)
            .mul_f64((rng.random::<f64>() + 0.5) / COMPENSATION)
    }

    fn count(&mut self, octets: usize) {
        self.average_octets += ((octets + HEADER_OCTETS) as f64 - self.average_octets) / 16.0;
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const CALL: Membership = Membership {
        members: 2,
        senders: 2,
        we_sent: true,
    };
    const OCTETS_PER_SECOND: u32 = 500;

    fn seconds(group: Membership, average_octets: f64, initial: bool) -> f64 {
        deterministic_interval(group, OCTETS_PER_SECOND, average_octets, initial).as_secs_f64()
    }

    #[test]
    fn a_call_reports_every_five_seconds_and_first_after_half_of_that() {
        assert_eq!(seconds(CALL, 128.0, false), 5.0);
        assert_eq!(seconds(CALL, 128.0, true), 2.5);
    }

    #[test]
    fn large_groups_share_the_bandwidth_a_quarter_of_it_among_few_senders() {
        let group = |members, senders, we_sent| Membership {
            members,
            senders,
            we_sent,
        };
        // All alike: n * size / bandwidth = 100 * 100 / 500.
        assert_eq!(seconds(group(100, 50, true), 100.0, false), 20.0);
        // 20 senders share 125 octets/s, 80 receivers 375.
        assert_eq!(seconds(group(100, 20, true), 100.0, false), 16.0);
        assert!((seconds(group(100, 20, false), 100.0, false) - 80.0 * 100.0 / 375.0).abs() < 1e-6);
    }

    /// Runs a schedule for `reports` reports with a timer that fires exactly; the intervals between them.
    fn run(seed: u64, reports: usize) -> Vec<f64> {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut last = Instant::now();
        let mut schedule = RtcpSchedule::new(last, OCTETS_PER_SECOND, CALL, &mut rng);
        let mut intervals = Vec::new();
        while intervals.len() < reports {
            let now = schedule.next();
            if schedule.is_due(now, CALL, &mut rng) {
                intervals.push((now - last).as_secs_f64());
                schedule.sent(now, 80, CALL, &mut rng);
                last = now;
            }
        }
        intervals
    }

    #[test]
    fn over_many_seeds_no_interval_leaves_its_bounds_and_the_mean_is_five_seconds() {
        let runs: Vec<Vec<f64>> = (0..400).map(|seed| run(seed, 51)).collect();
        let (least, most) = (0.5 / COMPENSATION, 1.5 / COMPENSATION);
        for intervals in &runs {
            assert!(intervals[0] >= 2.5 * least && intervals[0] <= 2.5 * most);
            assert!(
                intervals[1..]
                    .iter()
                    .all(|t| *t >= 5.0 * least && *t <= 5.0 * most)
            );
        }
        let later: Vec<f64> = runs
            .iter()
            .flat_map(|intervals| intervals[1..].to_vec())
            .collect();
        let mean = later.iter().sum::<f64>() / later.len() as f64;
        // A report goes out at the end of a rising run of draws; for uniform ones its mean is e - 3/2 intervals.
        assert!((4.97..5.03).contains(&mean), "mean {mean}");
        assert_eq!(run(7, 20), run(7, 20));
        assert_ne!(run(7, 20), run(8, 20));
    }

    #[test]
    fn a_group_that_shrinks_brings_the_next_report_forward() {
        let mut rng = StdRng::seed_from_u64(1);
        let now = Instant::now();
        let mut schedule = RtcpSchedule::new(now, OCTETS_PER_SECOND, CALL, &mut rng);
        let left = schedule.next() - now;
        schedule.shrunk(now, 1);
        assert_eq!(schedule.next() - now, left.mul_f64(0.5));
        schedule.shrunk(now, 1);
        assert_eq!(schedule.next() - now, left.mul_f64(0.5));
    }

    #[test]
    fn the_average_size_follows_by_sixteenths_with_headers() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut schedule = RtcpSchedule::new(Instant::now(), OCTETS_PER_SECOND, CALL, &mut rng);
        schedule.received(260);
        assert_eq!(schedule.average_octets, 128.0 * 15.0 / 16.0 + 288.0 / 16.0);
    }
}
