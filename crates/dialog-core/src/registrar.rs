//! The registrar: what a REGISTER does to the bindings of an address of record (RFC 3261 section 10.3), with Path (RFC
//! 3327), GRUUs (RFC 5627) and flows (RFC 5626 section 6).
//!
//! Pure: requests and times go in, answers and facts come out; where the bindings are kept is a [`LocationStore`].

mod address_of_record;
mod binding;
mod contact_update;
mod demand;
mod gruu;
mod location_store;
mod lookup;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::{Host, NameAddr, Request};
use rvoip_transaction_core::sip_transport::Flow;

use crate::out_of_dialog::Refusal;

pub use address_of_record::AddressOfRecord;
pub use binding::{Binding, BindingChange, BindingEvent};
pub use location_store::{LocationStore, MemoryLocationStore, StoreFull};
pub use lookup::Located;

use demand::Demand;
use gruu::TemporaryGruus;

/// How a [`Registrar`] is set up.
#[derive(Clone, Debug)]
pub struct RegistrarConfig {
    /// The domains whose users may register; with none, every domain that is asked for.
    pub domains: Vec<Host>,
    /// Where the bindings are kept.
    pub store: Arc<dyn LocationStore>,
    /// The shortest lifetime; a contact that wants less, and less than an hour, is answered 423. Default 60 s.
    pub min_expires: Duration,
    /// The longest lifetime; what is asked for beyond is cut to it. Default 2 hours.
    pub max_expires: Duration,
    /// The lifetime of a contact that asks for none. Default 1 hour.
    pub default_expires: Duration,
    /// Contacts that one address of record may have at once; one more is answered 503. Default 16.
    pub max_contacts: usize,
}

impl Default for RegistrarConfig {
    fn default() -> Self {
        RegistrarConfig {
            domains: Vec::new(),
            store: Arc::new(MemoryLocationStore::default()),
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(7200),
            default_expires: Duration::from_secs(3600),
            max_contacts: 16,
        }
    }
}

/// What the 200 to a REGISTER says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// All bindings there are now, each with the seconds that are left of it, and its GRUUs if they are asked for.
    pub contacts: Vec<NameAddr>,
    /// The Path of the request, nearest to this side first, as the 200 repeats it.
    pub path: Vec<NameAddr>,
    /// The flow of the request is kept: the 200 says so by `Require: outbound`.
    pub outbound: bool,
    /// What changed.
    pub events: Vec<BindingEvent>,
}

/// Registers the users of its domains.
#[derive(Debug)]
pub struct Registrar {
    config: RegistrarConfig,
    gruus: TemporaryGruus,
    /// When the first binding of each address of record runs out.
    wakes: BTreeMap<AddressOfRecord, Instant>,
    deadlines: BTreeSet<(Instant, AddressOfRecord)>,
}

impl Registrar {
    /// A registrar over the bindings of a store.
    pub fn new(config: RegistrarConfig) -> Registrar {
        Registrar {
            config,
            gruus: TemporaryGruus::default(),
            wakes: BTreeMap::new(),
            deadlines: BTreeSet::new(),
        }
    }

    /// Carries out a REGISTER that came over this flow, all of it or nothing. `user` is who has proven who he is, if
    /// anybody had to: he registers contacts of his own alone.
    ///
    /// # Errors
    /// What the request is refused with; nothing has changed then.
    pub fn register(
        &mut self,
        now: Instant,
        request: &Request,
        flow: &Flow,
        user: Option<&str>,
        rng: &mut StdRng,
    ) -> Result<Grant, Refusal> {
        let store = Arc::clone(&self.config.store);
        let demand = Demand::read(request, flow, &self.config, |aor| match user {
            Some(user) if !aor.is_named(user) => Err(Refusal::Forbidden),
            _ if !store.is_known(aor) => Err(Refusal::NotFound),
            _ => Ok(()),
        })?;
        let mut outcome = Err(Refusal::Internal);
        let stored = store.update(&demand.aor, &mut |bindings| {
            let changed = demand.apply(now, bindings, &self.config);
            outcome = changed.map(|(changed, events)| {
                *bindings = changed;
                self.gruus.follow(&demand, bindings, rng);
                Grant {
                    contacts: self.gruus.contacts(now, &demand, bindings),
                    path: demand.path.clone(),
                    outbound: demand.outbound,
                    events,
                }
            });
            self.schedule(&demand.aor, bindings);
        });
        stored.map_err(|StoreFull| Refusal::Unavailable(self.config.min_expires))?;
        outcome
    }

    /// Removes the bindings that have run out by now, and tells them.
    pub fn expire(&mut self, now: Instant) -> Vec<BindingEvent> {
        let mut events = Vec::new();
        while let Some((_, aor)) = self.deadlines.first().filter(|(at, _)| *at <= now) {
            let aor = aor.clone();
            let store = Arc::clone(&self.config.store);
            // Less than before always has room.
            let _ = store.update(&aor, &mut |bindings| {
                events.extend(binding::expire(now, &aor, bindings));
                self.gruus.forget(&aor, bindings);
                self.schedule(&aor, bindings);
            });
        }
        events
    }

    /// When [`expire`](Self::expire) has something to do.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    fn schedule(&mut self, aor: &AddressOfRecord, bindings: &[Binding]) {
        let due = bindings.iter().map(|binding| binding.expires_at).min();
        let before = match due {
            Some(due) => self.wakes.insert(aor.clone(), due),
            None => self.wakes.remove(aor),
        };
        if let Some(before) = before {
            self.deadlines.remove(&(before, aor.clone()));
        }
        if let Some(due) = due {
            self.deadlines.insert((due, aor.clone()));
        }
    }
}

#[cfg(test)]
mod tests;
