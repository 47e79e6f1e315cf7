//! The called party's reliable provisional responses: sent one after the other, repeated until their PRACK (RFC 3262 section
//! 3).

mod withheld;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::RngExt;
use rvoip_transaction_core::sip_core::header::RSeq;
use rvoip_transaction_core::sip_core::{HeaderName, Request, Require, StatusCode, Supported};

use super::DialogManager;
use super::call::Exchange;
use super::deadline::PROVISIONAL_REFRESH;
use super::step::Work;
use crate::extensions::{RELIABLE, ReliableProvisionals};
use crate::invite::uas;
use crate::offer_answer::{Carrier, Meaning, Party};
use crate::prack::{self, Action, Input, State, following};
use crate::{Body, CallKey, DialogError};

/// Responses that wait for the PRACK of the one before them.
const MAX_WAITING: usize = 8;

/// The response that went out last.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) rseq: u32,
    octets: Bytes,
    /// It carries a description, for whose PRACK the 2xx waits.
    described: bool,
    interval: Duration,
    next: Instant,
    until: Instant,
}

/// The reliable provisional responses of one call.
#[derive(Debug)]
pub(crate) struct Reliable {
    pub(crate) state: State,
    /// The number of the last response.
    rseq: u32,
    /// The response without PRACK.
    pub(crate) sent: Option<Sent>,
    waiting: VecDeque<(StatusCode, Option<Body>)>,
    /// What the 2xx that waits will carry.
    success: Option<Body>,
    /// What keeps the INVITE alive at proxies, and when.
    refresh: Option<(StatusCode, Instant)>,
}

impl Reliable {
    pub(super) fn due(&self) -> Option<Instant> {
        let repeats = matches!(self.state, State::Outstanding | State::Holding);
        let sent = self.sent.as_ref().filter(|_| repeats);
        let refresh = self.refresh.map(|(_, at)| at);
        let refresh = refresh.filter(|_| self.state == State::Idle);
        sent.map(|sent| sent.next.min(sent.until)).or(refresh)
    }

    fn is_described(&self) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.described)
            || self.waiting.iter().any(|(_, body)| body.is_some())
    }
}

/// Whether the INVITE requires reliable responses, or else knows them.
fn wishes(invite: &Request) -> (bool, bool) {
    let headers = invite.headers();
    let required = headers.contains(&HeaderName::Require)
        && headers
            .first::<Require>()
            .is_ok_and(|tags| tags.is_some_and(|tags| tags.contains(RELIABLE)));
    let supported = headers
        .first::<Supported>()
        .is_ok_and(|tags| tags.is_some_and(|tags| tags.contains(RELIABLE)));
    (required, required || supported)
}

impl DialogManager {
    /// Whether a provisional response to the open INVITE goes out reliably.
    pub(super) fn is_reliable(&self, key: CallKey, wanted: bool) -> bool {
        let policy = self.config.extensions(false).reliable_provisionals;
        let Some(Exchange::Theirs(theirs)) = self.calls.get(key).map(|call| &call.exchange) else {
            return false;
        };
        let wanted = wanted || policy == ReliableProvisionals::Required;
        if policy == ReliableProvisionals::Off
            || !wanted && !theirs.request.headers().contains(&HeaderName::Require)
        {
            return false;
        }
        let (required, supported) = wishes(&theirs.request);
        required || wanted && supported
    }

    /// Refuses an INVITE whose sender does not know what this side requires.
    pub(super) fn lacks_reliability(&self, invite: &Request) -> bool {
        let policy = self.config.extensions(false).reliable_provisionals;
        policy == ReliableProvisionals::Required && !wishes(invite).1
    }

    /// Sends a reliable provisional response, or keeps it until the one before has its PRACK.
    pub(super) fn send_reliable(
        &mut self,
        now: Instant,
        key: CallKey,
        status: StatusCode,
        body: Option<Body>,
    ) -> Result<(), DialogError> {
        let first = self.rng.random_range(1..1 << 30);
        let call = self.calls.known_mut(key)?;
        call.ledger
            .after(Party::Local, Carrier::Reliable, body.is_some())
            .map_err(|violation| DialogError::OfferAnswer { key, violation })?;
        let early = call.early.get_or_insert_default();
        let reliable = early.reliable.get_or_insert_with(|| Reliable {
            state: State::Idle,
            rseq: first,
            sent: None,
            waiting: VecDeque::new(),
            success: None,
            refresh: None,
        });
        let invalid = DialogError::InvalidState {
            key,
            state: call.role.name(),
            command: "send another reliable response",
        };
        let Some((state, action)) = prack::step(reliable.state, Input::Provisional) else {
            return Err(invalid);
        };
        if action == Action::Queue && reliable.waiting.len() == MAX_WAITING {
            return Err(invalid);
        }
        reliable.state = state;
        match action {
            Action::Queue => reliable.waiting.push_back((status, body)),
            _ => self.transmit_reliable(now, key, status, body),
        }
        Ok(())
    }

    fn transmit_reliable(
        &mut self,
        now: Instant,
        key: CallKey,
        status: StatusCode,
        body: Option<Body>,
    ) {
        let (t1, patience) = (self.timers.t1, self.patience());
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Some(reliable) = call
            .early
            .as_mut()
            .and_then(|early| early.reliable.as_mut())
        else {
            return;
        };
        let Some(rseq) = following(reliable.rseq) else {
            return;
        };
        let meaning = call
            .ledger
            .pass(Party::Local, Carrier::Reliable, body.is_some());
        let body = body.filter(|_| meaning.is_ok_and(|meaning| meaning != Meaning::Nothing));
        let headers = [
            (HeaderName::Require, RELIABLE.into()),
            (HeaderName::RSeq, RSeq(rseq).to_string().into()),
            (HeaderName::Allow, self.capabilities.allow_line()),
        ];
        let described = body.is_some();
        if let Some(body) = &body {
            call.described_early(None, body);
        }
        let Some(response) = self.dialog_response(key, status, body.as_ref(), &headers) else {
            return;
        };
        let octets = response.to_bytes();
        self.step_called(
            now,
            key,
            uas::Input::Provisional,
            Work::respond(Some(response)),
        );
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        if let Exchange::Theirs(theirs) = &mut call.exchange {
            // A response that has its PRACK does not go out again as it is.
            theirs.provisional = None;
        }
        if let Some(reliable) = call
            .early
            .as_mut()
            .and_then(|early| early.reliable.as_mut())
        {
            reliable.rseq = rseq;
            reliable.refresh = Some((status, now + PROVISIONAL_REFRESH));
            reliable.sent = Some(Sent {
                rseq,
                octets,
                described,
                interval: t1,
                next: now + t1,
                until: now + patience,
            });
        }
        self.calls.schedule(key);
    }
}
