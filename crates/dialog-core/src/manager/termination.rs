//! Ending a call: CANCEL, BYE, and the one event that is the last (RFC 3261 sections 9.1, 13.3.1.3 and 15.1.1).

use std::time::Instant;

use rvoip_transaction_core::sip_core::{HeaderName, Method, Reason, StatusCode};

use super::DialogManager;
use super::call::{Exchange, Role};
use super::client::ClientUse;
use super::errand::Errand;
use super::step::{Common, Work};
use crate::invite::uac;
use crate::{CallKey, DialogError, EndCause, SessionCoordinationEvent, TerminateCause};

impl TerminateCause {
    /// The status that refuses a call for this cause.
    fn status(self) -> StatusCode {
        match self {
            TerminateCause::Normal => StatusCode::DECLINE,
            TerminateCause::NoAnswer => StatusCode::TEMPORARILY_UNAVAILABLE,
            TerminateCause::Shutdown => StatusCode::SERVICE_UNAVAILABLE,
            TerminateCause::MediaFailed => StatusCode::NOT_ACCEPTABLE_HERE,
        }
    }
}

impl DialogManager {
    /// Ends a call from our side, whatever its state: CANCEL before the answer, BYE after it, a refusal of a call not
    /// yet answered. [`Ended`](crate::SessionCoordinationEvent::Ended) follows when the peer knows, or cannot be told.
    /// A call that is being ended already is left alone.
    ///
    /// # Errors
    /// When there is no such call.
    pub fn terminate(
        &mut self,
        now: Instant,
        key: CallKey,
        cause: TerminateCause,
    ) -> Result<(), DialogError> {
        let call = self.calls.known_mut(key)?;
        let status = cause.status();
        let undecided = call.role.is_undecided();
        call.note(match call.role {
            _ if cause == TerminateCause::NoAnswer => EndCause::NoAnswer,
            _ if undecided => EndCause::Refused { status },
            Role::Caller(uac::State::Calling | uac::State::Proceeding) => EndCause::Cancelled,
            _ => EndCause::LocalBye,
        });
        let response = if undecided {
            self.final_response(key, status)
        } else {
            None
        };
        let reason = (cause != TerminateCause::Normal).then(|| Reason::sip(status));
        self.step(
            now,
            key,
            Common::Terminate,
            Work {
                response,
                reason,
                ..Work::default()
            },
        );
        self.pump(now);
        Ok(())
    }

    /// Sends CANCEL for our INVITE.
    pub(super) fn cancel_invite(&mut self, now: Instant, key: CallKey) {
        let patience = self.patience();
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Exchange::Ours { client, .. } = call.exchange else {
            return;
        };
        // The transaction layer ends the INVITE 64*T1 after a CANCEL; without one that is for the limit here to do.
        call.limit = self
            .transactions
            .cancel(now, client)
            .is_err()
            .then(|| now + patience);
    }

    /// Sends BYE.
    pub(super) fn send_bye(&mut self, now: Instant, key: CallKey, reason: Option<Reason>) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let number = call.dialog.sequence.advance();
        let bye = number.and_then(|number| call.dialog.request(Method::Bye, number).ok());
        let path = call.path.clone();
        let sent = bye.is_some_and(|(mut request, next_hop)| {
            if let Some(reason) = reason {
                request = request.raw(&HeaderName::Reason, &reason.to_string());
            }
            let request = self.capabilities.sign_request(request);
            let errand = Errand::inside(request, next_hop, path.as_deref());
            let call = Some(key);
            self.dispatch(now, ClientUse::Bye { call }, errand).is_ok()
        });
        if !sent {
            self.step(now, key, Common::ByeDone, Work::default());
        }
    }

    /// Forgets a call and tells so.
    pub(super) fn end(&mut self, now: Instant, key: CallKey) {
        let Some(mut call) = self.calls.remove(key) else {
            return;
        };
        let asked = call.take_asked();
        match call.exchange {
            Exchange::Theirs(theirs) => {
                self.servers.remove(&theirs.server);
                self.terminate_request(
                    now,
                    theirs.server,
                    &theirs.request,
                    call.dialog.local_tag(),
                );
            }
            // An INVITE that has a provisional response would wait for its final one for ever.
            Exchange::Ours { client, .. } => {
                let _ = self.transactions.cancel(now, client);
            }
            _ => {}
        }
        if let Some(usages) = call.usages.take() {
            self.inherit_dialog(call.dialog.clone(), call.path.take(), *usages);
        }
        for asked in asked {
            self.servers.remove(&asked.server);
            let tag = call.dialog.local_tag();
            self.terminate_request(now, asked.server, &asked.request, tag);
        }
        let cause = call.cause.take().unwrap_or(EndCause::LocalBye);
        tracing::info!(call_id = %call.dialog.call_id(), ?cause, "call ended");
        self.counters.ended_calls += 1;
        self.emit(SessionCoordinationEvent::Ended { key, cause });
    }
}
