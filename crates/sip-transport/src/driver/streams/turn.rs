//! One turn of the streams: what has become ready, what has waited too long.

use std::cell::Cell;
use std::io;
use std::task::Context;
use std::time::Instant;

use super::{Streams, watch};
use crate::driver::connection::{Connection, Left, Origin};
use crate::driver::handshake::Handshake;
use crate::driver::readiness::{Token, TokenWaker};
use crate::{ConnectionId, Input, TransportKind};

/// Octets after which no other connection is looked at in the same turn: datagrams and deadlines want theirs.
pub(super) const OCTETS_PER_TURN: usize = 128 * 1024;

impl Streams {
    /// Looks at what is ready; returns whether there may be more.
    pub(in crate::driver) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        now: Instant,
        deliver: &mut impl FnMut(Input),
    ) -> bool {
        self.expire(now, deliver);
        for acceptor in &mut self.acceptors {
            acceptor.resume(now);
        }
        self.ready.take(cx, &mut self.tokens);
        let mut more = false;
        let octets = Cell::new(0);
        let mut deliver = |input| {
            if let Input::Stream { payload, .. } = &input {
                octets.set(octets.get() + payload.len());
            }
            deliver(input);
        };
        while octets.get() < OCTETS_PER_TURN
            && let Some(token) = self.tokens.pop_front()
        {
            more |= match token {
                Token::Acceptor(place) => self.accept(place, now, &mut deliver),
                Token::Connection(id) => self.poll_connection(now, id, &mut deliver),
            };
        }
        more || !self.tokens.is_empty()
    }

    /// Ends what has lingered or stalled for too long.
    fn expire(&mut self, now: Instant, deliver: &mut impl FnMut(Input)) {
        while let Some(&(deadline, id)) = self.lingering.front()
            && deadline <= now
        {
            self.lingering.pop_front();
            self.remove(id);
        }
        while let Some(&(deadline, id)) = self.stalled.first()
            && deadline <= now
        {
            self.stalled.pop_first();
            let limit = self.settings.streams.stall_timeout;
            let Some(connection) = self.connections.get_mut(&id) else {
                continue;
            };
            match connection.stall().unwatch() {
                Some(since) if since + limit <= now => {
                    self.fail(id, io::ErrorKind::TimedOut, deliver)
                }
                _ => watch(&mut self.stalled, id, connection, limit),
            }
        }
    }

    fn poll_connection(
        &mut self,
        now: Instant,
        id: ConnectionId,
        deliver: &mut impl FnMut(Input),
    ) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else {
            return false;
        };
        let (before, was_shaking) = (connection.queued_octets(), connection.is_being_accepted());
        let left = connection.poll(now, &mut self.scratch, deliver);
        self.queued_octets = self.queued_octets + connection.queued_octets() - before;
        if was_shaking && !connection.is_being_accepted() {
            self.shaking.end(id);
        }
        match left {
            Left::Idle => {}
            Left::More => connection.wake(),
            Left::Gone => {
                self.remove(id);
                return false;
            }
        }
        let limit = self.settings.streams.stall_timeout;
        watch(&mut self.stalled, id, connection, limit);
        left == Left::More
    }

    fn accept(&mut self, place: usize, now: Instant, deliver: &mut impl FnMut(Input)) -> bool {
        let Some(acceptor) = self.acceptors.get_mut(place) else {
            return false;
        };
        let (listener, kind) = (acceptor.id, acceptor.kind);
        let (settings, limit) = (&self.settings, self.settings.streams.max_handshakes);
        let mut crowded_out = Vec::new();
        let more = acceptor.poll(now, |stream, local, remote| {
            self.accepted += 1;
            let id = ConnectionId::accepted(self.accepted);
            let token = TokenWaker::new(Token::Connection(id), &self.ready);
            let origin = Origin::Peer { listener, remote };
            let connection = match kind {
                TransportKind::Udp | TransportKind::Tcp => {
                    deliver(Input::Accepted {
                        connection: id,
                        listener,
                        local,
                        remote,
                        peer: None,
                    });
                    Connection::open(id, origin, token, stream)
                }
                TransportKind::Tls | TransportKind::Ws | TransportKind::Wss => {
                    crowded_out.extend(self.shaking.begin(id, remote.ip(), limit));
                    let handshake = Handshake::accept(kind, stream, settings);
                    Connection::shaking(id, origin, token, handshake)
                }
            };
            self.connections.insert(id, connection);
        });
        for id in crowded_out {
            self.fail(id, io::ErrorKind::QuotaExceeded, deliver);
        }
        more
    }
}
