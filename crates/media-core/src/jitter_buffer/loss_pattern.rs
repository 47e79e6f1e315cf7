//! How losses come: one by one, or in bursts (RFC 3611 section 4.7.2, ITU-T G.107 section 7.2).

/// So many packets without loss end a burst (RFC 3611 section 4.7.2).
pub(crate) const GAP_THRESHOLD: u8 = 16;

/// The losses among the packets of a stream, in the order in which they are played; what comes too late is lost, what the sender
/// never sent, because it pauses, is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LossPattern {
    /// Packets that were played.
    pub played: u32,
    /// Packets that were not.
    pub lost: u32,
    /// Runs of them without one that was played between.
    pub runs: u32,
    /// Bursts that are over: losses of which none is more than 15 packets from another.
    bursts: u32,
    /// Packets from the first loss to the last one of those bursts, and the losses among them.
    packets_in_bursts: u32,
    lost_in_bursts: u32,
    /// The same of what may become a burst.
    packets: u32,
    losses: u32,
    /// Packets that were played since the last loss.
    since: u32,
}

/// The losses up to a moment, to take differences to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LossRuns {
    played: u32,
    lost: u32,
    runs: u32,
}

impl LossRuns {
    /// As [`LossPattern::burst_ratio`], of what came since an `earlier` moment.
    pub(crate) fn burst_ratio(&self, earlier: &Self) -> f64 {
        let since = |now: u32, before: u32| f64::from(now.saturating_sub(before));
        let runs = since(self.runs, earlier.runs);
        if runs < 2.0 {
            return 1.0;
        }
        let lost = since(self.lost, earlier.lost);
        let played = since(self.played, earlier.played);
        let run_by_chance = (played + lost) / played.max(1.0);
        (lost / runs / run_by_chance).max(1.0)
    }
}

impl LossPattern {
    /// A packet is played, after so many that are missing.
    pub(super) fn note(&mut self, missing: u32) {
        if missing > 0 {
            if self.losses == 0 || self.since >= u32::from(GAP_THRESHOLD) {
                *self = self.closed();
            }
            let between = if self.losses == 0 { 0 } else { self.since };
            self.packets = self.packets.saturating_add(between.saturating_add(missing));
            self.losses = self.losses.saturating_add(missing);
            self.lost = self.lost.saturating_add(missing);
            self.runs += 1;
            self.since = 0;
        }
        self.played = self.played.saturating_add(1);
        self.since = self.since.saturating_add(1);
    }

    /// With no burst under way. A packet that was lost alone is no burst.
    fn closed(mut self) -> Self {
        if self.losses > 1 {
            self.bursts += 1;
            self.packets_in_bursts = self.packets_in_bursts.saturating_add(self.packets);
            self.lost_in_bursts = self.lost_in_bursts.saturating_add(self.losses);
        }
        (self.packets, self.losses, self.since) = (0, 0, 0);
        self
    }

    /// The bursts so far, the packets from the first to the last loss of each, and the losses among these.
    #[must_use]
    pub fn bursts(&self) -> (u32, u32, u32) {
        let all = self.closed();
        (all.bursts, all.packets_in_bursts, all.lost_in_bursts)
    }

    /// BurstR of ITU-T G.107: how much longer runs of losses are than if losses were independent; 1 for independent ones, and where
    /// too few are known.
    #[must_use]
    pub fn burst_ratio(&self) -> f64 {
        self.runs().burst_ratio(&LossRuns::default())
    }

    pub(crate) fn runs(&self) -> LossRuns {
        LossRuns {
            played: self.played,
            lost: self.lost,
            runs: self.runs,
        }
    }

    /// The sum of this and what came after it in another buffer.
    pub(super) fn followed_by(self, later: Self) -> Self {
        let (earlier, later) = (self.closed(), later.closed());
        Self {
            played: earlier.played.saturating_add(later.played),
            lost: earlier.lost.saturating_add(later.lost),
            runs: earlier.runs.saturating_add(later.runs),
            bursts: earlier.bursts.saturating_add(later.bursts),
            packets_in_bursts: earlier
                .packets_in_bursts
                .saturating_add(later.packets_in_bursts),
            lost_in_bursts: earlier.lost_in_bursts.saturating_add(later.lost_in_bursts),
            ..later
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// `.` is a packet that is played, `x` one that is lost.
    fn pattern(packets: &str) -> LossPattern {
        let mut pattern = LossPattern::default();
        let mut missing = 0;
        for packet in packets.chars() {
            match packet {
                'x' => missing += 1,
                _ => pattern.note(std::mem::take(&mut missing)),
            }
        }
        pattern
    }

    #[test]
    fn losses_near_each_other_are_a_burst() {
        let quiet = ".".repeat(16);
        let near = ".".repeat(15);
        for (packets, bursts) in [
            (String::from("...x..."), (0, 0, 0)),
            (format!("x{quiet}x{quiet}x."), (0, 0, 0)),
            (format!("{quiet}x{near}x{quiet}"), (1, 17, 2)),
            (String::from("....xx...."), (1, 2, 2)),
            (format!("xxx.x{quiet}x{quiet}xx.xx."), (2, 10, 8)),
        ] {
            let found = pattern(&packets);
            assert_eq!(found.bursts(), bursts, "{packets}");
            let lost = packets.matches('x').count() as u32;
            assert_eq!(found.lost, lost);
            assert_eq!(found.played + lost, packets.len() as u32);
        }
    }

    #[test]
    fn a_pattern_in_two_buffers_is_one() {
        let whole = pattern("..xx..").followed_by(pattern(".x.x.."));
        assert_eq!(whole.bursts(), (2, 5, 4));
        assert_eq!((whole.played, whole.lost, whole.runs), (8, 4, 3));
    }

    /// A two-state chain has BurstR 1 / (p + q), where p leads to loss and q from it (G.107 section 7.2).
    #[test]
    fn the_burst_ratio_is_that_of_the_chain_that_lost() {
        for (p, q) in [(0.05, 0.95), (0.02, 0.48), (0.01, 0.24)] {
            let mut rng = StdRng::seed_from_u64(7);
            let (mut pattern, mut missing) = (LossPattern::default(), 0);
            for _ in 0..400_000 {
                let lost = rng.random_bool(if missing > 0 { 1.0 - q } else { p });
                match lost {
                    true => missing += 1,
                    false => pattern.note(std::mem::take(&mut missing)),
                }
            }
            let found = pattern.burst_ratio();
            let expected: f64 = 1.0 / (p + q);
            assert!((found / expected - 1.0).abs() < 0.03, "{found} {expected}");
        }
    }
}
