//! Datagrams and events that wait to be polled, in buffers that are used again and again.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::ops::Range;

use crate::event::MediaEvent;
use crate::rtp_core::{Channel, Connect, PortKey, Transmit};

/// What an engine has to say to its driver.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    octets: Vec<u8>,
    datagrams: Vec<Datagram>,
    /// How many of the datagrams have been polled.
    polled: usize,
    pub(crate) connects: VecDeque<Connect>,
    pub(crate) closed_ports: VecDeque<PortKey>,
    pub(crate) events: VecDeque<MediaEvent>,
}

#[derive(Debug)]
struct Datagram {
    port: PortKey,
    channel: Channel,
    destination: SocketAddr,
    octets: Range<usize>,
}

impl Outbox {
    /// Lets `write` append a datagram; it is sent to the address that `write` returns, or dropped when there is none or
    /// nothing was written.
    pub(crate) fn datagram(
        &mut self,
        port: PortKey,
        channel: Channel,
        write: impl FnOnce(&mut Vec<u8>) -> Option<SocketAddr>,
    ) {
        let start = self.octets.len();
        match write(&mut self.octets) {
            Some(destination) if self.octets.len() > start => self.datagrams.push(Datagram {
                port,
                channel,
                destination,
                octets: start..self.octets.len(),
            }),
            _ => self.octets.truncate(start),
        }
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        if self.polled == self.datagrams.len() {
            self.octets.clear();
            self.datagrams.clear();
            self.polled = 0;
            return None;
        }
        let datagram = &self.datagrams[self.polled];
        self.polled += 1;
        Some(Transmit {
            port: datagram.port,
            channel: datagram.channel,
            destination: datagram.destination,
            payload: &self.octets[datagram.octets.clone()],
        })
    }
}
