//! Why a notifier ends a subscription, and what the subscriber may do then (RFC 6665 section 4.1.3).

use std::time::Duration;

use super::SubscriptionEnd;

/// The `reason` of a Subscription-State that says `terminated`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TerminationReason {
    /// Moved: subscribe again at once.
    Deactivated,
    /// Not now: subscribe again later.
    Probation,
    /// The permission is gone.
    Rejected,
    /// Not refreshed in time.
    Timeout,
    /// Permission could not be had in time.
    GiveUp,
    /// What was watched is no more.
    NoResource,
    /// What was watched will not change again.
    Invariant,
}

/// When a subscription that has ended may be made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// At once.
    Now,
    /// After so long.
    After(Duration),
    /// Never.
    Never,
}

impl TerminationReason {
    const ALL: [(&'static str, TerminationReason); 7] = [
        ("deactivated", TerminationReason::Deactivated),
        ("probation", TerminationReason::Probation),
        ("rejected", TerminationReason::Rejected),
        ("timeout", TerminationReason::Timeout),
        ("giveup", TerminationReason::GiveUp),
        ("noresource", TerminationReason::NoResource),
        ("invariant", TerminationReason::Invariant),
    ];

    /// Reads a reason; `None` when it is not known, which is to be treated as none.
    pub fn parse(text: &str) -> Option<TerminationReason> {
        let mut all = Self::ALL.into_iter();
        all.find(|(name, _)| text.eq_ignore_ascii_case(name))
            .map(|(_, reason)| reason)
    }

    /// The reason as it stands in the header.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].0
    }
}

impl Retry {
    /// What a reason and a `retry-after` allow. Only those reasons that say "later" give the parameter a meaning.
    pub fn of(reason: Option<TerminationReason>, retry_after: Option<Duration>) -> Retry {
        use TerminationReason::*;
        match (reason, retry_after) {
            (Some(Deactivated | Timeout), _) => Retry::Now,
            (Some(Rejected | NoResource | Invariant), _) => Retry::Never,
            (Some(Probation | GiveUp) | None, Some(after)) => Retry::After(after),
            (Some(Probation | GiveUp) | None, None) => Retry::Now,
        }
    }
}

impl SubscriptionEnd {
    /// When a subscription that has ended so may be made again, having been granted before.
    pub fn retry(&self) -> Retry {
        match self {
            SubscriptionEnd::Terminated {
                reason,
                retry_after,
            } => Retry::of(*reason, *retry_after),
            SubscriptionEnd::Refused {
                status,
                retry_after,
                ..
            } => match (status.code(), retry_after) {
                (_, Some(after)) => Retry::After(*after),
                (408 | 480 | 481 | 500..=599, None) => Retry::Now,
                _ => Retry::Never,
            },
            SubscriptionEnd::Lost { status } if status.code() == 481 => Retry::Now,
            SubscriptionEnd::Expired
            | SubscriptionEnd::TimedOut
            | SubscriptionEnd::TransportFailed { .. } => Retry::Now,
            SubscriptionEnd::Lost { .. }
            | SubscriptionEnd::WithoutSubscription
            | SubscriptionEnd::Unsubscribed => Retry::Never,
        }
    }
}
