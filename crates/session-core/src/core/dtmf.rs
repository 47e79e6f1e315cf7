//! DTMF digits on their way to the peer, in the media or as INFO, and those that come from it.

mod pass;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_dialog_core::sip_core::{ByteString, HeaderName, Method, StatusCode};
use rvoip_dialog_core::{Body, IncomingRequestKey};
use rvoip_media_core::DtmfDigit;

use super::SessionCore;
use super::request::Reply;
use crate::dtmf::{DtmfSource, MAX_WAITING, MEDIA_TYPES, Press, is_dtmf, read};
use crate::message::{IncomingRequest, RequestAnswer};
use crate::{BasicSessionEvent, DtmfMethod, Operation, Result, SessionError, SessionId};

impl SessionCore {
    /// Sends DTMF digits in the media or as INFO, as the settings say, all in one way, one after the other.
    ///
    /// # Errors
    /// A character that is no digit; no such session, one that is not answered, or whose peer takes neither now.
    pub fn send_dtmf(&mut self, now: Instant, id: SessionId, digits: &str) -> Result<()> {
        self.permit(id, Operation::SendDtmf)?;
        let digit = |text| DtmfDigit::from_char(text).ok_or(SessionError::InvalidDigit(text));
        let events: Vec<DtmfDigit> = digits.chars().map(digit).collect::<Result<_>>()?;
        if !self.sends_info(id, &events) {
            return self.with_media(id, |media, key| media.send_dtmf(now, key, &events));
        }
        self.send_as_info(now, id, digits.chars().map(Press::of))
    }

    fn send_as_info(
        &mut self,
        now: Instant,
        id: SessionId,
        presses: impl Iterator<Item = Press>,
    ) -> Result<()> {
        let Some(session) = self.sessions.get_mut(id) else {
            return Ok(());
        };
        let waiting = &mut session.extras_mut().digits;
        let idle = waiting.is_empty();
        let room = MAX_WAITING.saturating_sub(waiting.len());
        waiting.extend(presses.take(room));
        match idle {
            true => self.press_next(now, id),
            false => Ok(()),
        }
    }

    /// Whether the peer takes all of these as telephone events.
    fn takes_events(&self, id: SessionId, digits: &[DtmfDigit]) -> bool {
        let media = self.sessions.get(id).and_then(|session| session.media);
        let parameters = media.and_then(|key| self.media.parameters(key));
        let taken =
            |digit: &DtmfDigit| parameters.is_some_and(|media| media.takes_event(digit.event()));
        digits.iter().all(taken)
    }

    fn sends_info(&self, id: SessionId, digits: &[DtmfDigit]) -> bool {
        let Some(session) = self.sessions.get(id) else {
            return false;
        };
        match self.settings.dtmf {
            DtmfMethod::Rfc4733 => false,
            DtmfMethod::Info => true,
            DtmfMethod::Auto => {
                !self.takes_events(id, digits)
                    && session
                        .call
                        .is_some_and(|key| self.dialogs.allows_info(key))
            }
        }
    }

    /// Sends the first of the digits that wait; it stays the first until it is answered, so that they come in their order.
    fn press_next(&mut self, now: Instant, id: SessionId) -> Result<()> {
        let Some(session) = self.sessions.get(id) else {
            return Ok(());
        };
        let press = session.extras().and_then(|it| it.digits.front().copied());
        let (Some(press), Some(call)) = (press, session.call) else {
            return Ok(());
        };
        let body = Body {
            content_type: ByteString::from_static(MEDIA_TYPES[0]),
            content: press.body().into(),
        };
        let sent = self
            .dialogs
            .request_in_call(now, call, Method::Info, &[], Some(body));
        match sent {
            Ok(key) => {
                self.replies.expect(key, Reply::Digit(id));
                self.pump(now);
                Ok(())
            }
            Err(source) => {
                self.forget_digits(id);
                Err(self.signalling(id, source))
            }
        }
    }

    /// An INFO of ours with a digit has come to its end.
    pub(super) fn on_digit_answered(&mut self, now: Instant, id: SessionId, taken: bool) {
        if !taken {
            tracing::info!(session = %id, "the peer does not take digits as INFO");
            return self.forget_digits(id);
        }
        if let Some(session) = self.sessions.get_mut(id) {
            session.extras_mut().digits.pop_front();
        }
        if let Err(error) = self.press_next(now, id) {
            tracing::info!(session = %id, %error, "digits are left over");
        }
    }

    fn forget_digits(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(id) {
            session.extras_mut().digits.clear();
        }
    }

    /// Takes an INFO that is not for the application: a digit, or what nobody here understands.
    pub(super) fn takes_info(
        &mut self,
        now: Instant,
        key: IncomingRequestKey,
        request: &IncomingRequest,
    ) -> bool {
        if *request.method() != Method::Info {
            return false;
        }
        let media_type = request.header(&HeaderName::ContentType).unwrap_or_default();
        let answer = match request.session_id().filter(|_| is_dtmf(media_type)) {
            Some(id) => match read(request.body()) {
                Some(press) => {
                    let Press { digit, duration } = press;
                    let told = self.hear_dtmf(now, id, DtmfSource::Info, digit, duration);
                    if let Some(other) = self.other_in_bridge(id).filter(|_| told) {
                        self.pass(now, other, press);
                    }
                    RequestAnswer::ok()
                }
                None => RequestAnswer::new(StatusCode::BAD_REQUEST),
            },
            None if self.answers_info => return false,
            None => RequestAnswer {
                headers: vec![(HeaderName::Accept, MEDIA_TYPES.join(", "))],
                ..RequestAnswer::new(StatusCode::UNSUPPORTED_MEDIA_TYPE)
            },
        };
        self.answer_request(now, key, answer);
        true
    }

    /// The peer presses a key. One that it tells in both ways is told once; an INFO tells the whole press. Returns whether it is told.
    pub(super) fn hear_dtmf(
        &mut self,
        now: Instant,
        id: SessionId,
        source: DtmfSource,
        digit: char,
        duration: Duration,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        let call = Arc::clone(&session.record);
        let told = session.extras_mut().presses.begins(now, source, digit);
        if told {
            self.events.push_back(BasicSessionEvent::DtmfReceived {
                call: Arc::clone(&call),
                digit,
                duration,
            });
            if source == DtmfSource::Info {
                self.events.push_back(BasicSessionEvent::DtmfEnded {
                    call,
                    digit,
                    duration,
                });
            }
        }
        told
    }

    /// The peer no longer presses a key in the media. Returns whether that is told.
    pub(super) fn end_dtmf(&mut self, id: SessionId, digit: char, duration: Duration) -> bool {
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        let call = Arc::clone(&session.record);
        let told = session.extras_mut().presses.ends(digit);
        if told {
            self.events.push_back(BasicSessionEvent::DtmfEnded {
                call,
                digit,
                duration,
            });
        }
        told
    }
}
