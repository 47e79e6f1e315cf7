//! Ending a call from our side: the one way there is (RFC 3261 sections 9.1, 13.3.1.3 and 15.1.1).

use std::time::Instant;

use rvoip_transaction_core::sip_core::{Reason, StatusCode};

use super::DialogManager;
use super::call::Role;
use super::step::{Common, Work};
use crate::invite::uac;
use crate::{CallKey, DialogError, EndCause, TerminateCause};

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
    pub fn terminate(&mut self, now: Instant, key: CallKey, cause: TerminateCause) -> Result<(), DialogError> {
        let call = self.calls.get_mut(key).ok_or(DialogError::NoSuchCall(key))?;
        let status = cause.status();
        let undecided = call.role.is_undecided();
        call.note(match call.role {
            _ if cause == TerminateCause::NoAnswer => EndCause::NoAnswer,
            _ if undecided => EndCause::Refused { status },
            Role::Caller(uac::State::Starting | uac::State::Calling | uac::State::Proceeding) => EndCause::Cancelled,
            _ => EndCause::LocalBye,
        });
        let response = if undecided { self.final_response(key, status) } else { None };
        let reason = (cause != TerminateCause::Normal).then(|| Reason::sip(status));
        self.step(now, key, Common::Terminate, Work { response, reason, ..Work::default() });
        self.pump(now);
        Ok(())
    }
}
