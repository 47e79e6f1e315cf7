//! One TCP connection: read when there is something, written without waiting, ended in order.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;

use super::readiness::TokenWaker;
use crate::{ConnectionId, Input};

/// Octets that wait for a peer that reads slowly; one more and the connection is ended. What stays
/// out of the middle of a stream makes the rest unreadable, so nothing is dropped.
const QUEUE_OCTETS: usize = 512 * 1024;
/// Reads in one turn: others want their turn too.
pub(super) const READS_PER_TURN: usize = 4;

enum Stage {
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>),
    Open(TcpStream),
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
    token: Arc<TokenWaker>,
    waker: Waker,
    stage: Stage,
    queue: VecDeque<Bytes>,
    queued_octets: usize,
    has_written: bool,
    /// Nothing is reported any more; what is read is thrown away.
    is_closing: bool,
    is_shut_down: bool,
}

impl Connection {
    fn new(id: ConnectionId, token: Arc<TokenWaker>, stage: Stage) -> Self {
        let waker = Waker::from(Arc::clone(&token));
        Self {
            id,
            token,
            waker,
            stage,
            queue: VecDeque::new(),
            queued_octets: 0,
            has_written: false,
            is_closing: false,
            is_shut_down: false,
        }
    }

    pub(super) fn accepted(id: ConnectionId, token: Arc<TokenWaker>, stream: TcpStream) -> Self {
        set_no_delay(&stream);
        Self::new(id, token, Stage::Open(stream))
    }

    pub(super) fn connecting(id: ConnectionId, token: Arc<TokenWaker>, peer: SocketAddr) -> Self {
        Self::new(
            id,
            token,
            Stage::Connecting(Box::pin(TcpStream::connect(peer))),
        )
    }

    /// Makes the connection be looked at in the next turn.
    pub(super) fn wake(&self) {
        self.waker.wake_by_ref();
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.queue.is_empty()
    }

    /// Writes, or queues what the peer does not take yet. Fails when too much is queued.
    pub(super) fn write(&mut self, payload: Bytes) -> io::Result<()> {
        if self.is_closing {
            return Ok(());
        }
        self.queued_octets += payload.len();
        self.queue.push_back(payload);
        self.flush()?;
        match self.queued_octets > QUEUE_OCTETS {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(()),
        }
    }

    /// Ends the connection after what was written. Returns whether it has to be kept for that.
    pub(super) fn close(&mut self) -> bool {
        self.is_closing = true;
        // A socket that is closed with unread octets resets the connection, and the peer may lose
        // what was written last: shut down and read on until the peer has closed too.
        (self.has_written || !self.is_flushed()) && self.flush().is_ok()
    }

    /// Does what the sockets allow; tells the core through `deliver`.
    pub(super) fn poll(&mut self, scratch: &mut [u8], deliver: &mut impl FnMut(Input)) -> Left {
        self.token.unlist();
        if let Stage::Connecting(connect) = &mut self.stage {
            match connect.as_mut().poll(&mut Context::from_waker(&self.waker)) {
                Poll::Pending => return Left::Idle,
                Poll::Ready(Ok(stream)) => match stream.local_addr() {
                    Ok(local) => {
                        set_no_delay(&stream);
                        self.stage = Stage::Open(stream);
                        deliver(Input::Connected {
                            connection: self.id,
                            local,
                        });
                    }
                    Err(error) => return self.connect_failed(&error, deliver),
                },
                Poll::Ready(Err(error)) => return self.connect_failed(&error, deliver),
            }
        }
        let result = self.flush().and_then(|()| self.read(scratch, deliver));
        match result {
            Ok(left) => left,
            Err(_) if self.is_closing => Left::Gone,
            Err(error) => {
                deliver(Input::Closed {
                    connection: self.id,
                    error: Some(error.kind()),
                });
                Left::Gone
            }
        }
    }

    fn connect_failed(&self, error: &io::Error, deliver: &mut impl FnMut(Input)) -> Left {
        deliver(Input::ConnectFailed {
            connection: self.id,
            error: error.kind(),
        });
        Left::Gone
    }

    fn read(&mut self, scratch: &mut [u8], deliver: &mut impl FnMut(Input)) -> io::Result<Left> {
        let Stage::Open(stream) = &self.stage else {
            return Ok(Left::Idle);
        };
        let mut cx = Context::from_waker(&self.waker);
        for _ in 0..READS_PER_TURN {
            let Poll::Ready(ready) = stream.poll_read_ready(&mut cx) else {
                return Ok(Left::Idle);
            };
            ready?;
            match stream.try_read(scratch) {
                Ok(0) => {
                    if !self.is_closing {
                        deliver(Input::Closed {
                            connection: self.id,
                            error: None,
                        });
                    }
                    return Ok(Left::Gone);
                }
                Ok(_) if self.is_closing => {}
                Ok(octets) => {
                    let payload = Bytes::copy_from_slice(&scratch[..octets]);
                    deliver(Input::Stream {
                        connection: self.id,
                        payload,
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Left::More)
    }

    fn flush(&mut self) -> io::Result<()> {
        let Stage::Open(stream) = &mut self.stage else {
            return Ok(());
        };
        let mut cx = Context::from_waker(&self.waker);
        while let Some(front) = self.queue.front_mut() {
            match stream.try_write(front) {
                Ok(octets) => {
                    self.has_written = true;
                    self.queued_octets -= octets;
                    front.advance(octets);
                    if front.is_empty() {
                        self.queue.pop_front();
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    match stream.poll_write_ready(&mut cx) {
                        Poll::Ready(ready) => ready?,
                        Poll::Pending => return Ok(()),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if self.is_closing && !self.is_shut_down {
            self.is_shut_down = true;
            if let Poll::Ready(result) = Pin::new(stream).poll_shutdown(&mut cx) {
                return result;
            }
        }
        Ok(())
    }
}

fn set_no_delay(stream: &TcpStream) {
    // A message should leave at once; a socket that cannot do that still carries it.
    let _ = stream.set_nodelay(true);
}
