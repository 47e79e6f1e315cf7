//! Where the requests for a user go (RFC 3261 section 16.5, RFC 5626 section 5.3, RFC 5627 section 5.1).

use std::cmp::Reverse;
use std::time::Instant;

use rvoip_transaction_core::sip_core::{ByteString, Host, NameAddr, Uri};
use rvoip_transaction_core::sip_transport::Flow;

use super::{AddressOfRecord, Binding, Registrar};

/// One place where a user can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The contact with its parameters.
    pub contact: NameAddr,
    /// How much it is preferred, in thousandths: 1000 the most.
    pub q: u16,
    /// When it runs out.
    pub expires_at: Instant,
    /// The pre-loaded route of requests to it (RFC 3327), the first hop first.
    pub route: Vec<Uri>,
    /// The flow that requests to it go over, when it is kept.
    pub flow: Option<Flow>,
    /// The device.
    pub instance: Option<ByteString>,
}

impl Registrar {
    /// Whether the users of a host may register here. A registrar without domains serves all that ask.
    pub fn serves(&self, host: &Host) -> bool {
        self.config.domains.is_empty() || self.config.domains.contains(host)
    }

    /// The places where the user of an address of record, or the device of a GRUU, can be reached now: the preferred ones
    /// first, of equal ones the newest. Of the flows of one device only the newest is given, as the others lead to the
    /// same place.
    pub fn locate(&self, now: Instant, uri: &Uri) -> Vec<Located> {
        let (aor, device) = match self.gruus.owner(uri) {
            Some((aor, instance)) => (Some(aor), Some(instance)),
            None if uri.param("gr").is_some() => return Vec::new(),
            None => (AddressOfRecord::of(uri), None),
        };
        let Some(aor) = aor.filter(|_| uri.host().is_some_and(|host| self.serves(host))) else {
            return Vec::new();
        };
        let mut bindings = self.config.store.bindings(&aor);
        bindings.retain(|binding| {
            binding.expires_at > now && (device.is_none() || binding.instance == device)
        });
        bindings.sort_by_key(|binding| (Reverse(binding.q), Reverse(binding.updated_at)));
        let mut seen: Vec<ByteString> = Vec::new();
        bindings.retain(|binding| match (&binding.instance, binding.reg_id) {
            (Some(instance), Some(_)) if seen.contains(instance) => false,
            (Some(instance), Some(_)) => {
                seen.push(instance.clone());
                true
            }
            _ => true,
        });
        bindings.into_iter().map(Located::from).collect()
    }
}

impl From<Binding> for Located {
    fn from(binding: Binding) -> Located {
        Located {
            q: binding.q,
            expires_at: binding.expires_at,
            route: binding.path.iter().map(|hop| hop.uri().clone()).collect(),
            flow: binding.flow,
            instance: binding.instance,
            contact: binding.contact,
        }
    }
}
