//! What the 200 to a REGISTER grants (RFC 3261 section 10.2.4, RFC 3608, RFC 5627 section 4.2).

use std::time::Duration;

use rvoip_transaction_core::sip_core::header::ServiceRoute;
use rvoip_transaction_core::sip_core::{ByteString, Contact, NameAddr, Response, Uri, unquote};

use crate::route_set::MAX_HOPS;

/// Contacts of a 200 that are looked at.
const MAX_CONTACTS: usize = 256;

/// What a registrar granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// How long it holds: that of our contact which runs out first.
    pub expires: Duration,
    /// All contacts of the address of record, those of other devices included.
    pub contacts: Vec<RegisteredContact>,
    /// The proxies that requests of ours have to pass (RFC 3608), the first hop first.
    pub service_route: Vec<Uri>,
    /// The registrar keeps the flow: requests to us come over it (RFC 5626 section 6).
    pub outbound: bool,
}

/// A contact that the registrar has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredContact {
    /// The contact with its parameters.
    pub contact: NameAddr,
    /// How long it still holds.
    pub expires: Duration,
    /// It is of this registration.
    pub is_ours: bool,
    /// The public GRUU of the device (RFC 5627 section 3.1.1).
    pub public_gruu: Option<Uri>,
    /// Its newest temporary GRUU (RFC 5627 section 3.1.2).
    pub temporary_gruu: Option<Uri>,
}

impl Grant {
    /// Reads the 200 to a REGISTER of these contacts, for which so long was asked. Where a
    /// translator has rewritten ours so that it is not known again, the longest lifetime in the list is taken for it, as it
    /// is the newest. `None` when ours is listed as gone.
    pub fn read(response: &Response, ours: &[NameAddr], asked: Duration) -> Option<Grant> {
        let general = response.expires().ok().flatten();
        let general = general.map(|expires| Duration::from_secs(expires.0.into()));
        let addresses = response.headers().all::<Contact>().take(MAX_CONTACTS);
        let contacts: Vec<RegisteredContact> = addresses
            .filter_map(|contact| contact.ok()?.name_addr()?.to_string().parse().ok())
            .map(|contact| RegisteredContact::read(contact, ours, general.unwrap_or(asked)))
            .collect();
        let own = contacts.iter().filter(|contact| contact.is_ours);
        let own = own.map(|contact| contact.expires).min();
        let longest = || contacts.iter().map(|contact| contact.expires).max();
        let expires = own.or_else(longest).or(general).unwrap_or(asked);
        if expires.is_zero() {
            return None;
        }
        let hops = response.headers().all::<ServiceRoute>().take(MAX_HOPS);
        let service_route = hops.filter_map(|hop| hop.ok()?.uri().as_str().parse().ok());
        let require = response.require().unwrap_or_default();
        Some(Grant {
            expires,
            service_route: service_route.collect(),
            contacts,
            outbound: require.contains("outbound"),
        })
    }
}

impl RegisteredContact {
    fn read(contact: NameAddr, ours: &[NameAddr], general: Duration) -> RegisteredContact {
        let params = contact.params();
        let own = params.get("expires").and_then(|text| text.parse().ok());
        let gruu = |name| unquote(params.get(name)?).parse::<Uri>().ok();
        RegisteredContact {
            expires: own.map_or(general, Duration::from_secs),
            is_ours: ours.iter().any(|other| is_same(other, &contact)),
            public_gruu: gruu("pub-gruu"),
            temporary_gruu: gruu("temp-gruu"),
            contact,
        }
    }
}

/// Whether a contact of the registrar is the one that was sent: the flow of the device, or the address.
fn is_same(sent: &NameAddr, listed: &NameAddr) -> bool {
    let flow = |contact: &NameAddr| -> Option<(ByteString, ByteString)> {
        let (instance, reg_id) = (
            contact.params().get("+sip.instance")?,
            contact.params().get("reg-id")?,
        );
        Some((unquote(instance).as_ref().into(), reg_id.into()))
    };
    sent.uri().equivalent(listed.uri()) || flow(sent).is_some() && flow(sent) == flow(listed)
}
