//! Registrations of this side, and the way that calls of their accounts take.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rvoip_dialog_core::registrar::{AddressOfRecord, BindingEvent, Located};
use rvoip_dialog_core::registration::RegistrationStatus;
use rvoip_dialog_core::sip_core::{ByteString, Uri};
use rvoip_dialog_core::{DialogError, RegistrationKey};
use tokio::sync::watch;

use super::SessionCore;
use super::outgoing::parse_uri;
use super::target_set::Way;
use crate::registry::Registry;
use crate::{BasicSessionEvent, RegistrationConfig, Result, SessionError};

/// Contacts of a user that a call is sent to, or that a 302 names, at most.
const MAX_TARGETS: usize = 16;

/// The registrations that have not ended.
#[derive(Debug)]
pub(super) struct Registrations {
    registry: Arc<Registry>,
    all: BTreeMap<RegistrationKey, Registered>,
    /// Those of each address of record, the oldest first.
    accounts: BTreeMap<AddressOfRecord, Vec<RegistrationKey>>,
}

#[derive(Debug)]
struct Registered {
    address_of_record: Arc<str>,
    account: Option<AddressOfRecord>,
    proxy: Option<Uri>,
    /// The way of requests (RFC 3608), the first hop first.
    route: Vec<Uri>,
    status: watch::Sender<RegistrationStatus>,
}

impl Registrations {
    pub(super) fn new(registry: Arc<Registry>) -> Registrations {
        Registrations {
            registry,
            all: BTreeMap::new(),
            accounts: BTreeMap::new(),
        }
    }

    /// The way that requests of an address of record take; none when nothing is known of it.
    fn route(&self, from: &Uri) -> Vec<Uri> {
        let known = || {
            let keys = self.accounts.get(&AddressOfRecord::of(from)?)?;
            keys.last().and_then(|key| self.all.get(key))
        };
        match known() {
            None => Vec::new(),
            Some(registered) => {
                let first = registered.route.first().and_then(Uri::host);
                let proxy = registered.proxy.as_ref();
                // A registrar that names the proxy again does not mean two visits.
                let proxy = proxy.filter(|proxy| proxy.host() != first);
                proxy
                    .into_iter()
                    .chain(&registered.route)
                    .cloned()
                    .collect()
            }
        }
    }
}

impl SessionCore {
    /// Registers, and keeps the registration.
    ///
    /// # Errors
    /// A URI that cannot be used, too many registrations, or a registrar that cannot be sent to.
    pub fn register(
        &mut self,
        now: Instant,
        config: &RegistrationConfig,
    ) -> Result<(RegistrationKey, watch::Receiver<RegistrationStatus>)> {
        let wanted = config.outgoing()?;
        let (account, proxy) = (AddressOfRecord::of(wanted.aor.uri()), config.proxy()?);
        let registrar = wanted.registrar.to_string();
        let registered = self.dialogs.register(now, wanted);
        let key = registered.map_err(|source| refused(source, registrar))?;
        let (status, watched) = watch::channel(RegistrationStatus::Registering);
        if let Some(account) = &account {
            let keys = self.registrations.accounts.entry(account.clone());
            keys.or_default().push(key);
        }
        let registered = Registered {
            address_of_record: config.address_of_record.as_str().into(),
            account,
            proxy,
            route: Vec::new(),
            status,
        };
        self.registrations.all.insert(key, registered);
        self.count_registrations();
        self.pump(now);
        Ok((key, watched))
    }

    /// Refreshes a registration now, or tries again what waits.
    ///
    /// # Errors
    /// When it is over.
    pub fn refresh_registration(&mut self, now: Instant, key: RegistrationKey) -> Result<()> {
        let refreshed = self.dialogs.refresh_registration(now, key);
        self.pump(now);
        refreshed.map_err(over)
    }

    /// Takes a registration back; with `all`, all contacts of the address of record.
    ///
    /// # Errors
    /// When it is over.
    pub fn unregister(&mut self, now: Instant, key: RegistrationKey, all: bool) -> Result<()> {
        let left = self.dialogs.unregister(now, key, all);
        self.pump(now);
        left.map_err(over)
    }

    /// Where the user of an address of record, or the device of a GRUU, is registered with this side, the preferred place
    /// first.
    ///
    /// # Errors
    /// A text that is no SIP URI.
    pub fn registered_contacts(&self, now: Instant, aor: &str) -> Result<Vec<Located>> {
        Ok(self.dialogs.locate(now, &parse_uri(aor)?))
    }

    /// The ways to a user: to all contacts of one who is registered with this side, the preferred first, else to his URI.
    pub(super) fn ways_to(&self, now: Instant, user: &Uri) -> Vec<Way> {
        let mut places = self.dialogs.locate(now, user);
        if places.is_empty() {
            return vec![Way::to(user.clone())];
        }
        places.truncate(MAX_TARGETS);
        places.into_iter().map(Way::from).collect()
    }

    /// The way of a request from one party to another: to the best contact of a user who is registered with this side, else
    /// by the way of the sender's registration.
    pub(super) fn way(&self, now: Instant, from: &Uri, to: &Uri) -> Way {
        match self.dialogs.locate(now, to).into_iter().next() {
            Some(place) => Way::from(place),
            None => Way::to(to.clone()).by(self.account_route(from)),
        }
    }

    /// The Contact values of a 302 to this target: the contacts of a user who is registered with this side, else the target.
    pub(super) fn redirection(&self, now: Instant, target: &Uri) -> Vec<ByteString> {
        let mut places = self.dialogs.locate(now, target);
        if places.is_empty() {
            return vec![format!("<{target}>").into()];
        }
        places.truncate(MAX_TARGETS);
        let value = |place: Located| {
            let (whole, thousandths) = (place.q / 1000, place.q % 1000);
            format!("<{}>;q={whole}.{thousandths:03}", place.contact.uri()).into()
        };
        places.into_iter().map(value).collect()
    }

    /// The way that requests from this party take: that of its registration.
    pub(super) fn account_route(&self, from: &Uri) -> Vec<Uri> {
        match self.registrations.all.is_empty() {
            true => Vec::new(),
            false => self.registrations.route(from),
        }
    }

    pub(super) fn on_registration(&mut self, key: RegistrationKey, status: RegistrationStatus) {
        let Some(registered) = self.registrations.all.get_mut(&key) else {
            return;
        };
        if let RegistrationStatus::Registered(grant) = &status {
            registered.route.clone_from(&grant.service_route);
        }
        tracing::debug!(aor = %registered.address_of_record, ?status, "registration changed");
        registered.status.send_replace(status.clone());
        let address_of_record = Arc::clone(&registered.address_of_record);
        if let RegistrationStatus::Ended { .. } = status {
            self.forget_registration(key);
        }
        self.events
            .push_back(BasicSessionEvent::RegistrationChanged {
                address_of_record,
                status,
            });
    }

    pub(super) fn on_binding(&mut self, event: BindingEvent) {
        self.events
            .push_back(BasicSessionEvent::BindingChanged(event));
    }

    fn count_registrations(&self) {
        let Registrations { registry, all, .. } = &self.registrations;
        registry.registrations.store(all.len(), Ordering::Release);
    }

    fn forget_registration(&mut self, key: RegistrationKey) {
        let gone = self.registrations.all.remove(&key);
        self.count_registrations();
        let Some(account) = gone.and_then(|gone| gone.account) else {
            return;
        };
        let accounts = &mut self.registrations.accounts;
        if let Some(keys) = accounts.get_mut(&account) {
            keys.retain(|other| *other != key);
            if keys.is_empty() {
                accounts.remove(&account);
            }
        }
    }
}

/// Why something could not be begun at a server.
pub(super) fn refused(source: DialogError, place: String) -> SessionError {
    match source {
        DialogError::Unreachable(_) => SessionError::InvalidUri(place),
        DialogError::TooManyRegistrations(_) => SessionError::ResourceExhausted,
        DialogError::Draining => SessionError::Draining,
        source => over(source),
    }
}

pub(super) fn over(source: DialogError) -> SessionError {
    SessionError::Dialog {
        session_id: None,
        source,
    }
}
