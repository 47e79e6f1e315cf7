//! The whole grid, and who refreshes (RFC 4028 section 9, table 2).

use rvoip_transaction_core::sip_core::header::Refresher;

use super::*;

#[test]
fn the_grid_of_session_timers() {
    use Input::*;
    use State::*;
    let mut lines = Vec::new();
    for state in [Resting, Refreshing, Ended] {
        for input in [Due, Refreshed, Unsupported, Refused, Expired] {
            if let Some((next, action)) = step(state, input) {
                lines.push(format!("{state:?} {input:?} -> {next:?} {action:?}"));
            }
        }
    }
    let expected = [
        "Resting Due -> Refreshing Refresh",
        "Resting Refreshed -> Resting Restart",
        "Resting Expired -> Ended End",
        "Refreshing Refreshed -> Resting Restart",
        "Refreshing Unsupported -> Refreshing RefreshByInvite",
        "Refreshing Refused -> Resting Retry",
        "Refreshing Expired -> Ended End",
    ];
    assert_eq!(lines, expected, "\n{}", lines.join("\n"));
}

fn asked(interval: u32, refresher: Option<Refresher>, supported: bool) -> Asked {
    Asked {
        interval: Some(interval),
        refresher,
        min_se: 0,
        supported,
    }
}

#[test]
fn the_refresher_is_as_table_2_says() {
    let config = SessionTimerConfig::default();
    for (supported, wanted, refresher) in [
        (false, None, Party::Local),
        (false, Some(Refresher::Uas), Party::Local),
        (true, None, Party::Remote),
        (true, Some(Refresher::Uac), Party::Remote),
        (true, Some(Refresher::Uas), Party::Local),
    ] {
        let terms = answer(&config, asked(600, wanted, supported), None);
        let expected = Terms {
            interval: 600,
            refresher,
        };
        assert_eq!(terms, Ok(Some(expected)), "{supported} {wanted:?}");
    }
    let ours = SessionTimerConfig {
        refresher: Some(Party::Local),
        ..config
    };
    let terms = answer(&ours, asked(600, None, true), None)
        .unwrap()
        .unwrap();
    assert_eq!(terms.refresher, Party::Local);
}

#[test]
fn an_interval_is_neither_longer_nor_shorter_than_allowed() {
    let config = SessionTimerConfig::default();
    let interval = |asked| {
        let terms = answer(&config, asked, None)?;
        Ok(terms.map(|terms| terms.interval))
    };
    assert_eq!(interval(Asked::default()), Ok(None));
    assert_eq!(interval(asked(7_200, None, true)), Ok(Some(1_800)));
    assert_eq!(interval(asked(89, None, true)), Err(TooBrief(90)));
    // Who knows no timers would not understand 422: a proxy asked.
    assert_eq!(interval(asked(60, None, false)), Ok(Some(90)));
    let demanding = Asked {
        min_se: 3_600,
        ..asked(3_600, None, true)
    };
    assert_eq!(interval(demanding), Ok(Some(3_600)));
}

#[test]
fn a_running_interval_goes_on_when_a_request_says_nothing() {
    let running = Terms {
        interval: 1_000,
        refresher: Party::Local,
    };
    let quiet = Asked {
        supported: true,
        ..Asked::default()
    };
    let terms = answer(&SessionTimerConfig::default(), quiet, Some(running));
    assert_eq!(terms, Ok(Some(running)));
}

#[test]
fn half_of_the_interval_to_the_refresh_and_a_margin_to_the_end() {
    let now = Instant::now();
    let terms = |interval, refresher| Terms {
        interval,
        refresher,
    };
    let mut timer = SessionTimer::new(now, terms(1_800, Party::Local));
    assert_eq!(timer.due(), now + Duration::from_secs(900));
    assert_eq!(timer.end, now + Duration::from_secs(1_768));
    timer.retry(now + Duration::from_secs(900));
    assert_eq!(timer.due(), now + Duration::from_secs(1_334));
    timer.restart(now, terms(90, Party::Remote));
    assert_eq!(timer.due(), now + Duration::from_secs(60));
}
