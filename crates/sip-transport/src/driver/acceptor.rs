//! A listening TCP socket, whatever is spoken over it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};

use super::readiness::TokenWaker;
use crate::{ListenerId, TransportKind};

/// Connections accepted in one turn.
const ACCEPTS_PER_TURN: usize = 64;
/// Pause after a failed `accept`, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct Acceptor {
    pub(super) id: ListenerId,
    pub(super) kind: TransportKind,
    listener: TcpListener,
    token: Arc<TokenWaker>,
    waker: Waker,
    paused_until: Option<Instant>,
}

impl Acceptor {
    pub(super) fn new(
        id: ListenerId,
        kind: TransportKind,
        listener: std::net::TcpListener,
        token: Arc<TokenWaker>,
    ) -> io::Result<Self> {
        let listener = TcpListener::from_std(listener)?;
        let waker = Waker::from(Arc::clone(&token));
        // Listed from the start, so that the first turn asks for the first connection.
        waker.wake_by_ref();
        Ok(Self {
            id,
            kind,
            listener,
            token,
            waker,
            paused_until: None,
        })
    }

    /// When a pause ends.
    pub(super) fn paused_until(&self) -> Option<Instant> {
        self.paused_until
    }

    /// Ends a pause that is over.
    pub(super) fn resume(&mut self, now: Instant) {
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
            self.waker.wake_by_ref();
        }
    }

    /// Hands on the connections that wait, with our address and the peer's; returns whether there
    /// may be more.
    pub(super) fn poll(
        &mut self,
        now: Instant,
        mut accepted: impl FnMut(TcpStream, SocketAddr, SocketAddr),
    ) -> bool {
        self.token.unlist();
        let mut cx = Context::from_waker(&self.waker);
        for _ in 0..ACCEPTS_PER_TURN {
            match self.listener.poll_accept(&mut cx) {
                Poll::Pending => return false,
                Poll::Ready(Ok((stream, remote))) => {
                    if let Ok(local) = stream.local_addr() {
                        accepted(stream, local, remote);
                    }
                }
                // The peer went away while it waited.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Poll::Ready(Err(error)) => {
                    tracing::warn!(%error, "connections cannot be accepted");
                    self.paused_until = Some(now + ACCEPT_PAUSE);
                    return false;
                }
            }
        }
        self.waker.wake_by_ref();
        true
    }
}
