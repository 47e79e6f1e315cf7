//! Which transactions ride on which flow, so that a lost connection costs only its own.

use std::collections::HashMap;

use rvoip_sip_transport::Flow;
use slab::Slab;

const NONE: u32 = u32::MAX;

/// A flow of the table, for as long as a transaction rides on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlowId(u32);

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
}

/// Every flow once, however many transactions ride on it, each with a list of their slots. The lists are linked through
/// one vector: adding and taking out cost the same however long a list is.
#[derive(Debug, Default)]
pub(crate) struct FlowTable {
    numbers: HashMap<Flow, FlowId>,
    /// A flow and the slot its list begins with.
    flows: Slab<(Flow, u32)>,
    links: Vec<Link>,
}

impl FlowTable {
    pub(crate) fn insert(&mut self, slot: u32, flow: Flow) -> FlowId {
        if self.links.len() <= slot as usize {
            let unlinked = Link {
                previous: NONE,
                next: NONE,
            };
            self.links.resize(slot as usize + 1, unlinked);
        }
        let flows = &mut self.flows;
        let id = *self
            .numbers
            .entry(flow)
            .or_insert_with(|| FlowId(flows.insert((flow, NONE)) as u32));
        let next = std::mem::replace(&mut flows[id.0 as usize].1, slot);
        let previous = NONE;
        self.links[slot as usize] = Link { previous, next };
        if next != NONE {
            self.links[next as usize].previous = slot;
        }
        id
    }

    pub(crate) fn remove(&mut self, slot: u32, id: FlowId) {
        let Link { previous, next } = self.links[slot as usize];
        if next != NONE {
            self.links[next as usize].previous = previous;
        }
        if previous != NONE {
            self.links[previous as usize].next = next;
        } else if next != NONE {
            self.flows[id.0 as usize].1 = next;
        } else {
            let (flow, _) = self.flows.remove(id.0 as usize);
            self.numbers.remove(&flow);
        }
    }

    pub(crate) fn flow(&self, id: FlowId) -> Option<Flow> {
        self.flows.get(id.0 as usize).map(|(flow, _)| *flow)
    }

    pub(crate) fn on(&self, flow: &Flow) -> Vec<u32> {
        let first = self.numbers.get(flow).map(|id| self.flows[id.0 as usize].1);
        let mut slots = Vec::new();
        let mut slot = first.unwrap_or(NONE);
        while slot != NONE {
            slots.push(slot);
            slot = self.links[slot as usize].next;
        }
        slots
    }

    /// Gives back the memory of slots from `slots` on, and of flows gone.
    pub(crate) fn shrink(&mut self, slots: usize) {
        self.links.truncate(slots);
        self.links.shrink_to_fit();
        self.flows.shrink_to_fit();
        self.numbers.shrink_to_fit();
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.flows.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rvoip_sip_transport::{Carrier, ConnectionId, TransportKind};

    fn flow(number: u64) -> Flow {
        let addr = "192.0.2.1:5060".parse().unwrap();
        let carrier = Carrier::Connection(ConnectionId::accepted(number));
        Flow {
            kind: TransportKind::Tcp,
            local: addr,
            remote: addr,
            carrier,
        }
    }

    #[test]
    fn slots_leave_from_the_front_the_middle_and_the_end() {
        let mut table = FlowTable::default();
        let ids: Vec<FlowId> = (0..5).map(|slot| table.insert(slot, flow(1))).collect();
        assert!(ids.iter().all(|id| *id == ids[0]));
        let other = table.insert(9, flow(2));
        assert_eq!(table.flow(other), Some(flow(2)));
        let steps = [
            (2, vec![4, 3, 1, 0]),
            (4, vec![3, 1, 0]),
            (0, vec![3, 1]),
            (3, vec![1]),
            (1, vec![]),
        ];
        for (gone, left) in steps {
            table.remove(gone, ids[0]);
            assert_eq!(table.on(&flow(1)), left);
        }
        assert_eq!(table.flow(ids[0]), None);
        assert_eq!(table.on(&flow(2)), [9]);
        table.remove(9, other);
        assert!(table.is_empty());
    }
}
