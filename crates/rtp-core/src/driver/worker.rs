//! The thread: one poll, all sockets, one core.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{SocketAddr, UdpSocket as StdUdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Registry, Token};
use slab::Slab;

use super::counters::{Counters, increment};
use super::signal::{Signal, WAKER};
use super::wait::{Wait, until};
use crate::{Channel, MediaCore, PortKey};

/// Datagrams read from one socket before the next one has its turn.
const READ_BUDGET: usize = 32;
/// Messages taken from the queue before the sockets have their turn.
const QUEUE_BUDGET: usize = 256;
/// Readiness events taken from one poll.
const EVENTS: usize = 1024;
/// The largest UDP datagram.
const DATAGRAM_OCTETS: usize = 65_536;

/// What handles send.
pub(super) enum Message<Command> {
    Command(Command),
    AddPort {
        port: PortKey,
        rtp: StdUdpSocket,
        rtcp: StdUdpSocket,
    },
}

struct Port {
    key: PortKey,
    sockets: [UdpSocket; 2],
    /// Whether each socket stands in the line of sockets to read.
    in_line: [bool; 2],
}

pub(super) struct Worker<C: MediaCore, F> {
    core: C,
    sink: F,
    poll: Poll,
    messages: Receiver<Message<C::Command>>,
    signal: Arc<Signal>,
    counters: Arc<Counters>,
    ports: Slab<Port>,
    keys: HashMap<PortKey, usize>,
    /// Sockets that may have more to read. Readiness is edge-triggered: a socket leaves the line only when it has
    /// nothing left.
    line: VecDeque<Token>,
    buffer: Vec<u8>,
}

fn token(index: usize, channel: Channel) -> Token {
    Token(index * 2 + channel as usize)
}

fn channel(token: Token) -> Channel {
    if token.0.is_multiple_of(2) {
        Channel::Rtp
    } else {
        Channel::Rtcp
    }
}

impl<C: MediaCore, F: FnMut(C::Event)> Worker<C, F> {
    pub(super) fn new(
        core: C,
        sink: F,
        poll: Poll,
        messages: Receiver<Message<C::Command>>,
        signal: Arc<Signal>,
        counters: Arc<Counters>,
    ) -> Worker<C, F> {
        Worker {
            core,
            sink,
            poll,
            messages,
            signal,
            counters,
            ports: Slab::new(),
            keys: HashMap::new(),
            line: VecDeque::new(),
            buffer: vec![0; DATAGRAM_OCTETS],
        }
    }

    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        while !self.signal.is_stopping() {
            if let Err(error) = self.wait(&mut events) {
                tracing::error!(%error, "media worker cannot poll");
                return;
            }
            for event in events.iter().filter(|event| event.token() != WAKER) {
                self.enter_line(event.token());
            }
            self.tick();
            self.read_queue();
            self.read_line();
        }
        while self.read_queue() {}
        self.counters.open_ports.store(0, Relaxed);
    }

    /// Waits for something to do; looks only, when there is something left from the last turn.
    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let wait = match self.line.is_empty() {
            true => until(self.core.poll_timeout(), Instant::now()),
            false => Wait::Poll(Duration::ZERO),
        };
        let timeout = match wait {
            Wait::Forever => None,
            Wait::Poll(timeout) => Some(timeout),
            Wait::Park(rest) => {
                std::thread::park_timeout(rest);
                Some(Duration::ZERO)
            }
        };
        let result = self.poll.poll(events, timeout);
        increment(&self.counters.wakeups);
        result.or_else(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                Ok(())
            } else {
                Err(error)
            }
        })
    }

    fn tick(&mut self) {
        let now = Instant::now();
        if self
            .core
            .poll_timeout()
            .is_some_and(|deadline| deadline <= now)
        {
            self.core.handle_timeout(now);
            self.flush();
        }
    }

    /// Takes messages if there are any; whether there may be more.
    fn read_queue(&mut self) -> bool {
        if !self.signal.take() {
            return false;
        }
        for _ in 0..QUEUE_BUDGET {
            let Ok(message) = self.messages.try_recv() else {
                return false;
            };
            let now = Instant::now();
            match message {
                Message::Command(command) => self.core.handle_command(now, command),
                Message::AddPort { port, rtp, rtcp } => {
                    if let Err(error) = self.open(port, rtp, rtcp) {
                        self.core.handle_port_failed(now, port, error.kind());
                    }
                }
            }
            self.flush();
        }
        self.signal.wake();
        true
    }

    fn open(&mut self, key: PortKey, rtp: StdUdpSocket, rtcp: StdUdpSocket) -> io::Result<()> {
        if self.keys.contains_key(&key) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let entry = self.ports.vacant_entry();
        let index = entry.key();
        let mut sockets = [UdpSocket::from_std(rtp), UdpSocket::from_std(rtcp)];
        for (socket, channel) in sockets.iter_mut().zip([Channel::Rtp, Channel::Rtcp]) {
            self.poll
                .registry()
                .register(socket, token(index, channel), Interest::READABLE)?;
        }
        entry.insert(Port {
            key,
            sockets,
            in_line: [false; 2],
        });
        self.keys.insert(key, index);
        self.counters
            .open_ports
            .store(self.ports.len() as u64, Relaxed);
        Ok(())
    }

    fn enter_line(&mut self, token: Token) {
        if let Some(port) = self.ports.get_mut(token.0 / 2)
            && !std::mem::replace(&mut port.in_line[token.0 % 2], true)
        {
            self.line.push_back(token);
        }
    }

    /// Gives every socket in the line one turn.
    fn read_line(&mut self) {
        for _ in 0..self.line.len() {
            let Some(token) = self.line.pop_front() else {
                return;
            };
            if let Some(port) = self.ports.get_mut(token.0 / 2) {
                port.in_line[token.0 % 2] = false;
            }
            if !self.read_socket(token) {
                self.enter_line(token);
            }
            self.tick();
        }
    }

    /// Reads one socket; whether nothing is left in it.
    fn read_socket(&mut self, token: Token) -> bool {
        for _ in 0..READ_BUDGET {
            let Some(port) = self.ports.get(token.0 / 2) else {
                return true;
            };
            match port.sockets[token.0 % 2].recv_from(&mut self.buffer) {
                Ok((octets, source)) => {
                    increment(&self.counters.received);
                    let payload = &self.buffer[..octets];
                    let key = port.key;
                    self.core
                        .handle_packet(Instant::now(), key, channel(token), source, payload);
                    self.flush();
                }
                // An answer to a datagram that was sent: the port of the peer is closed.
                Err(error) if is_passing(error.kind()) => {}
                Err(_) => return true,
            }
        }
        false
    }

    /// Carries out what the core wants, in the order that [`MediaCore`] promises.
    fn flush(&mut self) {
        while let Some(transmit) = self.core.poll_transmit() {
            let port = self
                .keys
                .get(&transmit.port)
                .and_then(|index| self.ports.get(*index));
            let sent = port.is_some_and(|port| {
                send(
                    &port.sockets[transmit.channel as usize],
                    transmit.payload,
                    transmit.destination,
                )
            });
            increment(if sent {
                &self.counters.sent
            } else {
                &self.counters.send_failed
            });
        }
        while let Some(key) = self.core.poll_closed_port() {
            if let Some(index) = self.keys.remove(&key) {
                close(self.ports.remove(index), self.poll.registry());
                self.counters
                    .open_ports
                    .store(self.ports.len() as u64, Relaxed);
            }
        }
        while let Some(event) = self.core.poll_event() {
            (self.sink)(event);
        }
    }
}

/// Media is not worth queueing: what the socket does not take at once is lost, as on any congested path.
fn send(socket: &UdpSocket, payload: &[u8], destination: SocketAddr) -> bool {
    match socket.send_to(payload, destination) {
        Ok(_) => true,
        Err(error) if is_passing(error.kind()) => socket.send_to(payload, destination).is_ok(),
        Err(error) => {
            tracing::trace!(%error, %destination, "datagram not sent");
            false
        }
    }
}

fn is_passing(error: io::ErrorKind) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error, Interrupted | ConnectionRefused | ConnectionReset)
}

fn close(mut port: Port, registry: &Registry) {
    for socket in &mut port.sockets {
        if let Err(error) = registry.deregister(socket) {
            tracing::debug!(%error, "media socket was not registered");
        }
    }
}
