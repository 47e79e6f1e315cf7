//! The shard's task: one turn after another, asleep in between.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Sleep;

use super::dns::Resolver;
use super::shard::{Command, Shard};
use super::sockets::{Bound, Sockets};
use super::tcp::Streams;
use super::udp::{BatchBuffer, UdpListener};
use crate::{Core, Input, Output};

/// Commands taken in one turn: the network wants its turn too.
const COMMANDS_PER_TURN: usize = 256;
/// Turns before other tasks of the runtime get theirs.
const TURNS_PER_POLL: usize = 4;
/// When datagrams that found the kernel's buffer full are tried again.
const RESEND_PAUSE: Duration = Duration::from_millis(1);
/// How long a shard that stops waits for peers to take what it has to send.
const STOP_TIME: Duration = Duration::from_secs(1);

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
    let mut udp = Vec::new();
    let mut streams = Streams::new();
    for (info, bound) in sockets.bound {
        match bound {
            Bound::Udp(socket) => udp.push(UdpListener::new(info.id, socket)?),
            Bound::Tcp(listener) => streams.add_listener(info.id, listener)?,
        }
    }
    let (shard, commands) = Shard::new();
    let mut task = Task {
        udp,
        streams,
        buffer: BatchBuffer::new(),
        resolver: Resolver::new(),
        failures: Vec::new(),
        core,
        sink,
        timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
        armed: None,
        stop_by: None,
        commands,
    };
    runtime.spawn(async move { poll_fn(|cx| task.poll(cx)).await });
    Ok(shard)
}

/// Fields are dropped in their order: whoever waits for the end of `commands` knows that the
/// sockets are closed.
struct Task<C: Core, S> {
    udp: Vec<UdpListener>,
    streams: Streams,
    buffer: BatchBuffer,
    resolver: Resolver,
    /// What went wrong while sending; told to the core in the next turn.
    failures: Vec<Input>,
    core: C,
    sink: S,
    timer: Pin<Box<Sleep>>,
    /// When the timer fires, while it is set.
    armed: Option<Instant>,
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
                    self.last_turn(cx, now);
                    let is_flushed =
                        self.udp.iter().all(UdpListener::is_flushed) && self.streams.is_flushed();
                    if is_flushed || stop_by <= now {
                        return Poll::Ready(());
                    }
                    false
                }
            };
            if !more && self.poll_timer(cx, now).is_pending() {
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
        let mut deliver = |input| core.handle_input(now, input);
        self.failures.drain(..).for_each(&mut deliver);
        for listener in &mut self.udp {
            more |= listener.receive(cx, &mut self.buffer, &mut deliver);
        }
        more |= self.streams.poll(cx, now, &mut deliver);
        while let Some(answer) = self.resolver.poll(cx) {
            deliver(answer);
        }
        if self.core.poll_timeout().is_some_and(|due| due <= now) {
            self.core.handle_timeout(now);
        }
        let asks = self.send(now);
        if self.stop_by.is_some() {
            self.streams.close_all(now);
        }
        // A question that was just asked has to be listened for.
        more || asks || !self.failures.is_empty() || self.stop_by.is_some()
    }

    /// A turn that only sends: the core is not asked any more.
    fn last_turn(&mut self, cx: &mut Context<'_>, now: Instant) {
        for listener in &mut self.udp {
            listener.flush(|_| {});
        }
        self.streams.poll(cx, now, &mut |_| {});
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

    /// Returns whether a name is to be resolved.
    fn send(&mut self, now: Instant) -> bool {
        let mut asks = false;
        let failures = &mut self.failures;
        let mut failed = |input| failures.push(input);
        for listener in &mut self.udp {
            listener.flush(&mut failed);
        }
        while let Some(output) = self.core.poll_output() {
            match output {
                Output::Datagram {
                    listener,
                    destination,
                    payload,
                } => {
                    if let Some(socket) = self.udp.iter_mut().find(|socket| socket.id == listener) {
                        socket.send(destination, payload, &mut failed);
                    }
                }
                Output::Stream {
                    connection,
                    payload,
                } => {
                    self.streams.write(connection, payload, &mut failed);
                }
                Output::Connect {
                    connection,
                    destination,
                    ..
                } => {
                    self.streams.connect(connection, destination);
                }
                Output::Close { connection } => self.streams.close(now, connection),
                Output::Resolve { query, host } => {
                    asks = true;
                    self.resolver.ask(query, host);
                }
                Output::Event(event) => (self.sink)(event),
            }
        }
        asks
    }

    /// Ready when a deadline has passed. The timer is moved only to an earlier time: firing early
    /// costs less than moving it with every message.
    fn poll_timer(&mut self, cx: &mut Context<'_>, now: Instant) -> Poll<()> {
        let is_waiting = !self.udp.iter().all(UdpListener::is_flushed);
        let resend = is_waiting.then(|| now + RESEND_PAUSE);
        // A shard that stops does not ask the core any more.
        let core = match self.stop_by {
            Some(stop_by) => Some(stop_by),
            None => self.core.poll_timeout(),
        };
        let deadlines = [core, self.streams.next_deadline(), resend];
        let Some(due) = deadlines.into_iter().flatten().min() else {
            return Poll::Pending;
        };
        if due <= now {
            return Poll::Ready(());
        }
        if self.armed.is_none_or(|armed| due < armed) {
            self.timer.as_mut().reset(due.into());
            self.armed = Some(due);
        }
        let fired = self.timer.as_mut().poll(cx);
        if fired.is_ready() {
            self.armed = None;
        }
        fired
    }
}
