//! The end of everything: calls are ended, sockets closed, and the handler let go.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Switchboard;
use crate::waiting::wait_for;

/// How long the peers have to answer our BYE when everything stops.
const FAREWELL: Duration = Duration::from_millis(1200);

/// How long media has then to close, and the handler to hear of the ends.
const LAST_WORDS: Duration = Duration::from_millis(250);

impl Switchboard {
    /// Ends all calls, closes all sockets and lets go of the handler. Returns when the addresses are free again.
    pub(crate) async fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.stopping.get_or_init(|| self.close()).await;
    }

    async fn close(&self) {
        if let Some(shard) = self.shard.get() {
            let left = shard.call(|core, now| core.shutdown(now)).await.is_ok()
                && !self.emptied_within(FAREWELL).await;
            if left && shard.call(|core, now| core.abandon(now)).await.is_ok() {
                self.emptied_within(LAST_WORDS).await;
                let left = shard.call(|core, now| core.leftovers(now, Duration::ZERO));
                for leftover in left.await.unwrap_or_default() {
                    tracing::warn!(%leftover, "left at the stop");
                }
            }
            let withdrawn = wait_for(&self.withdrawn, || {
                (self.registry.registrations.load(Ordering::Acquire) == 0).then_some(())
            });
            // A registrar that does not answer forgets this side by itself.
            let _ = tokio::time::timeout(FAREWELL, withdrawn).await;
            shard.stop().await;
        }
        if let Some(workers) = self.workers.get().cloned() {
            // Waits for their threads.
            let _ = tokio::task::spawn_blocking(move || workers.stop()).await;
        }
        // A handler that stops its own coordinator cannot be waited for.
        let told = wait_for(&self.told, || {
            (self.callers.load(Ordering::Acquire) == 0).then_some(())
        });
        let _ = tokio::time::timeout(LAST_WORDS, told).await;
        self.set_handler(None);
    }

    /// Whether the last session ends within `limit`.
    pub(crate) async fn emptied_within(&self, limit: Duration) -> bool {
        let emptied = wait_for(&self.emptied, || self.registry.is_empty().then_some(()));
        tokio::time::timeout(limit, emptied).await.is_ok()
    }

    /// The last handle of the coordinator is gone: everything ends, in the background.
    pub(crate) fn abandon(self: Arc<Self>) {
        if !self.is_stopped() {
            let runtime = self.runtime.clone();
            runtime.spawn(async move { self.stop().await });
        }
    }
}
