//! The dialog manager: commands in, facts out, one layer for client, server and both.

mod acknowledgement;
mod answer;
mod call;
mod called;
mod caller;
mod client;
mod deadline;
mod errand;
mod in_dialog;
mod reinvite;
mod reoffer;
mod server;
mod step;
mod store;
mod termination;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_transport::{Core, Input, Output, TransportConfig, TransportLayer};
use rvoip_transaction_core::{
    ClientKey, ServerKey, TimerConfig, TransactionConfig, TransactionLayer,
};

use crate::config::DialogManagerConfig;
use crate::counters::DialogCounters;
use crate::event::SessionCoordinationEvent;
use crate::id::{CallKey, KeyMap};
use crate::options::Capabilities;

use client::ClientUse;
use store::CallStore;

/// A sans-IO layer that holds all calls of one shard and owns the transaction layer below.
///
/// Time is an argument of everything; a driver feeds [`Input`]s, calls back at [`poll_timeout`](Core::poll_timeout) and
/// drains [`poll_output`](Core::poll_output) after every call.
#[derive(Debug)]
pub struct DialogManager {
    config: DialogManagerConfig,
    capabilities: Capabilities,
    timers: TimerConfig,
    /// How long a caller is asked to wait for whom there is no room; the layer below says the same.
    retry_after: Duration,
    rng: StdRng,
    transactions: TransactionLayer,
    calls: CallStore,
    /// What each live client transaction is for.
    clients: KeyMap<ClientKey, ClientUse>,
    /// The INVITEs of peers that wait for our answer.
    servers: KeyMap<ServerKey, CallKey>,
    events: VecDeque<SessionCoordinationEvent>,
    counters: DialogCounters,
    draining: bool,
}

impl DialogManager {
    /// A manager without calls. `rng` mints tags and Call-IDs, and seeds the layers below: seed it from the operating
    /// system in production, from a number in a simulation.
    pub fn new(
        config: DialogManagerConfig,
        transactions: TransactionConfig,
        transport: TransportConfig,
        mut rng: StdRng,
    ) -> DialogManager {
        let below = StdRng::from_rng(&mut rng);
        DialogManager {
            capabilities: Capabilities::new(&config),
            config,
            timers: transactions.timers,
            retry_after: transactions.retry_after,
            rng,
            transactions: TransactionLayer::new(
                transactions,
                TransportLayer::new(transport),
                below,
            ),
            calls: CallStore::default(),
            clients: KeyMap::default(),
            servers: KeyMap::default(),
            events: VecDeque::new(),
            counters: DialogCounters::default(),
            draining: false,
        }
    }

    /// Refuses new calls from now on, incoming ones with 503; those in progress go on.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Allows no more than so many calls at once from now on, whatever the configuration says beyond that; those that exist
    /// go on.
    pub fn limit_calls(&mut self, max_calls: usize) {
        let (client, server) = match &mut self.config {
            DialogManagerConfig::Client(client) => (Some(client), None),
            DialogManagerConfig::Server(server) => (None, Some(server)),
            DialogManagerConfig::Hybrid(both) => (Some(&mut both.client), Some(&mut both.server)),
        };
        let limits = [
            client.map(|client| &mut client.max_calls),
            server.map(|server| &mut server.max_calls),
        ];
        for limit in limits.into_iter().flatten() {
            *limit = max_calls.min(*limit);
        }
    }

    /// Calls that have not ended.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// The keys of all calls that have not ended.
    pub fn keys(&self) -> impl Iterator<Item = CallKey> + '_ {
        self.calls.keys()
    }

    /// The Call-ID of a call that has not ended.
    pub fn call_id(&self, key: CallKey) -> Option<&str> {
        self.calls.get(key).map(|call| call.dialog.call_id())
    }

    /// True when nothing is left: no call, no transaction.
    pub fn is_idle(&self) -> bool {
        self.calls.len() == 0 && self.transactions.is_empty()
    }

    /// What happened since the start.
    pub fn counters(&self) -> &DialogCounters {
        &self.counters
    }

    /// The layer below, for its counters and addresses.
    pub fn transactions(&self) -> &TransactionLayer {
        &self.transactions
    }

    /// The limits of the role, the smaller of both for a hybrid: calls at once, and for how long they may ring.
    fn limits(&self) -> (usize, Duration) {
        match &self.config {
            DialogManagerConfig::Client(client) => (client.max_calls, client.max_ringing),
            DialogManagerConfig::Server(server) => (server.max_calls, server.max_ringing),
            DialogManagerConfig::Hybrid(both) => (
                both.client.max_calls.min(both.server.max_calls),
                both.client.max_ringing.min(both.server.max_ringing),
            ),
        }
    }

    /// How long a peer is waited for at the end of everything: 64*T1.
    fn patience(&self) -> Duration {
        self.timers.lifetime()
    }

    fn emit(&mut self, event: SessionCoordinationEvent) {
        self.events.push_back(event);
    }
}

impl Core for DialogManager {
    type Event = SessionCoordinationEvent;

    fn handle_input(&mut self, now: Instant, input: Input) {
        self.transactions.handle_input(now, input);
        self.pump(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.transactions.handle_timeout(now);
        self.pump(now);
        while let Some(key) = self.calls.pop_due(now) {
            self.handle_deadline(now, key);
            self.calls.schedule(key);
        }
        self.pump(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        [self.transactions.poll_timeout(), self.calls.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn publish(&mut self) {
        self.transactions.publish();
    }

    fn poll_output(&mut self) -> Option<Output<SessionCoordinationEvent>> {
        self.transactions
            .poll_wire()
            .or_else(|| self.events.pop_front().map(Output::Event))
    }
}
