//! What parties tell each other about their sound, and when a flow counts as stopped.

use super::*;

fn reporting(extended_reports: [bool; 2]) -> [Capabilities; 2] {
    extended_reports.map(|extended_reports| Capabilities {
        extended_reports,
        ..Capabilities::default()
    })
}

#[test]
fn the_peer_says_how_it_sounds_where_that_is_switched_on() {
    let mut call = Call::knowing([TONE, OTHER_TONE], reporting([true, true]));
    call.loss = 0.05;
    call.delay = Duration::from_millis(50);
    call.start();
    call.run(Duration::from_secs(60));
    let [caller, called] = call.stop();
    for (here, there) in [(&caller, &called), (&called, &caller)] {
        let told = here.remote_quality.as_deref().unwrap();
        assert!((told.packet_loss_percent - 5.0).abs() < 2.0, "{told:?}");
        assert_eq!(told.discarded_percent, 0.0);
        let found = there.quality_metrics.unwrap().mos_score.unwrap();
        // 5 % of loss by the table of G.113, the window's share of it being a few packets more or less.
        assert!((told.mos_score.unwrap() - 3.9).abs() < 0.4, "{told:?}");
        assert!((told.mos_score.unwrap() - found).abs() < 0.4);
        assert!(told.listening_mos_score >= told.mos_score);
        let delay = told.end_system_delay.unwrap();
        assert!(delay >= Duration::from_millis(40) && delay < Duration::from_millis(100));
    }
}

#[test]
fn nothing_is_told_of_quality_unless_both_have_agreed() {
    for one in [[false, false], [true, false], [false, true]] {
        nothing_is_told(one);
    }
}

fn nothing_is_told(reports: [bool; 2]) {
    let mut call = Call::knowing([TONE, OTHER_TONE], reporting(reports));
    call.start();
    call.run(Duration::from_secs(20));
    for statistics in call.stop() {
        assert!(statistics.round_trip_time.is_some());
        assert_eq!(statistics.remote_quality, None);
    }
}

#[test]
fn losses_in_bursts_are_told_from_single_ones() {
    for (burst, ratio) in [(1, 1.0), (3, 2.85)] {
        let mut call = Call::new([TONE, OTHER_TONE]);
        call.start();
        for number in 0..1_500 {
            // 5 % either way.
            let lost = number % (20 * burst) >= 19 * burst;
            call.loss = if lost { 1.0 } else { 0.0 };
            call.run(Duration::from_millis(20));
        }
        let [statistics, _] = call.stop();
        let losses = statistics.jitter_buffer.losses;
        assert!((i64::from(losses.lost) - 75).abs() < 6, "{losses:?}");
        assert_eq!(losses.bursts().0 > 0, burst > 1, "{losses:?}");
        let found = losses.burst_ratio();
        assert!((found - ratio).abs() < 0.1, "{found} in runs of {burst}");
        // Runs of three at 5 % are worth two points of R, a tenth of a score.
        let score = statistics.quality_metrics.unwrap().mos_score.unwrap();
        assert!((3.7..4.05).contains(&score), "{score}");
    }
}

#[test]
fn a_flow_stops_for_no_hold_in_either_direction() {
    for (direction, started) in [
        (Direction::SendRecv, [1, 1]),
        (Direction::SendOnly, [2, 1]),
        (Direction::RecvOnly, [1, 2]),
        (Direction::Inactive, [2, 2]),
    ] {
        let mut call = Call::new([TONE, OTHER_TONE]);
        call.start();
        call.run(Duration::from_secs(3));
        for direction in [direction, Direction::SendRecv] {
            let Party {
                controller, key, ..
            } = &mut call.parties[0];
            controller.set_direction(*key, direction).unwrap();
            call.negotiate();
            call.run(Duration::from_secs(5));
        }
        let found = call.parties.each_ref().map(|party| {
            let stopped = |event: &MediaEvent| matches!(event, MediaEvent::FlowStopped { .. });
            assert!(!party.events.iter().any(stopped), "{direction:?}");
            let started = |event: &&MediaEvent| matches!(event, MediaEvent::FlowStarted { .. });
            party.events.iter().filter(started).count()
        });
        assert_eq!(found, started, "{direction:?}");
    }
}
