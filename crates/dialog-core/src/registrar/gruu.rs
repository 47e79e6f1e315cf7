//! Globally routable URIs of devices (RFC 5627): public ones that say whose they are, temporary ones that do not.

use std::collections::BTreeMap;
use std::time::Instant;

use rand::Rng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::{ByteString, Host, NameAddr, Uri, quote};

use super::demand::Demand;
use super::{AddressOfRecord, Binding};

/// Temporary GRUUs that a binding has at once; when there are so many, the newest is given again.
const MAX_TEMPORARY: usize = 16;

/// Whose the temporary GRUUs are.
#[derive(Debug, Default)]
pub(super) struct TemporaryGruus {
    owners: BTreeMap<ByteString, (AddressOfRecord, ByteString)>,
    /// Those of each address of record, to forget them with it.
    users: BTreeMap<AddressOfRecord, Vec<ByteString>>,
}

impl TemporaryGruus {
    /// Gives each device of a REGISTER one more temporary GRUU, if it asks for them, and forgets those of bindings that are gone.
    pub(super) fn follow(&mut self, demand: &Demand, bindings: &mut [Binding], rng: &mut StdRng) {
        let fresh = bindings.iter_mut().filter(|binding| {
            binding.instance.is_some()
                && (&binding.call_id, binding.cseq) == (&demand.call_id, demand.cseq)
        });
        for binding in fresh.filter(|_| demand.gruu) {
            if binding.temporary.len() < MAX_TEMPORARY {
                let user = format!("tgruu.{:016x}{:016x}", rng.next_u64(), rng.next_u64());
                binding.temporary.push(user.into());
            }
        }
        self.forget(&demand.aor, bindings);
    }

    /// Knows those of these bindings from now on and no others of this user.
    pub(super) fn forget(&mut self, aor: &AddressOfRecord, bindings: &[Binding]) {
        for user in self.users.remove(aor).unwrap_or_default() {
            self.owners.remove(&user);
        }
        let mut users = Vec::new();
        for binding in bindings {
            let Some(instance) = &binding.instance else {
                continue;
            };
            for user in &binding.temporary {
                users.push(user.clone());
                self.owners
                    .insert(user.clone(), (aor.clone(), instance.clone()));
            }
        }
        if !users.is_empty() {
            self.users.insert(aor.clone(), users);
        }
    }

    /// The user and the device behind a GRUU; `None` when the URI is none that is in force.
    pub(super) fn owner(&self, uri: &Uri) -> Option<(AddressOfRecord, ByteString)> {
        match uri.param("gr")? {
            "" => self.owners.get(uri.user()?).cloned(),
            instance => Some((AddressOfRecord::of(uri)?, unescaped(instance))),
        }
    }

    /// The Contact values of the 200.
    pub(super) fn contacts(
        &self,
        now: Instant,
        demand: &Demand,
        bindings: &[Binding],
    ) -> Vec<NameAddr> {
        let value = |binding: &Binding| {
            // Rounded up, so that what has just been granted is said to the second.
            let left = (binding.expires_at - now)
                .as_millis()
                .div_ceil(1000)
                .to_string();
            let contact = binding.contact.clone().with_param("expires", Some(&left));
            match &binding.instance {
                Some(instance) if demand.gruu => with_gruus(contact, demand, instance, binding),
                _ => contact,
            }
        };
        bindings.iter().map(value).collect()
    }
}

fn with_gruus(contact: NameAddr, demand: &Demand, instance: &str, binding: &Binding) -> NameAddr {
    let uri = |user: &str, host: &Host| Uri::sip(Some(user), host.clone(), None);
    let public = uri(demand.aor.user(), &demand.domain).with_param("gr", Some(instance));
    let contact = contact.with_param("pub-gruu", Some(&quote(public.as_str())));
    match binding.temporary.last() {
        Some(user) => {
            let temporary = uri(user, &demand.domain).with_param("gr", None);
            contact.with_param("temp-gruu", Some(&quote(temporary.as_str())))
        }
        None => contact,
    }
}

/// A URI parameter without its escapes, as the user part of a URI would be read.
fn unescaped(text: &str) -> ByteString {
    let carrier = format!("sip:{text}@gr.invalid").parse::<Uri>().ok();
    let plain = carrier.and_then(|uri| uri.user_unescaped());
    plain.map_or_else(|| text.into(), ByteString::from)
}
