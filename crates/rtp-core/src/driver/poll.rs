//! Waiting until a socket has something to read, another thread calls, or a deadline passes.
//!
//! A socket is ready for as long as something is left in it. Linux says so itself (epoll, level-triggered), so that a datagram
//! costs one read and no second one that finds nothing; elsewhere `mio` says it once, and what is ready is remembered here.

#[cfg(target_os = "linux")]
mod epoll;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg(target_os = "linux")]
pub(super) use epoll::{Events, Poll, Socket, Waker, watchable};
#[cfg(not(target_os = "linux"))]
pub(super) use portable::{Events, Poll, Socket, Waker, watchable};

/// Ready sockets that one wait tells of; the others come with the next.
pub(super) const MAX_EVENTS: usize = 1024;
