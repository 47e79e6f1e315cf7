//! A call as the caller (`uac`) and as the called party (`uas`) live it: RFC 3261 sections 9, 13 and 15 as two pure
//! state machines.
//!
//! Both know no bytes, no clock and no keys: `step(state, input)` gives the next state and what is to be done. The
//! manager does it, in the order in which [`Actions`] lists it.

pub(crate) mod draft;
pub mod uac;
pub mod uas;

/// What a step asks for. Carried out in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Actions {
    /// Send the response that the command or the input names: a provisional, the 2xx, or the final refusal.
    pub respond: bool,
    /// Send CANCEL for our INVITE.
    pub cancel: bool,
    /// Send the ACK of the 2xx, and keep it for repeats.
    pub ack: bool,
    /// Tell the user what came: progress, the answer, the ACK.
    pub report: bool,
    /// Send BYE.
    pub bye: bool,
    /// The call is over: one `Ended` event, and the record goes.
    pub end: bool,
}

impl Actions {
    /// Nothing to do.
    pub const NONE: Actions = Actions {
        respond: false,
        cancel: false,
        ack: false,
        report: false,
        bye: false,
        end: false,
    };

    const RESPOND: Actions = Actions {
        respond: true,
        ..Actions::NONE
    };
    const CANCEL: Actions = Actions {
        cancel: true,
        ..Actions::NONE
    };
    const ACK: Actions = Actions {
        ack: true,
        ..Actions::NONE
    };
    const REPORT: Actions = Actions {
        report: true,
        ..Actions::NONE
    };
    const BYE: Actions = Actions {
        bye: true,
        ..Actions::NONE
    };
    const END: Actions = Actions {
        end: true,
        ..Actions::NONE
    };
    const ACK_BYE: Actions = Actions {
        ack: true,
        bye: true,
        ..Actions::NONE
    };
    const ACK_END: Actions = Actions {
        ack: true,
        end: true,
        ..Actions::NONE
    };
    const ACK_REPORT: Actions = Actions {
        ack: true,
        report: true,
        ..Actions::NONE
    };
    const BYE_END: Actions = Actions {
        bye: true,
        end: true,
        ..Actions::NONE
    };
    const RESPOND_END: Actions = Actions {
        respond: true,
        end: true,
        ..Actions::NONE
    };
}

#[cfg(test)]
mod tests;
