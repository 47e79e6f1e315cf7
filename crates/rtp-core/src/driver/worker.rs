//! The thread: one poll, all sockets, one core.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use super::counters::{Counters, increment};
use super::message::Message;
use super::poll::{Events, MAX_EVENTS, Poll};
use super::ports::{Datagram, Ports, is_passing};
use super::signal::Signal;
use crate::MediaCore;

/// Datagrams read from one socket before the next one has its turn.
const READ_BUDGET: usize = 32;
/// Datagrams that share a reading of the clock: 20 us of work, a sixth of a tick at 8 kHz.
const CLOCK_BUDGET: usize = 8;
/// The largest UDP datagram.
const DATAGRAM_OCTETS: usize = 65_536;

pub(super) struct Worker<C: MediaCore, F> {
    pub(super) core: C,
    sink: F,
    pub(super) poll: Poll,
    pub(super) messages: Receiver<Message<C>>,
    /// A taking that waits for its port, and with it all that is queued.
    pub(super) held: Option<Message<C>>,
    pub(super) signal: Arc<Signal>,
    counters: Arc<Counters>,
    pub(super) ports: Ports,
    buffer: Vec<u8>,
    /// The deadline that was counted last.
    counted: Option<Instant>,
}

impl<C: MediaCore, F: FnMut(C::Event)> Worker<C, F> {
    pub(super) fn new(
        core: C,
        sink: F,
        poll: Poll,
        messages: Receiver<Message<C>>,
        signal: Arc<Signal>,
        counters: Arc<Counters>,
    ) -> Worker<C, F> {
        let buffer = vec![0; DATAGRAM_OCTETS];
        Worker {
            core,
            sink,
            poll,
            messages,
            held: None,
            signal,
            counters,
            ports: Ports::default(),
            buffer,
            counted: None,
        }
    }

    /// Works until it is told to stop. What panics here ends the ports of this worker, and nothing else.
    pub(super) fn run(mut self) {
        match catch_unwind(AssertUnwindSafe(|| self.turns())) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(%error, "media worker cannot poll");
                self.end_ports();
            }
            Err(_) => {
                tracing::error!("media worker panicked");
                self.end_ports();
            }
        }
        self.counters.open_ports.store(0, Relaxed);
    }

    /// Takes turns until it is told to stop, everything queued is done and every port that is on its way here has come.
    fn turns(&mut self) -> io::Result<()> {
        let mut events = Events::new();
        while !self.signal.is_stopping() || self.read_queue() || self.held.is_some() {
            let waited = self.poll.wait(&mut events, self.core.poll_timeout());
            increment(&self.counters.wakeups);
            match waited {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            self.read_queue();
            self.read_sockets(&events);
        }
        Ok(())
    }

    pub(super) fn tick(&mut self, now: Instant) {
        if let Some(deadline) = self.core.poll_timeout().filter(|deadline| *deadline <= now) {
            // A core may do a little at a time of what is due.
            if self.counted.replace(deadline) != Some(deadline) {
                self.counters.deadline(now - deadline);
            }
            self.core.handle_timeout(now);
            self.flush();
        }
    }

    /// Does what is due, and reads from every socket that is ready: a datagram, since what has more comes again with the next
    /// wait; or all there are while so many are ready that the worker is behind, since several of one stream are cheaper
    /// together.
    fn read_sockets(&mut self, events: &Events) {
        let mut now = Instant::now();
        self.tick(now);
        let is_behind = events.len() > (self.ports.len() / 2).min(MAX_EVENTS / 2);
        let most = if is_behind { READ_BUDGET } else { 1 };
        let mut read = 0;
        for number in events.ready() {
            if read >= CLOCK_BUDGET {
                read = 0;
                now = Instant::now();
                self.tick(now);
            }
            read += self.read_socket(now, number, most);
        }
    }

    /// Reads so many datagrams at most from a socket; how many it had.
    fn read_socket(&mut self, now: Instant, number: usize, most: usize) -> usize {
        for datagrams in 0..most {
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
                Err(_) => {
                    self.poll.is_empty(number);
                    return datagrams;
                }
            }
        }
        most
    }

    /// Carries out what the core wants, in the order that [`MediaCore`] promises.
    pub(super) fn flush(&mut self) {
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
            drop(self.ports.take(&self.poll, port));
            self.count_ports();
        }
        while let Some(event) = self.core.poll_event() {
            (self.sink)(event);
        }
    }

    pub(super) fn count_ports(&self) {
        self.counters
            .open_ports
            .store(self.ports.len() as u64, Relaxed);
    }
}
