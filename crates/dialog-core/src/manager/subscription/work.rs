//! What the steps of a notifier need to be carried out, and how a NOTIFY says where its subscription stands.

use std::time::{Duration, Instant};

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::Response;
use rvoip_transaction_core::sip_core::header::SubscriptionState;

use super::record::Notice;
use crate::subscription::{TerminationReason, notifier};
use crate::{Body, SessionCoordinationEvent};

/// What the actions of a notifier's step need to be carried out.
#[derive(Debug, Default)]
pub(in crate::manager) struct Work {
    /// What `respond` sends.
    pub(in crate::manager) response: Option<(ServerKey, Response)>,
    /// What `report` tells.
    pub(in crate::manager) event: Option<SessionCoordinationEvent>,
    /// What `notify` sends.
    pub(in crate::manager) notice: Option<Notice>,
}

impl Work {
    pub(in crate::manager) fn notice(notice: Notice) -> Work {
        Work {
            notice: Some(notice),
            ..Work::default()
        }
    }
}

impl Notice {
    /// The state has changed; without a body it is told again as it was.
    pub(in crate::manager) fn of(body: Option<Body>) -> Notice {
        Notice { body, last: None }
    }

    /// There is nothing more to come.
    pub(in crate::manager) fn last(
        body: Option<Body>,
        reason: TerminationReason,
        retry_after: Option<Duration>,
    ) -> Notice {
        Notice {
            body,
            last: Some((Some(reason), retry_after)),
        }
    }
}

pub(in crate::manager) fn subscription_state(
    state: notifier::State,
    last: Option<(Option<TerminationReason>, Option<Duration>)>,
    until: Option<Instant>,
    now: Instant,
) -> SubscriptionState {
    if let Some((reason, retry_after)) = last {
        let mut header = SubscriptionState::new("terminated");
        if let Some(reason) = reason {
            header = header.with_param("reason", Some(reason.name()));
        }
        if let Some(after) = retry_after {
            header = header.with_param("retry-after", Some(&after.as_secs().to_string()));
        }
        return header;
    }
    let name = match state {
        notifier::State::Pending => "pending",
        _ => "active",
    };
    let left = until.map_or(0, |until| until.saturating_duration_since(now).as_secs());
    SubscriptionState::new(name).with_param("expires", Some(&left.to_string()))
}
