//! Drives the layers below: takes in what happens, and what dialog-core makes of it.

use std::time::Instant;

use rvoip_dialog_core::SessionCoordinationEvent;
use rvoip_dialog_core::sip_transport::{Core, Input, Output, soonest};

use super::SessionCore;
use super::host_name::call_of;
use super::session::Due;
use crate::{BasicSessionEvent, SessionId, TerminalCause};

impl SessionCore {
    /// Takes in everything that dialog-core has to say.
    pub(super) fn pump(&mut self, now: Instant) {
        while let Some(output) = self.dialogs.poll_output() {
            match output.into_event() {
                Ok(event) => self.coordinate(now, event),
                Err(output) => self.wire.push_back(output),
            }
        }
    }

    /// Takes in an event, unless it has to wait for the host of a description.
    pub(super) fn coordinate(&mut self, now: Instant, event: SessionCoordinationEvent) {
        if let Some(event) = self.await_host(now, event) {
            self.take_in(now, event);
        }
    }

    pub(super) fn take_in(&mut self, now: Instant, event: SessionCoordinationEvent) {
        use SessionCoordinationEvent as Event;
        if let Event::IncomingCall {
            key,
            request,
            flow,
            body,
        } = event
        {
            return self.on_incoming_call(now, key, request, &flow, body);
        }
        let event = match event {
            Event::RequestAnswered { key, response } => {
                return self.on_request_over(now, key, Ok(response));
            }
            Event::RequestFailed { key, cause } => {
                return self.on_request_over(now, key, Err(cause));
            }
            Event::IncomingRequest {
                key, call, request, ..
            } => return self.on_incoming_request(now, key, call, request),
            Event::Registration { key, status } => return self.on_registration(key, status),
            Event::SecretWanted { key, query } => {
                let wanted = BasicSessionEvent::SecretWanted { key, query };
                return self.events.push_back(wanted);
            }
            Event::Unsolicited { request, body } => {
                let told = BasicSessionEvent::Unsolicited { request, body };
                return self.events.push_back(told);
            }
            Event::HostFound { search, addresses } => {
                return self.on_host_found(now, search, &addresses);
            }
            Event::Binding(binding) => return self.on_binding(binding),
            Event::Publication { key, status } => return self.on_publication(key, status),
            Event::Published(event) => return self.on_published(event),
            event => event,
        };
        if matches!(
            event,
            Event::IncomingRefer { .. }
                | Event::IncomingSubscription { .. }
                | Event::Subscribed { .. }
                | Event::Notified { .. }
                | Event::SubscriptionForked { .. }
                | Event::SubscriptionInterrupted { .. }
                | Event::ReferProgress { .. }
                | Event::SubscriptionEnded { .. }
        ) {
            return self.on_subscription_event(now, event);
        }
        let id = call_of(&event).and_then(|call| self.sessions.of_call(call));
        let Some(id) = id else { return };
        match event {
            Event::Progress {
                fork,
                reliable,
                status,
                body,
                ..
            } => self.on_progress(id, now, status, (fork, reliable), body),
            Event::Answered {
                fork, body, offer, ..
            } => self.on_answered(now, id, fork, body, offer),
            Event::Confirmed { body, .. } => self.on_answer(now, id, body.as_ref(), true),
            Event::Answer { body, .. } => self.on_answer(now, id, body.as_ref(), false),
            Event::Offer { fork, body, .. } => self.on_offer(now, id, fork, body),
            Event::OfferRefused { status, .. } => self.on_offer_refused(now, id, status),
            Event::OfferWithdrawn { .. } => self.reoffer(now, id),
            Event::Ended { cause, .. } => self.on_ended(now, id, cause),
            _ => {}
        }
    }

    fn on_due(&mut self, now: Instant, id: SessionId, due: Due) {
        match due {
            Due::Alert => self.alert(now, id),
            Due::Offer => self.reoffer(now, id),
            Due::Report => self.report(now, id),
            Due::TimeLimit => self.end(now, id, Some(TerminalCause::TimeLimit)),
            Due::Handover => self.end(now, id, Some(TerminalCause::HandedOver)),
            Due::MediaEnd => self.finish(now, id),
        }
    }
}

impl Core for SessionCore {
    type Event = BasicSessionEvent;

    fn handle_input(&mut self, now: Instant, input: Input) {
        self.dialogs.handle_input(now, input);
        self.pump(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.dialogs.handle_timeout(now);
        self.pump(now);
        while let Some((id, due)) = self.sessions.pop_due(now) {
            self.on_due(now, id, due);
        }
        self.pump(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        soonest([self.dialogs.poll_timeout(), self.sessions.next_deadline()])
    }

    fn publish(&mut self) {
        self.dialogs.publish();
    }

    fn poll_output(&mut self) -> Option<Output<BasicSessionEvent>> {
        self.wire
            .pop_front()
            .or_else(|| self.events.pop_front().map(Output::Event))
    }
}
