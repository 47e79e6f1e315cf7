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
use crate::{Input, ListenerId};

/// Room for the largest datagram.
const DATAGRAM_OCTETS: usize = 65_536;
/// Datagrams received by one system call: with so many its cost is lost in theirs.
const BATCH_DATAGRAMS: usize = if BATCH_SIZE < 8 { BATCH_SIZE } else { 8 };
/// Batches read in one turn: others want their turn too.
const BATCHES_PER_TURN: usize = 64;
/// Datagrams that wait while the kernel's send buffer is full.
const QUEUE_DATAGRAMS: usize = 1024;
/// Destinations remembered to tell whom an ICMP error is about.
const RECENT_DESTINATIONS: usize = 16;

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
    recent: VecDeque<SocketAddr>,
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
            recent: VecDeque::new(),
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
        for _ in 0..BATCHES_PER_TURN {
            if inbox.is_full() {
                break;
            }
            let mut chunks = buffer.octets.chunks_exact_mut(DATAGRAM_OCTETS);
            let mut slices: [IoSliceMut<'_>; BATCH_DATAGRAMS] =
                std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap_or_default()));
            let (state, meta) = (&self.state, &mut buffer.meta);
            let mut received = 0;
            let Poll::Ready(result) = self.socket.poll_receive(cx, |socket| {
                received = state.recv(socket, &mut slices, meta)?;
                // A batch that is not full has emptied the socket: telling so clears the readiness
                // without another system call.
                match received < BATCH_DATAGRAMS {
                    true => Err(io::ErrorKind::WouldBlock.into()),
                    false => Ok(()),
                }
            }) else {
                return false;
            };
            for (meta, slice) in buffer.meta.iter().zip(&slices).take(received) {
                let octets = &slice[..meta.len];
                // The stride is the length unless the kernel joined datagrams of one sender.
                for datagram in octets.chunks(meta.stride.max(1)) {
                    inbox.push(at, self.id, meta.addr, datagram);
                }
            }
            match result {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // Not about what was received: an ICMP error of an earlier datagram.
                Err(error) => {
                    tracing::trace!(%error, "receive error");
                    self.take_errors(&mut failed);
                }
            }
        }
        true
    }

    /// Sends a datagram by the end of the turn, together with its like: see [`finish`](Self::finish).
    pub(super) fn send(
        &mut self,
        destination: SocketAddr,
        payload: Bytes,
        failed: impl FnMut(Input),
    ) {
        if !self.outbox.takes(destination, &payload) {
            self.finish(failed);
        }
        self.outbox.push(destination, payload);
    }

    /// Sends what has been put together since the last time, or lets it wait when the kernel's buffer is full.
    pub(super) fn finish(&mut self, mut failed: impl FnMut(Input)) {
        if self.waiting.is_empty()
            && let Some(joined) = self.outbox.join()
            && self
                .state
                .try_send(self.socket.reference(), &joined)
                .is_ok()
        {
            let destination = joined.destination;
            self.outbox.clear();
            return self.note(destination);
        }
        // One by one, where an error tells which of them it is about.
        while let Some(datagram) = self.outbox.pop() {
            self.send_one(datagram, &mut failed);
        }
    }

    fn send_one(&mut self, datagram: (SocketAddr, Bytes), failed: &mut impl FnMut(Input)) {
        let (destination, payload) = datagram;
        if self.waiting.is_empty() {
            match self.send_now(destination, &payload, failed) {
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
    pub(super) fn flush(&mut self, mut failed: impl FnMut(Input)) {
        while let Some((destination, payload)) = self.waiting.pop_front() {
            match self.send_now(destination, &payload, &mut failed) {
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
        destination: SocketAddr,
        payload: &[u8],
        failed: &mut impl FnMut(Input),
    ) -> io::Result<()> {
        let mut result = self.socket.send(payload, destination);
        if result
            .as_ref()
            .is_err_and(|error| error.kind() != io::ErrorKind::WouldBlock)
            && self.take_errors(failed)
        {
            // The error was about an earlier datagram; this one has not been tried.
            result = self.socket.send(payload, destination);
        }
        result?;
        self.note(destination);
        Ok(())
    }

    /// Remembers whom an error may be about.
    fn note(&mut self, destination: SocketAddr) {
        if self.recent.back() != Some(&destination) {
            if self.recent.len() == RECENT_DESTINATIONS {
                self.recent.pop_front();
            }
            self.recent.push_back(destination);
        }
    }

    /// Takes the ICMP errors that the system has for this socket; returns whether there were any.
    fn take_errors(&mut self, failed: &mut impl FnMut(Input)) -> bool {
        let mut found = false;
        while let Ok(Some(error)) = self.state.recv_transport_error(self.socket.reference()) {
            found = true;
            // The error names a host but no port: it is told on only where there is no doubt.
            let ip = error.addr.map(|addr| addr.ip());
            let mut to_host = self.recent.iter().filter(|addr| Some(addr.ip()) == ip);
            if let TransportErrorPayload::Unreachable = error.payload
                && let Some(&destination) = to_host.next()
                && to_host.all(|other| *other == destination)
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
