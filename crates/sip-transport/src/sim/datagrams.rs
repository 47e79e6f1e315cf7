//! Carries datagrams between addresses, with faults.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::SimFaults;

/// A datagram under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimDatagram {
    /// Who sent it.
    pub source: SocketAddr,
    /// Where it goes.
    pub destination: SocketAddr,
    /// Its octets.
    pub payload: Bytes,
}

/// A network for datagrams: no hosts, no clock, just what is under way. Fit for any protocol.
#[derive(Debug)]
pub struct Datagrams {
    rng: StdRng,
    faults: SimFaults,
    between: HashMap<(IpAddr, IpAddr), SimFaults>,
    /// By time of arrival, then by order of sending.
    under_way: BTreeMap<(Instant, u64), SimDatagram>,
    /// When the last datagram of a path arrives, so that the next does not overtake it.
    last_arrival: HashMap<(IpAddr, IpAddr), Instant>,
    sent: u64,
}

impl Datagrams {
    /// A network without faults.
    pub fn new(seed: u64) -> Self {
        Self {
            rng: StdRng::seed_from_u64(seed),
            faults: SimFaults::default(),
            between: HashMap::new(),
            under_way: BTreeMap::new(),
            last_arrival: HashMap::new(),
            sent: 0,
        }
    }

    /// What happens on every path for which nothing more particular is set.
    pub fn set_faults(&mut self, faults: SimFaults) {
        self.faults = faults;
    }

    /// What happens from one host to another, in this direction.
    pub fn set_faults_between(&mut self, source: IpAddr, destination: IpAddr, faults: SimFaults) {
        self.between.insert((source, destination), faults);
    }

    /// Sends a datagram; returns how often it will arrive: not at all, once or twice.
    pub fn send(
        &mut self,
        now: Instant,
        source: SocketAddr,
        destination: SocketAddr,
        payload: Bytes,
    ) -> usize {
        let path = (source.ip(), destination.ip());
        let faults = self.faults_of(path).clone();
        if self.happens(faults.loss) {
            return 0;
        }
        let copies = if self.happens(faults.duplicate) { 2 } else { 1 };
        for _ in 0..copies {
            let arrival = now + self.draw_delay(&faults);
            let arrival = if self.happens(faults.reorder) {
                arrival + faults.delay.end.max(Duration::from_millis(1)) * 2
            } else {
                let last = self.last_arrival.entry(path).or_insert(arrival);
                *last = arrival.max(*last);
                *last
            };
            self.sent += 1;
            let datagram = SimDatagram {
                source,
                destination,
                payload: payload.clone(),
            };
            self.under_way.insert((arrival, self.sent), datagram);
        }
        copies
    }

    /// The next datagram that has arrived by `now`.
    pub fn poll(&mut self, now: Instant) -> Option<SimDatagram> {
        let entry = self.under_way.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    /// When the next datagram arrives.
    pub fn next_at(&self) -> Option<Instant> {
        self.under_way
            .first_key_value()
            .map(|(&(arrival, _), _)| arrival)
    }

    /// How long the next thing on a path takes.
    pub(super) fn delay(&mut self, path: (IpAddr, IpAddr)) -> Duration {
        let faults = self.faults_of(path).clone();
        self.draw_delay(&faults)
    }

    /// Draws a number of octets.
    pub(super) fn draw(&mut self, octets: &RangeInclusive<usize>) -> usize {
        match octets.is_empty() {
            true => *octets.start(),
            false => self.rng.random_range(octets.clone()),
        }
    }

    fn faults_of(&self, path: (IpAddr, IpAddr)) -> &SimFaults {
        self.between.get(&path).unwrap_or(&self.faults)
    }

    fn draw_delay(&mut self, faults: &SimFaults) -> Duration {
        match faults.delay.is_empty() {
            true => faults.delay.start,
            false => self.rng.random_range(faults.delay.clone()),
        }
    }

    fn happens(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.rng.random_bool(probability.min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addr(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// Sends 1000 numbered datagrams, one a millisecond, and returns what arrives and when.
    fn run(seed: u64, faults: SimFaults) -> Vec<(Duration, u16)> {
        let start = Instant::now();
        let mut net = Datagrams::new(seed);
        net.set_faults(faults);
        for number in 0..1000_u16 {
            let now = start + Duration::from_millis(number.into());
            let payload = Bytes::copy_from_slice(&number.to_be_bytes());
            net.send(now, addr("10.0.0.1:1000"), addr("10.0.0.2:2000"), payload);
        }
        let mut arrived = Vec::new();
        while let Some(now) = net.next_at() {
            assert!(net.poll(now - Duration::from_nanos(1)).is_none());
            let datagram = net.poll(now).unwrap();
            let number = u16::from_be_bytes([datagram.payload[0], datagram.payload[1]]);
            arrived.push((now - start, number));
        }
        arrived
    }

    fn numbers(arrived: &[(Duration, u16)]) -> Vec<u16> {
        arrived.iter().map(|&(_, number)| number).collect()
    }

    #[test]
    fn jitter_alone_neither_loses_nor_reorders() {
        let delay = Duration::from_millis(5)..Duration::from_millis(50);
        let arrived = run(
            1,
            SimFaults {
                delay: delay.clone(),
                ..SimFaults::default()
            },
        );
        assert_eq!(numbers(&arrived), (0..1000).collect::<Vec<_>>());
        for (at, number) in arrived {
            assert!(at >= Duration::from_millis(number.into()) + delay.start);
        }
    }

    #[test]
    fn each_fault_happens_about_as_often_as_asked() {
        let lost = run(
            2,
            SimFaults {
                loss: 0.1,
                ..SimFaults::default()
            },
        );
        assert!((850..950).contains(&lost.len()), "{}", lost.len());
        let doubled = run(
            3,
            SimFaults {
                duplicate: 0.1,
                ..SimFaults::default()
            },
        );
        assert!((1050..1150).contains(&doubled.len()), "{}", doubled.len());
        let reordered = numbers(&run(
            4,
            SimFaults {
                reorder: 0.1,
                ..SimFaults::default()
            },
        ));
        let overtaken = reordered
            .windows(2)
            .filter(|pair| pair[0] > pair[1])
            .count();
        assert!((50..150).contains(&overtaken), "{overtaken}");
        assert_eq!(reordered.len(), 1000);
    }

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let faults = || SimFaults {
            loss: 0.1,
            duplicate: 0.1,
            reorder: 0.1,
            delay: Duration::from_millis(1)..Duration::from_millis(9),
        };
        assert_eq!(run(5, faults()), run(5, faults()));
        assert_ne!(run(5, faults()), run(6, faults()));
    }

    #[test]
    fn faults_have_a_direction() {
        let (a, b) = (addr("10.0.0.1:1"), addr("10.0.0.2:1"));
        let mut net = Datagrams::new(1);
        let lossy = SimFaults {
            loss: 1.0,
            ..SimFaults::default()
        };
        net.set_faults_between(a.ip(), b.ip(), lossy);
        let now = Instant::now();
        assert_eq!(net.send(now, a, b, Bytes::from_static(b"lost")), 0);
        assert_eq!(net.send(now, b, a, Bytes::from_static(b"kept")), 1);
    }
}
