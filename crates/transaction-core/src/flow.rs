//! Which transactions ride on which flow, so that a lost connection costs only its own.

use std::collections::HashMap;

use rvoip_sip_transport::Flow;

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Link {
    previous: u32,
    next: u32,
}

/// A list of slots per flow, linked through one vector: adding and taking out cost the same however long the list is.
#[derive(Debug, Default)]
pub(crate) struct FlowIndex {
    first: HashMap<Flow, u32>,
    links: Vec<Link>,
}

impl FlowIndex {
    pub(crate) fn insert(&mut self, slot: u32, flow: Flow) {
        if self.links.len() <= slot as usize {
            self.links.resize(
                slot as usize + 1,
                Link {
                    previous: NONE,
                    next: NONE,
                },
            );
        }
        let next = self.first.insert(flow, slot).unwrap_or(NONE);
        self.links[slot as usize] = Link {
            previous: NONE,
            next,
        };
        if next != NONE {
            self.links[next as usize].previous = slot;
        }
    }

    pub(crate) fn remove(&mut self, slot: u32, flow: &Flow) {
        let Link { previous, next } = self.links[slot as usize];
        if next != NONE {
            self.links[next as usize].previous = previous;
        }
        if previous != NONE {
            self.links[previous as usize].next = next;
        } else if next != NONE {
            self.first.insert(*flow, next);
        } else {
            self.first.remove(flow);
        }
    }

    pub(crate) fn on(&self, flow: &Flow) -> Vec<u32> {
        let mut slots = Vec::new();
        let mut slot = self.first.get(flow).copied().unwrap_or(NONE);
        while slot != NONE {
            slots.push(slot);
            slot = self.links[slot as usize].next;
        }
        slots
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_empty()
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
        let mut index = FlowIndex::default();
        for slot in 0..5 {
            index.insert(slot, flow(1));
        }
        index.insert(9, flow(2));
        for (gone, left) in [
            (2, vec![4, 3, 1, 0]),
            (4, vec![3, 1, 0]),
            (0, vec![3, 1]),
            (3, vec![1]),
            (1, vec![]),
        ] {
            index.remove(gone, &flow(1));
            assert_eq!(index.on(&flow(1)), left);
        }
        assert_eq!(index.on(&flow(2)), [9]);
        index.remove(9, &flow(2));
        assert!(index.is_empty());
    }
}
