//! A subscription as the notifier lives it (RFC 6665 section 4.2, figure 2).
//!
//! ```text
//!   SUBSCRIBE or REFER came
//!          |
//!          v
//!      RespWait --refused, undecided for too long, no subscription: response--> Terminated
//!       |  |  \
//!       |  |   \ granted, and it was a fetch: response, NOTIFY----------+
//!       |  |                                                            |
//!       |  | permission needed: response, NOTIFY                        v
//!       |  v                                                         Closing --NOTIFY answered,
//!       | Pending --unsubscribe, expired, closed: NOTIFY-------------->  ^      or failed--> Terminated
//!       |  | granted: NOTIFY                                             |
//!       |  v                                                             |
//!       +> Active --unsubscribe, expired, closed: NOTIFY-----------------+
//!           | ^  granted: response, NOTIFY
//!           | |  refresh: response, NOTIFY; the user notifies: NOTIFY
//!           +-+
//!       Pending, Active --NOTIFY failed--> Terminated
//! ```
//!
//! Closing stands between the last NOTIFY and its answer, so that a challenge or a lost datagram does not lose the end.

/// Where the notifier's side of a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The request came; the user has not decided.
    RespWait,
    /// Answered; permission is still to be had.
    Pending,
    /// Granted.
    Active,
    /// The last NOTIFY is sent and not yet answered.
    Closing,
    /// Over.
    Terminated,
}

/// What can happen to the notifier's side of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The user grants it.
    Grant,
    /// The user has to ask somebody.
    Postpone,
    /// The user grants it, and it was a fetch, which is over with its first NOTIFY.
    GrantOnce,
    /// The user accepts a REFER that wants no subscription.
    WithoutSubscription,
    /// The user refuses it, or does not decide.
    Refuse,
    /// The user has news.
    Notify,
    /// SUBSCRIBE came again.
    Refresh,
    /// SUBSCRIBE with Expires 0 came.
    Unsubscribe,
    /// The user ends it.
    Close,
    /// Its time has passed.
    Expired,
    /// The last NOTIFY got its 2xx.
    Delivered,
    /// A NOTIFY was refused, timed out or could not be sent.
    NotifyFailed,
}

/// What a step asks for. Carried out in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Actions {
    /// Answer the SUBSCRIBE or REFER.
    pub respond: bool,
    /// Tell the user that the subscription was refreshed.
    pub report: bool,
    /// Send NOTIFY.
    pub notify: bool,
    /// The subscription is over: one event, and the record goes.
    pub end: bool,
}

impl Actions {
    const NONE: Actions = Actions {
        respond: false,
        report: false,
        notify: false,
        end: false,
    };
    const NOTIFY: Actions = Actions {
        notify: true,
        ..Actions::NONE
    };
    const RESPOND_NOTIFY: Actions = Actions {
        respond: true,
        notify: true,
        ..Actions::NONE
    };
    const RESPOND_REPORT_NOTIFY: Actions = Actions {
        respond: true,
        report: true,
        notify: true,
        ..Actions::NONE
    };
    const RESPOND_END: Actions = Actions {
        respond: true,
        end: true,
        ..Actions::NONE
    };
    const END: Actions = Actions {
        end: true,
        ..Actions::NONE
    };
}

impl State {
    /// The name for errors and logs.
    pub const fn name(self) -> &'static str {
        match self {
            State::RespWait => "undecided",
            State::Pending => "pending",
            State::Active => "active",
            State::Closing => "closing",
            State::Terminated => "terminated",
        }
    }
}

/// One step. `None`: the input has no meaning in this state and changes nothing.
pub const fn step(state: State, input: Input) -> Option<(State, Actions)> {
    use Input::*;
    use State::*;
    Some(match (state, input) {
        (RespWait, Grant) => (Active, Actions::RESPOND_NOTIFY),
        (RespWait, Postpone) => (Pending, Actions::RESPOND_NOTIFY),
        (RespWait, GrantOnce) => (Closing, Actions::RESPOND_NOTIFY),
        (RespWait, WithoutSubscription | Refuse) => (Terminated, Actions::RESPOND_END),

        (Pending, Grant) => (Active, Actions::NOTIFY),
        (Pending | Active, Notify) => (state, Actions::NOTIFY),
        (Pending | Active, Refresh) => (state, Actions::RESPOND_REPORT_NOTIFY),
        (Pending | Active, Unsubscribe) => (Closing, Actions::RESPOND_NOTIFY),
        (Pending | Active, Close | Expired) => (Closing, Actions::NOTIFY),
        (Pending | Active, Delivered) | (Closing, Close) => (state, Actions::NONE),
        (Pending | Active | Closing, NotifyFailed) => (Terminated, Actions::END),

        (Closing, Delivered) => (Terminated, Actions::END),
        _ => return None,
    })
}
