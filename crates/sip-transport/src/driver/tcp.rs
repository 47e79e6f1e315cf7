//! The TCP side of a shard: listening sockets and connections.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::net::TcpListener;

use super::connection::{Connection, Left};
use super::readiness::{ReadyList, Token, TokenWaker};
use crate::{ConnectionId, Input, ListenerId};

/// Octets read at once.
const READ_OCTETS: usize = 64 * 1024;
/// Connections accepted in one turn from one socket.
const ACCEPTS_PER_TURN: usize = 64;
/// Pause after a failed `accept`, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long a closed connection may take to deliver its last octets.
const LINGER: Duration = Duration::from_secs(1);

struct Acceptor {
    id: ListenerId,
    listener: TcpListener,
    token: Arc<TokenWaker>,
    waker: Waker,
    paused_until: Option<Instant>,
}

pub(super) struct Streams {
    acceptors: Vec<Acceptor>,
    connections: HashMap<ConnectionId, Connection>,
    accepted: u64,
    /// Closed connections that still deliver, in the order of their deadlines.
    lingering: VecDeque<(Instant, ConnectionId)>,
    ready: Arc<ReadyList>,
    tokens: Vec<Token>,
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
            tokens: Vec::new(),
            scratch: vec![0; READ_OCTETS],
        }
    }

    pub(super) fn add_listener(
        &mut self,
        id: ListenerId,
        listener: std::net::TcpListener,
    ) -> io::Result<()> {
        let listener = TcpListener::from_std(listener)?;
        let token = TokenWaker::new(Token::Acceptor(self.acceptors.len()), &self.ready);
        let waker = Waker::from(Arc::clone(&token));
        // Listed from the start, so that the first turn asks for the first connection.
        waker.wake_by_ref();
        self.acceptors.push(Acceptor {
            id,
            listener,
            token,
            waker,
            paused_until: None,
        });
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
            .filter_map(|acceptor| acceptor.paused_until)
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
            if acceptor.paused_until.is_some_and(|until| until <= now) {
                acceptor.paused_until = None;
                acceptor.waker.wake_by_ref();
            }
        }
        let mut tokens = std::mem::take(&mut self.tokens);
        self.ready.take(cx, &mut tokens);
        let mut more = false;
        for token in tokens.drain(..) {
            more |= match token {
                Token::Acceptor(place) => self.accept(place, now, deliver),
                Token::Connection(id) => self.poll_connection(id, deliver),
            };
        }
        self.tokens = tokens;
        more
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
        acceptor.token.unlist();
        let mut cx = Context::from_waker(&acceptor.waker);
        for _ in 0..ACCEPTS_PER_TURN {
            let (stream, remote) = match acceptor.listener.poll_accept(&mut cx) {
                Poll::Pending => return false,
                Poll::Ready(Ok(accepted)) => accepted,
                // The peer went away while it waited.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionAborted => {
                    continue;
                }
                Poll::Ready(Err(error)) => {
                    tracing::warn!(%error, "connections cannot be accepted");
                    acceptor.paused_until = Some(now + ACCEPT_PAUSE);
                    return false;
                }
            };
            let Ok(local) = stream.local_addr() else {
                continue;
            };
            self.accepted += 1;
            let id = ConnectionId::accepted(self.accepted);
            let token = TokenWaker::new(Token::Connection(id), &self.ready);
            let connection = Connection::accepted(id, token, stream);
            connection.wake();
            self.connections.insert(id, connection);
            deliver(Input::Accepted {
                connection: id,
                listener: acceptor.id,
                local,
                remote,
            });
        }
        acceptor.waker.wake_by_ref();
        true
    }
}
