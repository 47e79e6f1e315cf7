//! Peers that subscribe: the handler decides.

use std::sync::Arc;

use crate::switchboard::Switchboard;
use crate::{CallHandler, IncomingSubscription, Watcher};

/// Asks the handler about a peer that subscribes, in a task of its own. The layer below bounds how many there are.
pub(super) fn spawn(
    switchboard: &Arc<Switchboard>,
    handler: Arc<dyn CallHandler>,
    subscription: IncomingSubscription,
) {
    let switchboard = Arc::clone(switchboard);
    tokio::spawn(async move {
        let key = subscription.key;
        let watcher = Watcher::new(&switchboard, subscription);
        let decision = handler.on_subscription(watcher).await;
        let posted = switchboard.post(move |core, now| {
            if let Err(error) = core.decide_subscription(now, key, decision) {
                tracing::info!(%key, %error, "the decision came to nothing");
            }
        });
        // Nobody waits for it when the shard is closed.
        let _ = posted.await;
    });
}
