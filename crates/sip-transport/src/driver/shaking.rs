//! Accepted connections in the middle of their handshakes: bounded, and nobody crowds out the rest.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use crate::ConnectionId;

#[derive(Debug, Default)]
pub(super) struct Shaking {
    /// The oldest first.
    order: VecDeque<(ConnectionId, IpAddr)>,
}

impl Shaking {
    /// Notes a connection. Returns the one that has to go when there are more than `limit`: the oldest
    /// one of the address that has the most. Who is slow with one connection stays, who comes with
    /// hundreds displaces himself.
    pub(super) fn begin(
        &mut self,
        id: ConnectionId,
        peer: IpAddr,
        limit: usize,
    ) -> Option<ConnectionId> {
        self.order.push_back((id, peer));
        if self.order.len() <= limit {
            return None;
        }
        let mut counts: HashMap<IpAddr, usize> = HashMap::new();
        for (_, peer) in &self.order {
            *counts.entry(*peer).or_default() += 1;
        }
        let most = counts.values().copied().max()?;
        let place = self
            .order
            .iter()
            .position(|(_, peer)| counts.get(peer) == Some(&most))?;
        self.order.remove(place).map(|(id, _)| id)
    }

    /// Forgets a connection that is through with its handshakes, or gone.
    pub(super) fn end(&mut self, id: ConnectionId) {
        if let Some(place) = self.order.iter().position(|(other, _)| *other == id) {
            self.order.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_the_most_handshakes_loses_the_oldest() {
        let [crowd, lone]: [IpAddr; 2] = ["192.0.2.1", "192.0.2.2"].map(|ip| ip.parse().unwrap());
        let mut shaking = Shaking::default();
        assert_eq!(shaking.begin(ConnectionId::accepted(1), lone, 4), None);
        for number in 2..=4 {
            assert_eq!(
                shaking.begin(ConnectionId::accepted(number), crowd, 4),
                None
            );
        }
        for number in 5..100 {
            let gone = shaking.begin(ConnectionId::accepted(number), crowd, 4);
            assert_eq!(gone, Some(ConnectionId::accepted(number - 3)));
        }
        shaking.end(ConnectionId::accepted(1));
        assert_eq!(shaking.begin(ConnectionId::accepted(100), lone, 4), None);
    }
}
