//! The whole grid of both machines, reasons, and the spread of refreshes.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

macro_rules! grid {
    ($machine:ident, [$($state:ident),*], [$($input:ident),*], [$($verb:ident),*]) => {{
        let mut lines = Vec::new();
        for state in [$($machine::State::$state),*] {
            for input in [$($machine::Input::$input),*] {
                if let Some((next, actions)) = $machine::step(state, input) {
                    let mut line = format!("{state:?} {input:?} -> {next:?}");
                    $(if actions.$verb {
                        line += concat!(" ", stringify!($verb));
                    })*
                    lines.push(line);
                }
            }
        }
        lines
    }};
}

#[test]
fn the_subscribers_grid() {
    let grid = grid!(
        subscriber,
        [
            NotifyWait, Departing, Pending, Active, Leaving, Waiting, Terminated
        ],
        [
            Accepted,
            WithoutSubscription,
            Failure,
            NotifyPending,
            NotifyActive,
            NotifyTerminated,
            TimerN,
            RefreshDue,
            Expired,
            Lost,
            Interrupted,
            RetryDue,
            Unsubscribe
        ],
        [report, refresh, unsubscribe, wait, renew, end]
    );
    assert_eq!(
        grid,
        [
            "NotifyWait Accepted -> NotifyWait report",
            "NotifyWait WithoutSubscription -> Terminated end",
            "NotifyWait Failure -> Terminated end",
            "NotifyWait NotifyPending -> Pending report",
            "NotifyWait NotifyActive -> Active report",
            "NotifyWait NotifyTerminated -> Terminated report end",
            "NotifyWait TimerN -> Terminated end",
            "NotifyWait Interrupted -> Waiting report wait",
            "NotifyWait Unsubscribe -> Departing",
            "Departing Accepted -> Departing report",
            "Departing WithoutSubscription -> Terminated end",
            "Departing Failure -> Terminated end",
            "Departing NotifyPending -> Leaving report unsubscribe",
            "Departing NotifyActive -> Leaving report unsubscribe",
            "Departing NotifyTerminated -> Terminated report end",
            "Departing TimerN -> Terminated end",
            "Departing Unsubscribe -> Departing",
            "Pending NotifyPending -> Pending report",
            "Pending NotifyActive -> Active report",
            "Pending NotifyTerminated -> Terminated report end",
            "Pending RefreshDue -> Pending refresh",
            "Pending Expired -> Terminated end",
            "Pending Lost -> Terminated end",
            "Pending Interrupted -> Waiting report wait",
            "Pending Unsubscribe -> Leaving unsubscribe",
            "Active NotifyPending -> Pending report",
            "Active NotifyActive -> Active report",
            "Active NotifyTerminated -> Terminated report end",
            "Active RefreshDue -> Active refresh",
            "Active Expired -> Terminated end",
            "Active Lost -> Terminated end",
            "Active Interrupted -> Waiting report wait",
            "Active Unsubscribe -> Leaving unsubscribe",
            "Leaving Failure -> Terminated end",
            "Leaving NotifyPending -> Leaving report",
            "Leaving NotifyActive -> Leaving report",
            "Leaving NotifyTerminated -> Terminated report end",
            "Leaving TimerN -> Terminated end",
            "Leaving Expired -> Terminated end",
            "Leaving Lost -> Terminated end",
            "Leaving Unsubscribe -> Leaving",
            "Waiting RetryDue -> NotifyWait renew",
            "Waiting Unsubscribe -> Terminated end",
        ]
    );
}

#[test]
fn the_notifiers_grid() {
    let grid = grid!(
        notifier,
        [RespWait, Pending, Active, Closing, Terminated],
        [
            Grant,
            Postpone,
            GrantOnce,
            WithoutSubscription,
            Refuse,
            Notify,
            Refresh,
            Unsubscribe,
            Close,
            Expired,
            Delivered,
            NotifyFailed
        ],
        [respond, report, notify, end]
    );
    assert_eq!(
        grid,
        [
            "RespWait Grant -> Active respond notify",
            "RespWait Postpone -> Pending respond notify",
            "RespWait GrantOnce -> Closing respond notify",
            "RespWait WithoutSubscription -> Terminated respond end",
            "RespWait Refuse -> Terminated respond end",
            "Pending Grant -> Active notify",
            "Pending Notify -> Pending notify",
            "Pending Refresh -> Pending respond report notify",
            "Pending Unsubscribe -> Closing respond notify",
            "Pending Close -> Closing notify",
            "Pending Expired -> Closing notify",
            "Pending Delivered -> Pending",
            "Pending NotifyFailed -> Terminated end",
            "Active Notify -> Active notify",
            "Active Refresh -> Active respond report notify",
            "Active Unsubscribe -> Closing respond notify",
            "Active Close -> Closing notify",
            "Active Expired -> Closing notify",
            "Active Delivered -> Active",
            "Active NotifyFailed -> Terminated end",
            "Closing Close -> Closing",
            "Closing Delivered -> Terminated end",
            "Closing NotifyFailed -> Terminated end",
        ]
    );
}

#[test]
fn reasons_say_when_to_come_back() {
    use TerminationReason::*;
    let minute = Duration::from_secs(60);
    for (text, reason, without, with) in [
        ("deactivated", Some(Deactivated), Retry::Now, Retry::Now),
        (
            "Probation",
            Some(Probation),
            Retry::Now,
            Retry::After(minute),
        ),
        ("rejected", Some(Rejected), Retry::Never, Retry::Never),
        ("timeout", Some(Timeout), Retry::Now, Retry::Now),
        ("giveup", Some(GiveUp), Retry::Now, Retry::After(minute)),
        ("noresource", Some(NoResource), Retry::Never, Retry::Never),
        ("invariant", Some(Invariant), Retry::Never, Retry::Never),
        ("whatever", None, Retry::Now, Retry::After(minute)),
    ] {
        assert_eq!(TerminationReason::parse(text), reason, "{text}");
        assert_eq!(Retry::of(reason, None), without, "{text}");
        assert_eq!(Retry::of(reason, Some(minute)), with, "{text}");
        if let Some(reason) = reason {
            assert_eq!(TerminationReason::parse(reason.name()), Some(reason));
        }
    }
}

#[test]
fn refreshes_come_before_the_end_and_not_all_at_once() {
    let hour = Duration::from_secs(3600);
    let mut rng = StdRng::seed_from_u64(1);
    let times: Vec<u64> = (0..100)
        .map(|_| refresh_after(hour, &mut rng).as_secs())
        .collect();
    assert!(times.iter().all(|time| (2520..3240).contains(time)));
    let distinct: std::collections::HashSet<&u64> = times.iter().collect();
    assert!(distinct.len() > 80);
}
