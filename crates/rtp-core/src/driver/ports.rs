//! The sockets of a worker, and the line of those that may have something to read.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::net::{SocketAddr, UdpSocket as StdUdpSocket};

use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use slab::Slab;

use super::connect;
use crate::{Channel, Connect, PortKey, Transmit};

struct Port {
    key: PortKey,
    sockets: [UdpSocket; 2],
    /// Whether each socket stands in the line.
    in_line: [bool; 2],
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
    /// Readiness is edge-triggered: a socket leaves the line for good only when it has nothing left.
    line: VecDeque<Token>,
}

impl Ports {
    pub(super) fn open(
        &mut self,
        registry: &Registry,
        key: PortKey,
        rtp: StdUdpSocket,
        rtcp: StdUdpSocket,
    ) -> io::Result<()> {
        if self.keys.contains_key(&key) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let entry = self.ports.vacant_entry();
        let index = entry.key();
        let mut sockets = [UdpSocket::from_std(rtp), UdpSocket::from_std(rtcp)];
        for (channel, socket) in sockets.iter_mut().enumerate() {
            registry.register(socket, Token(index * 2 + channel), Interest::READABLE)?;
        }
        entry.insert(Port {
            key,
            sockets,
            in_line: [false; 2],
            connected: None,
        });
        self.keys.insert(key, index);
        Ok(())
    }

    pub(super) fn close(&mut self, registry: &Registry, key: PortKey) {
        let Some(index) = self.keys.remove(&key) else {
            return;
        };
        for socket in &mut self.ports.remove(index).sockets {
            if let Err(error) = registry.deregister(socket) {
                tracing::debug!(%error, "media socket was not registered");
            }
        }
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

    /// How many sockets stand in the line.
    pub(super) fn line_len(&self) -> usize {
        self.line.len()
    }

    /// Puts a socket at the end of the line, once.
    pub(super) fn enter_line(&mut self, token: Token) {
        if let Some(port) = self.ports.get_mut(token.0 / 2)
            && !std::mem::replace(&mut port.in_line[token.0 % 2], true)
        {
            self.line.push_back(token);
        }
    }

    /// Takes the first socket out of the line.
    pub(super) fn leave_line(&mut self) -> Option<Token> {
        let token = self.line.pop_front()?;
        if let Some(port) = self.ports.get_mut(token.0 / 2) {
            port.in_line[token.0 % 2] = false;
        }
        Some(token)
    }

    /// Reads a datagram.
    ///
    /// # Errors
    /// What the operating system says, or that the port is closed; unless [`is_passing`], nothing is left to read.
    pub(super) fn receive(&self, token: Token, buffer: &mut [u8]) -> io::Result<Datagram> {
        let port = self.ports.get(token.0 / 2).ok_or(io::ErrorKind::NotFound)?;
        let (octets, source) = port.sockets[token.0 % 2].recv_from(buffer)?;
        let channel = if token.0.is_multiple_of(2) {
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
