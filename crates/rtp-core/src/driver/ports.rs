//! The sockets of a worker, by number: those of a pair have two in a row.

use std::io;
use std::net::{SocketAddr, UdpSocket};

use slab::Slab;

use super::connect;
use super::poll::{Poll, Socket, watchable};
use crate::{Channel, Connect, PortKey, PortMap, Transmit};

/// The two sockets of a pair.
pub(super) struct Port {
    key: PortKey,
    sockets: [Socket; 2],
    /// The peer that the RTP socket is connected to.
    connected: Option<SocketAddr>,
    /// Whether all that waits in it came after that, and so from the peer: its source need not be asked for.
    settled: bool,
}

/// A datagram in the buffer.
pub(super) struct Datagram {
    pub(super) port: PortKey,
    pub(super) channel: Channel,
    pub(super) source: SocketAddr,
    pub(super) octets: usize,
}

#[derive(Default)]
pub(super) struct Ports {
    ports: Slab<Port>,
    keys: PortMap<usize>,
}

impl Ports {
    pub(super) fn open(
        &mut self,
        poll: &Poll,
        key: PortKey,
        rtp: UdpSocket,
        rtcp: UdpSocket,
    ) -> io::Result<()> {
        if self.keys.contains_key(&key) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let port = Port {
            key,
            sockets: [watchable(rtp), watchable(rtcp)],
            connected: None,
            settled: false,
        };
        self.put(poll, port)
    }

    /// Watches the sockets of a pair from now on, for what waits in them already too.
    pub(super) fn put(&mut self, poll: &Poll, mut port: Port) -> io::Result<()> {
        let entry = self.ports.vacant_entry();
        let index = entry.key();
        for (channel, socket) in port.sockets.iter_mut().enumerate() {
            poll.add(socket, index * 2 + channel)?;
        }
        self.keys.insert(port.key, index);
        entry.insert(port);
        Ok(())
    }

    /// Watches the sockets of a pair no longer, and gives them out as they are.
    pub(super) fn take(&mut self, poll: &Poll, key: PortKey) -> Option<Port> {
        let mut port = self.ports.remove(self.keys.remove(&key)?);
        for socket in &mut port.sockets {
            if let Err(error) = poll.remove(socket) {
                tracing::debug!(%error, "media socket was not watched");
            }
        }
        Some(port)
    }

    /// The names of all pairs.
    pub(super) fn keys(&self) -> Vec<PortKey> {
        self.keys.keys().copied().collect()
    }

    /// Connects the RTP socket of a port; one that cannot be stays as it is.
    pub(super) fn connect(&mut self, Connect { port, peer }: Connect) {
        let index = self.keys.get(&port).filter(|_| connect::IS_SUPPORTED);
        let Some(port) = index.and_then(|index| self.ports.get_mut(*index)) else {
            return;
        };
        match connect::apply(&port.sockets[0], peer) {
            Ok(()) => (port.connected, port.settled) = (peer, false),
            Err(error) => tracing::debug!(%error, ?peer, "media socket not connected"),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.ports.len()
    }

    /// Reads a datagram.
    ///
    /// # Errors
    /// What the operating system says, or that the port is closed; unless [`is_passing`], nothing is left to read.
    pub(super) fn receive(&mut self, number: usize, buffer: &mut [u8]) -> io::Result<Datagram> {
        let port = self.ports.get_mut(number / 2);
        let port = port.ok_or(io::ErrorKind::NotFound)?;
        let socket = &port.sockets[number % 2];
        let (channel, peer) = match number.is_multiple_of(2) {
            true => (Channel::Rtp, port.connected),
            false => (Channel::Rtcp, None),
        };
        let (octets, source) = match peer {
            Some(peer) if port.settled => (socket.recv(buffer)?, peer),
            Some(_) => {
                let received = socket.recv_from(buffer)?;
                let rest = socket.peek(&mut [0]);
                port.settled = rest.is_err_and(|it| it.kind() == io::ErrorKind::WouldBlock);
                received
            }
            None => socket.recv_from(buffer)?,
        };
        Ok(Datagram {
            port: port.key,
            channel,
            source,
            octets,
        })
    }

    /// Sends a datagram; whether the operating system took it. Media is not worth queueing: what it does not take at
    /// once is lost, as on any congested path.
    pub(super) fn send(&self, transmit: &Transmit<'_>) -> bool {
        let Some(port) = self
            .keys
            .get(&transmit.port)
            .and_then(|index| self.ports.get(*index))
        else {
            return false;
        };
        let socket = &port.sockets[transmit.channel as usize];
        let is_connected =
            transmit.channel == Channel::Rtp && port.connected == Some(transmit.destination);
        let send = || match is_connected {
            true => socket.send(transmit.payload),
            false => socket.send_to(transmit.payload, transmit.destination),
        };
        let result = send().or_else(|error| {
            if is_passing(error.kind()) {
                send()
            } else {
                Err(error)
            }
        });
        if let Err(error) = &result {
            tracing::trace!(%error, destination = %transmit.destination, "datagram not sent");
        }
        result.is_ok()
    }
}

/// A signal, or the word that an earlier datagram met a closed port: the operation is to be repeated.
pub(super) fn is_passing(error: io::ErrorKind) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error, Interrupted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::driver::poll::Events;

    fn socket() -> UdpSocket {
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
    }

    #[test]
    fn what_came_before_a_socket_was_connected_keeps_its_source() {
        let (mut poll, _waker) = Poll::new().unwrap();
        let (rtp, peer, stranger) = (socket(), socket(), socket());
        rtp.set_nonblocking(true).unwrap();
        let [at, peer_at, stranger_at] =
            [&rtp, &peer, &stranger].map(|it| it.local_addr().unwrap());
        let (mut ports, port) = (Ports::default(), PortKey(7));
        ports.open(&poll, port, rtp, socket()).unwrap();
        let mut events = Events::new();
        let mut wait = || {
            let patience = Instant::now() + Duration::from_secs(20);
            poll.wait(&mut events, Some(patience)).unwrap();
            assert_eq!(events.ready().collect::<Vec<_>>(), [0]);
        };
        stranger.send_to(&[1], at).unwrap();
        wait();
        ports.connect(Connect {
            port,
            peer: Some(peer_at),
        });
        let mut buffer = [0; 8];
        let before = ports.receive(0, &mut buffer).unwrap();
        assert_eq!((before.source, buffer[0]), (stranger_at, 1));
        for number in 2..5 {
            stranger.send_to(&[number], at).unwrap();
            peer.send_to(&[number], at).unwrap();
            wait();
            let next = ports.receive(0, &mut buffer).unwrap();
            assert_eq!((next.source, buffer[0]), (peer_at, number));
        }
        assert!(ports.receive(0, &mut buffer).is_err());
    }
}
