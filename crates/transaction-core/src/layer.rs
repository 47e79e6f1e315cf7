//! The layer: owns the transport layer below and every transaction of a shard.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;
use rand::rngs::StdRng;
use rvoip_sip_transport::sip_core::{RequestBuilder, Response};
use rvoip_sip_transport::{Core, Input, Output, Target, TransportLayer};

use crate::config::TransactionConfig;
use crate::counters::TransactionCounters;
use crate::error::TransactionError;
use crate::event::TransactionEvent;
use crate::key::{ClientKey, ServerKey};
use crate::matching::Matcher;
use crate::store::Store;
use crate::timer::Timers;

mod cancel;
mod client;
mod send;
mod server;
mod stateless;
mod step;
mod transport_event;

/// Room for so many events is kept when all of them have been polled.
const USUAL_EVENTS: usize = 64;

/// Client and server transactions of RFC 3261 section 17 over one [`TransportLayer`].
#[derive(Debug)]
pub struct TransactionLayer {
    config: TransactionConfig,
    timers: Timers,
    transport: TransportLayer,
    rng: StdRng,
    matcher: Matcher,
    store: Store,
    events: VecDeque<TransactionEvent>,
    counters: TransactionCounters,
}

impl TransactionLayer {
    /// A layer without transactions. `rng` is what branches and tags are minted from: seed it from the operating system
    /// in production, from a number in a simulation.
    pub fn new(
        config: TransactionConfig,
        transport: TransportLayer,
        mut rng: StdRng,
    ) -> TransactionLayer {
        TransactionLayer {
            timers: Timers::new(config.timers),
            config,
            transport,
            matcher: Matcher::new(&mut rng),
            rng,
            store: Store::default(),
            events: VecDeque::new(),
            counters: TransactionCounters::default(),
        }
    }

    /// Begins a client transaction: puts a Via with a fresh branch on top, sends the request, repeats it as needed.
    ///
    /// # Errors
    /// Nothing was sent and nothing will be reported when this fails.
    pub fn send_request(
        &mut self,
        now: Instant,
        request: RequestBuilder,
        target: &Target,
    ) -> Result<ClientKey, TransactionError> {
        self.begin_client(now, request, target).map(ClientKey)
    }

    /// Sends the ACK for a 2xx (RFC 3261 section 13.2.2.4): a Via and branch of its own, no transaction. The octets are
    /// for [`resend_ack`](Self::resend_ack) when the 2xx comes again.
    ///
    /// # Errors
    /// When the transport cannot take it.
    pub fn send_ack(
        &mut self,
        now: Instant,
        ack: RequestBuilder,
        target: &Target,
    ) -> Result<Bytes, TransactionError> {
        let (ack, _) = self.put_via(ack, target)?;
        let octets = ack.to_bytes();
        self.transport.send_request(now, octets.clone(), target)?;
        Ok(octets)
    }

    /// Sends the octets of an earlier [`send_ack`](Self::send_ack) again.
    ///
    /// # Errors
    /// When the transport cannot take it.
    pub fn resend_ack(
        &mut self,
        now: Instant,
        ack: Bytes,
        target: &Target,
    ) -> Result<(), TransactionError> {
        self.counters.retransmissions_sent += 1;
        self.transport.send_request(now, ack, target)?;
        Ok(())
    }

    /// Answers a request. A 2xx to an INVITE may be given again as long as the transaction lives: its repetition belongs
    /// to the caller of this method.
    ///
    /// # Errors
    /// [`Unknown`](TransactionError::Unknown) after the terminal event, [`WrongState`](TransactionError::WrongState)
    /// after a final response, [`Transport`](TransactionError::Transport) when the network cannot take it; a transaction
    /// other than an accepted INVITE has then failed, and its terminal event says so.
    pub fn respond(
        &mut self,
        now: Instant,
        key: ServerKey,
        response: Response,
    ) -> Result<(), TransactionError> {
        self.answer(now, key.0, response)
    }

    /// Cancels an INVITE of ours (RFC 3261 section 9.1) and names the transaction of the CANCEL. The CANCEL is held back
    /// until the INVITE has a provisional response, and ends unsent when the INVITE ends first. An INVITE that still has
    /// no final response 64 T1 after its CANCEL times out.
    ///
    /// # Errors
    /// [`WrongState`](TransactionError::WrongState) when the INVITE is answered or cancelled already,
    /// [`NotCancellable`](TransactionError::NotCancellable) when it is none.
    pub fn cancel(
        &mut self,
        now: Instant,
        invite: ClientKey,
    ) -> Result<ClientKey, TransactionError> {
        self.begin_cancel(now, invite.0).map(ClientKey)
    }

    /// Takes in what happened on the network.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        self.transport.handle_input(now, input);
        self.drain_transport(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.transport.handle_timeout(now);
        self.drain_transport(now);
        while let Some(key) = self.store.pop_due(now) {
            self.fire(now, key);
        }
        self.drain_transport(now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) should be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.transport.poll_timeout(), self.store.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next thing for the driver to do, never [`Output::Event`].
    pub fn poll_wire<E>(&mut self) -> Option<Output<E>> {
        self.transport.poll_wire()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<TransactionEvent> {
        let event = self.events.pop_front();
        if event.is_none() && self.events.capacity() > USUAL_EVENTS {
            // A burst of ends late in a wave would leave its room behind everything that the wave has left.
            self.events = VecDeque::new();
        }
        event
    }

    /// The transport layer below, to ask how a target will be reached.
    pub fn transport(&self) -> &TransportLayer {
        &self.transport
    }

    /// The transport layer below, to look up names.
    pub fn transport_mut(&mut self) -> &mut TransportLayer {
        &mut self.transport
    }

    /// What happened since the start.
    pub fn counters(&self) -> &TransactionCounters {
        &self.counters
    }

    /// Transactions alive, those included that only absorb repetitions.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether no transaction is alive.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Core for TransactionLayer {
    type Event = TransactionEvent;

    fn handle_input(&mut self, now: Instant, input: Input) {
        TransactionLayer::handle_input(self, now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        TransactionLayer::handle_timeout(self, now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        TransactionLayer::poll_timeout(self)
    }

    fn poll_output(&mut self) -> Option<Output<TransactionEvent>> {
        self.poll_wire()
            .or_else(|| self.poll_event().map(Output::Event))
    }
}
