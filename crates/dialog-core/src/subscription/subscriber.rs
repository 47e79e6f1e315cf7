//! A subscription as the subscriber lives it (RFC 6665 section 4.1.2, figure 1, with the way out that RFC 3515 and RFC 4488
//! add).
//!
//! ```text
//!   SUBSCRIBE or REFER sent                      SUBSCRIBE with Expires 0 sent (a fetch)
//!          |                                                |
//!          v                                                |
//!     NotifyWait --unsubscribe--> Departing                 |
//!       |  |  |                    |     |                  |
//!       |  |  +--Timer N,----------|-----+--> Terminated    |
//!       |  |     failure,          |                        |
//!       |  |     no subscription   | NOTIFY active          |
//!       |  | NOTIFY pending        | or pending:            |
//!       |  v                       | SUBSCRIBE Expires 0    |
//!       | Pending --unsubscribe----|-------------------+    |
//!       |  |   ^  SUBSCRIBE        v                   v    v
//!       |  v   |  Expires 0     Leaving <------------- Leaving --Timer N, lost,
//!       +> Active --------------------------------------^         failure--> Terminated
//!          |  ^ \
//!          |  | refresh due: SUBSCRIBE                NOTIFY terminated, from any state --> Terminated
//!          |  +--+
//!          +--expired, lost (481)--> Terminated
//!
//!     NotifyWait, Pending, Active --interrupted--> Waiting --retry due: SUBSCRIBE anew--> NotifyWait
//!                                                  Waiting --unsubscribe--> Terminated
//! ```

/// Where the subscriber's side of a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The request is on its way, or answered; no NOTIFY has come.
    NotifyWait,
    /// As NotifyWait, but the user wants it no more: the first NOTIFY brings the dialog in which to say so.
    Departing,
    /// Nobody has decided yet.
    Pending,
    /// Granted.
    Active,
    /// The last NOTIFY is awaited.
    Leaving,
    /// The notifier has ended it for a time; it will be made again.
    Waiting,
    /// Over.
    Terminated,
}

/// What can happen to the subscriber's side of a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// 2xx to SUBSCRIBE or REFER.
    Accepted,
    /// 2xx to REFER that says there is no subscription.
    WithoutSubscription,
    /// The first request was refused, timed out or could not be sent; or the one that unsubscribes.
    Failure,
    /// NOTIFY with `pending`.
    NotifyPending,
    /// NOTIFY with `active` or a state of an extension.
    NotifyActive,
    /// NOTIFY with `terminated`.
    NotifyTerminated,
    /// 64*T1 have passed without the NOTIFY that had to come.
    TimerN,
    /// It is time to refresh.
    RefreshDue,
    /// The time of the subscription has passed.
    Expired,
    /// A refresh was answered 481 or its like.
    Lost,
    /// It has ended for one of the reasons above, but may be made again (RFC 6665 section 4.1.3).
    Interrupted,
    /// It is time to make it again.
    RetryDue,
    /// The user wants it no more.
    Unsubscribe,
}

/// What a step asks for. Carried out in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Actions {
    /// Tell the user what came.
    pub report: bool,
    /// Send SUBSCRIBE.
    pub refresh: bool,
    /// Send SUBSCRIBE with Expires 0, and start Timer N.
    pub unsubscribe: bool,
    /// Tell why it has ended, leave its dialog, and be woken when it may be made again.
    pub wait: bool,
    /// Send SUBSCRIBE in a new dialog, and start Timer N.
    pub renew: bool,
    /// The subscription is over: one event, and the record goes.
    pub end: bool,
}

impl Actions {
    const NONE: Actions = Actions {
        report: false,
        refresh: false,
        unsubscribe: false,
        wait: false,
        renew: false,
        end: false,
    };
    const REPORT: Actions = Actions {
        report: true,
        ..Actions::NONE
    };
    const REFRESH: Actions = Actions {
        refresh: true,
        ..Actions::NONE
    };
    const UNSUBSCRIBE: Actions = Actions {
        unsubscribe: true,
        ..Actions::NONE
    };
    const REPORT_UNSUBSCRIBE: Actions = Actions {
        report: true,
        unsubscribe: true,
        ..Actions::NONE
    };
    const REPORT_WAIT: Actions = Actions {
        report: true,
        wait: true,
        ..Actions::NONE
    };
    const RENEW: Actions = Actions {
        renew: true,
        ..Actions::NONE
    };
    const END: Actions = Actions {
        end: true,
        ..Actions::NONE
    };
    const REPORT_END: Actions = Actions {
        report: true,
        end: true,
        ..Actions::NONE
    };
}

impl State {
    /// The name for errors and logs.
    pub const fn name(self) -> &'static str {
        match self {
            State::NotifyWait => "waiting for NOTIFY",
            State::Departing => "departing",
            State::Pending => "pending",
            State::Active => "active",
            State::Leaving => "leaving",
            State::Waiting => "waiting to be made again",
            State::Terminated => "terminated",
        }
    }
}

/// One step. `None`: the input has no meaning in this state and changes nothing.
pub const fn step(state: State, input: Input) -> Option<(State, Actions)> {
    use Input::*;
    use State::*;
    Some(match (state, input) {
        (Terminated, _) => return None,
        (Waiting, RetryDue) => (NotifyWait, Actions::RENEW),
        (Waiting, Unsubscribe) => (Terminated, Actions::END),
        (Waiting, _) => return None,
        (NotifyWait | Pending | Active, Interrupted) => (Waiting, Actions::REPORT_WAIT),
        (_, NotifyTerminated) => (Terminated, Actions::REPORT_END),

        (NotifyWait | Departing, Accepted) => (state, Actions::REPORT),
        (NotifyWait | Departing, WithoutSubscription | Failure | TimerN) => {
            (Terminated, Actions::END)
        }
        (NotifyWait, Unsubscribe) => (Departing, Actions::NONE),
        (NotifyWait | Pending | Active, NotifyPending) => (Pending, Actions::REPORT),
        (NotifyWait | Pending | Active, NotifyActive) => (Active, Actions::REPORT),
        (Departing, NotifyPending | NotifyActive) => (Leaving, Actions::REPORT_UNSUBSCRIBE),

        (Pending | Active, RefreshDue) => (state, Actions::REFRESH),
        (Pending | Active, Expired | Lost) => (Terminated, Actions::END),
        (Pending | Active, Unsubscribe) => (Leaving, Actions::UNSUBSCRIBE),

        (Leaving, NotifyPending | NotifyActive) => (Leaving, Actions::REPORT),
        (Leaving, TimerN | Failure | Lost | Expired) => (Terminated, Actions::END),
        (Departing | Leaving, Unsubscribe) => (state, Actions::NONE),
        _ => return None,
    })
}
