//! What is registered, and where.

use std::time::Duration;

use rvoip_dialog_core::OutgoingRegistration;
use rvoip_dialog_core::sip_core::{ByteString, NameAddr, Uri};
use rvoip_dialog_core::soft_state::BackOff;

use crate::{Result, SessionError};

/// What to register, and where.
#[derive(Clone, Debug)]
pub struct RegistrationConfig {
    /// The address of record, as in `sip:alice@example.com`, perhaps with a name.
    pub address_of_record: String,
    /// The registrar; without one the domain of the address of record.
    pub registrar: Option<String>,
    /// The proxy that everything of this account goes through, registrations and calls.
    pub outbound_proxy: Option<String>,
    /// The lifetime that is asked for. Default 1 hour.
    pub expires: Duration,
    /// The device, as a URN that stays the same over restarts; with it the registrar gives GRUUs (RFC 5627).
    pub instance: Option<String>,
    /// Which of the device's flows this is (RFC 5626); 0 is none.
    pub reg_id: u32,
    /// Further contacts, perhaps with parameters.
    pub contacts: Vec<String>,
    /// How often the flow to the registrar is kept alive.
    pub keep_alive: Option<Duration>,
    /// How long to wait after failures (RFC 5626 section 4.5). Default from half a minute up to half an hour.
    pub back_off: BackOff,
}

impl RegistrationConfig {
    /// A registration for an hour at the domain of the address of record.
    pub fn new(address_of_record: impl Into<String>) -> Self {
        RegistrationConfig {
            address_of_record: address_of_record.into(),
            registrar: None,
            outbound_proxy: None,
            expires: Duration::from_secs(3600),
            instance: None,
            reg_id: 0,
            contacts: Vec::new(),
            keep_alive: None,
            back_off: BackOff::default(),
        }
    }

    /// Registers there.
    #[must_use]
    pub fn with_registrar(mut self, uri: impl Into<String>) -> Self {
        self.registrar = Some(uri.into());
        self
    }

    /// Sends everything of this account through this proxy.
    #[must_use]
    pub fn with_outbound_proxy(mut self, uri: impl Into<String>) -> Self {
        self.outbound_proxy = Some(uri.into());
        self
    }

    /// Asks for this lifetime.
    #[must_use]
    pub fn with_expires(mut self, expires: Duration) -> Self {
        self.expires = expires;
        self
    }

    /// Names the device, and its flow: 1 and above for a flow that the registrar is to keep (RFC 5626).
    #[must_use]
    pub fn with_instance(mut self, urn: impl Into<String>, reg_id: u32) -> Self {
        self.instance = Some(urn.into());
        self.reg_id = reg_id;
        self
    }

    /// What dialog-core is asked for.
    pub(crate) fn outgoing(&self) -> Result<OutgoingRegistration> {
        let aor = address(&self.address_of_record)?;
        let registrar = match &self.registrar {
            Some(registrar) => address(registrar)?.uri().clone(),
            None => {
                let invalid = || SessionError::InvalidUri(self.address_of_record.clone());
                let host = aor.uri().host().ok_or_else(invalid)?.clone();
                match aor.uri().is_sips() {
                    true => Uri::sips(None, host, aor.uri().port()),
                    false => Uri::sip(None, host, aor.uri().port()),
                }
            }
        };
        let mut wanted = OutgoingRegistration::new(aor, registrar);
        wanted.route = self.proxy()?.into_iter().collect();
        wanted.expires = self.expires;
        wanted.instance = self.instance.as_deref().map(ByteString::from);
        wanted.reg_id = self.reg_id;
        wanted.contacts = self
            .contacts
            .iter()
            .map(|text| contact(text))
            .collect::<Result<_>>()?;
        wanted.keep_alive = self.keep_alive;
        wanted.back_off = self.back_off;
        Ok(wanted)
    }

    /// The outbound proxy as a loose router.
    pub(crate) fn proxy(&self) -> Result<Option<Uri>> {
        let proxy = self.outbound_proxy.as_deref().map(address).transpose()?;
        Ok(proxy.map(|proxy| match proxy.uri().param("lr") {
            Some(_) => proxy.uri().clone(),
            None => proxy.uri().with_param("lr", None),
        }))
    }
}

/// A contact, of any scheme.
fn contact(text: &str) -> Result<NameAddr> {
    let parsed = text.parse();
    parsed.map_err(|_| SessionError::InvalidUri(text.to_owned()))
}

/// An address, perhaps with a name. Parameters of one without angle brackets are the URI's: what else could be meant here?
fn address(text: &str) -> Result<NameAddr> {
    let address = match text.contains('<') {
        true => text.parse().ok(),
        false => text.parse().ok().map(NameAddr::new),
    };
    let sip = |address: &NameAddr| address.uri().host().is_some();
    let address = address.filter(sip);
    address.ok_or_else(|| SessionError::InvalidUri(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_follows_from_the_address_of_record() {
        let plain = RegistrationConfig::new("sips:alice@example.com:5071")
            .outgoing()
            .unwrap();
        assert_eq!(plain.registrar.as_str(), "sips:example.com:5071");
        assert!(plain.route.is_empty());
        let routed = RegistrationConfig::new("Alice <sip:alice@example.com>")
            .with_outbound_proxy("sip:192.0.2.1:5070;transport=tcp")
            .with_instance("urn:uuid:1", 2)
            .outgoing()
            .unwrap();
        assert_eq!(routed.registrar.as_str(), "sip:example.com");
        assert_eq!(
            routed.route[0].as_str(),
            "sip:192.0.2.1:5070;transport=tcp;lr"
        );
        assert_eq!(
            (routed.instance.as_deref(), routed.reg_id),
            (Some("urn:uuid:1"), 2)
        );
    }
}
