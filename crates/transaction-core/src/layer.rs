//! The layer: owns the transport layer below and every transaction of a shard.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_sip_transport::sip_core::{RequestBuilder, Response};
use rvoip_sip_transport::{Input, Output, TransportLayer, soonest};

use crate::config::TransactionConfig;
use crate::counters::{Published, TransactionCounters};
use crate::error::TransactionError;
use crate::event::TransactionEvent;
use crate::failover::Pursuits;
use crate::fingerprint::Secret;
use crate::key::{ClientKey, ServerKey};
use crate::matching::Matcher;
use crate::next_hop::{NextHop, OwnContact};
use crate::refused::Refused;
use crate::store::Store;
use crate::success_ack::{Ack, AckState, NamedAck, NamedAcks};
use crate::timer::Timers;

mod admission;
mod attempt;
mod cancel;
mod client;
mod core;
mod failover;
mod giving_up;
mod homing;
mod location;
mod send;
mod server;
mod stateless;
mod step;
mod transport_event;

use self::homing::Homing;

/// Timers that fire before what has arrived gets its turn.
const TIMERS_PER_TURN: usize = 256;
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
    pursuits: Pursuits,
    acks: NamedAcks,
    homing: Homing,
    /// How long what comes next has waited for its turn.
    waited: Duration,
    /// Until when a rush goes on if nothing more has to be refused.
    rush_until: Option<Instant>,
    refused: Refused,
    events: VecDeque<TransactionEvent>,
    counters: TransactionCounters,
    published: Published,
}

impl TransactionLayer {
    /// A layer without transactions. `rng` is what branches and tags are minted from: seed it from the operating system
    /// in production, from a number in a simulation.
    pub fn new(
        config: TransactionConfig,
        mut transport: TransportLayer,
        mut rng: StdRng,
    ) -> TransactionLayer {
        transport.seed(StdRng::from_rng(&mut rng));
        let secret = Secret::new(&mut rng);
        TransactionLayer {
            timers: Timers::new(config.timers),
            config,
            transport,
            matcher: Matcher::new(secret.clone()),
            rng,
            store: Store::new(secret),
            pursuits: Pursuits::default(),
            acks: NamedAcks::default(),
            homing: Homing::default(),
            waited: Duration::ZERO,
            rush_until: None,
            refused: Refused::default(),
            events: VecDeque::new(),
            counters: TransactionCounters::default(),
            published: Published::default(),
        }
    }

    /// Begins a client transaction: puts a Via with a fresh branch on top, sends the request, repeats it as needed.
    ///
    /// To the user a request to the servers of a URI is one transaction: they are looked for (RFC 3263) and tried one after
    /// the other, each with a Via and branch of its own, until one gives a response other than 503.
    ///
    /// # Errors
    /// Nothing was sent and nothing will be reported when this fails.
    pub fn send_request(
        &mut self,
        now: Instant,
        request: RequestBuilder,
        next_hop: impl Into<NextHop>,
    ) -> Result<ClientKey, TransactionError> {
        let key = self.begin_request(now, request, None, next_hop.into())?;
        self.settle(now);
        Ok(ClientKey(key))
    }

    /// As [`send_request`](Self::send_request), and also puts a Contact of this side in: its address is that of the way the
    /// request goes. [`TransactionEvent::Sent`] tells it for each server tried.
    ///
    /// # Errors
    /// Nothing was sent and nothing will be reported when this fails.
    pub fn send_request_with_contact(
        &mut self,
        now: Instant,
        request: RequestBuilder,
        contact: OwnContact,
        next_hop: impl Into<NextHop>,
    ) -> Result<ClientKey, TransactionError> {
        let key = self.begin_request(now, request, Some(contact), next_hop.into())?;
        self.settle(now);
        Ok(ClientKey(key))
    }

    /// Sends the ACK for a 2xx (RFC 3261 section 13.2.2.4): a Via and branch of its own, no transaction. What is returned is
    /// for [`resend_ack`](Self::resend_ack) when the 2xx comes again.
    ///
    /// # Errors
    /// When the next hop leads nowhere or the transport cannot take it.
    pub fn send_ack(
        &mut self,
        now: Instant,
        ack: RequestBuilder,
        next_hop: impl Into<NextHop>,
    ) -> Result<Ack, TransactionError> {
        self.begin_ack(now, ack, next_hop.into())
    }

    /// Sends an ACK again, in the octets of the first time. One whose host is still being looked for is sent when it is
    /// found; one to a named host is kept for 64 T1.
    ///
    /// # Errors
    /// When the transport cannot take it.
    pub fn resend_ack(&mut self, now: Instant, ack: &Ack) -> Result<(), TransactionError> {
        let (octets, target) = match &ack.0 {
            AckState::Sent { octets, target } => (octets, target),
            AckState::Named(number) => match self.acks.get(*number) {
                Some(NamedAck::Sent { octets, target }) => (octets, target),
                Some(NamedAck::Locating { .. }) => return Ok(()),
                None => return Err(TransactionError::Unknown),
            },
        };
        self.counters.retransmissions_sent += 1;
        self.transport.send_request(now, octets.clone(), target)?;
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
    /// no final response 64 T1 after its CANCEL times out. One that has not been sent anywhere yet ends at once.
    ///
    /// # Errors
    /// [`WrongState`](TransactionError::WrongState) when the INVITE is answered or cancelled already,
    /// [`NotCancellable`](TransactionError::NotCancellable) when it is none.
    pub fn cancel(
        &mut self,
        now: Instant,
        invite: ClientKey,
    ) -> Result<ClientKey, TransactionError> {
        let cancel = self.cancel_request(now, invite.0)?;
        self.settle(now);
        Ok(ClientKey(cancel))
    }

    /// Takes in what happened on the network.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Accepted { .. } => self.transport.make_room(|flow| self.store.rides_on(flow)),
            _ if self.dealt_with_unread(now, &input) => return,
            _ => {}
        }
        self.transport.handle_input(now, input);
        self.drain_transport(now);
        self.settle(now);
    }

    /// Does what is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.transport.handle_timeout(now);
        self.drain_transport(now);
        let passed = self.timers.passed(now);
        for _ in 0..TIMERS_PER_TURN {
            let Some(key) = self.store.pop_due(passed) else {
                break;
            };
            self.fire(now, key);
        }
        self.drain_transport(now);
        self.give_up_attempts(now);
        self.acks.expire(now);
        self.settle(now);
    }

    /// When [`handle_timeout`](Self::handle_timeout) should be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let due = self.store.next_deadline();
        let due = due.and_then(|passed| self.timers.moment(passed));
        soonest([
            self.transport.poll_timeout(),
            due,
            self.pursuits.next_deadline(),
            self.acks.next_deadline(),
        ])
    }

    /// The next thing for the driver to do, never [`Output::Event`].
    pub fn poll_wire<E>(&mut self) -> Option<Output<E>> {
        self.transport.poll_wire()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<TransactionEvent> {
        if self.events.is_empty() && self.events.capacity() > USUAL_EVENTS {
            // A burst of ends late in a wave would leave its room behind everything that the wave has left.
            self.events = VecDeque::new();
        }
        self.events.pop_front()
    }

    /// The transport layer below, to ask how a target will be reached.
    pub fn transport(&self) -> &TransportLayer {
        &self.transport
    }

    /// The transport layer below, to keep its flows alive.
    pub fn transport_mut(&mut self) -> &mut TransportLayer {
        &mut self.transport
    }

    /// What happened since the start.
    pub fn counters(&self) -> &TransactionCounters {
        &self.counters
    }

    /// Transactions alive, those included that only absorb repetitions.
    pub fn len(&self) -> usize {
        self.store.len() + self.pursuits.locating()
    }

    /// Whether no transaction is alive.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && self.acks.is_empty()
    }
}
