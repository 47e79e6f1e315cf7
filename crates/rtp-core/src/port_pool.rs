//! Even RTP ports and their odd RTCP ports (RFC 3550 section 11): round robin, with a rest after use.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use crate::RtpError;

/// The ports used when nothing else is configured.
pub const DEFAULT_PORT_RANGE: RangeInclusive<u16> = 10_000..=20_000;

/// How long a pair rests after use, so that late packets of one call never reach the next.
pub const QUARANTINE: Duration = Duration::from_secs(5);

/// A pair that the pool handed out; give it back with [`PortPool::release`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortPair {
    rtp: u16,
}

impl PortPair {
    /// The even port.
    #[must_use]
    pub fn rtp(self) -> u16 {
        self.rtp
    }

    /// The odd port above it.
    #[must_use]
    pub fn rtcp(self) -> u16 {
        self.rtp + 1
    }
}

/// The pairs of a range: free in the order of their release, in use, or resting.
#[derive(Debug)]
pub struct PortPool {
    free: VecDeque<PortPair>,
    resting: VecDeque<(Instant, PortPair)>,
    used: HashSet<PortPair>,
}

impl PortPool {
    /// All pairs inside `range`; an odd first port and an even last one are left out.
    ///
    /// # Errors
    /// [`RtpError::InvalidPortRange`] when there is no pair in it, or it begins with port 0.
    pub fn new(range: RangeInclusive<u16>) -> Result<PortPool, RtpError> {
        let (first, last) = range.into_inner();
        let even = u32::from(first).next_multiple_of(2);
        let free: VecDeque<PortPair> = (even..u32::from(last))
            .step_by(2)
            .map(|rtp| PortPair { rtp: rtp as u16 })
            .collect();
        if first == 0 || free.is_empty() {
            return Err(RtpError::InvalidPortRange { first, last });
        }
        Ok(PortPool {
            free,
            resting: VecDeque::new(),
            used: HashSet::new(),
        })
    }

    /// Takes the pair that has been free for longest and that `bind` can open; see [`crate::driver::bind_pair`].
    /// Pairs that `bind` finds in use or forbidden are passed over and go to the end of the line.
    ///
    /// # Errors
    /// [`RtpError::PortsExhausted`] when there is none, [`RtpError::Socket`] when `bind` fails for another reason.
    pub fn allocate<T>(
        &mut self,
        now: Instant,
        mut bind: impl FnMut(PortPair) -> io::Result<T>,
    ) -> Result<(PortPair, T), RtpError> {
        let rested = self
            .resting
            .iter()
            .take_while(|(until, _)| *until <= now)
            .count();
        self.free
            .extend(self.resting.drain(..rested).map(|(_, pair)| pair));
        let mut refused = 0;
        while refused < self.free.len() {
            let Some(pair) = self.free.pop_front() else {
                break;
            };
            match bind(pair) {
                Ok(bound) => {
                    self.used.insert(pair);
                    return Ok((pair, bound));
                }
                Err(error) => {
                    self.free.push_back(pair);
                    refused += 1;
                    if !matches!(
                        error.kind(),
                        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
                    ) {
                        return Err(RtpError::Socket(error.kind()));
                    }
                }
            }
        }
        Err(RtpError::PortsExhausted {
            in_use: self.used.len(),
            resting: self.resting.len(),
            refused,
        })
    }

    /// Takes a pair back whose sockets are closed; it rests for [`QUARANTINE`]. A pair that is not in use is ignored.
    pub fn release(&mut self, now: Instant, pair: PortPair) {
        if self.used.remove(&pair) {
            self.resting.push_back((now + QUARANTINE, pair));
        }
    }

    /// Pairs handed out.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.used.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(pool: &mut PortPool, now: Instant) -> Result<u16, RtpError> {
        pool.allocate(now, |_| Ok(())).map(|(pair, ())| pair.rtp())
    }

    #[test]
    fn only_even_ports_with_their_odd_one_inside_the_range_are_handed_out() {
        let now = Instant::now();
        let all = |range| {
            let mut pool = PortPool::new(range).unwrap();
            std::iter::from_fn(|| take(&mut pool, now).ok()).collect::<Vec<_>>()
        };
        assert_eq!(all(10_001..=10_008), [10_002, 10_004, 10_006]);
        assert_eq!(all(65_532..=65_535), [65_532, 65_534]);
        assert_eq!(all(DEFAULT_PORT_RANGE).len(), 5000);
    }

    #[test]
    fn a_range_without_a_pair_is_refused() {
        for (first, last) in [
            (10_001, 10_002),
            (10_000, 10_000),
            (10_002, 10_000),
            (65_535, 65_535),
            (0, 10),
        ] {
            assert_eq!(
                PortPool::new(first..=last).unwrap_err(),
                RtpError::InvalidPortRange { first, last }
            );
        }
    }

    #[test]
    fn a_released_pair_rests_and_then_stands_behind_the_others() {
        let now = Instant::now();
        let mut pool = PortPool::new(10_000..=10_005).unwrap();
        let (first, ()) = pool.allocate(now, |_| Ok(())).unwrap();
        pool.release(now, first);
        pool.release(now, first);
        assert_eq!(pool.in_use(), 0);
        assert_eq!(take(&mut pool, now), Ok(10_002));
        assert_eq!(take(&mut pool, now), Ok(10_004));
        let early = now + QUARANTINE - Duration::from_nanos(1);
        let exhausted = RtpError::PortsExhausted {
            in_use: 2,
            resting: 1,
            refused: 0,
        };
        assert_eq!(take(&mut pool, early), Err(exhausted));
        assert_eq!(take(&mut pool, now + QUARANTINE), Ok(10_000));
    }

    #[test]
    fn pairs_that_others_hold_are_passed_over() {
        let now = Instant::now();
        let mut pool = PortPool::new(10_000..=10_007).unwrap();
        let busy = |pair: PortPair| match pair.rtp() {
            10_000 | 10_004 => Err(io::ErrorKind::AddrInUse.into()),
            _ => Ok(()),
        };
        assert_eq!(pool.allocate(now, busy).unwrap().0.rtp(), 10_002);
        assert_eq!(pool.allocate(now, busy).unwrap().0.rtp(), 10_006);
        let exhausted = RtpError::PortsExhausted {
            in_use: 2,
            resting: 0,
            refused: 2,
        };
        assert_eq!(pool.allocate(now, busy).unwrap_err(), exhausted);
        assert_eq!(
            take(&mut pool, now),
            Ok(10_000),
            "a port that became free is found"
        );
    }

    #[test]
    fn what_no_other_port_would_cure_is_said_at_once() {
        let mut pool = PortPool::new(DEFAULT_PORT_RANGE).unwrap();
        let mut tried = 0;
        let result = pool.allocate(Instant::now(), |_| -> io::Result<()> {
            tried += 1;
            Err(io::ErrorKind::AddrNotAvailable.into())
        });
        assert_eq!(
            result,
            Err(RtpError::Socket(io::ErrorKind::AddrNotAvailable))
        );
        assert_eq!(tried, 1);
    }
}
