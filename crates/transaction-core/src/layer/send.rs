//! Puts the messages of transactions on the wire, the first time and again.

use std::io;
use std::time::Instant;

use bytes::Bytes;
use rvoip_sip_transport::TransportError;
use rvoip_sip_transport::sip_core::{Limits, Message, Request};

use super::TransactionLayer;
use super::step::Carried;
use crate::ack;
use crate::key::Key;

/// The message behind octets that this layer has seen or written before; nothing is behind none.
pub(super) fn reread(octets: &Bytes) -> Option<Message> {
    let admitted = Limits {
        max_message_octets: usize::MAX,
        max_head_octets: usize::MAX,
        max_header_lines: usize::MAX,
    };
    let octets = Some(octets).filter(|octets| !octets.is_empty())?;
    Message::parse(octets.clone(), &admitted).ok()
}

/// The request behind octets that this layer has seen or written before.
pub(super) fn reread_request(octets: &Bytes) -> Option<Request> {
    match reread(octets)? {
        Message::Request(request) => Some(request),
        Message::Response(_) => None,
    }
}

impl TransactionLayer {
    /// Sends a response and keeps its octets: the first along its Via, later ones the same way as long as there is one. The
    /// first transmission of a request is over before its machine begins.
    pub(super) fn send(
        &mut self,
        now: Instant,
        key: Key,
        message: &Carried,
    ) -> Result<(), TransportError> {
        let (Carried::Response(response), Some(flow), Some(transaction)) =
            (message, self.store.flow(key), self.store.get_mut(key))
        else {
            return Ok(());
        };
        transaction.keep(response.to_bytes());
        if std::mem::replace(&mut transaction.sent, true) {
            match self.transport.resend(now, response.to_bytes(), &flow) {
                Err(TransportError::FlowEnded) => {}
                result => return result,
            }
        }
        let sent_on = match self.transport.send_response(now, response, &flow) {
            Err(TransportError::NamedDestination) if self.bring_home(now, key) => return Ok(()),
            result => result?,
        };
        if let Some(transaction) = self.store.get_mut(key) {
            transaction.reopened |= sent_on != flow;
        }
        self.store.set_flow(key, sent_on);
        Ok(())
    }

    /// Acknowledges the refusal of an INVITE of ours and keeps the ACK in place of the INVITE.
    pub(super) fn acknowledge(
        &mut self,
        now: Instant,
        key: Key,
        message: &Carried,
    ) -> Result<(), TransportError> {
        let (Carried::Response(response), Some(transaction)) = (message, self.store.get_mut(key))
        else {
            return Ok(());
        };
        let ack = reread_request(&transaction.kept)
            .and_then(|invite| ack::refusal(&invite, response).ok());
        // An INVITE that makes no ACK, such as one without a CSeq, is left to time out at the peer.
        transaction.sent = ack.is_some();
        let Some(ack) = ack else {
            return Ok(());
        };
        let octets = ack.to_bytes();
        transaction.keep(octets.clone());
        self.send_octets(now, key, octets)
    }

    /// Sends the octets kept once more; a response that has lost its connection finds its way anew.
    pub(super) fn repeat(&mut self, now: Instant, key: Key) -> Result<(), TransportError> {
        let Some(transaction) = self.store.get(key).filter(|transaction| transaction.sent) else {
            return Ok(());
        };
        let octets = transaction.kept.clone();
        let Some(flow) = self.store.flow(key) else {
            return Ok(());
        };
        self.counters.retransmissions_sent += 1;
        if transaction.machine.is_client() {
            return self.send_octets(now, key, octets);
        }
        match self.transport.resend(now, octets.clone(), &flow) {
            Err(TransportError::FlowEnded) => match reread(&octets) {
                Some(Message::Response(response)) => {
                    self.send(now, key, &Carried::Response(response))
                }
                _ => Err(TransportError::FlowEnded),
            },
            result => result,
        }
    }

    /// Sends octets of ours over the flow of a transaction, or to the same place anew when the flow has ended.
    pub(super) fn send_octets(
        &mut self,
        now: Instant,
        key: Key,
        octets: Bytes,
    ) -> Result<(), TransportError> {
        let Some(flow) = self.store.flow(key) else {
            return Ok(());
        };
        match self.transport.resend(now, octets.clone(), &flow) {
            Err(TransportError::FlowEnded) => {
                let anew = self.store.target(key).ok_or(TransportError::FlowEnded)?;
                let flow = self.transport.send_request(now, octets, &anew)?;
                self.store.set_flow(key, flow);
                self.store.set_name(key, &anew);
                Ok(())
            }
            result => result,
        }
    }
}

/// What the network's refusal is called in a terminal event.
pub(super) fn error_kind(error: TransportError) -> io::ErrorKind {
    match error {
        TransportError::FlowEnded => io::ErrorKind::NotConnected,
        TransportError::NoListener { .. } | TransportError::BadDestination => {
            io::ErrorKind::AddrNotAvailable
        }
        TransportError::TooLong { .. } => io::ErrorKind::InvalidInput,
        TransportError::TooManyConnections { .. } | TransportError::QueueFull { .. } => {
            io::ErrorKind::WouldBlock
        }
        _ => io::ErrorKind::Other,
    }
}
