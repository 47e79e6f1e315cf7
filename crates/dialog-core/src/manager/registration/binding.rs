//! The binding of this side at its registrar, and the REGISTER that makes it (RFC 3261 section 10.2.1).

use std::time::Duration;

use rvoip_transaction_core::sip_core::{
    ByteString, Contact, Expires, HeaderName, Method, NameAddr, Uri,
};
use rvoip_transaction_core::sip_transport::Target;
use rvoip_transaction_core::{NextHop, OwnContact};

use crate::DialogError;
use crate::dialog::Dialog;
use crate::manager::errand::Errand;
use crate::manager::request::with_headers;
use crate::manager::soft_state::SoftState;
use crate::options::Capabilities;
use crate::registration::{Grant, OutgoingRegistration};
use crate::soft_state::State;

/// What a registration knows beside the machine.
#[derive(Debug)]
pub(in crate::manager) struct Registration {
    pub(super) wanted: OutgoingRegistration,
    /// Where a 3xx has sent us, for good or for the present request.
    pub(super) moved: Option<Uri>,
    pub(super) detour: Option<Uri>,
    /// Our contact in the request on its way, and where that went.
    pub(super) sent: Option<(NameAddr, Target)>,
    /// Our contact at the registrar.
    bound: Option<NameAddr>,
    /// A contact that was ours at another address, to be removed.
    stale: Option<NameAddr>,
    pub(super) removes_all: bool,
    pub(in crate::manager) grant: Option<Grant>,
}

impl Registration {
    pub(super) fn new(wanted: OutgoingRegistration) -> Registration {
        Registration {
            wanted,
            moved: None,
            detour: None,
            sent: None,
            bound: None,
            stale: None,
            removes_all: false,
            grant: None,
        }
    }

    /// Where the REGISTER is for.
    pub(super) fn place(&self) -> &Uri {
        let moved = self.detour.as_ref().or(self.moved.as_ref());
        moved.unwrap_or(&self.wanted.registrar)
    }

    /// The next REGISTER.
    pub(in crate::manager) fn errand(
        &self,
        record: &SoftState,
        capabilities: &Capabilities,
    ) -> Result<Errand, DialogError> {
        let (wanted, place) = (&self.wanted, self.place());
        let lone = Dialog::outgoing(
            &record.call_id,
            record.tag,
            &wanted.aor,
            wanted.aor.uri(),
            &wanted.route,
        );
        let (request, next_hop) = lone
            .directed_to(place)
            .request(Method::Register, record.cseq)
            .map_err(|_| DialogError::Unreachable(place.as_str().into()))?;
        let secure = place.is_sips() || next_hop.is_sips();
        let expires = match record.state {
            State::Removing => Duration::ZERO,
            _ => record.expires,
        };
        let mut request = capabilities
            .sign_request(request)
            .raw(&HeaderName::Supported, wanted.supported())
            .header(&Expires(
                u32::try_from(expires.as_secs()).unwrap_or(u32::MAX),
            ));
        request = with_headers(request, &wanted.headers);
        let next_hop = match &wanted.target {
            Some(target) => NextHop::from(target),
            None => next_hop.into(),
        };
        if self.removes_all && expires.is_zero() {
            return Ok(Errand::new(request.header(&Contact::Any), next_hop));
        }
        for further in &wanted.contacts {
            let contact = match expires.is_zero() {
                true => further.clone().with_param("expires", Some("0")),
                false => further.clone(),
            };
            request = request.header(&Contact::Address(contact));
        }
        if let Some(stale) = &self.stale {
            let gone = NameAddr::new(stale.uri().clone()).with_param("expires", Some("0"));
            request = request.header(&Contact::Address(gone));
        }
        let user = wanted.user.clone();
        let contact = OwnContact {
            user: user.or_else(|| wanted.aor.uri().user().map(ByteString::from)),
            secure,
            params: wanted.contact_params(expires),
        };
        Ok(Errand::new(request, next_hop).with_contact(contact))
    }

    /// All that is registered here, as it was sent.
    pub(super) fn ours(&self) -> Vec<NameAddr> {
        let own = self.sent.iter().map(|(contact, _)| contact.clone());
        own.chain(self.wanted.contacts.iter().cloned()).collect()
    }

    /// Notes that our contact is at the registrar now; whether another of ours is still there that leads nowhere.
    pub(super) fn bind(&mut self) -> bool {
        let Some((contact, _)) = &self.sent else {
            return false;
        };
        let before = self.bound.replace(contact.clone());
        let is_other = |before: &NameAddr| !before.uri().equivalent(contact.uri());
        // A registrar that knows the device has replaced it by itself.
        let replaced = self.wanted.instance.is_some() && self.wanted.reg_id > 0;
        self.stale = before.filter(|before| !replaced && is_other(before));
        self.stale.is_some()
    }
}
