//! All sockets of a shard: what is received from them, and what is sent.

use std::io;
use std::task::Context;
use std::time::{Duration, Instant};

use super::dns::Questions;
use super::inbox::Inbox;
use super::sockets::{Bound, Sockets};
use super::streams::Streams;
use super::udp::{BatchBuffer, UdpListener};
use crate::{Input, Output, soonest};

/// Datagrams handed on in one turn: what the core has to send should not wait for long.
const DATAGRAMS_PER_TURN: usize = 64;
/// When datagrams that found the kernel's buffer full are tried again.
const RESEND_PAUSE: Duration = Duration::from_millis(1);

pub(super) struct Wire {
    udp: Vec<UdpListener>,
    streams: Streams,
    buffer: BatchBuffer,
    inbox: Inbox,
    /// When the datagram sockets were emptied last, unless the shard has slept since: what is
    /// received next has arrived after that.
    emptied: Option<Instant>,
    /// Since when there has been more on the streams than one turn takes.
    streams_behind: Option<Instant>,
    questions: Questions,
    /// What went wrong while sending; told to the core in the next turn.
    failures: Vec<Input>,
}

impl Wire {
    pub(super) fn new(sockets: Sockets) -> io::Result<Self> {
        sockets.check()?;
        let mut udp = Vec::new();
        let mut streams = Streams::new(sockets.settings);
        for (info, bound) in sockets.bound {
            match bound {
                Bound::Udp(socket) => udp.push(UdpListener::new(info.id, socket)?),
                Bound::Tcp(listener) => streams.add_listener(info.id, info.kind, listener)?,
            }
        }
        Ok(Self {
            udp,
            streams,
            buffer: BatchBuffer::new(),
            inbox: Inbox::new(),
            emptied: None,
            streams_behind: None,
            questions: Questions::new(sockets.resolver),
            failures: Vec::new(),
        })
    }

    /// Empties the sockets and hands on what has its turn; returns whether there may be more.
    pub(super) fn receive(
        &mut self,
        cx: &mut Context<'_>,
        now: Instant,
        mut deliver: impl FnMut(Input),
    ) -> bool {
        self.failures.drain(..).for_each(&mut deliver);
        let arrived = self.emptied.unwrap_or(now);
        let mut more = false;
        for listener in &mut self.udp {
            let (buffer, inbox) = (&mut self.buffer, &mut self.inbox);
            more |= listener.receive(cx, arrived, buffer, inbox, &mut deliver);
        }
        if !more {
            self.emptied = Some(now);
        }
        let since = self.streams_behind.unwrap_or(now);
        let behind = now.saturating_duration_since(since);
        more |= self
            .inbox
            .deliver(now, behind, DATAGRAMS_PER_TURN, &mut deliver);
        self.inbox.tell(now, behind, &mut deliver);
        let streams_behind = self.streams.poll(cx, now, &mut deliver);
        self.streams_behind = streams_behind.then_some(since);
        while let Some(answer) = self.questions.poll(cx) {
            deliver(answer);
        }
        more || streams_behind
    }

    /// Notes that the shard goes to sleep: nothing is waiting.
    pub(super) fn sleep(&mut self) {
        self.emptied = None;
    }

    /// Does what a core has asked for; an event is for somebody else and comes back.
    pub(super) fn write<E>(&mut self, now: Instant, output: Output<E>) -> Option<E> {
        let failures = &mut self.failures;
        let mut failed = |input| failures.push(input);
        match output {
            Output::Datagram {
                listener,
                destination,
                payload,
            } => {
                if let Some(socket) = self.udp.iter_mut().find(|socket| socket.id == listener) {
                    socket.send(now, destination, payload, &mut failed);
                }
            }
            Output::Stream {
                connection,
                payload,
            } => self.streams.write(now, connection, payload, &mut failed),
            Output::Connect {
                connection,
                kind,
                destination,
                name,
            } => self.streams.connect(connection, kind, destination, name),
            Output::Close { connection } => self.streams.close(now, connection),
            Output::Lookup { query, question } => self.questions.ask(query, question),
            Output::Event(event) => return Some(event),
        }
        None
    }

    /// Sends what has been kept back for company: the core has nothing more to send in this turn.
    pub(super) fn finish(&mut self, now: Instant) {
        for listener in &mut self.udp {
            listener.finish(now, |input| self.failures.push(input));
        }
    }

    /// Tries once more to send what the kernel did not take.
    pub(super) fn flush(&mut self, now: Instant) {
        for listener in &mut self.udp {
            listener.flush(now, |input| self.failures.push(input));
        }
    }

    /// A turn without a core: what was written goes out.
    pub(super) fn last_turn(&mut self, cx: &mut Context<'_>, now: Instant) {
        self.flush(now);
        self.failures.clear();
        self.streams.poll(cx, now, &mut |_| {});
    }

    pub(super) fn close_all(&mut self, now: Instant) {
        self.streams.close_all(now);
    }

    pub(super) fn is_flushed(&self) -> bool {
        self.udp.iter().all(UdpListener::is_flushed) && self.streams.is_flushed()
    }

    /// Whether something has to be told in a turn that comes at once.
    pub(super) fn has_failures(&self) -> bool {
        !self.failures.is_empty()
    }

    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let is_waiting = !self.udp.iter().all(UdpListener::is_flushed);
        let resend = is_waiting.then(|| now + RESEND_PAUSE);
        soonest([self.streams.next_deadline(), resend])
    }
}
