//! What peers may subscribe to.

use rvoip_dialog_core::event_package::EventPackage;

use super::SessionManagerBuilder;

impl SessionManagerBuilder {
    /// Lets peers subscribe to these packages; [`on_subscription`](crate::CallHandler::on_subscription) decides about each.
    /// Others are answered 489.
    pub fn with_event_packages(mut self, packages: impl IntoIterator<Item = EventPackage>) -> Self {
        self.config.event_packages.extend(packages);
        self
    }
}
