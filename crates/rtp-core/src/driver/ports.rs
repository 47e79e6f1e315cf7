//! The sockets of a worker, by number: those of a pair have two in a row.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::net::{SocketAddr, UdpSocket};

use slab::Slab;

use super::connect;
use super::poll::{Poll, Socket, watchable};
use crate::{Channel, Connect, PortKey, Transmit};

/// The two sockets of a pair.
pub(super) struct Port {
    key: PortKey,
    sockets: [Socket; 2],
    /// The peer that the RTP socket is connected to.
    connected: Option<SocketAddr>,
}

/// Spreads keys, which no stranger chooses, by a multiplication.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn write(&mut self, octets: &[u8]) {
        octets
            .iter()
            .for_each(|octet| self.write_u64((*octet).into()));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = (self.0 ^ key)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
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
    keys: HashMap<PortKey, usize, BuildHasherDefault<KeyHasher>>,
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
            Ok(()) => port.connected = peer,
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
    pub(super) fn receive(&self, number: usize, buffer: &mut [u8]) -> io::Result<Datagram> {
        let port = self.ports.get(number / 2).ok_or(io::ErrorKind::NotFound)?;
        let (octets, source) = port.sockets[number % 2].recv_from(buffer)?;
        let channel = if number.is_multiple_of(2) {
            Channel::Rtp
        } else {
            Channel::Rtcp
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
