//! What the answers to REGISTER and PUBLISH mean to the machine.

use std::time::Duration;

use rvoip_transaction_core::sip_core::Response;

use crate::EndCause;
use crate::soft_state::Input;

/// What an answer means.
#[derive(Debug)]
pub(in crate::manager) struct Judgement {
    pub(in crate::manager) input: Input,
    /// Why it is not granted.
    pub(in crate::manager) cause: Option<EndCause>,
    /// For how long it is granted.
    pub(in crate::manager) granted: Duration,
}

impl Judgement {
    /// The server asks for the same once more, otherwise.
    pub(in crate::manager) fn again() -> Judgement {
        Judgement {
            input: Input::Again,
            cause: None,
            granted: Duration::ZERO,
        }
    }

    pub(in crate::manager) fn granted(granted: Duration) -> Judgement {
        Judgement {
            input: Input::Granted,
            cause: None,
            granted,
        }
    }

    /// A refusal: for good where the server would say the same again and has never agreed before.
    pub(in crate::manager) fn refused(response: &Response, was_granted: bool) -> Judgement {
        let is_permanent = match response.status().code() {
            408 | 430 | 480..=483 | 486 | 487 | 491 => false,
            400..=499 | 501 | 505 | 513 | 600..=699 => true,
            _ => false,
        };
        let input = match is_permanent && !was_granted {
            true => Input::Refused,
            false => Input::Failed,
        };
        let cause = EndCause::Rejected {
            status: response.status(),
            reason: response.reason_phrase().into(),
        };
        Judgement {
            input,
            cause: Some(cause),
            granted: Duration::ZERO,
        }
    }
}
