//! NOTIFY received: found its subscription by dialog and event, told, and the subscriptions of several branches (RFC 6665
//! sections 4.1.3 and 4.4.1).

use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::header::{Event, SubscriptionState, Substate};
use rvoip_transaction_core::sip_core::{Method, Request, Response, StatusCode};
use rvoip_transaction_core::sip_transport::Flow;

use super::DialogManager;
use super::subscription::record::{Home, Side};
use crate::event_package::EventPackage;
use crate::id::LocalTag;
use crate::out_of_dialog::Refusal;
use crate::refer::progress;
use crate::subscription::{TerminationReason, subscriber};
use crate::{Body, SessionCoordinationEvent, SubscriptionEnd, SubscriptionKey};

impl DialogManager {
    /// A request in a dialog that no call uses.
    pub(super) fn handle_in_usage(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        tag: LocalTag,
        flow: Flow,
    ) {
        match self.sort_usage(now, &request, tag) {
            Err(refusal) => self.refuse(now, server, &request, &refusal),
            Ok(home) => match request.method() {
                Method::Notify => self.handle_notify(now, server, &request, home),
                Method::Subscribe => self.handle_later_subscribe(now, server, &request, home),
                Method::Refer => self.handle_refer(now, server, request, home, flow),
                Method::Options => self.answer_options(now, server, &request),
                _ => self.refuse(now, server, &request, &Refusal::NoDialog),
            },
        }
    }

    /// The dialog that a request is in, once it has passed all checks. A NOTIFY may be what makes it.
    fn sort_usage(
        &mut self,
        now: Instant,
        request: &Request,
        tag: LocalTag,
    ) -> Result<Home, Refusal> {
        let known = self.subscriptions.dialog_of(tag, request);
        let tagged = known
            .and_then(|index| self.subscriptions.dialog(index))
            .is_some_and(|usage| usage.dialog.remote_tag().is_some());
        match known {
            Some(index) if tagged => {
                self.sort_in_usage(request, index)?;
                self.capabilities.method(request)?;
                self.capabilities.extensions(request)?;
                Ok(Home::Own(index))
            }
            _ if *request.method() != Method::Notify => Err(Refusal::NoDialog),
            Some(index) => {
                self.notified_subscription(request, Home::Own(index))?;
                if let Some(usage) = self.subscriptions.dialog_mut(index) {
                    usage.dialog.establish_by(request)?;
                }
                Ok(Home::Own(index))
            }
            None => self.fork_subscription(now, request, tag),
        }
    }

    /// The subscription of ours that a NOTIFY is for.
    pub(super) fn notified_subscription(
        &self,
        request: &Request,
        home: Home,
    ) -> Result<SubscriptionKey, Refusal> {
        let event = request.headers().first::<Event>();
        let event = event.ok().flatten().ok_or(Refusal::BadEvent)?;
        let ours = |key: &&SubscriptionKey| {
            let subscription = self.subscriptions.get(**key);
            subscription.filter(|it| matches!(it.side, Side::Subscriber(_)))
        };
        let usages = self.usages(home);
        let named = usages
            .iter()
            .find(|key| ours(key).is_some_and(|subscription| subscription.is_of(&event)));
        // A REFER that was sent again has another number than we know as long as it is not answered.
        let mut unanswered = usages.iter().filter(|key| {
            ours(key).is_some_and(|subscription| {
                subscription.refer.is_some() && subscription.event.package() == event.package()
            })
        });
        named
            .or_else(|| unanswered.next().filter(|_| unanswered.next().is_none()))
            .copied()
            .ok_or(Refusal::NoDialog)
    }

    /// NOTIFY in a dialog that it has a place in.
    pub(super) fn handle_notify(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        home: Home,
    ) {
        let state = request.headers().first::<SubscriptionState>();
        let found = self
            .notified_subscription(request, home)
            .and_then(|key| Ok((key, state.ok().flatten().ok_or(Refusal::BadRequest)?)));
        let (key, state) = match found {
            Ok(found) => found,
            Err(refusal) => return self.refuse(now, server, request, &refusal),
        };
        let response = Response::builder_for(request, StatusCode::OK);
        let response = self.capabilities.sign_response(response).build();
        self.send(now, server, response);
        if let Some(dialog) = self.dialog_at_mut(home) {
            dialog.refresh_target(request.contact().ok().flatten());
        }
        self.notified(now, key, &state, Body::of_request(request));
    }

    fn notified(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        state: &SubscriptionState,
        body: Option<Body>,
    ) {
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        let substate = state.substate();
        let input = match substate {
            Substate::Pending => subscriber::Input::NotifyPending,
            Substate::Terminated => subscriber::Input::NotifyTerminated,
            _ => subscriber::Input::NotifyActive,
        };
        let time = |seconds: u32| Duration::from_secs(seconds.into());
        let refers = subscription.refer.is_some();
        let end = (substate == Substate::Terminated).then(|| SubscriptionEnd::Terminated {
            reason: state.reason().and_then(TerminationReason::parse),
            retry_after: state.retry_after().map(time),
        });
        if end.is_none()
            && let Some(subscriber) = subscription.subscriber_mut()
        {
            if let Some(renewal) = &mut subscriber.renewal {
                renewal.was_granted = true;
                renewal.granted_at.get_or_insert(now);
            }
            let unknown = match refers {
                true => EventPackage::refer().expires,
                false => subscriber.interval,
            };
            if subscriber.state == subscriber::State::NotifyWait {
                subscription.patience = None;
            }
            match state.expires() {
                Some(expires) => self.lasts(now, key, time(expires)),
                None if subscription.until.is_none() => self.lasts(now, key, unknown),
                None => {}
            }
        }
        let report = match body.as_ref().filter(|_| refers).and_then(progress) {
            Some(status) => SessionCoordinationEvent::ReferProgress { key, status },
            None => SessionCoordinationEvent::Notified {
                key,
                state: substate,
                body,
            },
        };
        match end {
            Some(end) => self.lose_subscription(now, key, end, input, Some(report)),
            None => self.step_subscriber(now, key, input, Some(report)),
        }
    }

    /// Whether a NOTIFY is taken that no subscription has asked for.
    pub(super) fn is_welcome(&self, request: &Request) -> bool {
        let event = request.headers().first::<Event>().ok().flatten();
        let unsolicited = &self.config.subscriptions().unsolicited;
        event.is_some_and(|event| unsolicited.iter().any(|name| *name == event.package()))
    }

    /// A NOTIFY that no subscription has asked for.
    pub(super) fn handle_unsolicited(&mut self, now: Instant, server: ServerKey, request: Request) {
        let response = self.response(&request, StatusCode::OK);
        let response = self.capabilities.sign_response(response).build();
        self.send(now, server, response);
        let body = Body::of_request(&request);
        let request = Arc::new(request);
        self.emit(SessionCoordinationEvent::Unsolicited { request, body });
    }
}
