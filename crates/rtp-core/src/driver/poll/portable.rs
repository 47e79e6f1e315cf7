//! `mio`, whose events are edges: which sockets are ready is remembered until they are found empty.

use std::collections::HashSet;
use std::io;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use mio::{Interest, Token};

use super::MAX_EVENTS;

pub(in crate::driver) type Socket = mio::net::UdpSocket;

/// A socket as it can be watched here.
pub(in crate::driver) fn watchable(socket: UdpSocket) -> Socket {
    Socket::from_std(socket)
}

const OWN: Token = Token(usize::MAX);

/// Wakes the thread that polls.
#[derive(Debug)]
pub(in crate::driver) struct Waker(mio::Waker);

impl Waker {
    pub(in crate::driver) fn wake(&self) -> io::Result<()> {
        self.0.wake()
    }
}

/// What a wait has found.
#[derive(Debug)]
pub(in crate::driver) struct Events {
    edges: mio::Events,
    ready: Vec<usize>,
}

impl Events {
    pub(in crate::driver) fn new() -> Events {
        Events {
            edges: mio::Events::with_capacity(MAX_EVENTS),
            ready: Vec::new(),
        }
    }

    pub(in crate::driver) fn len(&self) -> usize {
        self.ready.len()
    }

    /// The numbers of the sockets that are ready.
    pub(in crate::driver) fn ready(&self) -> impl Iterator<Item = usize> {
        self.ready.iter().copied()
    }
}

#[derive(Debug)]
pub(in crate::driver) struct Poll {
    poll: mio::Poll,
    /// The numbers of sockets that may have something to read.
    filled: HashSet<usize>,
}

impl Poll {
    pub(in crate::driver) fn new() -> io::Result<(Poll, Waker)> {
        let poll = mio::Poll::new()?;
        let waker = Waker(mio::Waker::new(poll.registry(), OWN)?);
        let poll = Poll {
            poll,
            filled: HashSet::new(),
        };
        Ok((poll, waker))
    }

    /// Watches a socket, which does not block, under a number of the caller's.
    pub(in crate::driver) fn add(&self, socket: &mut Socket, number: usize) -> io::Result<()> {
        let registry = self.poll.registry();
        registry.register(socket, Token(number), Interest::READABLE)
    }

    pub(in crate::driver) fn remove(&self, socket: &mut Socket) -> io::Result<()> {
        self.poll.registry().deregister(socket)
    }

    /// Waits until something is ready, the waker is called, or `deadline` passes.
    pub(in crate::driver) fn wait(
        &mut self,
        events: &mut Events,
        deadline: Option<Instant>,
    ) -> io::Result<()> {
        let timeout = match self.filled.is_empty() {
            true => deadline.map(|at| at.saturating_duration_since(Instant::now())),
            false => Some(Duration::ZERO),
        };
        events.ready.clear();
        self.poll.poll(&mut events.edges, timeout)?;
        let numbers = events.edges.iter().map(|event| event.token());
        let numbers = numbers.filter(|number| *number != OWN);
        self.filled.extend(numbers.map(|number| number.0));
        events.ready.extend(&self.filled);
        Ok(())
    }

    /// A socket had nothing left.
    pub(in crate::driver) fn is_empty(&mut self, number: usize) {
        self.filled.remove(&number);
    }
}
