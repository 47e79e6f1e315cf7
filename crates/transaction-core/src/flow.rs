//! Which transactions ride on which flow, so that a lost connection costs only its own.

use rvoip_sip_transport::sip_core::ByteString;
use rvoip_sip_transport::{Flow, Target};

use crate::arena::Arena;
use crate::fingerprint::{Fingerprint, Secret};
use crate::index::{Index, Marked};
use crate::ring::{Linked, Ring};

/// The number of the links by which transactions stand on the rings here.
pub(crate) const FLOW: usize = 1;

/// A flow of the table, for as long as a transaction rides on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FlowId(u32);

impl FlowId {
    /// No flow of any table.
    pub(crate) const NONE: FlowId = FlowId(u32::MAX);
}

#[derive(Debug)]
struct Ridden {
    flow: Flow,
    /// The domain by which the peer was reached, which it has to prove when it is reached anew.
    name: Option<ByteString>,
    fingerprint: Fingerprint,
    next: u32,
    riders: Ring<FLOW>,
}

impl Marked for Ridden {
    fn fingerprint(&self, _: usize) -> Option<Fingerprint> {
        Some(self.fingerprint)
    }

    fn next(&self, _: usize) -> u32 {
        self.next
    }

    fn set_next(&mut self, _: usize, next: u32) {
        self.next = next;
    }
}

/// Every flow once, however many transactions ride on it.
#[derive(Debug)]
pub(crate) struct FlowTable {
    secret: Secret,
    flows: Arena<Ridden>,
    index: Index<0>,
    /// The flow used last: most often the next one to be used.
    recent: Option<FlowId>,
}

impl FlowTable {
    pub(crate) fn new(secret: Secret) -> FlowTable {
        FlowTable {
            secret,
            flows: Arena::default(),
            index: Index::default(),
            recent: None,
        }
    }

    pub(crate) fn insert<T: Linked>(
        &mut self,
        slot: u32,
        flow: Flow,
        riders: &mut Arena<T>,
    ) -> FlowId {
        let id = self.find(&flow).unwrap_or_else(|| {
            let slot = self.flows.insert(Ridden {
                flow,
                name: None,
                fingerprint: self.fingerprint(&flow),
                next: u32::MAX,
                riders: Ring::default(),
            });
            self.index.insert(slot, &mut self.flows);
            FlowId(slot)
        });
        self.recent = Some(id);
        if let Some(ridden) = self.flows.get_mut(id.0) {
            ridden.riders.push(slot, riders);
        }
        id
    }

    pub(crate) fn remove<T: Linked>(&mut self, slot: u32, id: FlowId, riders: &mut Arena<T>) {
        let Some(ridden) = self.flows.get_mut(id.0) else {
            return;
        };
        ridden.riders.remove(slot, riders);
        if ridden.riders.first().is_none() {
            self.index.remove(id.0, &mut self.flows);
            self.flows.remove(id.0);
        }
    }

    pub(crate) fn flow(&self, id: FlowId) -> Option<Flow> {
        self.flows.get(id.0).map(|ridden| ridden.flow)
    }

    /// Notes by which domain the peer of a flow was reached.
    pub(crate) fn set_name(&mut self, id: FlowId, name: &ByteString) {
        if let Some(ridden) = self.flows.get_mut(id.0) {
            ridden.name.get_or_insert_with(|| name.clone());
        }
    }

    /// How the peer of a flow can be reached when the flow has ended.
    pub(crate) fn target(&self, id: FlowId) -> Option<Target> {
        let ridden = self.flows.get(id.0)?;
        Some(Target::Address {
            kind: ridden.flow.kind,
            addr: ridden.flow.remote,
            name: ridden.name.clone(),
        })
    }

    /// The slots of what rides on a flow.
    pub(crate) fn on<T: Linked>(&self, flow: &Flow, riders: &Arena<T>) -> Vec<u32> {
        let ridden = self.find(flow).and_then(|id| self.flows.get(id.0));
        ridden.map_or_else(Vec::new, |ridden| ridden.riders.slots(riders))
    }

    /// Whether anything rides on a flow.
    pub(crate) fn has(&self, flow: &Flow) -> bool {
        self.find(flow).is_some()
    }

    fn find(&self, flow: &Flow) -> Option<FlowId> {
        let is_it = |id: &FlowId| self.flow(*id).as_ref() == Some(flow);
        let found = self.recent.filter(is_it);
        found.or_else(|| {
            let slot = self.index.find(self.fingerprint(flow), &self.flows)?;
            Some(FlowId(slot)).filter(is_it)
        })
    }

    fn fingerprint(&self, flow: &Flow) -> Fingerprint {
        self.secret.of(b'f', flow)
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.flows.len() == 0 && self.index.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::Link;
    use rand::SeedableRng;
    use rand::rngs::StdRng;
    use rvoip_sip_transport::{Carrier, ConnectionId, TransportKind};

    #[derive(Default)]
    struct Rider(Link);

    impl Linked for Rider {
        fn link(&self, _: usize) -> &Link {
            &self.0
        }

        fn link_mut(&mut self, _: usize) -> &mut Link {
            &mut self.0
        }
    }

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
    fn a_flow_is_known_as_long_as_it_is_ridden() {
        let mut table = FlowTable::new(Secret::new(&mut StdRng::seed_from_u64(1)));
        let mut riders = Arena::default();
        let slots: Vec<u32> = (0..6).map(|_| riders.insert(Rider::default())).collect();
        let ids: Vec<FlowId> = slots
            .iter()
            .map(|slot| table.insert(*slot, flow(u64::from(*slot) % 2), &mut riders))
            .collect();
        assert_eq!(table.on(&flow(0), &riders), [0, 2, 4]);
        assert_eq!(table.on(&flow(1), &riders), [1, 3, 5]);
        assert_eq!(table.flow(ids[3]), Some(flow(1)));
        for slot in [1, 5, 3] {
            assert!(table.has(&flow(1)));
            table.remove(slot, ids[slot as usize], &mut riders);
        }
        assert!(!table.has(&flow(1)) && table.flow(ids[3]).is_none());
        assert_eq!(table.on(&flow(0), &riders), [0, 2, 4]);
        for slot in [0, 4, 2] {
            table.remove(slot, ids[slot as usize], &mut riders);
        }
        assert!(table.is_empty());
    }
}
