//! The TCP side of a shard: listening sockets and connections.

use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Context;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::acceptor::Acceptor;
use super::connection::{Connection, Left};
use super::readiness::{ReadyList, Token, TokenWaker};
use crate::{ConnectionId, Input, ListenerId};

/// Octets read at once.
const READ_OCTETS: usize = 16 * 1024;
/// Octets after which no other connection is looked at in the same turn: datagrams and deadlines want theirs.
const OCTETS_PER_TURN: usize = 128 * 1024;
/// How long a closed connection may take to deliver its last octets.
const LINGER: Duration = Duration::from_secs(1);

pub(super) struct Streams {
    acceptors: Vec<Acceptor>,
    connections: HashMap<ConnectionId, Connection>,
    accepted: u64,
    /// Closed connections that still deliver, in the order of their deadlines.
    lingering: VecDeque<(Instant, ConnectionId)>,
    ready: Arc<ReadyList>,
    /// What was ready when a turn had read enough.
    tokens: VecDeque<Token>,
    scratch: Vec<u8>,
}

impl Streams {
    pub(super) fn new() -> Self {
        Self {
            acceptors: Vec::new(),
            connections: HashMap::new(),
            accepted: 0,
            lingering: VecDeque::new(),
            ready: Arc::default(),
            tokens: VecDeque::new(),
            scratch: vec![0; READ_OCTETS],
        }
    }

    pub(super) fn add_listener(
        &mut self,
        id: ListenerId,
        listener: std::net::TcpListener,
    ) -> io::Result<()> {
        let token = TokenWaker::new(Token::Acceptor(self.acceptors.len()), &self.ready);
        self.acceptors.push(Acceptor::new(id, listener, token)?);
        Ok(())
    }

    pub(super) fn connect(&mut self, id: ConnectionId, peer: SocketAddr) {
        let token = TokenWaker::new(Token::Connection(id), &self.ready);
        let connection = Connection::connecting(id, token, peer);
        connection.wake();
        self.connections.insert(id, connection);
    }

    pub(super) fn write(
        &mut self,
        id: ConnectionId,
        payload: Bytes,
        failed: &mut impl FnMut(Input),
    ) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if let Err(error) = connection.write(payload) {
            self.connections.remove(&id);
            failed(Input::Closed {
                connection: id,
                error: Some(error.kind()),
            });
        }
    }

    pub(super) fn close(&mut self, now: Instant, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        if connection.close() {
            connection.wake();
            self.lingering.push_back((now + LINGER, id));
        } else {
            self.connections.remove(&id);
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
        let paused = self
            .acceptors
            .iter()
            .filter_map(Acceptor::paused_until)
            .min();
        lingering.into_iter().chain(paused).min()
    }

    /// Looks at what is ready; returns whether there may be more.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        now: Instant,
        deliver: &mut impl FnMut(Input),
    ) -> bool {
        while let Some(&(deadline, id)) = self.lingering.front()
            && deadline <= now
        {
            self.lingering.pop_front();
            self.connections.remove(&id);
        }
        for acceptor in &mut self.acceptors {
            acceptor.resume(now);
        }
        self.ready.take(cx, &mut self.tokens);
        let mut more = false;
        let octets = Cell::new(0);
        let mut deliver = |input| {
            if let Input::Stream { payload, .. } = &input {
                octets.set(octets.get() + payload.len());
            }
            deliver(input);
        };
        while octets.get() < OCTETS_PER_TURN
            && let Some(token) = self.tokens.pop_front()
        {
            more |= match token {
                Token::Acceptor(place) => self.accept(place, now, &mut deliver),
                Token::Connection(id) => self.poll_connection(id, &mut deliver),
            };
        }
        more || !self.tokens.is_empty()
    }

    fn poll_connection(&mut self, id: ConnectionId, deliver: &mut impl FnMut(Input)) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else {
            return false;
        };
        match connection.poll(&mut self.scratch, deliver) {
            Left::Idle => false,
            Left::More => {
                connection.wake();
                true
            }
            Left::Gone => {
                self.connections.remove(&id);
                false
            }
        }
    }

    fn accept(&mut self, place: usize, now: Instant, deliver: &mut impl FnMut(Input)) -> bool {
        let Some(acceptor) = self.acceptors.get_mut(place) else {
            return false;
        };
        let listener = acceptor.id;
        acceptor.poll(now, |stream, local, remote| {
            self.accepted += 1;
            let id = ConnectionId::accepted(self.accepted);
            let token = TokenWaker::new(Token::Connection(id), &self.ready);
            let connection = Connection::accepted(id, token, stream);
            connection.wake();
            self.connections.insert(id, connection);
            deliver(Input::Accepted {
                connection: id,
                listener,
                local,
                remote,
            });
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpStream;

    use super::super::connection::READS_PER_TURN;
    use super::*;

    #[tokio::test]
    async fn a_turn_reads_no_more_than_its_share_and_all_is_read_in_the_end() {
        const PEERS: usize = 16;
        const OCTETS: usize = 1024 * 1024;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let addr = listener.local_addr().unwrap();
        let mut streams = Streams::new();
        streams.add_listener(ListenerId(0), listener).unwrap();
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
