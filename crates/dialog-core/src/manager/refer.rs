//! REFER sent and received, and how far the call that it asks for has come (RFC 3515, RFC 4488).

use std::time::Instant;

use rvoip_transaction_core::sip_core::header::{Event, ReferSub};
use rvoip_transaction_core::sip_core::{Method, NameAddr, RequestBuilder, Uri};
use rvoip_transaction_core::sip_transport::Target;

use super::DialogManager;
use super::subscription::Asked;
use super::subscription::record::{Home, Side, Subscriber, Subscription};
use crate::event_package::EventPackage;
use crate::subscription::subscriber;
use crate::{CallKey, DialogError, Refer, SubscriptionKey};

/// A REFER to send outside of calls.
#[derive(Clone, Debug)]
pub struct OutgoingRefer {
    /// Who asks: the From header.
    pub local: NameAddr,
    /// Who is asked: the To header and the Request-URI.
    pub remote: Uri,
    /// Where the REFER goes when not where the route or the remote URI points.
    pub target: Option<Target>,
    /// A pre-loaded route set, the outbound proxy first.
    pub route: Vec<Uri>,
    /// What is asked for.
    pub refer: Refer,
}

impl DialogManager {
    /// Asks the peer of a call to call somebody. Its answer is told by [`Subscribed`](crate::SessionCoordinationEvent::Subscribed), how
    /// far it has come by [`ReferProgress`](crate::SessionCoordinationEvent::ReferProgress), and the last event is
    /// [`SubscriptionEnded`](crate::SessionCoordinationEvent::SubscriptionEnded); they may come after the end of the call.
    ///
    /// # Errors
    /// When the call is not confirmed, too many subscriptions exist, or the REFER cannot be sent.
    pub fn refer(
        &mut self,
        now: Instant,
        call: CallKey,
        refer: &Refer,
    ) -> Result<SubscriptionKey, DialogError> {
        let record = self.calls.known(call)?;
        if !record.role.is_confirmed() {
            return Err(DialogError::InvalidState {
                key: call,
                state: record.role.name(),
                command: "refer",
            });
        }
        let home = Home::Call(call);
        self.subscription_room(Some(home))?;
        let key = self.enter_refer(now, home);
        let asked = self.ask(now, key, Asked::First, Method::Refer, |request| {
            dress(request, refer)
        });
        match asked {
            Ok(number) => {
                if let Some(subscription) = self.subscriptions.get_mut(key) {
                    subscription.refer = Some(number);
                }
                self.pump(now);
                Ok(key)
            }
            Err(error) => {
                self.forget_subscription(key);
                Err(error)
            }
        }
    }

    /// Asks somebody with whom there is no call to call somebody. Events as for [`refer`](Self::refer).
    ///
    /// # Errors
    /// When this manager is a server, drains, is full, or when the REFER cannot be sent.
    pub fn refer_outside(
        &mut self,
        now: Instant,
        wanted: OutgoingRefer,
    ) -> Result<SubscriptionKey, DialogError> {
        self.may_subscribe()?;
        let home = self.outgoing_dialog(&wanted.local, &wanted.remote, &wanted.route);
        let key = self.enter_refer(now, home);
        let whither = (&wanted.local, wanted.target);
        let refer = &wanted.refer;
        let asked = self.ask_outside(now, key, Method::Refer, whither, |request| {
            dress(request, refer)
        });
        if let Err(error) = asked {
            self.forget_subscription(key);
            return Err(error);
        }
        self.pump(now);
        Ok(key)
    }

    fn enter_refer(&mut self, now: Instant, home: Home) -> SubscriptionKey {
        let (package, patience) = (EventPackage::refer(), now + self.patience());
        self.enter_subscription(|key| Subscription {
            key,
            home,
            event: Event::new(package.name),
            media_type: package.media_type,
            refer: Some(1),
            until: None,
            patience: Some(patience),
            end: None,
            side: Side::Subscriber(Subscriber {
                state: subscriber::State::NotifyWait,
                interval: package.expires,
                refresh_at: None,
                forks_until: Some(patience),
                renewal: None,
            }),
            wake: None,
        })
    }

    /// Takes back a subscription that nobody has heard of.
    pub(super) fn forget_subscription(&mut self, key: SubscriptionKey) {
        let Some(subscription) = self.subscriptions.remove(key) else {
            return;
        };
        if let Home::Call(call) = subscription.home
            && let Some(call) = self.calls.get_mut(call)
            && let Some(usages) = &mut call.usages
        {
            usages.subscriptions.retain(|other| *other != key);
        }
    }
}

/// Puts what is asked for into a REFER.
fn dress(request: RequestBuilder, refer: &Refer) -> RequestBuilder {
    let mut request = request.header(&refer.refer_to);
    if let Some(by) = &refer.referred_by {
        request = request.header(by);
    }
    match refer.subscribe {
        true => request,
        false => request.header(&ReferSub::new("false")),
    }
}
