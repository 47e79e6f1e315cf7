//! What both sides agree on about a session's interval (RFC 4028 sections 7.2 and 9).

use std::time::Duration;

use rvoip_transaction_core::sip_core::header::{MinSe, Refresher, SessionExpires};
use rvoip_transaction_core::sip_core::{HeaderMap, Supported};

use super::SessionTimerConfig;
use crate::offer_answer::Party;

/// The option tag of session timers.
pub(crate) const TIMER: &str = "timer";

/// What was agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The session interval in seconds.
    pub interval: u32,
    /// Who refreshes.
    pub refresher: Party,
}

/// An interval below what is taken: 422 with this Min-SE in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooBrief(pub u32);

/// What a request says about the session's interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Session-Expires in seconds.
    pub interval: Option<u32>,
    /// Who is to refresh.
    pub refresher: Option<Refresher>,
    /// Min-SE in seconds.
    pub min_se: u32,
    /// The sender knows session timers.
    pub supported: bool,
}

impl Asked {
    /// What the headers of a request say. An interval that does not parse is none.
    pub fn of(headers: &HeaderMap) -> Asked {
        let expires = headers.first::<SessionExpires>().ok().flatten();
        let min_se = headers.first::<MinSe>().ok().flatten();
        let supported = headers.first::<Supported>().ok().flatten();
        Asked {
            interval: expires.as_ref().map(|expires| expires.seconds),
            refresher: expires.and_then(|expires| expires.refresher()),
            min_se: min_se.map_or(0, |min_se| min_se.seconds),
            supported: supported.is_some_and(|tags| tags.contains(TIMER)),
        }
    }
}

/// Whole seconds.
pub(crate) fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// The called party's side of a request that refreshes the session, or begins it. `running` is what holds now: a session
/// that has an interval keeps one. `None`: no interval.
///
/// # Errors
/// When less is asked for than is taken, by a sender that can ask for more.
pub fn answer(
    config: &SessionTimerConfig,
    asked: Asked,
    running: Option<Terms>,
) -> Result<Option<Terms>, TooBrief> {
    let min_se = seconds(config.min_se);
    let Some(interval) = asked.interval.or(running.map(|terms| terms.interval)) else {
        return Ok(None);
    };
    if asked.supported && interval < min_se {
        return Err(TooBrief(min_se));
    }
    // The request may come from either side of the call: its sender is the uac of this exchange.
    let refresher = match asked.refresher {
        _ if !asked.supported => Party::Local,
        Some(Refresher::Uac) => Party::Remote,
        Some(Refresher::Uas) => Party::Local,
        None => match running {
            Some(terms) => terms.refresher,
            None => config.refresher.unwrap_or(Party::Remote),
        },
    };
    Ok(Some(Terms {
        interval: interval
            .min(seconds(config.expires))
            .max(asked.min_se)
            .max(min_se),
        refresher,
    }))
}

/// The calling party's side: what a 2xx to a request of ours says.
pub fn agreed(config: &SessionTimerConfig, headers: &HeaderMap) -> Option<Terms> {
    let expires = headers.first::<SessionExpires>().ok()??;
    Some(Terms {
        interval: expires.seconds.max(seconds(config.min_se)),
        refresher: match expires.refresher() {
            Some(Refresher::Uas) => Party::Remote,
            _ => Party::Local,
        },
    })
}
