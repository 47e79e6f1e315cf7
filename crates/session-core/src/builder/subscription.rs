//! What peers may subscribe to.

use rvoip_dialog_core::SubscriptionConfig;
use rvoip_dialog_core::event_package::EventPackage;

use super::SessionManagerBuilder;

impl SessionManagerBuilder {
    /// Lets peers subscribe to these packages; [`on_subscription`](crate::CallHandler::on_subscription) decides about each.
    /// Others are answered 489.
    pub fn with_event_packages(mut self, packages: impl IntoIterator<Item = EventPackage>) -> Self {
        self.config.subscriptions.packages.extend(packages);
        self
    }

    /// How many subscriptions there may be and how long they last, when ours are made again, and what is taken without any.
    /// Packages that were named before stay.
    pub fn with_subscriptions(mut self, mut subscriptions: SubscriptionConfig) -> Self {
        let named = std::mem::take(&mut self.config.subscriptions.packages);
        subscriptions.packages.extend(named);
        self.config.subscriptions = subscriptions;
        self
    }
}
