//! The timer that wakes a shard.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;

/// One timer of the runtime. It is moved only to an earlier time: firing early now and then costs
/// less than moving it with every message.
pub(super) struct Alarm {
    timer: Pin<Box<Sleep>>,
    /// When the timer fires, while it is set.
    set_to: Option<Instant>,
}

impl Alarm {
    pub(super) fn new() -> Self {
        Self {
            timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
            set_to: None,
        }
    }

    /// Ready when `due` has passed, or another time for which it had been set.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, now: Instant, due: Instant) -> Poll<()> {
        if due <= now {
            return Poll::Ready(());
        }
        if self.set_to.is_none_or(|set_to| due < set_to) {
            self.timer.as_mut().reset(due.into());
            self.set_to = Some(due);
        }
        let fired = self.timer.as_mut().poll(cx);
        if fired.is_ready() {
            self.set_to = None;
        }
        fired
    }
}
