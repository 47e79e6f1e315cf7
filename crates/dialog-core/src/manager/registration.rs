//! Registrations as a client: REGISTER written, its answers read (RFC 3261 section 10.2, RFC 5626 section 4).

mod binding;
mod flow;

use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::header::MinExpires;
use rvoip_transaction_core::sip_core::{Contact, Response, StatusCode, Uri};
use rvoip_transaction_core::sip_transport::Target;

use super::DialogManager;
use super::soft_state::{Judgement, MAX_ROUNDS, Purpose, SoftState};
use crate::DialogError;
use crate::id::{LocalTag, mint_call_id};
use crate::registration::{Grant, OutgoingRegistration, RegistrationKey};
use crate::soft_state::{Input, SoftStateKey};

pub(super) use binding::Registration;

impl DialogManager {
    /// Registers, and keeps the registration until [`unregister`](Self::unregister). What becomes of it is told by
    /// [`Registration`](crate::SessionCoordinationEvent::Registration) events.
    ///
    /// # Errors
    /// When this manager is a server, drains or is full, or when the REGISTER cannot be sent; nothing will be told then.
    pub fn register(
        &mut self,
        now: Instant,
        wanted: OutgoingRegistration,
    ) -> Result<RegistrationKey, DialogError> {
        self.admit_soft_state()?;
        let (call_id, tag) = (mint_call_id(&mut self.rng), LocalTag::mint(&mut self.rng));
        let (expires, back_off) = (wanted.expires, wanted.back_off);
        let purpose = Purpose::Registration(Box::new(Registration::new(wanted)));
        let record = SoftState::new(purpose, call_id, tag, expires, back_off);
        let key = self.begin_soft_state(now, record)?;
        self.pump(now);
        Ok(RegistrationKey(key))
    }

    /// Refreshes a registration now, or tries again what waits.
    ///
    /// # Errors
    /// When there is no such registration.
    pub fn refresh_registration(
        &mut self,
        now: Instant,
        key: RegistrationKey,
    ) -> Result<(), DialogError> {
        self.known_registration(key)?;
        self.prompt_soft_state(now, key.0, Input::Renew);
        self.pump(now);
        Ok(())
    }

    /// Takes a registration back; with `all`, whatever else the address of record has (`Contact: *`).
    /// [`Ended`](crate::RegistrationStatus::Ended) follows when the registrar knows, or cannot be told.
    ///
    /// # Errors
    /// When there is no such registration.
    pub fn unregister(
        &mut self,
        now: Instant,
        key: RegistrationKey,
        all: bool,
    ) -> Result<(), DialogError> {
        self.known_registration(key)?.removes_all |= all;
        self.prompt_soft_state(now, key.0, Input::Remove);
        self.pump(now);
        Ok(())
    }

    /// What the registrar granted last.
    pub fn registration(&self, key: RegistrationKey) -> Option<&Grant> {
        match &self.soft_states.get(key.0)?.purpose {
            Purpose::Registration(registration) => registration.grant.as_ref(),
            Purpose::Publication(_) => None,
        }
    }

    fn known_registration(
        &mut self,
        key: RegistrationKey,
    ) -> Result<&mut Registration, DialogError> {
        let record = self.soft_states.get_mut(key.0);
        match record.map(|record| &mut record.purpose) {
            Some(Purpose::Registration(registration)) => Ok(registration),
            _ => Err(DialogError::NoSuchRegistration(key)),
        }
    }

    /// A REGISTER goes to a server, the first or another than before.
    pub(super) fn registration_sent(&mut self, key: SoftStateKey, target: Target, contact: &str) {
        let record = self.soft_states.get_mut(key);
        if let Some(Purpose::Registration(registration)) = record.map(|record| &mut record.purpose)
        {
            let contact = contact.parse().ok();
            registration.sent = contact.map(|contact| (contact, target));
        }
    }

    /// What the answer to a REGISTER means.
    pub(super) fn judge_registration(
        &mut self,
        now: Instant,
        key: SoftStateKey,
        response: &Response,
    ) -> Judgement {
        let Some(record) = self.soft_states.get_mut(key) else {
            return Judgement::again();
        };
        let refused = Judgement::refused(response, record.was_granted);
        let (expires, has_rounds) = (record.expires, record.rounds < MAX_ROUNDS);
        let Purpose::Registration(registration) = &mut record.purpose else {
            return refused;
        };
        let status = response.status();
        let changed = match status {
            _ if status.is_success() => {
                let Some(grant) = Grant::read(response, &registration.ours(), expires) else {
                    return refused;
                };
                let granted = grant.expires;
                record.renew |= registration.bind();
                registration.detour = None;
                registration.grant = Some(grant);
                self.rest_on_flow(now, key);
                return Judgement::granted(granted);
            }
            StatusCode::INTERVAL_TOO_BRIEF => {
                let least = response.headers().first::<MinExpires>().ok().flatten();
                let least = least.map(|least| Duration::from_secs(least.0.into()));
                let longer = least.filter(|least| *least > expires);
                record.expires = longer.unwrap_or(expires);
                longer.is_some()
            }
            StatusCode::FIRST_HOP_LACKS_OUTBOUND_SUPPORT => {
                std::mem::take(&mut registration.wanted.reg_id) > 0
            }
            _ if status.is_redirection() => {
                let contact = response.contact().ok().flatten();
                let place = contact.as_ref().and_then(Contact::uri);
                let place = place.and_then(|place| place.as_str().parse().ok());
                let place: Option<Uri> = place.filter(|place| place != registration.place());
                let followed = place.is_some();
                match status {
                    StatusCode::MOVED_PERMANENTLY => registration.moved = place,
                    _ => registration.detour = place,
                }
                followed
            }
            _ => false,
        };
        if changed && has_rounds {
            record.rounds += 1;
            return Judgement::again();
        }
        // What the user asked for may be right again.
        (registration.moved, registration.detour) = (None, None);
        refused
    }
}
