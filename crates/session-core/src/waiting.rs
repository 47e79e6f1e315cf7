//! Waiting for a condition that others bring about.

use tokio::sync::Notify;

/// Waits until `condition` gives a value; `changed` is notified whenever it may.
pub(crate) async fn wait_for<T>(changed: &Notify, condition: impl Fn() -> Option<T>) -> T {
    loop {
        let changed = changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        if let Some(value) = condition() {
            return value;
        }
        changed.await;
    }
}
