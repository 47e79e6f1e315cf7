//! The event state compositor of this side: PUBLISH answered, state that runs out (RFC 3903 section 6).

use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::header::SipEtag;
use rvoip_transaction_core::sip_core::{Expires, HeaderName, Method, Request, StatusCode};

use super::DialogManager;
use crate::SessionCoordinationEvent;
use crate::compositor::{Compositor, CompositorConfig, PublicationEvent};
use crate::out_of_dialog::Refusal;

impl DialogManager {
    /// Answers PUBLISH from now on, and tells what becomes of the state by
    /// [`Published`](SessionCoordinationEvent::Published) events. Whoever has to prove who he is publishes his own state
    /// alone; see [`ServerConfig::realm`](crate::ServerConfig::realm).
    pub fn serve_publications(&mut self, config: CompositorConfig) {
        self.capabilities.allow_also(&Method::Publish);
        self.compositor = Some(Box::new(Compositor::new(config)));
    }

    /// What is published here, when this side keeps published state.
    pub fn compositor(&self) -> Option<&Compositor> {
        self.compositor.as_deref()
    }

    /// A PUBLISH whose sender has shown who he is, if he has to; `false` when this side keeps no published state.
    pub(super) fn handle_publish(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
    ) -> bool {
        let user = self.authenticated_user(request);
        let accepted = match &mut self.compositor {
            None => return false,
            Some(_) if self.draining => Err(Refusal::Unavailable(self.retry_after)),
            Some(compositor) => self
                .capabilities
                .extensions(request)
                .and_then(|()| compositor.publish(now, request, user.as_deref(), &mut self.rng)),
        };
        match accepted {
            Ok(accepted) => {
                let seconds = u32::try_from(accepted.expires.as_secs()).unwrap_or(u32::MAX);
                let response = self.response(request, StatusCode::OK);
                let response = self.capabilities.sign_response(response);
                let response = response
                    .header(&SipEtag::new(accepted.etag))
                    .header(&Expires(seconds))
                    .build();
                self.send(now, server, response);
                self.emit(SessionCoordinationEvent::Published(accepted.event));
            }
            Err(Refusal::BadEvent) => self.refuse_package(now, server, request),
            Err(refusal) => self.refuse(now, server, request, &refusal),
        }
        true
    }

    /// 489 with the packages whose state is taken.
    fn refuse_package(&mut self, now: Instant, server: ServerKey, request: &Request) {
        self.counters.refused_requests += 1;
        let packages = self
            .compositor
            .as_ref()
            .map(|compositor| compositor.packages());
        let packages: Vec<&str> = packages.into_iter().flatten().map(|name| &**name).collect();
        let packages = packages.join(", ");
        let response = self.response(request, StatusCode::BAD_EVENT);
        let response = self.capabilities.sign_response(response);
        let response = response.raw(&HeaderName::AllowEvents, &packages).build();
        self.send(now, server, response);
    }

    /// Removes the state that has run out.
    pub(super) fn publications_due(&mut self, now: Instant) {
        if let Some(compositor) = &mut self.compositor
            && compositor.next_expiry().is_some_and(|at| at <= now)
        {
            let events: Vec<PublicationEvent> = compositor.expire(now);
            for event in events {
                self.emit(SessionCoordinationEvent::Published(event));
            }
        }
    }
}
