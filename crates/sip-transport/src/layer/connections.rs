//! Connections: accepted, established, ended, and what is due on them.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use super::TransportLayer;
use crate::pool::{Connection, Stage};
use crate::{Carrier, ConnectionId, DropReason, Flow, ListenerId, Output, TransportEvent};

impl TransportLayer {
    /// Ends what has been idle, slow or unanswered for too long.
    pub fn handle_timeout(&mut self, now: Instant) {
        let config = &self.config;
        let due = |connection: &Connection| match connection.stage {
            Stage::Connecting { .. } => connection.last_used + config.connect_timeout,
            Stage::Open(_) => {
                let idle = connection.last_used + config.idle_timeout;
                let slow = connection
                    .message_since
                    .map(|since| since + config.message_timeout);
                slow.map_or(idle, |slow| slow.min(idle))
            }
        };
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
        while let Some(query) = self.resolutions.poll_expired(now) {
            self.events.push_back(TransportEvent::Resolved {
                query,
                addresses: Vec::new(),
            });
        }
    }

    pub(super) fn accept(
        &mut self,
        now: Instant,
        connection: ConnectionId,
        listener: ListenerId,
        local: SocketAddr,
        remote: SocketAddr,
    ) {
        let Some(kind) = self.listener(listener).map(|listener| listener.kind) else {
            return self.wire.push_back(Output::Close { connection });
        };
        if self.pool.len() >= self.config.max_connections {
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
            .insert(flow, Stage::Open(Default::default()), now, due);
        // Who connects and says nothing holds a place that others could use.
        if let Some(connection) = self.pool.get_mut(connection) {
            connection.message_since = Some(now);
        }
    }

    pub(super) fn connected(&mut self, now: Instant, id: ConnectionId, local: SocketAddr) {
        let Some(connection) = self.pool.get_mut(id) else {
            return;
        };
        connection.flow.local = local;
        connection.last_used = now;
        let stage = std::mem::replace(&mut connection.stage, Stage::Open(Default::default()));
        if let Stage::Connecting { queue, .. } = stage {
            let writes = queue.into_iter().map(|payload| Output::Stream {
                connection: id,
                payload,
            });
            self.wire.extend(writes);
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
            if error != io::ErrorKind::UnexpectedEof {
                self.counters.connections_failed += 1;
            }
            self.events
                .push_back(TransportEvent::FlowFailed { flow, error });
        }
    }
}
