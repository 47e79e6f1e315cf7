//! Which worker serves which port, and where bridges live: all that belongs to a bridge on one worker.

use std::collections::HashMap;

use crate::engine::BridgeKey;
use crate::rtp_core::PortKey;

/// The ports of several workers, which are named by their numbers.
#[derive(Debug)]
pub(super) struct Placement {
    /// How many ports each worker serves.
    loads: Vec<usize>,
    ports: HashMap<PortKey, Place>,
    bridges: HashMap<BridgeKey, Home>,
}

#[derive(Debug)]
struct Place {
    worker: usize,
    bridge: Option<BridgeKey>,
}

/// Where a bridge lives, from its first member to its last.
#[derive(Debug)]
struct Home {
    worker: usize,
    members: usize,
}

impl Placement {
    pub(super) fn new(workers: usize) -> Self {
        Self {
            loads: vec![0; workers],
            ports: HashMap::new(),
            bridges: HashMap::new(),
        }
    }

    /// The worker with the fewest ports of those that work; the first one if none does.
    pub(super) fn fewest(&self, works: impl Fn(usize) -> bool) -> usize {
        let all = self.loads.iter().enumerate();
        let usable = all.filter(|(worker, _)| works(*worker));
        let fewest = usable.min_by_key(|(_, load)| **load);
        fewest.map_or(0, |(worker, _)| worker)
    }

    pub(super) fn open(&mut self, port: PortKey, worker: usize) {
        self.loads[worker] += 1;
        let bridge = None;
        self.ports.insert(port, Place { worker, bridge });
    }

    pub(super) fn close(&mut self, port: PortKey) {
        self.leave(port);
        if let Some(place) = self.ports.remove(&port) {
            self.loads[place.worker] -= 1;
        }
    }

    /// The worker that serves a port.
    pub(super) fn worker(&self, port: PortKey) -> Option<usize> {
        self.ports.get(&port).map(|place| place.worker)
    }

    /// The worker that a bridge lives on; none while it has no members.
    pub(super) fn home(&self, bridge: BridgeKey) -> Option<usize> {
        self.bridges.get(&bridge).map(|home| home.worker)
    }

    /// A port is in this bridge from now on, and in no other, and goes to where the bridge lives.
    pub(super) fn join(&mut self, port: PortKey, bridge: BridgeKey) {
        self.leave(port);
        let Some(place) = self.ports.get_mut(&port) else {
            return;
        };
        let home = self.bridges.entry(bridge).or_insert(Home {
            worker: place.worker,
            members: 0,
        });
        home.members += 1;
        place.bridge = Some(bridge);
        self.loads[place.worker] -= 1;
        self.loads[home.worker] += 1;
        place.worker = home.worker;
    }

    /// A port is in no bridge any more.
    pub(super) fn leave(&mut self, port: PortKey) {
        let place = self.ports.get_mut(&port);
        let Some(bridge) = place.and_then(|place| place.bridge.take()) else {
            return;
        };
        if let Some(home) = self.bridges.get_mut(&bridge) {
            home.members -= 1;
            if home.members == 0 {
                self.bridges.remove(&bridge);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, Copy)]
    enum Step {
        Open(u64),
        Join(u64, u64),
        Leave(u64),
        Close(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        let port = 0..8u64;
        prop_oneof![
            port.clone().prop_map(Step::Open),
            (port.clone(), 0..3u64).prop_map(|(port, bridge)| Step::Join(port, bridge)),
            port.clone().prop_map(Step::Leave),
            port.prop_map(Step::Close),
        ]
    }

    proptest! {
        /// Against a list of who is in which bridge: members are on one worker, a bridge stays while it has members, who is in
        /// no bridge stays where it is, and loads are counts.
        #[test]
        fn all_of_a_bridge_are_on_one_worker(steps in prop::collection::vec(step(), 0..80)) {
            let mut placement = Placement::new(3);
            let mut bridge_of: HashMap<u64, Option<u64>> = HashMap::new();
            for step in steps {
                let before: Vec<_> = (0..3).map(|it| placement.home(BridgeKey(it))).collect();
                match step {
                    Step::Open(port) if !bridge_of.contains_key(&port) => {
                        let worker = placement.fewest(|_| true);
                        let least = placement.loads.iter().min();
                        prop_assert_eq!(Some(&placement.loads[worker]), least);
                        placement.open(PortKey(port), worker);
                        bridge_of.insert(port, None);
                    }
                    Step::Open(_) => {}
                    Step::Join(port, bridge) => {
                        placement.join(PortKey(port), BridgeKey(bridge));
                        bridge_of.entry(port).and_modify(|it| *it = Some(bridge));
                    }
                    Step::Leave(port) => {
                        let worker = placement.worker(PortKey(port));
                        placement.leave(PortKey(port));
                        prop_assert_eq!(placement.worker(PortKey(port)), worker);
                        bridge_of.entry(port).and_modify(|it| *it = None);
                    }
                    Step::Close(port) => {
                        placement.close(PortKey(port));
                        bridge_of.remove(&port);
                    }
                }
                for bridge in 0..3 {
                    let home = placement.home(BridgeKey(bridge));
                    let members = bridge_of.iter().filter(|(_, it)| **it == Some(bridge));
                    let workers: Vec<_> = members
                        .map(|(port, _)| placement.worker(PortKey(*port)))
                        .collect();
                    prop_assert_eq!(home.is_none(), workers.is_empty());
                    prop_assert!(workers.iter().all(|worker| *worker == home));
                    let before = before[bridge as usize];
                    prop_assert!(before.is_none() || home.is_none() || home == before);
                }
                for (worker, load) in placement.loads.iter().enumerate() {
                    let ports = placement.ports.values().filter(|place| place.worker == worker);
                    prop_assert_eq!(ports.count(), *load);
                }
                prop_assert_eq!(placement.ports.len(), bridge_of.len());
            }
        }
    }

    #[test]
    fn a_port_is_opened_where_there_are_the_fewest_and_somebody_works() {
        let mut placement = Placement::new(3);
        placement.open(PortKey(1), 0);
        assert_eq!(placement.fewest(|_| true), 1);
        assert_eq!(placement.fewest(|worker| worker != 1), 2);
        assert_eq!(placement.fewest(|worker| worker == 0), 0);
        assert_eq!(placement.fewest(|_| false), 0);
    }
}
