//! The changes that a REGISTER makes, all of them or none (RFC 3261 section 10.3, steps 6 and 7).

use std::time::Instant;

use super::demand::{Contacts, Demand, Wanted};
use super::{Binding, BindingChange, BindingEvent, RegistrarConfig, binding};
use crate::out_of_dialog::Refusal;

impl Demand {
    /// The bindings after this REGISTER, and what changed.
    pub(super) fn apply(
        &self,
        now: Instant,
        before: &[Binding],
        config: &RegistrarConfig,
    ) -> Result<(Vec<Binding>, Vec<BindingEvent>), Refusal> {
        let mut bindings = before.to_vec();
        let mut events = binding::expire(now, &self.aor, &mut bindings);
        match &self.contacts {
            Contacts::RemoveAll => {
                for binding in bindings.drain(..) {
                    self.in_order(&binding)?;
                    events.push(self.event(&binding, BindingChange::Unregistered));
                }
            }
            Contacts::Update(all) => {
                for wanted in all {
                    let place = bindings
                        .iter()
                        .position(|binding| self.is_same(wanted, binding));
                    if let Some(binding) = place.map(|place| &bindings[place]) {
                        self.in_order(binding)?;
                    }
                    events.extend(self.put(now, wanted, place, &mut bindings));
                }
                if bindings.len() > config.max_contacts {
                    return Err(Refusal::Unavailable(config.min_expires));
                }
            }
        }
        Ok((bindings, events))
    }

    /// Requests of one Call-ID are carried out in their order alone.
    fn in_order(&self, binding: &Binding) -> Result<(), Refusal> {
        match binding.call_id == self.call_id && self.cseq <= binding.cseq {
            true => Err(Refusal::OutOfOrder),
            false => Ok(()),
        }
    }

    /// Flows of a device are known by the device and their number (RFC 5626 section 6), other contacts by their address.
    fn is_same(&self, wanted: &Wanted, binding: &Binding) -> bool {
        match wanted.reg_id.filter(|_| self.outbound) {
            Some(reg_id) => binding.reg_id == Some(reg_id) && binding.instance == wanted.instance,
            None => wanted.contact.uri().equivalent(binding.uri()),
        }
    }

    fn put(
        &self,
        now: Instant,
        wanted: &Wanted,
        place: Option<usize>,
        bindings: &mut Vec<Binding>,
    ) -> Option<BindingEvent> {
        if wanted.expires.is_zero() {
            let gone = bindings.remove(place?);
            return Some(self.event(&gone, BindingChange::Unregistered));
        }
        let known = place.map(|place| &bindings[place]);
        // A new Call-ID means that the device has begun anew: what it knew before is void (RFC 5627 section 3.1.2).
        let known = known.filter(|known| known.call_id == self.call_id);
        let binding = Binding {
            contact: wanted.contact.clone(),
            q: wanted.q,
            expires_at: now + wanted.expires,
            updated_at: now,
            call_id: self.call_id.clone(),
            cseq: self.cseq,
            path: self.path.clone(),
            instance: wanted.instance.clone(),
            reg_id: wanted.reg_id.filter(|_| self.outbound),
            flow: self.flow,
            temporary: known
                .map(|known| known.temporary.clone())
                .unwrap_or_default(),
        };
        let change = match place {
            Some(_) => BindingChange::Refreshed,
            None => BindingChange::Registered,
        };
        let event = self.event(&binding, change);
        match place {
            Some(place) => bindings[place] = binding,
            None => bindings.push(binding),
        }
        Some(event)
    }

    fn event(&self, binding: &Binding, change: BindingChange) -> BindingEvent {
        BindingEvent::new(&self.aor, binding, change)
    }
}
