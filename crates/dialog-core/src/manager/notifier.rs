//! Peers subscribe: SUBSCRIBE received, decided, refreshed (RFC 6665 section 4.2.1).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::header::Event;
use rvoip_transaction_core::sip_core::{
    Accept, ByteString, Expires, HeaderName, Request, StatusCode, Uri,
};
use rvoip_transaction_core::sip_transport::{Flow, Target};
use rvoip_transaction_core::{OwnContact, ServerKey};

use super::DialogManager;
use super::subscription::record::{Home, Notice, Notifier, Side, Subscription};
use super::subscription::work::Work;
use crate::config::DialogManagerConfig;
use crate::dialog::Dialog;
use crate::event_package::EventPackage;
use crate::id::LocalTag;
use crate::out_of_dialog::Refusal;
use crate::subscription::{TerminationReason, notifier};
use crate::{SessionCoordinationEvent, SubscriptionEnd, SubscriptionKey};

impl DialogManager {
    /// A SUBSCRIBE outside of dialogs.
    pub(super) fn handle_new_subscribe(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        uri: &Uri,
        flow: Flow,
    ) {
        let admitted = self
            .admit_subscribe(&request)
            .and_then(|(event, package, granted)| {
                let home = self.incoming_dialog(&request, uri, flow)?;
                Ok((event, package, granted, home))
            });
        let (event, package, granted, home) = match admitted {
            Ok(admitted) => admitted,
            Err(refusal) => return self.refuse(now, server, &request, &refusal),
        };
        let request = Arc::new(request);
        let name = package.name.clone();
        let key = self.enter_undecided(now, home, event, package, (server, &request));
        let subscription = self.subscriptions.get_mut(key);
        if let Some(notifier) = subscription.and_then(Subscription::notifier_mut) {
            notifier.asked = granted;
        }
        self.emit(SessionCoordinationEvent::IncomingSubscription {
            key,
            package: name,
            request,
            flow,
        });
    }

    fn admit_subscribe(
        &self,
        request: &Request,
    ) -> Result<(Event, EventPackage, Duration), Refusal> {
        if matches!(self.config, DialogManagerConfig::Client(_)) {
            return Err(Refusal::Forbidden);
        }
        let event = request.headers().first::<Event>();
        let event = event.ok().flatten().ok_or(Refusal::BadEvent)?;
        let packages = &self.config.subscriptions().packages;
        let package = packages
            .iter()
            .find(|package| *package.name == *event.package())
            .ok_or(Refusal::BadEvent)?;
        reads(request, &package.media_type)?;
        let granted = self.granted_time(wanted(request)?, package.expires)?;
        self.subscription_room(None)
            .map_err(|_| Refusal::Unavailable(self.retry_after))?;
        Ok((event, package.clone(), granted))
    }

    /// The dialog of a SUBSCRIBE or REFER outside of calls.
    pub(super) fn incoming_dialog(
        &mut self,
        request: &Request,
        uri: &Uri,
        flow: Flow,
    ) -> Result<Home, Refusal> {
        let path = Target::Flow(flow);
        let route = self.transactions.transport().route(&path);
        let route = route.map_err(|_| Refusal::Internal)?;
        let contact = OwnContact {
            user: uri.user().map(ByteString::from),
            secure: flow.kind.is_secure() && uri.is_sips(),
            ..OwnContact::default()
        };
        let tag = LocalTag::mint(&mut self.rng);
        let dialog = Dialog::incoming(request, tag, &contact.over(&route))?;
        let path = Some(Arc::new(path));
        Ok(Home::Own(self.subscriptions.insert_dialog(dialog, path)))
    }

    /// Enters a subscription that waits for the user's decision.
    pub(super) fn enter_undecided(
        &mut self,
        now: Instant,
        home: Home,
        event: Event,
        package: EventPackage,
        (server, request): (ServerKey, &Arc<Request>),
    ) -> SubscriptionKey {
        let patience = now.checked_add(self.max_answering());
        self.enter_subscription(|key| Subscription {
            key,
            home,
            event,
            media_type: package.media_type,
            refer: None,
            until: None,
            patience,
            end: None,
            side: Side::Notifier(Notifier {
                state: notifier::State::RespWait,
                undecided: Some((server, Arc::clone(request))),
                asked: EventPackage::refer().expires,
                wanted: true,
                notices: VecDeque::new(),
                sending: false,
                latest: None,
            }),
            wake: None,
        })
    }

    /// SUBSCRIBE in a dialog: the refresh or the end of a subscription with us.
    pub(super) fn handle_later_subscribe(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        home: Home,
    ) {
        let found = self.resubscribed(request, home);
        let (key, granted) = match found {
            Ok(found) => found,
            Err(refusal) => return self.refuse(now, server, request, &refusal),
        };
        if let Some(dialog) = self.dialog_at_mut(home) {
            dialog.refresh_target(request.contact().ok().flatten());
        }
        let expires = Expires(granted.as_secs().try_into().unwrap_or(u32::MAX));
        let response = self.usage_response(key, request, StatusCode::OK);
        let response = response.map(|response| (server, response.header(&expires).build()));
        if let Some(subscription) = self.subscriptions.get_mut(key) {
            subscription.until = now.checked_add(granted);
            if granted.is_zero() {
                subscription.note(SubscriptionEnd::Unsubscribed);
            }
        }
        let (input, notice) = match granted.is_zero() {
            true => (
                notifier::Input::Unsubscribe,
                Notice::last(None, TerminationReason::Timeout, None),
            ),
            false => (notifier::Input::Refresh, Notice::of(None)),
        };
        let event = SessionCoordinationEvent::SubscriptionRefreshed {
            key,
            expires: granted,
        };
        let work = Work {
            response,
            event: Some(event),
            notice: Some(notice),
        };
        self.step_notifier(now, key, input, work);
    }

    /// The open subscription with us that a SUBSCRIBE in a dialog names, and how long it may go on.
    fn resubscribed(
        &mut self,
        request: &Request,
        home: Home,
    ) -> Result<(SubscriptionKey, Duration), Refusal> {
        let event = request.headers().first::<Event>();
        let event = event.ok().flatten().ok_or(Refusal::BadEvent)?;
        let theirs = |key: &&SubscriptionKey| {
            self.subscriptions.get(**key).is_some_and(|subscription| {
                matches!(subscription.side, Side::Notifier(_)) && subscription.is_of(&event)
            })
        };
        let found = self.usages(home).iter().find(theirs).copied();
        let key = found.ok_or(Refusal::NoDialog)?;
        self.open_notifier(key, "refresh")
            .map_err(|_| Refusal::NoDialog)?;
        let default = Duration::from_secs(3600);
        Ok((key, self.granted_time(wanted(request)?, default)?))
    }
}

/// The Expires of a SUBSCRIBE.
fn wanted(request: &Request) -> Result<Option<u32>, Refusal> {
    let expires = request.expires().map_err(|_| Refusal::BadRequest)?;
    Ok(expires.map(|Expires(seconds)| seconds))
}

/// Whether the sender reads what it would be told.
fn reads(request: &Request, media_type: &str) -> Result<(), Refusal> {
    let headers = request.headers();
    if !headers.contains(&HeaderName::Accept) {
        return Ok(());
    }
    let covers = |range: Accept| range.covers(media_type) && range.weight() > 0;
    match headers.all::<Accept>().any(|range| range.is_ok_and(covers)) {
        true => Ok(()),
        false => Err(Refusal::NotAcceptable),
    }
}
