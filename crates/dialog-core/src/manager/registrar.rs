//! The registrar of this side: REGISTER answered, bindings that run out (RFC 3261 section 10.3).

use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::{
    Contact, HeaderName, Method, Request, Require, StatusCode, Uri,
};
use rvoip_transaction_core::sip_transport::Flow;

use super::DialogManager;
use crate::SessionCoordinationEvent;
use crate::out_of_dialog::Refusal;
use crate::registrar::{BindingEvent, Located, Registrar, RegistrarConfig};

impl DialogManager {
    /// Answers REGISTER from now on, and tells what becomes of bindings by
    /// [`Binding`](SessionCoordinationEvent::Binding) events. Whoever has to prove who he is registers his own contacts
    /// alone; see [`ServerConfig::realm`](crate::ServerConfig::realm).
    pub fn serve_registrations(&mut self, config: RegistrarConfig) {
        self.capabilities.allow_also(&Method::Register);
        self.registrar = Some(Box::new(Registrar::new(config)));
    }

    /// Where the user of an address of record, or the device of a GRUU, can be reached now: see [`Registrar::locate`].
    pub fn locate(&self, now: Instant, uri: &Uri) -> Vec<Located> {
        let registrar = self.registrar.as_ref();
        registrar.map_or_else(Vec::new, |registrar| registrar.locate(now, uri))
    }

    /// A REGISTER whose sender has shown who he is, if he has to.
    pub(super) fn handle_register(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        flow: &Flow,
    ) {
        let user = self.authenticated_user(request);
        let granted = match &mut self.registrar {
            None => Err(Refusal::Method),
            Some(_) if self.draining => Err(Refusal::Unavailable(self.retry_after)),
            Some(registrar) => {
                registrar.register(now, request, flow, user.as_deref(), &mut self.rng)
            }
        };
        let grant = match granted {
            Ok(grant) => grant,
            Err(refusal) => return self.refuse(now, server, request, &refusal),
        };
        let response = self.response(request, StatusCode::OK);
        let mut response = self.capabilities.sign_response(response);
        for contact in grant.contacts {
            response = response.header(&Contact::Address(contact));
        }
        for hop in &grant.path {
            response = response.raw(&HeaderName::Path, &hop.to_string());
        }
        if grant.outbound {
            response = response.header(&Require::new(["outbound"]));
        }
        self.send(now, server, response.build());
        self.tell_bindings(grant.events);
    }

    /// Removes the bindings that have run out.
    pub(super) fn bindings_due(&mut self, now: Instant) {
        if let Some(registrar) = &mut self.registrar
            && registrar.next_expiry().is_some_and(|at| at <= now)
        {
            let events = registrar.expire(now);
            self.tell_bindings(events);
        }
    }

    fn tell_bindings(&mut self, events: Vec<BindingEvent>) {
        for event in events {
            self.emit(SessionCoordinationEvent::Binding(event));
        }
    }
}
