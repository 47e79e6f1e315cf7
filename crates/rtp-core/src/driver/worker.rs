//! The thread: one poll, all sockets, one core.

use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use super::counters::{Counters, increment};
use super::poll::{Events, Poll};
use super::ports::{Datagram, Ports, is_passing};
use super::signal::Signal;
use crate::{MediaCore, PortKey};

/// Datagrams that share a reading of the clock: 20 us of work, a sixth of a tick at 8 kHz.
const CLOCK_BUDGET: usize = 8;
/// Messages taken from the queue before the sockets have their turn.
const QUEUE_BUDGET: usize = 256;
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
        let mut events = Events::new();
        while !self.signal.is_stopping() {
            let waited = self.poll.wait(&mut events, self.core.poll_timeout());
            increment(&self.counters.wakeups);
            match waited {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    tracing::error!(%error, "media worker cannot poll");
                    break;
                }
                _ => {}
            }
            self.read_queue();
            self.read_sockets(&events);
        }
        while self.read_queue() {}
        self.counters.open_ports.store(0, Relaxed);
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
                    if let Err(error) = self.ports.open(&self.poll, port, rtp, rtcp) {
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

    /// Does what is due, and reads a datagram from every socket that is ready; what has more comes again with the next wait.
    fn read_sockets(&mut self, events: &Events) {
        let mut now = Instant::now();
        self.tick(now);
        let mut read = 0;
        for number in events.ready() {
            if read == CLOCK_BUDGET {
                read = 0;
                now = Instant::now();
                self.tick(now);
            }
            read += 1;
            self.read_socket(now, number);
        }
    }

    fn read_socket(&mut self, now: Instant, number: usize) {
        match self.ports.receive(number, &mut self.buffer) {
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
            Err(_) => self.poll.is_empty(number),
        }
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
            self.ports.close(&self.poll, port);
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
