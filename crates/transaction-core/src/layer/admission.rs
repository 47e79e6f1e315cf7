//! Which requests are let in: existing calls always, new ones as long as they can be served (RFC 3261 section 21.5.4; local
//! overload control by queue delay in the terms of RFC 6357 section 5).
//!
//! The driver says how long each request has waited for its turn. Above [`shed_after`](crate::TransactionConfig::shed_after)
//! what is new is refused, which costs a fraction of taking it: the queue shortens. Once there is a rush the limit is a
//! fifth of that, so that the wait settles there however much is offered: whenever it is shorter, one more is let in. All
//! capacity goes to calls that were let in, and the first request after the rush is served at once. The rush is over when
//! nothing had to be refused for a second.

use std::time::{Duration, Instant};

use rvoip_sip_transport::sip_core::{Method, Request, Response, RetryAfter, StatusCode};
use rvoip_sip_transport::{Flow, Input};

use super::TransactionLayer;
use crate::fingerprint::Fingerprint;
use crate::unread::{Kind, Unread};

/// A rush is over when nothing has been refused for so long.
const CALM: Duration = Duration::from_secs(1);

impl TransactionLayer {
    /// Whether a transaction may be begun by the transaction user.
    pub(super) fn has_room(&self, method: &Method) -> bool {
        self.is_below_limit(*method == Method::Invite)
    }

    /// Lets a request in that belongs to no transaction, or refuses it with 503.
    pub(super) fn admits(
        &mut self,
        now: Instant,
        request: &Request,
        flow: &Flow,
        fingerprint: Fingerprint,
    ) -> bool {
        let is_new = is_new(request);
        if is_new && self.sheds(now, fingerprint) {
            self.refuse_to_serve(now, request, flow, fingerprint);
            return false;
        }
        let has_room = self.is_below_limit(is_new);
        if !has_room {
            self.counters.refused_table_full += 1;
            self.refuse_to_serve(now, request, flow, fingerprint);
        }
        has_room
    }

    /// Refuses a new INVITE by a look at its octets, and takes the ACK of one that was refused. Reading them costs most of
    /// what a refusal does, and a rush is made of little else. Returns whether there is nothing more to do.
    pub(super) fn dealt_with_unread(&mut self, now: Instant, input: &Input) -> bool {
        let (from, octets) = match *input {
            Input::Datagram {
                listener,
                source,
                ref payload,
            } => ((listener, source), payload),
            Input::Backlog { waited } => {
                self.waited = waited;
                return false;
            }
            _ => return false,
        };
        if self.refused.is_empty() && self.waited <= self.config.shed_after {
            return false;
        }
        let Some(request) = Unread::look(octets, from.1) else {
            return false;
        };
        let fingerprint = self.matcher.unread(&request);
        let tag = self.matcher.stateless_tag(fingerprint);
        let answer = match request.kind {
            Kind::Invite
                if self.store.find(fingerprint).is_none() && self.sheds(now, fingerprint) =>
            {
                let seconds = self.seconds_away(fingerprint);
                Some(request.refusal(from.1, tag, seconds))
            }
            Kind::Ack if request.is_to(tag) => {
                self.counters.stateless_acknowledged += 1;
                None
            }
            _ => return false,
        };
        // Whoever does not get this answer asks again.
        let _ = self.transport.answer_unread(now, from, octets, answer);
        true
    }

    /// Whether something new comes too late, or is a copy of what came too late.
    fn sheds(&mut self, now: Instant, fingerprint: Fingerprint) -> bool {
        let passed = self.timers.passed(now);
        let lifetime = self.config.timers.lifetime().as_millis();
        let lifetime = u64::try_from(lifetime).unwrap_or(u64::MAX);
        let is_copy = self.refused.knows(passed, lifetime, fingerprint);
        let is_late = self.waited > self.longest_wait(now);
        if is_late {
            self.rush_until = Some(now + CALM);
        }
        if is_copy || is_late {
            self.counters.refused_overload += 1;
            self.refused.remember(passed, fingerprint);
        }
        is_copy || is_late
    }

    /// For how long something new may have waited.
    fn longest_wait(&self, now: Instant) -> Duration {
        match self.rush_until {
            Some(until) if now < until => self.config.shed_after / 5,
            _ => self.config.shed_after,
        }
    }

    /// What belongs to an existing call is let in longer than what begins one.
    fn is_below_limit(&self, is_new: bool) -> bool {
        let limit = self.config.max_transactions;
        let reserve = if is_new { 0 } else { limit / 4 };
        self.store.len() < limit.saturating_add(reserve)
    }

    /// For how many seconds a client is asked to stay away: different times, so that they do not come back all at once.
    fn seconds_away(&self, fingerprint: Fingerprint) -> u32 {
        let least = self.config.retry_after.as_secs();
        let seconds = least + fingerprint.bits() % (least + 1);
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// Answers 503 without a transaction.
    fn refuse_to_serve(
        &mut self,
        now: Instant,
        request: &Request,
        flow: &Flow,
        fingerprint: Fingerprint,
    ) {
        let seconds = self.seconds_away(fingerprint);
        let response = Response::builder_for(request, StatusCode::SERVICE_UNAVAILABLE)
            .to_tag(self.matcher.stateless_tag(fingerprint).as_str())
            .header(&RetryAfter::new(seconds))
            .build();
        // Whoever does not get this answer asks again.
        let _ = self.transport.send_response(now, &response, flow);
    }
}

/// Whether a request begins something: it belongs to no dialog, and ends nothing that an old peer without tags has begun.
fn is_new(request: &Request) -> bool {
    let ends = matches!(*request.method(), Method::Bye | Method::Cancel);
    !ends && request.to_tag().is_none()
}
