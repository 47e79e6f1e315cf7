//! One stream connection: read when there is something, written without waiting, ended in order.

mod stall;
mod transfer;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use tokio::net::TcpStream;

pub(super) use self::stall::Stall;
#[cfg(test)]
pub(super) use self::transfer::READS_PER_TURN;
use super::handshake::{Handshake, set_no_delay};
use super::link::{ByteLink, Established, Link};
use super::readiness::TokenWaker;
use crate::{ConnectionId, Input, ListenerId};

/// Who began a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin {
    /// This side.
    Ours,
    /// A peer, at this listener.
    Peer {
        listener: ListenerId,
        remote: SocketAddr,
    },
}

enum Stage {
    Shaking(Handshake),
    Open(Box<dyn Link>),
}

/// What is left after a connection was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Nothing until it is woken.
    Idle,
    /// Perhaps more to read.
    More,
    /// No connection.
    Gone,
}

pub(super) struct Connection {
    id: ConnectionId,
    origin: Origin,
    token: Arc<TokenWaker>,
    waker: Waker,
    stage: Stage,
    queue: VecDeque<Bytes>,
    queued_octets: usize,
    stall: Stall,
    /// The link has taken what it has not yet given to the network.
    is_unflushed: bool,
    has_written: bool,
    /// Nothing is reported any more; what is read is thrown away.
    is_closing: bool,
    is_shut_down: bool,
}

impl Connection {
    pub(super) fn shaking(
        id: ConnectionId,
        origin: Origin,
        token: Arc<TokenWaker>,
        handshake: Handshake,
    ) -> Self {
        Self::new(id, origin, token, Stage::Shaking(handshake))
    }

    pub(super) fn open(
        id: ConnectionId,
        origin: Origin,
        token: Arc<TokenWaker>,
        stream: TcpStream,
    ) -> Self {
        set_no_delay(&stream);
        Self::new(id, origin, token, Stage::Open(Box::new(ByteLink(stream))))
    }

    fn new(id: ConnectionId, origin: Origin, token: Arc<TokenWaker>, stage: Stage) -> Self {
        let waker = Waker::from(Arc::clone(&token));
        // Looked at in the next turn, so that it asks for what it waits for.
        waker.wake_by_ref();
        Self {
            id,
            origin,
            token,
            waker,
            stage,
            queue: VecDeque::new(),
            queued_octets: 0,
            stall: Stall::default(),
            is_unflushed: false,
            has_written: false,
            is_closing: false,
            is_shut_down: false,
        }
    }

    /// Makes the connection be looked at in the next turn.
    pub(super) fn wake(&self) {
        self.waker.wake_by_ref();
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.queue.is_empty() && !self.is_unflushed
    }

    pub(super) fn queued_octets(&self) -> usize {
        self.queued_octets
    }

    /// Whether a peer began the connection and is not through with its handshakes.
    pub(super) fn is_being_accepted(&self) -> bool {
        matches!(
            (&self.stage, self.origin),
            (Stage::Shaking(_), Origin::Peer { .. })
        )
    }

    /// Who is told nothing more because the connection ends while it is being established.
    pub(super) fn failure(&self, error: io::ErrorKind) -> Input {
        match (&self.stage, self.origin) {
            (Stage::Open(_), _) => Input::Closed {
                connection: self.id,
                error: Some(error),
            },
            (Stage::Shaking(_), Origin::Ours) => Input::ConnectFailed {
                connection: self.id,
                error,
            },
            (Stage::Shaking(_), Origin::Peer { listener, remote }) => Input::HandshakeFailed {
                listener,
                remote,
                error,
            },
        }
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing
    }

    /// Whether anything goes on that should.
    pub(super) fn stall(&mut self) -> &mut Stall {
        &mut self.stall
    }

    /// Writes, or queues what the peer does not take yet.
    pub(super) fn write(&mut self, now: Instant, payload: Bytes) -> io::Result<()> {
        if self.is_closing || payload.is_empty() {
            return Ok(());
        }
        self.queued_octets += payload.len();
        self.queue.push_back(payload);
        self.flush(now)
    }

    /// Ends the connection after what was written. Returns whether it has to be kept for that.
    pub(super) fn close(&mut self, now: Instant) -> bool {
        self.is_closing = true;
        // A socket that is closed with unread octets resets the connection, and the peer may lose
        // what was written last: shut down and read on until the peer has closed too.
        (self.has_written || !self.is_flushed()) && self.flush(now).is_ok()
    }

    /// Does what the sockets allow; tells the core through `deliver`.
    pub(super) fn poll(
        &mut self,
        now: Instant,
        scratch: &mut [u8],
        deliver: &mut impl FnMut(Input),
    ) -> Left {
        self.token.unlist();
        if let Stage::Shaking(handshake) = &mut self.stage {
            match handshake.poll(&mut Context::from_waker(&self.waker)) {
                Poll::Pending => return Left::Idle,
                Poll::Ready(Ok(established)) => self.established(established, deliver),
                Poll::Ready(Err(error)) => {
                    match self.origin {
                        // A certificate that names somebody else is for a person to look at.
                        Origin::Ours => tracing::info!(%error, "a connection cannot be opened"),
                        Origin::Peer { remote, .. } => {
                            tracing::debug!(%remote, %error, "a handshake failed");
                        }
                    }
                    deliver(self.failure(error.kind()));
                    return Left::Gone;
                }
            }
        }
        let result = self
            .flush(now)
            .and_then(|()| self.read(now, scratch, deliver));
        match result {
            Ok(left) => left,
            Err(_) if self.is_closing => Left::Gone,
            Err(error) => {
                tracing::debug!(origin = ?self.origin, %error, "connection broken");
                deliver(self.failure(error.kind()));
                Left::Gone
            }
        }
    }

    fn established(&mut self, established: Established, deliver: &mut impl FnMut(Input)) {
        let Established { link, local, peer } = established;
        self.stage = Stage::Open(link);
        deliver(match self.origin {
            Origin::Ours => Input::Connected {
                connection: self.id,
                local,
                peer,
            },
            Origin::Peer { listener, remote } => Input::Accepted {
                connection: self.id,
                listener,
                local,
                remote,
                peer,
            },
        });
    }
}
