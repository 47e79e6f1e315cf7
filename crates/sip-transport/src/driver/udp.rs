//! A UDP socket: received from in batches, sent to directly.

use std::collections::VecDeque;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use quinn_udp::{BATCH_SIZE, RecvMeta, TransportErrorPayload, UdpSockRef, UdpSocketState};

use super::datagram_socket::DatagramSocket;
use super::inbox::Inbox;
use super::outbox::Outbox;
use super::recent::RecentDestinations;
use crate::{Input, ListenerId};

/// Room for the largest datagram.
const DATAGRAM_OCTETS: usize = 65_536;
/// Datagrams that one system call receives at most.
const BATCH_DATAGRAMS: usize = BATCH_SIZE;
/// Datagrams that the first system call of a turn receives at most. Getting ready for each costs something, and seldom there
/// are more; when there are, the next call takes more.
const FIRST_BATCH: usize = if BATCH_SIZE < 4 { BATCH_SIZE } else { 4 };
/// Batches read in one turn: others want their turn too.
const BATCHES_PER_TURN: usize = 16;
/// Datagrams that wait while the kernel's send buffer is full.
const QUEUE_DATAGRAMS: usize = 1024;
/// Where a batch is received into; one for all sockets of a shard. Pages that no datagram reaches
/// cost nothing.
pub(super) struct BatchBuffer {
    octets: Vec<u8>,
    meta: [RecvMeta; BATCH_DATAGRAMS],
}

impl BatchBuffer {
    pub(super) fn new() -> Self {
        let octets = vec![0; DATAGRAM_OCTETS * BATCH_DATAGRAMS];
        Self {
            octets,
            meta: [RecvMeta::default(); BATCH_DATAGRAMS],
        }
    }
}

pub(super) struct UdpListener {
    pub(super) id: ListenerId,
    socket: DatagramSocket,
    state: UdpSocketState,
    outbox: Outbox,
    waiting: VecDeque<(SocketAddr, Bytes)>,
    recent: RecentDestinations,
}

impl UdpListener {
    pub(super) fn new(id: ListenerId, socket: std::net::UdpSocket) -> io::Result<Self> {
        // The state sets up the socket it is made from for QUIC: no fragmentation, and timestamps
        // and ECN bits with each datagram. SIP needs fragmentation (RFC 3261 section 18.1.1) and
        // none of the rest, so it is made from another socket; receiving takes any.
        let template = std::net::UdpSocket::bind(SocketAddr::new(socket.local_addr()?.ip(), 0))?;
        let state = UdpSocketState::new(UdpSockRef::from(&template))?;
        state.enable_transport_errors(UdpSockRef::from(&socket))?;
        let socket = DatagramSocket::new(socket)?;
        Ok(Self {
            id,
            socket,
            outbox: Outbox::new(state.max_gso_segments()),
            state,
            waiting: VecDeque::new(),
            recent: RecentDestinations::default(),
        })
    }

    /// Receives what is there and puts it down as arrived at `at`; returns whether there may be
    /// more.
    pub(super) fn receive(
        &mut self,
        cx: &mut Context<'_>,
        at: Instant,
        buffer: &mut BatchBuffer,
        inbox: &mut Inbox,
        mut failed: impl FnMut(Input),
    ) -> bool {
        let BatchBuffer { octets, meta } = buffer;
        let mut chunks = octets.chunks_exact_mut(DATAGRAM_OCTETS);
        let mut slices: [IoSliceMut<'_>; BATCH_DATAGRAMS] =
            std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
        let mut batch = FIRST_BATCH;
        for _ in 0..BATCHES_PER_TURN {
            if inbox.is_full() {
                break;
            }
            let mut received = 0;
            let Poll::Ready(result) = self.socket.poll_receive(cx, |socket| {
                received = self.state.recv(socket, &mut slices[..batch], meta)?;
                // A batch that is not full has emptied the socket: telling so clears the readiness
                // without another system call.
                match received < batch {
                    true => Err(io::ErrorKind::WouldBlock.into()),
                    false => Ok(()),
                }
            }) else {
                return false;
            };
            batch = BATCH_DATAGRAMS;
            for (meta, slice) in meta.iter().zip(&slices).take(received) {
                // The stride is the length unless the kernel joined datagrams of one sender.
                for datagram in slice[..meta.len].chunks(meta.stride.max(1)) {
                    inbox.push(at, self.id, meta.addr, datagram);
                }
            }
            match result {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Not about what was received: an ICMP error of an earlier datagram.
                Err(error) => {
                    tracing::trace!(%error, "receive error");
                    self.take_errors(at, &mut failed);
                }
            }
        }
        true
    }

    /// Sends a datagram by the end of the turn, together with its like: see [`finish`](Self::finish).
    pub(super) fn send(
        &mut self,
        now: Instant,
        destination: SocketAddr,
        payload: Bytes,
        failed: impl FnMut(Input),
    ) {
        if !self.outbox.takes(destination, &payload) {
            self.finish(now, failed);
        }
        self.outbox.push(destination, payload);
    }

    /// Sends what has been put together since the last time, or lets it wait when the kernel's buffer is full.
    pub(super) fn finish(&mut self, now: Instant, mut failed: impl FnMut(Input)) {
        if self.waiting.is_empty()
            && let Some(joined) = self.outbox.join()
            && self
                .state
                .try_send(self.socket.reference(), &joined)
                .is_ok()
        {
            let destination = joined.destination;
            self.outbox.clear();
            return self.recent.note(now, destination);
        }
        // One by one, where an error tells which of them it is about.
        while let Some(datagram) = self.outbox.pop() {
            self.send_one(now, datagram, &mut failed);
        }
    }

    fn send_one(
        &mut self,
        now: Instant,
        datagram: (SocketAddr, Bytes),
        failed: &mut impl FnMut(Input),
    ) {
        let (destination, payload) = datagram;
        if self.waiting.is_empty() {
            match self.send_now(now, destination, &payload, failed) {
                Ok(()) => return,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return failed(self.failure(destination, error.kind())),
            }
        }
        if self.waiting.len() < QUEUE_DATAGRAMS {
            self.waiting.push_back((destination, payload));
        } else {
            failed(self.failure(destination, io::ErrorKind::WouldBlock));
        }
    }

    /// Sends what waits, as far as the kernel takes it.
    pub(super) fn flush(&mut self, now: Instant, mut failed: impl FnMut(Input)) {
        while let Some((destination, payload)) = self.waiting.pop_front() {
            match self.send_now(now, destination, &payload, &mut failed) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return self.waiting.push_front((destination, payload));
                }
                Err(error) => failed(self.failure(destination, error.kind())),
            }
        }
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.waiting.is_empty()
    }

    fn send_now(
        &mut self,
        now: Instant,
        destination: SocketAddr,
        payload: &[u8],
        failed: &mut impl FnMut(Input),
    ) -> io::Result<()> {
        let mut result = self.socket.send(payload, destination);
        if result
            .as_ref()
            .is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock)
            && self.take_errors(now, failed)
        {
            // The error was about an earlier datagram; this one has not been tried.
            result = self.socket.send(payload, destination);
        }
        result?;
        self.recent.note(now, destination);
        Ok(())
    }

    /// Takes the ICMP errors that the system has for this socket; returns whether there were any.
    fn take_errors(&mut self, now: Instant, failed: &mut impl FnMut(Input)) -> bool {
        let mut found = false;
        while let Ok(Some(error)) = self.state.recv_transport_error(self.socket.reference()) {
            found = true;
            // The error names a host but no port.
            if let TransportErrorPayload::Unreachable = error.payload
                && let Some(addr) = error.addr
                && let Some(destination) = self.recent.only_one_of(now, addr.ip())
            {
                failed(self.failure(destination, io::ErrorKind::ConnectionRefused));
            }
        }
        found
    }

    fn failure(&self, destination: SocketAddr, error: io::ErrorKind) -> Input {
        Input::SendFailed {
            listener: self.id,
            destination,
            error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// What is told when something is sent to a closed port and again so much later, when the port is open: what came
    /// before has left an error behind.
    fn failures(pause: Duration) -> Vec<Input> {
        let bound = || std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let peer = bound().local_addr().unwrap();
        let mut listener = UdpListener::new(ListenerId(0), bound()).unwrap();
        let (start, mut failures) = (Instant::now(), Vec::new());
        let mut send = |now| {
            listener.send(now, peer, Bytes::from_static(b"x"), |_| {});
            listener.finish(now, |input| failures.push(input));
        };
        send(start);
        let opened = std::net::UdpSocket::bind(peer).unwrap();
        opened.set_nonblocking(true).unwrap();
        send(start + pause);
        assert_eq!(opened.recv(&mut [0; 8]).unwrap(), 1, "it was sent");
        failures
    }

    #[tokio::test]
    async fn an_error_of_long_ago_fails_nothing_that_begins_now() {
        assert_eq!(failures(Duration::from_secs(1)).len(), 1);
        assert!(failures(Duration::from_secs(44)).is_empty());
    }
}
