//! Which of many sockets woke the shard, so that a turn looks at those and at no others.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

use crate::ConnectionId;

/// A socket of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A listening socket, by its place among them.
    Acceptor(usize),
    /// A connection.
    Connection(ConnectionId),
}

/// The sockets that are ready and have not been looked at.
#[derive(Debug, Default)]
pub(super) struct ReadyList {
    state: Mutex<Ready>,
}

#[derive(Debug, Default)]
struct Ready {
    tokens: Vec<Token>,
    shard: Option<Waker>,
}

impl ReadyList {
    fn lock(&self) -> MutexGuard<'_, Ready> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves what is ready into `tokens`; what becomes ready later wakes `cx`.
    pub(super) fn take(&self, cx: &Context<'_>, tokens: &mut impl Extend<Token>) {
        let mut ready = self.lock();
        if !ready
            .shard
            .as_ref()
            .is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            ready.shard = Some(cx.waker().clone());
        }
        tokens.extend(ready.tokens.drain(..));
    }
}

/// The waker of one socket.
#[derive(Debug)]
pub(super) struct TokenWaker {
    token: Token,
    is_listed: AtomicBool,
    list: Arc<ReadyList>,
}

impl TokenWaker {
    pub(super) fn new(token: Token, list: &Arc<ReadyList>) -> Arc<Self> {
        Arc::new(Self {
            token,
            is_listed: AtomicBool::new(false),
            list: Arc::clone(list),
        })
    }

    /// To be called before the socket is looked at: it may be listed again from here on.
    pub(super) fn unlist(&self) {
        self.is_listed.store(false, Ordering::Release);
    }
}

impl Wake for TokenWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.is_listed.swap(true, Ordering::AcqRel) {
            return;
        }
        let shard = {
            let mut ready = self.list.lock();
            ready.tokens.push(self.token);
            ready.shard.clone()
        };
        if let Some(shard) = shard {
            shard.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_listed_once_until_it_is_looked_at() {
        let list = Arc::new(ReadyList::default());
        let first = TokenWaker::new(Token::Acceptor(0), &list);
        let second = TokenWaker::new(Token::Connection(ConnectionId::accepted(1)), &list);
        first.wake_by_ref();
        second.wake_by_ref();
        first.wake_by_ref();
        let cx = Context::from_waker(Waker::noop());
        let mut tokens = Vec::new();
        list.take(&cx, &mut tokens);
        assert_eq!(tokens, [first.token, second.token]);

        tokens.clear();
        first.wake_by_ref();
        list.take(&cx, &mut tokens);
        assert!(tokens.is_empty(), "still listed");
        first.unlist();
        first.wake_by_ref();
        list.take(&cx, &mut tokens);
        assert_eq!(tokens, [first.token]);
    }
}
