//! The dialog manager: commands in, facts out, one layer for client, server and both.

mod acknowledgement;
mod answer;
mod asked;
mod authentication;
mod call;
mod called;
mod caller;
mod client;
mod compositor;
mod core;
mod deadline;
mod early_dialog;
mod errand;
mod gate;
mod glare;
mod host_name;
mod in_dialog;
mod invite_response;
mod kept;
mod leg;
mod limits;
mod notice;
mod notifier;
mod notify;
mod prack;
mod publication;
mod refer;
mod referred;
mod registrar;
mod registration;
mod reinvite;
mod reliable;
mod reoffer;
mod replaces;
mod request;
mod resend;
mod served;
mod server;
mod session_timer;
mod soft_state;
mod step;
mod store;
mod subscribe;
mod subscription;
mod termination;
mod update;
mod waiting;

use std::collections::VecDeque;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_transport::{TransportConfig, TransportLayer};
use rvoip_transaction_core::{
    ClientKey, ServerKey, TimerConfig, TransactionConfig, TransactionLayer,
};

use crate::compositor::Compositor;
use crate::config::DialogManagerConfig;
use crate::counters::DialogCounters;
use crate::event::SessionCoordinationEvent;
use crate::gatekeeper::Gatekeeper;
use crate::id::{CallKey, KeyMap};
use crate::options::Capabilities;
use crate::registrar::Registrar;

use authentication::Authentication;
pub use host_name::HostLookup;
pub use refer::OutgoingRefer;

use client::ClientUse;
use gate::Gate;
use request::Requests;
use served::Served;
use soft_state::SoftStates;
use store::CallStore;
use subscription::store::SubscriptionStore;

/// A sans-IO layer that holds all calls of one shard and owns the transaction layer below.
///
/// Time is an argument of everything; a driver feeds [inputs][Input], calls back at [`poll_timeout`] and drains
/// [`poll_output`] after every call.
///
/// [Input]: rvoip_transaction_core::sip_transport::Input
/// [`poll_timeout`]: rvoip_transaction_core::sip_transport::Core::poll_timeout
/// [`poll_output`]: rvoip_transaction_core::sip_transport::Core::poll_output
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
    subscriptions: SubscriptionStore,
    /// What each live client transaction is for.
    clients: KeyMap<ClientKey, ClientUse>,
    authentication: Authentication,
    /// Asks peers who they are, where the configuration names a realm.
    gatekeeper: Option<Box<Gatekeeper>>,
    /// Their requests that it has looked at.
    gate: Gate,
    /// The INVITEs of peers that wait for our answer.
    servers: KeyMap<ServerKey, CallKey>,
    /// The requests of ours that are of no call, and those that change none.
    requests: Requests,
    /// Such requests of peers, waiting for the application.
    served: Served,
    /// The registrations and publications of ours.
    soft_states: SoftStates,
    /// The registrar, when this side is one.
    registrar: Option<Box<Registrar>>,
    /// The keeper of published state, when this side is one.
    compositor: Option<Box<Compositor>>,
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
        let realm = config.server().and_then(|server| server.realm.clone());
        let gatekeeper = realm.map(|realm| Box::new(Gatekeeper::new(realm, &mut rng)));
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
            subscriptions: SubscriptionStore::default(),
            clients: KeyMap::default(),
            authentication: Authentication::default(),
            gatekeeper,
            gate: Gate::default(),
            servers: KeyMap::default(),
            requests: Requests::default(),
            served: Served::default(),
            soft_states: SoftStates::default(),
            registrar: None,
            compositor: None,
            events: VecDeque::new(),
            counters: DialogCounters::default(),
            draining: false,
        }
    }

    /// Refuses new calls from now on, incoming ones with 503; those in progress go on.
    pub fn drain(&mut self) {
        self.draining = true;
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

    /// True when nothing is left: no call, no request, no transaction.
    pub fn is_idle(&self) -> bool {
        self.calls.len() == 0
            && self.requests.is_empty()
            && self.served.is_empty()
            && self.gate.is_empty()
            && self.soft_states.len() == 0
            && self.subscriptions.len() == 0
            && self.transactions.is_empty()
    }

    /// What happened since the start.
    pub fn counters(&self) -> &DialogCounters {
        &self.counters
    }

    /// The layer below, for its counters and addresses.
    pub fn transactions(&self) -> &TransactionLayer {
        &self.transactions
    }

    /// How long a peer is waited for at the end of everything: 64*T1.
    fn patience(&self) -> Duration {
        self.timers.lifetime()
    }

    fn emit(&mut self, event: SessionCoordinationEvent) {
        self.events.push_back(event);
    }
}
