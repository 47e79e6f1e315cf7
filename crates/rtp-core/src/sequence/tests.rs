//! Sequence numbers against a model that remembers every packet.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn valid_from(sequence: u16) -> SequenceTracker {
    let mut tracker = SequenceTracker::new(0);
    assert!(matches!(tracker.handle(sequence), Arrival::First { .. }));
    tracker
}

#[test]
fn a_source_is_valid_after_two_packets_in_order_and_the_second_counts() {
    let mut tracker = SequenceTracker::new(SequenceTracker::MIN_SEQUENTIAL);
    for sequence in [10, 20, 30] {
        assert_eq!(tracker.handle(sequence), Arrival::Probation);
    }
    assert_eq!(tracker.counts(), Counts::default());
    assert_eq!(
        tracker.handle(31),
        Arrival::First {
            extended: CYCLE + 31
        }
    );
    assert_eq!(
        tracker.counts(),
        Counts {
            expected: 1,
            received: 1,
            duplicates: 0
        }
    );
}

#[test]
fn probation_goes_through_the_wrap() {
    let mut tracker = SequenceTracker::new(SequenceTracker::MIN_SEQUENTIAL);
    assert_eq!(tracker.handle(65_535), Arrival::Probation);
    assert_eq!(tracker.handle(0), Arrival::First { extended: CYCLE });
}

#[test]
fn cycles_are_counted_and_reported() {
    let mut tracker = valid_from(65_000);
    let mut sequence = 65_000u16;
    for _ in 0..200_000 {
        sequence = sequence.wrapping_add(1);
        assert!(matches!(tracker.handle(sequence), Arrival::InOrder { .. }));
    }
    // 265,000 = 4 cycles and 2856.
    assert_eq!(tracker.extended_highest(), 4 << 16 | 2856);
    assert_eq!(
        tracker.counts(),
        Counts {
            expected: 200_001,
            received: 200_001,
            duplicates: 0
        }
    );
}

#[test]
fn a_packet_from_before_the_first_one_belongs_to_the_sequence() {
    let mut tracker = valid_from(0);
    assert_eq!(
        tracker.handle(65_535),
        Arrival::Reordered {
            extended: CYCLE - 1
        }
    );
    assert_eq!(
        tracker.counts(),
        Counts {
            expected: 2,
            received: 2,
            duplicates: 0
        }
    );
    assert_eq!(tracker.extended_highest(), 0);
}

#[test]
fn the_borders_of_late_and_jump_are_those_of_the_rfc() {
    assert_eq!(
        valid_from(1000).handle(900),
        Arrival::Reordered {
            extended: CYCLE + 900
        }
    );
    assert_eq!(valid_from(1000).handle(899), Arrival::Jump);
    assert_eq!(
        valid_from(1000).handle(3999),
        Arrival::InOrder {
            extended: CYCLE + 3999
        }
    );
    assert_eq!(valid_from(1000).handle(4000), Arrival::Jump);
}

#[test]
fn two_packets_in_order_after_a_jump_begin_anew_and_the_totals_stay() {
    let mut tracker = valid_from(100);
    tracker.handle(102);
    assert_eq!(tracker.handle(30_000), Arrival::Jump);
    assert_eq!(tracker.handle(40_000), Arrival::Jump);
    assert_eq!(
        tracker.handle(40_001),
        Arrival::First {
            extended: CYCLE + 40_001
        }
    );
    assert_eq!(
        tracker.counts(),
        Counts {
            expected: 1,
            received: 1,
            duplicates: 0
        }
    );
    assert_eq!(
        tracker.total(),
        Counts {
            expected: 4,
            received: 3,
            duplicates: 0
        }
    );
}

#[test]
fn a_jump_with_good_packets_after_it_is_forgotten() {
    let mut tracker = valid_from(100);
    assert_eq!(tracker.handle(30_000), Arrival::Jump);
    assert_eq!(
        tracker.handle(101),
        Arrival::InOrder {
            extended: CYCLE + 101
        }
    );
    assert_eq!(tracker.handle(30_001), Arrival::Jump);
}

/// What a network does to one packet: how often it delivers it, and how many places late.
fn fates() -> impl Strategy<Value = Vec<(u8, u8)>> {
    let copies = prop_oneof![1 => Just(0u8), 8 => Just(1), 1 => Just(2)];
    let delay = prop_oneof![8 => Just(0u8), 2 => 0u8..80];
    vec((copies, delay), 1..600)
}

proptest! {
    #[test]
    fn any_loss_duplication_and_reordering_is_counted_as_it_happened(start: u16, fates in fates()) {
        let mut arrivals: Vec<(usize, u64)> = Vec::new();
        for (n, (copies, delay)) in fates.iter().enumerate() {
            for copy in 0..*copies {
                arrivals.push((n + usize::from(*delay) * usize::from(copy + 1) / 2, n as u64 + u64::from(start)));
            }
        }
        arrivals.sort_by_key(|(when, _)| *when);
        let mut tracker = SequenceTracker::new(0);
        let mut seen = BTreeSet::new();
        let mut duplicates = 0;
        for (_, number) in arrivals {
            let highest = seen.last().copied();
            let expected = if !seen.insert(number) {
                duplicates += 1;
                Arrival::Duplicate
            } else {
                let extended = CYCLE + number;
                match highest {
                    None => Arrival::First { extended },
                    Some(highest) if number > highest => Arrival::InOrder { extended },
                    Some(_) => Arrival::Reordered { extended },
                }
            };
            prop_assert_eq!(tracker.handle(number as u16), expected);
        }
        if let (Some(first), Some(last)) = (seen.first(), seen.last()) {
            let model = Counts { expected: last - first + 1, received: seen.len() as u64, duplicates };
            prop_assert_eq!(tracker.counts(), model);
            prop_assert_eq!(tracker.extended_highest(), *last as u32);
        }
    }

    #[test]
    fn any_numbers_leave_sound_counts(probation in 0u16..4, numbers in vec(any::<u16>(), 0..300)) {
        let mut tracker = SequenceTracker::new(probation);
        let arrived = numbers.iter().filter(|number| {
            !matches!(tracker.handle(**number), Arrival::Probation | Arrival::Jump | Arrival::Duplicate)
        }).count();
        let total = tracker.total();
        prop_assert_eq!(total.received, arrived as u64);
        prop_assert!(total.expected >= total.received);
    }
}
