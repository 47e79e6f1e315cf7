//! REFER received: a peer asks us to call somebody, and is told how far that has come (RFC 3515 section 2.4).

use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::header::{Event, ReferSub};
use rvoip_transaction_core::sip_core::{Request, StatusCode, Uri};
use rvoip_transaction_core::sip_transport::Flow;

use super::DialogManager;
use super::subscription::record::{Home, Notice};
use super::subscription::work::Work;
use crate::config::DialogManagerConfig;
use crate::event_package::EventPackage;
use crate::out_of_dialog::Refusal;
use crate::refer::notification;
use crate::subscription::{TerminationReason, notifier};
use crate::{DialogError, Refer, SessionCoordinationEvent, SubscriptionEnd, SubscriptionKey};

impl DialogManager {
    /// REFER in a dialog.
    pub(super) fn handle_refer(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        home: Home,
        flow: Flow,
    ) {
        let admitted = self
            .subscription_room(Some(home))
            .map_err(|_| Refusal::Unavailable(self.retry_after))
            .and_then(|()| Refer::read(&request));
        match admitted {
            Ok(refer) => self.enter_referred(now, server, request, (home, flow), refer),
            Err(refusal) => self.refuse(now, server, &request, &refusal),
        }
    }

    /// REFER outside of dialogs.
    pub(super) fn handle_new_refer(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        uri: &Uri,
        flow: Flow,
    ) {
        let admitted = match self.config {
            DialogManagerConfig::Client(_) => Err(Refusal::Forbidden),
            _ => self
                .subscription_room(None)
                .map_err(|_| Refusal::Unavailable(self.retry_after)),
        };
        let admitted = admitted.and_then(|()| {
            let refer = Refer::read(&request)?;
            Ok((refer, self.incoming_dialog(&request, uri, flow)?))
        });
        match admitted {
            Ok((refer, home)) => self.enter_referred(now, server, request, (home, flow), refer),
            Err(refusal) => self.refuse(now, server, &request, &refusal),
        }
    }

    fn enter_referred(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        (home, flow): (Home, Flow),
        refer: Refer,
    ) {
        let number = request.cseq().map_or(1, |cseq| cseq.number);
        let (package, request) = (EventPackage::refer(), Arc::new(request));
        let event = Event::new(package.name.clone()).with_param("id", Some(&number.to_string()));
        let key = self.enter_undecided(now, home, event, package, (server, &request));
        if let Some(subscription) = self.subscriptions.get_mut(key) {
            subscription.refer = Some(number);
            if let Some(notifier) = subscription.notifier_mut() {
                notifier.wanted = refer.subscribe;
            }
        }
        let call = match home {
            Home::Call(call) => Some(call),
            Home::Own(_) => None,
        };
        self.emit(SessionCoordinationEvent::IncomingRefer {
            key,
            call,
            refer: Box::new(refer),
            request,
            flow,
        });
    }

    /// Accepts the request of a peer to call somebody. How far that has come is told by [`notify_refer`](Self::notify_refer)
    /// until it has come to an end. A peer that wants to be told nothing ends the subscription with this.
    ///
    /// # Errors
    /// When no such request waits.
    pub fn accept_refer(&mut self, now: Instant, key: SubscriptionKey) -> Result<(), DialogError> {
        let (server, request) = self.take_undecided(key, "accept")?;
        let response = self.usage_response(key, &request, StatusCode::ACCEPTED);
        let subscription = self.subscriptions.known_mut(key)?;
        subscription.patience = None;
        let wanted = subscription
            .notifier_mut()
            .is_some_and(|notifier| notifier.wanted);
        let (input, response, notice) = if wanted {
            let asked = subscription.notifier_mut().map(|notifier| notifier.asked);
            subscription.until = asked.and_then(|asked| now.checked_add(asked));
            let trying = Notice::of(Some(notification(StatusCode::TRYING)));
            (notifier::Input::Grant, response, Some(trying))
        } else {
            subscription.note(SubscriptionEnd::WithoutSubscription);
            let told = ReferSub::new("false");
            let response = response.map(|response| response.header(&told));
            (notifier::Input::WithoutSubscription, response, None)
        };
        let work = Work {
            response: response.map(|response| (server, response.build())),
            notice,
            event: None,
        };
        self.step_notifier(now, key, input, work);
        self.pump(now);
        Ok(())
    }

    /// Refuses the request of a peer to call somebody.
    ///
    /// # Errors
    /// When no such request waits, or the status is not 300..=699.
    pub fn refuse_refer(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        status: StatusCode,
    ) -> Result<(), DialogError> {
        self.refuse_subscription(now, key, status)
    }

    /// Tells how far the call has come that a peer asked for: 1xx on its way, anything else at its end, which ends the
    /// subscription too. Of provisional statuses that wait only the last is told.
    ///
    /// # Errors
    /// When the peer has no such subscription any more.
    pub fn notify_refer(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        status: StatusCode,
    ) -> Result<(), DialogError> {
        let notifier = self.open_notifier(key, "notify")?;
        notifier.notices.retain(|notice| notice.last.is_some());
        let body = Some(notification(status));
        if status.is_final() {
            let notice = Notice::last(body, TerminationReason::NoResource, None);
            self.close_notifier(now, key, notice, None);
        } else {
            let work = Work::notice(Notice::of(body));
            self.step_notifier(now, key, notifier::Input::Notify, work);
        }
        self.pump(now);
        Ok(())
    }
}
