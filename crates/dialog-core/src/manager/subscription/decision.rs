//! The user decides about a SUBSCRIBE or REFER of a peer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::{
    Expires, HeaderName, Request, Response, ResponseBuilder, StatusCode,
};

use super::record::Notice;
use super::work::Work;
use crate::manager::DialogManager;
use crate::subscription::{Grant, TerminationReason, notifier};
use crate::{Body, DialogError, SubscriptionEnd, SubscriptionKey};

impl DialogManager {
    /// Accepts what a peer subscribed to, and tells the present state; or grants what was pending. One that is granted is
    /// [notified](Self::notify).
    ///
    /// # Errors
    /// When there is no such subscription, it is ending, or too many notifications wait.
    pub fn accept_subscription(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        grant: Grant,
        state: Option<Body>,
    ) -> Result<(), DialogError> {
        if let Ok(notifier) = self.open_notifier(key, "accept") {
            if notifier.state == notifier::State::Active {
                return self.notify(now, key, state);
            }
            let work = Work::notice(Notice::of(state));
            self.step_notifier(now, key, notifier::Input::Grant, work);
            self.pump(now);
            return Ok(());
        }
        let (server, request) = self.take_undecided(key, "accept")?;
        let subscription = self.subscriptions.known_mut(key)?;
        subscription.patience = None;
        let asked = subscription
            .notifier_mut()
            .map_or(Duration::ZERO, |notifier| notifier.asked);
        subscription.until = now.checked_add(asked);
        let expires = Expires(asked.as_secs().try_into().unwrap_or(u32::MAX));
        let (input, notice) = match grant {
            _ if asked.is_zero() => {
                subscription.note(SubscriptionEnd::Unsubscribed);
                let notice = Notice::last(state, TerminationReason::Timeout, None);
                (notifier::Input::GrantOnce, notice)
            }
            Grant::Active => (notifier::Input::Grant, Notice::of(state)),
            Grant::Pending => (notifier::Input::Postpone, Notice::of(state)),
        };
        let response = self.usage_response(key, &request, StatusCode::OK);
        let work = Work {
            response: response.map(|response| (server, response.header(&expires).build())),
            notice: Some(notice),
            event: None,
        };
        self.step_notifier(now, key, input, work);
        self.pump(now);
        Ok(())
    }

    /// Refuses what a peer subscribed to.
    ///
    /// # Errors
    /// When there is no such subscription, it is not undecided, or the status is not 300..=699.
    pub fn refuse_subscription(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        status: StatusCode,
    ) -> Result<(), DialogError> {
        if !status.is_final() || status.is_success() {
            return Err(DialogError::WrongStatus(status));
        }
        let subscription = self.subscriptions.known_mut(key)?;
        let state = subscription.state_name();
        if subscription
            .notifier_mut()
            .is_none_or(|notifier| notifier.undecided.is_none())
        {
            let command = "refuse";
            return Err(DialogError::InvalidSubscription {
                key,
                state,
                command,
            });
        }
        self.refuse_undecided(now, key, status);
        self.pump(now);
        Ok(())
    }

    pub(in crate::manager) fn refuse_undecided(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        status: StatusCode,
    ) {
        let Ok((server, request)) = self.take_undecided(key, "refuse") else {
            return;
        };
        if let Some(subscription) = self.subscriptions.get_mut(key) {
            subscription.note(SubscriptionEnd::Refused {
                status,
                retry_after: None,
                allow_events: Vec::new(),
            });
        }
        let response = self.usage_response(key, &request, status);
        let work = Work {
            response: response.map(|response| (server, response.build())),
            ..Work::default()
        };
        self.step_notifier(now, key, notifier::Input::Refuse, work);
    }

    /// The SUBSCRIBE or REFER that waits for a decision.
    pub(in crate::manager) fn take_undecided(
        &mut self,
        key: SubscriptionKey,
        command: &'static str,
    ) -> Result<(ServerKey, Arc<Request>), DialogError> {
        let subscription = self.subscriptions.known_mut(key)?;
        let state = subscription.state_name();
        let undecided = subscription
            .notifier_mut()
            .and_then(|notifier| notifier.undecided.take());
        undecided.ok_or(DialogError::InvalidSubscription {
            key,
            state,
            command,
        })
    }

    /// A response to a SUBSCRIBE or REFER; a 2xx makes or refreshes the dialog.
    pub(in crate::manager) fn usage_response(
        &self,
        key: SubscriptionKey,
        request: &Request,
        status: StatusCode,
    ) -> Option<ResponseBuilder> {
        let home = self.subscriptions.get(key)?.home;
        let (dialog, _) = self.dialog_at(home)?;
        let response = Response::builder_for(request, status).to_tag(&dialog.local_tag().text());
        let response = self.capabilities.sign_response(response);
        Some(match status.is_success() {
            true => response
                .copy_record_route(request)
                .raw(&HeaderName::Contact, dialog.contact()),
            false => response,
        })
    }
}
