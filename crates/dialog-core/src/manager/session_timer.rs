//! Session timers in a call: negotiated in INVITE, UPDATE and their 2xx (RFC 4028 sections 7 to 9).

mod refresh;

use std::time::Instant;

use rvoip_transaction_core::sip_core::header::{MinSe, Refresher, SessionExpires};
use rvoip_transaction_core::sip_core::{
    HeaderName, Request, RequestBuilder, Response, ResponseBuilder,
};

use super::DialogManager;
use super::call::{Call, Role};
use crate::offer_answer::Party;
use crate::out_of_dialog::Refusal;
use crate::session_timer::{Asked, Input, SessionTimer, TIMER, Terms, agreed, answer, seconds};
use crate::{Body, CallKey};

impl SessionTimer {
    /// What a refresh of ours asks for.
    pub(super) fn ask(&self) -> (SessionExpires, Option<MinSe>) {
        let refresher = match self.terms.refresher {
            Party::Local => Refresher::Uac,
            Party::Remote => Refresher::Uas,
        };
        let expires = SessionExpires::new(self.terms.interval).with_refresher(refresher);
        let min_se = (self.min_se > 0).then(|| MinSe::new(self.min_se));
        (expires, min_se)
    }
}

impl DialogManager {
    /// Asks for an interval in the INVITE that begins a call, no shorter than so many seconds.
    pub(super) fn ask_interval(&self, request: RequestBuilder, min_se: u32) -> RequestBuilder {
        let Some(config) = &self.config.extensions(true).session_timer else {
            return request;
        };
        let expires = SessionExpires::new(seconds(config.expires).max(min_se));
        let request = request.header(&match config.refresher {
            None => expires,
            Some(Party::Local) => expires.with_refresher(Refresher::Uac),
            Some(Party::Remote) => expires.with_refresher(Refresher::Uas),
        });
        match seconds(config.min_se).max(min_se) {
            // The shortest of all is meant where nothing is said (section 5).
            90 => request,
            min_se => request.header(&MinSe::new(min_se)),
        }
    }

    /// What a request of the peer agrees to; `Ok(None)` when the session gets no interval.
    fn terms(&self, call: Option<&Call>, request: &Request) -> Result<Option<Terms>, Refusal> {
        let running = call.and_then(|call| call.timer.as_ref());
        let headers = request.headers();
        if running.is_none() && !headers.contains(&HeaderName::SessionExpires) {
            return Ok(None);
        }
        let outgoing = call.is_some_and(|call| matches!(call.role, Role::Caller(_)));
        let Some(config) = &self.config.extensions(outgoing).session_timer else {
            return Ok(None);
        };
        let running = running.map(|timer| timer.terms);
        answer(config, Asked::of(headers), running)
            .map_err(|brief| Refusal::IntervalTooSmall(brief.0))
    }

    /// Whether the interval that a request asks for is long enough.
    pub(super) fn check_interval(&self, key: CallKey, request: &Request) -> Result<(), Refusal> {
        self.terms(self.calls.get(key), request).map(drop)
    }

    /// As [`check_interval`](Self::check_interval), of an INVITE that begins a call.
    pub(super) fn check_first_interval(&self, request: &Request) -> Result<(), Refusal> {
        self.terms(None, request).map(drop)
    }

    /// Begins the interval that a request of the peer has asked for, as we are about to answer it with 2xx; notes what it
    /// allows.
    pub(super) fn grant_interval(
        &mut self,
        now: Instant,
        key: CallKey,
        request: &Request,
        body: Option<&Body>,
    ) {
        if let Some(call) = self.calls.get_mut(key) {
            call.note_allow(request.headers());
        }
        let Ok(Some(terms)) = self.terms(self.calls.get(key), request) else {
            return;
        };
        self.run_timer(now, key, terms);
        if let (Some(call), Some(body)) = (self.calls.get_mut(key), body) {
            call.described(body);
        }
    }

    /// Writes what was granted into the 2xx.
    pub(super) fn tell_interval(
        &self,
        call: &Call,
        request: &Request,
        response: ResponseBuilder,
    ) -> ResponseBuilder {
        let Some(timer) = &call.timer else {
            return response;
        };
        let refresher = match timer.terms.refresher {
            Party::Local => Refresher::Uas,
            Party::Remote => Refresher::Uac,
        };
        let expires = SessionExpires::new(timer.terms.interval).with_refresher(refresher);
        let response = response.header(&expires);
        match Asked::of(request.headers()).supported {
            true => response.raw(&HeaderName::Require, TIMER),
            false => response,
        }
    }

    /// A 2xx to an INVITE or UPDATE of ours: the interval it names begins, or there is none any more; notes what it allows.
    pub(super) fn heed_success(
        &mut self,
        now: Instant,
        key: CallKey,
        success: &Response,
        offer: Option<Body>,
    ) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let headers = success.headers();
        call.note_allow(headers);
        if call.timer.is_none() && !headers.contains(&HeaderName::SessionExpires) {
            return;
        }
        let outgoing = matches!(call.role, Role::Caller(_));
        let config = self.config.extensions(outgoing).session_timer.as_ref();
        let Some(terms) = config.and_then(|config| agreed(config, headers)) else {
            call.timer = None;
            return;
        };
        self.run_timer(now, key, terms);
        if let (Some(call), Some(offer)) = (self.calls.get_mut(key), offer) {
            call.described(&offer);
        }
    }

    fn run_timer(&mut self, now: Instant, key: CallKey, terms: Terms) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        match &mut call.timer {
            None => {
                call.timer = Some(Box::new(SessionTimer::new(now, terms)));
            }
            Some(timer) => {
                timer.terms = terms;
                self.step_timer(now, key, Input::Refreshed);
            }
        }
        self.calls.schedule(key);
    }
}
