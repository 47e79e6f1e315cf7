//! The thread: one poll, all sockets, one core.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use super::counters::{Counters, increment};
use super::ports::{Datagram, Ports, is_passing};
use super::signal::{Signal, WAKER};
use super::wait::{Wait, until};
use crate::{MediaCore, PortKey};

/// Datagrams read from one socket before the next one has its turn.
const READ_BUDGET: usize = 32;
/// Datagrams that share a reading of the clock: 20 us of work, a sixth of a tick at 8 kHz.
const CLOCK_BUDGET: usize = 8;
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
        rtp: UdpSocket,
        rtcp: UdpSocket,
    },
}

pub(super) struct Worker<C: MediaCore, F> {
    core: C,
    sink: F,
    poll: Poll,
    messages: Receiver<Message<C::Command>>,
    signal: Arc<Signal>,
    counters: Arc<Counters>,
    ports: Ports,
    buffer: Vec<u8>,
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
        let buffer = vec![0; DATAGRAM_OCTETS];
        Worker {
            core,
            sink,
            poll,
            messages,
            signal,
            counters,
            ports: Ports::default(),
            buffer,
        }
    }

    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        while !self.signal.is_stopping() {
            if let Err(error) = self.wait(&mut events) {
                tracing::error!(%error, "media worker cannot poll");
                break;
            }
            for event in events.iter().filter(|event| event.token() != WAKER) {
                self.ports.enter_line(event.token());
            }
            self.read_queue();
            self.read_line();
        }
        while self.read_queue() {}
        self.counters.open_ports.store(0, Relaxed);
    }

    /// Waits for something to do; looks only, when there is something left from the last turn.
    fn wait(&mut self, events: &mut Events) -> io::Result<()> {
        let wait = match self.ports.line_len() {
            0 => until(self.core.poll_timeout(), Instant::now()),
            _ => Wait::Poll(Duration::ZERO),
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
        match result {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    fn tick(&mut self, now: Instant) {
        if let Some(deadline) = self.core.poll_timeout().filter(|deadline| *deadline <= now) {
            self.counters.deadline(now - deadline);
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
                    if let Err(error) = self.ports.open(self.poll.registry(), port, rtp, rtcp) {
                        self.core.handle_port_failed(now, port, error.kind());
                    }
                    self.count_ports();
                }
            }
            self.flush();
        }
        self.signal.wake();
        true
    }

    /// Does what is due, and gives every socket in the line one turn.
    fn read_line(&mut self) {
        let mut now = Instant::now();
        self.tick(now);
        let mut read = 0;
        for _ in 0..self.ports.line_len() {
            let Some(token) = self.ports.leave_line() else {
                return;
            };
            if read >= CLOCK_BUDGET {
                read = 0;
                now = Instant::now();
                self.tick(now);
            }
            let datagrams = self.read_socket(now, token);
            if datagrams == READ_BUDGET {
                self.ports.enter_line(token);
            }
            read += datagrams;
        }
    }

    /// Reads one socket, up to its budget; how many datagrams it had.
    fn read_socket(&mut self, now: Instant, token: Token) -> usize {
        for datagrams in 0..READ_BUDGET {
            match self.ports.receive(token, &mut self.buffer) {
                Ok(Datagram {
                    port,
                    channel,
                    source,
                    octets,
                }) => {
                    increment(&self.counters.received);
                    self.core
                        .handle_packet(now, port, channel, source, &mut self.buffer[..octets]);
                    self.flush();
                }
                Err(error) if is_passing(error.kind()) => {}
                Err(_) => return datagrams,
            }
        }
        READ_BUDGET
    }

    /// Carries out what the core wants, in the order that [`MediaCore`] promises.
    fn flush(&mut self) {
        while let Some(transmit) = self.core.poll_transmit() {
            let sent = self.ports.send(&transmit);
            increment(if sent {
                &self.counters.sent
            } else {
                &self.counters.send_failed
            });
        }
        while let Some(connect) = self.core.poll_connect() {
            self.ports.connect(connect);
        }
        while let Some(port) = self.core.poll_closed_port() {
            self.ports.close(self.poll.registry(), port);
            self.count_ports();
        }
        while let Some(event) = self.core.poll_event() {
            (self.sink)(event);
        }
    }

    fn count_ports(&self) {
        self.counters
            .open_ports
            .store(self.ports.len() as u64, Relaxed);
    }
}
