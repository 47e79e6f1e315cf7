//! The shard's task: one turn after another, asleep in between.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::unconstrained;

use super::alarm::Alarm;
use super::shard::{Command, Shard};
use super::sockets::Sockets;
use super::wire::Wire;
use crate::{Core, Output, soonest};

/// Commands taken in one turn: the network wants its turn too.
const COMMANDS_PER_TURN: usize = 256;
/// Turns before other tasks of the runtime get theirs.
const TURNS_PER_POLL: usize = 4;
/// How long a shard that stops waits for peers to take what it has to send.
const STOP_TIME: Duration = Duration::from_secs(1);
/// How often figures are published while there is traffic.
const PUBLISHING_INTERVAL: Duration = Duration::from_secs(1);

/// Runs `core` on `sockets` as one task of the current tokio runtime. Events go to `sink`, which
/// runs between two turns and must not block.
///
/// # Errors
/// When there is no runtime, or it refuses the sockets.
///
/// # Panics
/// When the runtime was built without its I/O or time driver (`enable_all` has both).
pub fn spawn<C, S>(sockets: Sockets, core: C, sink: S) -> io::Result<Shard<C>>
where
    C: Core + Send + 'static,
    S: FnMut(C::Event) + Send + 'static,
{
    let runtime = Handle::try_current().map_err(io::Error::other)?;
    let wire = Wire::new(sockets)?;
    let (shard, commands) = Shard::new();
    let mut task = Task {
        wire,
        core,
        sink,
        alarm: Alarm::new(),
        publish_at: None,
        stop_by: None,
        commands,
    };
    // The task limits itself. Under the runtime's budget many commands would leave nothing for the
    // sockets, and a shard that may not look at them takes them for empty.
    runtime.spawn(unconstrained(poll_fn(move |cx| task.poll(cx))));
    Ok(shard)
}

/// Fields are dropped in their order: whoever waits for the end of `commands` knows that the
/// sockets are closed.
struct Task<C: Core, S> {
    wire: Wire,
    core: C,
    sink: S,
    alarm: Alarm,
    /// When figures are published next, if there is anything new.
    publish_at: Option<Instant>,
    stop_by: Option<Instant>,
    commands: mpsc::Receiver<Command<C>>,
}

impl<C: Core, S: FnMut(C::Event)> Task<C, S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..TURNS_PER_POLL {
            let now = Instant::now();
            let more = match self.stop_by {
                None => self.turn(cx, now),
                Some(stop_by) => {
                    self.wire.last_turn(cx, now);
                    if self.wire.is_flushed() || stop_by <= now {
                        self.core.publish();
                        return Poll::Ready(());
                    }
                    false
                }
            };
            if !more && self.poll_alarm(cx, now).is_pending() {
                self.wire.sleep();
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Returns whether there may be more to do at once.
    fn turn(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        let mut more = self.take_commands(cx, now);
        let core = &mut self.core;
        more |= self
            .wire
            .receive(cx, now, |input| core.handle_input(now, input));
        if core.poll_timeout().is_some_and(|due| due <= now) {
            core.handle_timeout(now);
        }
        more |= self.send(now);
        self.publish(now);
        if self.stop_by.is_some() {
            self.wire.close_all(now);
        }
        more || self.wire.has_failures() || self.stop_by.is_some()
    }

    fn take_commands(&mut self, cx: &mut Context<'_>, now: Instant) -> bool {
        for _ in 0..COMMANDS_PER_TURN {
            match self.commands.poll_recv(cx) {
                Poll::Ready(Some(Command::Run(command))) => command(&mut self.core, now),
                Poll::Ready(Some(Command::Stop) | None) => {
                    self.stop_by = Some(now + STOP_TIME);
                    return false;
                }
                Poll::Pending => return false,
            }
        }
        true
    }

    /// Sends what the core has to send; returns whether a name is to be looked up, since a question
    /// that was just asked has to be listened for.
    fn send(&mut self, now: Instant) -> bool {
        let mut asks = false;
        self.wire.flush(now);
        while let Some(output) = self.core.poll_output() {
            asks |= matches!(output, Output::Lookup { .. });
            if let Some(event) = self.wire.write(now, output) {
                (self.sink)(event);
            }
        }
        self.wire.finish(now);
        asks
    }

    /// Has figures published now and then, and once more after the last traffic: a shard that has
    /// nothing to do is not woken for it.
    fn publish(&mut self, now: Instant) {
        let at = *self.publish_at.get_or_insert(now + PUBLISHING_INTERVAL);
        if at <= now {
            self.core.publish();
            self.publish_at = None;
        }
    }

    /// Ready when a deadline has passed.
    fn poll_alarm(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<()> {
        // A shard that stops does not ask the core any more.
        let core = match self.stop_by {
            Some(stop_by) => Some(stop_by),
            None => self.core.poll_timeout(),
        };
        let deadlines = [core, self.wire.next_deadline(now), self.publish_at];
        match soonest(deadlines) {
            Some(due) => self.alarm.poll(cx, now, due),
            None => Poll::Pending,
        }
    }
}
