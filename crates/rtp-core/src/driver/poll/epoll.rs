//! epoll, with an eventfd to be woken by and a timerfd to the nanosecond: the timeout of epoll itself is in milliseconds.

use std::io;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, epoll, eventfd};
use rustix::fd::OwnedFd;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

use super::MAX_EVENTS;

pub(in crate::driver) type Socket = UdpSocket;

/// A socket as it can be watched here.
pub(in crate::driver) fn watchable(socket: UdpSocket) -> Socket {
    socket
}

/// What the waker and the timer are known by; sockets have smaller numbers.
const WAKER: u64 = u64::MAX;
const TIMER: u64 = WAKER - 1;
const NOTHING: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 0,
};

/// Wakes the thread that polls.
#[derive(Debug)]
pub(in crate::driver) struct Waker(OwnedFd);

impl Waker {
    pub(in crate::driver) fn wake(&self) -> io::Result<()> {
        rustix::io::write(&self.0, &1_u64.to_ne_bytes())?;
        Ok(())
    }
}

/// What a wait has found.
pub(in crate::driver) struct Events {
    events: Vec<epoll::Event>,
    found: usize,
}

impl Events {
    pub(in crate::driver) fn new() -> Events {
        let none = epoll::Event {
            flags: epoll::EventFlags::empty(),
            data: epoll::EventData::new_u64(WAKER),
        };
        Events {
            events: vec![none; MAX_EVENTS],
            found: 0,
        }
    }

    pub(in crate::driver) fn len(&self) -> usize {
        self.found
    }

    /// The numbers of the sockets that are ready.
    pub(in crate::driver) fn ready(&self) -> impl Iterator<Item = usize> {
        let sockets = self.numbers().filter(|number| *number < TIMER);
        sockets.map(|number| number as usize)
    }

    fn numbers(&self) -> impl Iterator<Item = u64> {
        self.events[..self.found].iter().map(|it| it.data.u64())
    }
}

#[derive(Debug)]
pub(in crate::driver) struct Poll {
    epoll: OwnedFd,
    timer: OwnedFd,
    /// What the timer is set to.
    alarm: Option<Instant>,
}

impl Poll {
    pub(in crate::driver) fn new() -> io::Result<(Poll, Waker)> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let waker = eventfd(0, flags)?;
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
        // Edge-triggered, these two need never be read: each call and each alarm is an edge.
        let edge = epoll::EventFlags::IN | epoll::EventFlags::ET;
        for (own, number) in [(&waker, WAKER), (&timer, TIMER)] {
            epoll::add(&epoll, own, epoll::EventData::new_u64(number), edge)?;
        }
        let poll = Poll {
            epoll,
            timer,
            alarm: None,
        };
        Ok((poll, Waker(waker)))
    }

    /// Watches a socket, which does not block, under a number of the caller's.
    pub(in crate::driver) fn add(&self, socket: &mut Socket, number: usize) -> io::Result<()> {
        let number = epoll::EventData::new_u64(number as u64);
        epoll::add(&self.epoll, socket, number, epoll::EventFlags::IN)?;
        Ok(())
    }

    pub(in crate::driver) fn remove(&self, socket: &mut Socket) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, socket)?)
    }

    /// Waits until something is ready, the waker is called, or `deadline` passes.
    pub(in crate::driver) fn wait(
        &mut self,
        events: &mut Events,
        deadline: Option<Instant>,
    ) -> io::Result<()> {
        events.found = 0;
        let mut timeout = None;
        if self.alarm != deadline {
            match deadline.map(|at| at.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => timeout = Some(&NOTHING),
                left => {
                    self.set_timer(left.unwrap_or_default())?;
                    self.alarm = deadline;
                }
            }
        }
        events.found = epoll::wait(&self.epoll, &mut events.events[..], timeout)?;
        if events.numbers().any(|number| number == TIMER) {
            self.alarm = None;
        }
        Ok(())
    }

    /// Lets the timer go off once after so long, or not at all if that is nothing.
    fn set_timer(&self, after: Duration) -> io::Result<()> {
        let alarm = Itimerspec {
            it_interval: NOTHING,
            it_value: after.try_into().map_err(|_| io::ErrorKind::InvalidInput)?,
        };
        timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &alarm)?;
        Ok(())
    }

    /// A socket had nothing left, which epoll knows.
    pub(in crate::driver) fn is_empty(&mut self, _: usize) {}
}
