//! What handles ask of a worker, and how it is carried out.

use std::net::UdpSocket;
use std::time::Instant;

use super::handover::{Giver, Parcel, Taker};
use super::worker::Worker;
use crate::{MediaCore, PortKey};

/// Messages taken from the queue before the sockets have their turn.
const QUEUE_BUDGET: usize = 256;

/// What handles send.
pub(super) enum Message<C: MediaCore> {
    Command(C::Command),
    AddPort {
        port: PortKey,
        rtp: UdpSocket,
        rtcp: UdpSocket,
    },
    GiveUp {
        port: PortKey,
        to: Giver<C>,
    },
    /// Carries out a command as soon as the port is there.
    TakeOver {
        port: PortKey,
        from: Taker<C>,
        then: C::Command,
    },
}

impl<C: MediaCore, F: FnMut(C::Event)> Worker<C, F> {
    /// Takes messages if there are any; whether there may be more.
    pub(super) fn read_queue(&mut self) -> bool {
        if !self.signal.take() {
            return false;
        }
        for _ in 0..QUEUE_BUDGET {
            let Some(message) = self.next_message() else {
                return false;
            };
            self.carry_out(Instant::now(), message);
        }
        self.signal.wake();
        true
    }

    /// The next message; none while a port is on its way here, for nothing may overtake it.
    fn next_message(&mut self) -> Option<Message<C>> {
        let message = self.held.take().or_else(|| self.messages.try_recv().ok())?;
        match &message {
            Message::TakeOver { from, .. } if from.is_waiting() => {
                self.held = Some(message);
                None
            }
            _ => Some(message),
        }
    }

    fn carry_out(&mut self, now: Instant, message: Message<C>) {
        match message {
            Message::Command(command) => self.core.handle_command(now, command),
            Message::AddPort { port, rtp, rtcp } => {
                if let Err(error) = self.ports.open(&self.poll, port, rtp, rtcp) {
                    self.core.handle_port_failed(now, port, error.kind());
                }
            }
            Message::GiveUp { port, to } => {
                // All of it, for what is sent and told afterwards is not of this port any more.
                while self.core.poll_timeout().is_some_and(|due| due <= now) {
                    self.tick(now);
                }
                let parcel = Parcel {
                    state: self.core.give_up_port(now, port),
                    port: self.ports.take(&self.poll, port),
                };
                if let Err(parcel) = to.deliver(parcel) {
                    self.take_over(now, port, parcel);
                    self.core.end_port(now, port);
                }
            }
            Message::TakeOver { port, from, then } => {
                if let Some(parcel) = from.take() {
                    self.take_over(now, port, parcel);
                    self.core.handle_command(now, then);
                }
            }
        }
        self.flush();
        self.count_ports();
    }

    fn take_over(&mut self, now: Instant, port: PortKey, parcel: Parcel<C>) {
        if let Some(state) = parcel.state {
            self.core.take_over_port(now, port, state);
        }
        if let Some(sockets) = parcel.port
            && let Err(error) = self.ports.put(&self.poll, sockets)
        {
            self.core.handle_port_failed(now, port, error.kind());
        }
    }

    /// Ends all ports, those too that have come and were not looked at.
    pub(super) fn end_ports(&mut self) {
        self.signal.stop();
        let now = Instant::now();
        while let Some(message) = self.held.take().or_else(|| self.messages.try_recv().ok()) {
            if let Message::TakeOver { port, from, .. } = message
                && let Some(parcel) = from.take()
            {
                self.take_over(now, port, parcel);
            }
        }
        for port in self.ports.keys() {
            self.core.end_port(now, port);
        }
        self.flush();
    }
}

#[cfg(test)]
impl<C: MediaCore, F: FnMut(C::Event)> Worker<C, F> {
    /// Carries out one message; whether there was one that need not wait.
    pub(super) fn step(&mut self) -> bool {
        let message = self.next_message();
        message
            .map(|it| self.carry_out(Instant::now(), it))
            .is_some()
    }

    /// Is no more, as if it had panicked.
    pub(super) fn die(mut self) {
        self.end_ports();
    }

    pub(super) fn open_ports(&self) -> usize {
        self.ports.len()
    }

    pub(super) fn is_held(&self) -> bool {
        self.held.is_some()
    }
}
