//! The whole grid, and the order of the numbers.

use super::*;

#[test]
fn the_grid_of_reliable_provisional_responses() {
    use Input::*;
    use State::*;
    let mut lines = Vec::new();
    for state in [Idle, Outstanding, Holding, Done] {
        for input in [
            Provisional,
            Accept,
            AcceptLater,
            Prack,
            Settled,
            Repeat,
            Timeout,
        ] {
            if let Some((next, action)) = step(state, input) {
                lines.push(format!("{state:?} {input:?} -> {next:?} {action:?}"));
            }
        }
    }
    let expected = [
        "Idle Provisional -> Outstanding Send",
        "Idle Accept -> Done Succeed",
        "Idle AcceptLater -> Holding Hold",
        "Outstanding Provisional -> Outstanding Queue",
        "Outstanding Accept -> Done Succeed",
        "Outstanding AcceptLater -> Holding Hold",
        "Outstanding Prack -> Idle None",
        "Outstanding Repeat -> Outstanding Repeat",
        "Outstanding Timeout -> Done GiveUp",
        "Holding Provisional -> Holding Send",
        "Holding Prack -> Holding None",
        "Holding Settled -> Done Succeed",
        "Holding Repeat -> Holding Repeat",
        "Holding Timeout -> Done GiveUp",
        "Done Prack -> Done None",
    ];
    assert_eq!(lines, expected, "\n{}", lines.join("\n"));
}

#[test]
fn numbers_come_in_order_once() {
    let mut arrivals = Arrivals::default();
    assert_eq!(arrivals.arrive(4711), Arrival::InOrder);
    assert_eq!(arrivals.arrive(4713), Arrival::Early);
    assert_eq!(arrivals.arrive(4711), Arrival::Repeated);
    assert_eq!(arrivals.arrive(4712), Arrival::InOrder);
    assert_eq!(arrivals.arrive(4713), Arrival::InOrder);
    assert_eq!(arrivals.arrive(1), Arrival::Repeated);
    arrivals.retract(4712);
    assert_eq!(arrivals.arrive(4713), Arrival::Repeated);
    arrivals.retract(4713);
    assert_eq!(arrivals.arrive(4713), Arrival::InOrder);
}

#[test]
fn numbers_end_below_two_to_the_31() {
    assert_eq!(following(1), Some(2));
    assert_eq!(following(LAST - 1), Some(LAST));
    assert_eq!(following(LAST), None);
    let mut arrivals = Arrivals(Some(LAST));
    assert_eq!(arrivals.arrive(u32::MAX), Arrival::Early);
}
