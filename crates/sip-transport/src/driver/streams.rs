//! The stream side of a shard: listening sockets and connections, whatever they run over.

mod turn;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rvoip_sip_core::ByteString;

use super::acceptor::Acceptor;
use super::connection::{Connection, Origin};
use super::handshake::{Handshake, Settings};
use super::readiness::{ReadyList, Token, TokenWaker};
use super::shaking::Shaking;
use crate::{ConnectionId, Input, ListenerId, TransportKind};

/// Octets read at once.
const READ_OCTETS: usize = 16 * 1024;
/// How long a closed connection may take to deliver its last octets.
const LINGER: Duration = Duration::from_secs(1);

pub(super) struct Streams {
    settings: Arc<Settings>,
    acceptors: Vec<Acceptor>,
    connections: HashMap<ConnectionId, Connection>,
    accepted: u64,
    shaking: Shaking,
    /// Octets that wait on all connections together.
    queued_octets: usize,
    /// Connections on which nothing goes on that should, and when to look at them.
    stalled: BTreeSet<(Instant, ConnectionId)>,
    /// Closed connections that still deliver, in the order of their deadlines.
    lingering: VecDeque<(Instant, ConnectionId)>,
    ready: Arc<ReadyList>,
    /// What was ready when a turn had read enough.
    tokens: VecDeque<Token>,
    scratch: Vec<u8>,
}

impl Streams {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            acceptors: Vec::new(),
            connections: HashMap::new(),
            accepted: 0,
            shaking: Shaking::default(),
            queued_octets: 0,
            stalled: BTreeSet::new(),
            lingering: VecDeque::new(),
            ready: Arc::default(),
            tokens: VecDeque::new(),
            scratch: vec![0; READ_OCTETS],
        }
    }

    pub(super) fn add_listener(
        &mut self,
        id: ListenerId,
        kind: TransportKind,
        listener: std::net::TcpListener,
    ) -> io::Result<()> {
        let token = TokenWaker::new(Token::Acceptor(self.acceptors.len()), &self.ready);
        self.acceptors
            .push(Acceptor::new(id, kind, listener, token)?);
        Ok(())
    }

    pub(super) fn connect(
        &mut self,
        id: ConnectionId,
        kind: TransportKind,
        peer: SocketAddr,
        name: Option<ByteString>,
    ) {
        let token = TokenWaker::new(Token::Connection(id), &self.ready);
        let handshake = Handshake::connect(kind, peer, name, &self.settings);
        let connection = Connection::shaking(id, Origin::Ours, token, handshake);
        self.connections.insert(id, connection);
    }

    pub(super) fn write(
        &mut self,
        now: Instant,
        id: ConnectionId,
        payload: Bytes,
        failed: &mut impl FnMut(Input),
    ) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let before = connection.queued_octets();
        let result = connection.write(now, payload);
        let queued = connection.queued_octets();
        self.queued_octets = self.queued_octets + queued - before;
        let bounds = &self.settings.streams;
        let error = match result {
            Err(error) => error.kind(),
            // What stays out of the middle of a stream makes the rest unreadable: nothing is dropped but the
            // connection.
            Ok(())
                if queued > 0
                    && (queued > bounds.max_queued_octets
                        || self.queued_octets > bounds.max_queued_octets_in_all) =>
            {
                io::ErrorKind::QuotaExceeded
            }
            Ok(()) => return watch(&mut self.stalled, id, connection, bounds.stall_timeout),
        };
        self.fail(id, error, failed);
    }

    /// Ends a connection and tells of it.
    fn fail(&mut self, id: ConnectionId, error: io::ErrorKind, failed: &mut impl FnMut(Input)) {
        if let Some(connection) = self.remove(id)
            && !connection.is_closing()
        {
            failed(connection.failure(error));
        }
    }

    fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        let mut connection = self.connections.remove(&id)?;
        self.queued_octets -= connection.queued_octets();
        if connection.is_being_accepted() {
            self.shaking.end(id);
        }
        if let Some(due) = connection.stall().watched_until() {
            self.stalled.remove(&(due, id));
        }
        Some(connection)
    }

    pub(super) fn close(&mut self, now: Instant, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let before = connection.queued_octets();
        let is_kept = connection.close(now);
        self.queued_octets = self.queued_octets + connection.queued_octets() - before;
        if is_kept {
            connection.wake();
            self.lingering.push_back((now + LINGER, id));
        } else {
            self.remove(id);
        }
    }

    pub(super) fn close_all(&mut self, now: Instant) {
        self.acceptors.clear();
        let open: Vec<_> = self.connections.keys().copied().collect();
        for id in open {
            self.close(now, id);
        }
    }

    /// Whether every connection has written what it had to.
    pub(super) fn is_flushed(&self) -> bool {
        self.connections.values().all(Connection::is_flushed)
    }

    /// When a turn is needed though no socket asks for it.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let lingering = self.lingering.front().map(|&(deadline, _)| deadline);
        let stalled = self.stalled.first().map(|&(deadline, _)| deadline);
        let paused = self
            .acceptors
            .iter()
            .filter_map(Acceptor::paused_until)
            .min();
        [lingering, stalled, paused].into_iter().flatten().min()
    }
}

/// Sees to it that a connection on which nothing goes on is looked at in time.
fn watch(
    stalled: &mut BTreeSet<(Instant, ConnectionId)>,
    id: ConnectionId,
    connection: &mut Connection,
    limit: Duration,
) {
    if let Some(due) = connection.stall().watch(limit) {
        stalled.insert((due, id));
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpStream;

    use super::super::connection::READS_PER_TURN;
    use super::turn::OCTETS_PER_TURN;
    use super::*;

    #[tokio::test]
    async fn a_turn_reads_no_more_than_its_share_and_all_is_read_in_the_end() {
        const PEERS: usize = 16;
        const OCTETS: usize = 1024 * 1024;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let mut streams = Streams::new(Settings::default());
        streams
            .add_listener(ListenerId(0), TransportKind::Tcp, listener)
            .unwrap();
        for _ in 0..PEERS {
            tokio::spawn(async move {
                let mut peer = TcpStream::connect(addr).await.unwrap();
                peer.write_all(&vec![0; OCTETS]).await.unwrap();
            });
        }
        let (mut total, mut most, mut ended) = (0, 0, 0);
        while ended < PEERS {
            let now = Instant::now();
            let octets = poll_fn(|cx| {
                let mut octets = 0;
                let mut heard = false;
                let more = streams.poll(cx, now, &mut |input| {
                    heard = true;
                    match input {
                        Input::Stream { payload, .. } => octets += payload.len(),
                        Input::Closed { error, .. } => {
                            assert_eq!(error, None);
                            ended += 1;
                        }
                        _ => {}
                    }
                });
                match heard || more {
                    true => Poll::Ready(octets),
                    false => Poll::Pending,
                }
            })
            .await;
            // Lets the peers fill their connections.
            tokio::task::yield_now().await;
            total += octets;
            most = most.max(octets);
        }
        assert_eq!(total, PEERS * OCTETS);
        assert!(
            most < OCTETS_PER_TURN + READS_PER_TURN * READ_OCTETS,
            "{most}"
        );
        assert!(
            most >= OCTETS_PER_TURN,
            "{most}: the share was never used up"
        );
    }
}
