//! Connections: accepted, established, ended, and what is due on them.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use rvoip_sip_core::ByteString;

use super::TransportLayer;
use crate::pool::{Connection, Stage};
use crate::{
    Carrier, ConnectionId, DropReason, Flow, ListenerId, Output, PeerIdentity, TransportConfig,
    TransportError, TransportEvent, TransportKind,
};

impl TransportLayer {
    /// Ends what has been idle, slow or unanswered for too long, and keeps flows alive.
    pub fn handle_timeout(&mut self, now: Instant) {
        let due = |connection: &Connection| due(connection, &self.config);
        let mut expired = Vec::new();
        while let Some(connection) = self.pool.poll_due(now, due) {
            expired.push(connection);
        }
        for connection in expired {
            if self
                .pool
                .get(connection)
                .is_some_and(|it| it.message_since.is_some())
            {
                self.counters.drop(DropReason::SlowMessage);
            }
            self.close(connection, io::ErrorKind::TimedOut);
        }
        self.keep_alive_due(now);
        self.expire_lookups(now);
    }

    pub(super) fn accept(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        listener: ListenerId,
        (local, remote): (SocketAddr, SocketAddr),
        peer: Option<Arc<PeerIdentity>>,
    ) {
        let Some(kind) = self.listener(listener).map(|listener| listener.kind) else {
            return self.wire.push_back(Output::Close { connection });
        };
        if self.pool.census().accepted_from(remote.ip()) >= self.config.max_connections_per_peer {
            self.counters.drop(DropReason::TooManyOfPeer);
            return self.wire.push_back(Output::Close { connection });
        }
        if self.is_full() {
            self.counters.drop(DropReason::TooManyConnections);
            return self.wire.push_back(Output::Close { connection });
        }
        self.counters.connections_accepted += 1;
        let flow = Flow {
            kind,
            local,
            remote,
            carrier: Carrier::Connection(connection),
        };
        let due = now + self.config.message_timeout;
        self.pool
            .insert(flow, None, Stage::Open(Default::default()), now, due);
        if let Some(connection) = self.pool.get_mut(connection) {
            // Who connects and says nothing holds a place that others could use. A WebSocket has been
            // asked for in so many words, and a page may wait for its user.
            connection.message_since = (!kind.is_message_framed()).then_some(now);
            connection.peer = peer;
        }
    }

    /// Opens a connection, for what is to be sent to wait for.
    pub(super) fn open(
        &mut self,
        now: Instant,
        kind: TransportKind,
        destination: SocketAddr,
        name: Option<ByteString>,
    ) -> Result<ConnectionId, TransportError> {
        for (count, limit) in [
            (self.pool.len(), self.config.max_connections),
            (self.pool.census().connecting, self.config.max_connecting),
        ] {
            if count >= limit {
                return Err(TransportError::TooManyConnections { limit });
            }
        }
        self.counters.connections_opened += 1;
        let connection = self.pool.next_outgoing();
        let local = match destination {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let carrier = Carrier::Connection(connection);
        let flow = Flow {
            kind,
            local,
            remote: destination,
            carrier,
        };
        let stage = Stage::Connecting {
            queue: Vec::new(),
            queued_octets: 0,
        };
        self.pool.insert(
            flow,
            name.clone(),
            stage,
            now,
            now + self.config.connect_timeout,
        );
        self.wire.push_back(Output::Connect {
            connection,
            kind,
            destination,
            name,
        });
        Ok(connection)
    }

    pub(super) fn connected(
        &mut self,
        now: Instant,
        id: ConnectionId,
        local: SocketAddr,
        peer: Option<Arc<PeerIdentity>>,
    ) {
        let Some(connection) = self.pool.get_mut(id) else {
            return;
        };
        connection.flow.local = local;
        connection.peer = peer;
        connection.last_used = now;
        let flow = connection.flow;
        for payload in self.pool.establish(id) {
            self.wire.push_back(Output::Stream {
                connection: id,
                payload,
            });
        }
        if let Some(interval) = self.config.stream_keep_alive {
            // The connection is there, so nothing is refused.
            let _ = self.keep_alive(now, &flow, Some(interval));
        }
    }

    /// Whether no more connections can be accepted: an eighth of all is left for those that this
    /// side opens.
    fn is_full(&self) -> bool {
        let limit = self.config.max_connections;
        self.pool.census().accepted >= limit - limit / 8 || self.pool.len() >= limit
    }

    /// Makes room for one more accepted connection where there is none: ends the accepted one whose
    /// time would be over first, be it silent since it was opened, in the middle of a slow message,
    /// or idle for the longest time. Those that `is_used` are spared: ask whoever keeps
    /// transactions. To be called before [`Input::Accepted`](crate::Input::Accepted) is handed in;
    /// without it a full table refuses newcomers. Costs the same however full the table is.
    pub fn make_room(&mut self, is_used: impl FnMut(&Flow) -> bool) {
        if !self.is_full() {
            return;
        }
        let due = |connection: &Connection| due(connection, &self.config);
        if let Some(connection) = self.pool.next_victim(due, is_used) {
            self.counters.connections_evicted += 1;
            self.close(connection, io::ErrorKind::ConnectionAborted);
        }
    }

    /// Ends a connection from this side.
    pub(super) fn close(&mut self, connection: ConnectionId, error: io::ErrorKind) {
        if self.pool.get(connection).is_some() {
            self.wire.push_back(Output::Close { connection });
            self.forget(connection, error);
        }
    }

    /// Takes note that a connection is no more.
    pub(super) fn forget(&mut self, connection: ConnectionId, error: io::ErrorKind) {
        if let Some(Connection { flow, .. }) = self.pool.remove(connection) {
            self.keep_alives.take(&flow);
            if error != io::ErrorKind::UnexpectedEof {
                self.counters.connections_failed += 1;
            }
            self.events
                .push_back(TransportEvent::FlowFailed { flow, error });
        }
    }
}

/// When the time of a connection is over.
fn due(connection: &Connection, config: &TransportConfig) -> Instant {
    let idle = connection.last_used + config.idle_timeout;
    match (&connection.stage, connection.message_since) {
        (Stage::Connecting { .. }, _) => connection.last_used + config.connect_timeout,
        (Stage::Open(_), Some(since)) => idle.min(since + config.message_timeout),
        (Stage::Open(_), None) => idle,
    }
}
