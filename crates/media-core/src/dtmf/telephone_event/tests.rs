//! Presses whose packets are lost, late, repeated and cut: each is told once.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

const FRAME: Duration = Duration::from_millis(20);
const SSRC: Ssrc = Ssrc(7);

/// A receiver and what it told.
struct Ear {
    events: TelephoneEvents,
    now: Instant,
    told: Vec<Press>,
}

impl Ear {
    fn new() -> Self {
        Self {
            events: TelephoneEvents::default(),
            now: Instant::now(),
            told: Vec::new(),
        }
    }

    fn packet(&mut self, timestamp: u32, event: u8, ends: bool, duration: u16) {
        let [high, low] = duration.to_be_bytes();
        let flags = if ends { 0x8A } else { 0x0A };
        self.payload(timestamp, &[event, flags, high, low]);
    }

    fn payload(&mut self, timestamp: u32, payload: &[u8]) {
        let told = &mut self.told;
        self.events
            .handle(self.now, SSRC, timestamp, payload, |press| told.push(press));
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let told = &mut self.told;
        self.events
            .handle_timeout(self.now, |press| told.push(press));
    }

    fn take(&mut self) -> Vec<Press> {
        std::mem::take(&mut self.told)
    }
}

fn digit(digit: char) -> DtmfDigit {
    DtmfDigit::from_char(digit).unwrap()
}

/// The packets of a press of 100 ms: five that grow, the last of them three times.
fn press(timestamp: u32, event: u8) -> Vec<(u32, u8, bool, u16)> {
    let packet = |number: u16| (timestamp, event, number >= 5, 160 * number.min(5));
    (1..=7).map(packet).collect()
}

#[test]
fn a_press_is_told_with_its_first_packet_and_once() {
    let mut ear = Ear::new();
    let mut packets = press(u32::MAX - 100, 5).into_iter();
    let (timestamp, event, ends, duration) = packets.next().unwrap();
    ear.packet(timestamp, event, ends, duration);
    assert_eq!(ear.take(), [Press::Begun(digit('5'), 160)]);
    for (timestamp, event, ends, duration) in packets {
        ear.pass(FRAME);
        ear.packet(timestamp, event, ends, duration);
    }
    assert_eq!(ear.take(), [Press::Ended(digit('5'), 800)]);
    ear.pass(Duration::from_secs(5));
    assert_eq!(ear.take(), []);
}

/// Whatever subset of its packets arrives, in whatever order.
#[test]
fn any_part_of_a_press_is_one_press() {
    let packets = press(1_000, 11);
    for subset in 1..1_u32 << packets.len() {
        for backwards in [false, true] {
            let mut ear = Ear::new();
            let mut arriving: Vec<_> = (0..packets.len())
                .filter(|number| subset >> number & 1 == 1)
                .collect();
            if backwards {
                arriving.reverse();
            }
            for number in arriving {
                let (timestamp, event, ends, duration) = packets[number];
                ear.packet(timestamp, event, ends, duration);
            }
            ear.pass(LOST_END);
            let told = ear.take();
            let [Press::Begun(begun, _), Press::Ended(ended, ticks)] = told[..] else {
                panic!("{subset:b}: {told:?}");
            };
            assert_eq!((begun, ended), (digit('#'), digit('#')));
            assert!(ticks <= 800);
        }
    }
}

#[test]
fn a_lost_end_is_missed_after_150_ms() {
    let mut ear = Ear::new();
    ear.packet(0, 1, false, 160);
    ear.pass(LOST_END - Duration::from_millis(1));
    assert_eq!(ear.take(), [Press::Begun(digit('1'), 160)]);
    ear.pass(Duration::from_millis(1));
    assert_eq!(ear.take(), [Press::Ended(digit('1'), 160)]);
    // An end that comes after all is not another press.
    ear.packet(0, 1, true, 1_600);
    assert_eq!(ear.take(), []);
}

#[test]
fn a_digit_that_follows_ends_the_one_before() {
    let mut ear = Ear::new();
    ear.packet(0, 1, false, 160);
    ear.packet(800, 1, false, 160);
    ear.packet(0, 1, true, 640);
    ear.packet(1_600, 2, true, 160);
    let pressed = |value: char, begun, ended| {
        [
            Press::Begun(digit(value), begun),
            Press::Ended(digit(value), ended),
        ]
    };
    let expected = [
        pressed('1', 160, 160),
        pressed('1', 160, 160),
        pressed('2', 160, 160),
    ];
    assert_eq!(ear.take(), expected.concat());
}

#[test]
fn another_source_may_use_the_same_timestamp() {
    let mut ear = Ear::new();
    ear.packet(0, 1, true, 160);
    let told = &mut ear.told;
    let payload = [1, 0x8A, 0, 160];
    ear.events
        .handle(ear.now, Ssrc(8), 0, &payload, |press| told.push(press));
    assert_eq!(ear.take().len(), 4);
}

#[test]
fn a_press_longer_than_a_segment_is_one() {
    let mut ear = Ear::new();
    let mut start = u32::MAX - 70_000;
    for _ in 0..3 {
        for duration in (160..=LONGEST_SEGMENT as u16).step_by(800) {
            ear.packet(start, 9, false, duration);
            ear.pass(FRAME);
        }
        ear.packet(start, 9, false, LONGEST_SEGMENT as u16);
        start = start.wrapping_add(LONGEST_SEGMENT);
    }
    ear.packet(start, 9, true, 100);
    let told = ear.take();
    let whole = 3 * LONGEST_SEGMENT + 100;
    assert_eq!(
        told,
        [
            Press::Begun(digit('9'), 160),
            Press::Ended(digit('9'), whole)
        ]
    );
}

#[test]
fn events_in_one_packet_follow_each_other() {
    let mut ear = Ear::new();
    ear.payload(0, &[1, 0x8A, 1, 0, 2, 0x8A, 1, 0, 3, 0x0A, 0, 80, 99]);
    let begun = ear.take().into_iter().filter_map(|press| match press {
        Press::Begun(digit, _) => Some(digit.as_char()),
        Press::Ended(..) => None,
    });
    assert_eq!(begun.collect::<String>(), "123");
    // The third goes on under the timestamp of its own start.
    ear.packet(512, 3, true, 160);
    assert_eq!(ear.take(), [Press::Ended(digit('3'), 160)]);
}

#[test]
fn what_is_no_digit_is_nothing() {
    let mut ear = Ear::new();
    for event in 17..=u8::MAX {
        ear.packet(u32::from(event), event, true, 800);
    }
    ear.payload(0, &[]);
    ear.payload(0, &[1, 2, 3]);
    assert_eq!(ear.take(), []);
}

/// A thousand presses at a loss of 20 %, single packets and bursts, with reordering and duplicates: none lost, none twice.
#[test]
fn each_press_is_told_once_at_20_percent_loss() {
    for seed in 0..20 {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut ear = Ear::new();
        let mut sent = String::new();
        let mut heard = String::new();
        for number in 0..1_000_u32 {
            let event = rng.random_range(0..16);
            sent.push(DtmfDigit::from_event(event).unwrap().as_char());
            let mut packets = press(number * 1_600, event);
            // A sender of longer presses has more packets to lose.
            packets.insert(4, packets[3]);
            if rng.random_bool(0.2) {
                let swapped = rng.random_range(0..packets.len() - 1);
                packets.swap(swapped, swapped + 1);
            }
            for (timestamp, event, ends, duration) in packets {
                let lost = rng.random_bool(0.2);
                for _ in 0..u32::from(!lost) + u32::from(!lost && rng.random_bool(0.1)) {
                    ear.packet(timestamp, event, ends, duration);
                }
                ear.pass(FRAME);
            }
            ear.pass(FRAME * 2);
        }
        for press in ear.take() {
            if let Press::Begun(digit, _) = press {
                heard.push(digit.as_char());
            }
        }
        assert!(heard == sent, "seed {seed}");
    }
}

#[test]
fn anything_may_come_in() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut ear = Ear::new();
    for _ in 0..50_000 {
        let payload: Vec<u8> = (0..rng.random_range(0..20)).map(|_| rng.random()).collect();
        let timestamp = if rng.random() { rng.random() } else { 0 };
        ear.payload(timestamp, &payload);
        ear.pass(Duration::from_micros(rng.random_range(0..60_000)));
    }
    ear.pass(LOST_END);
    let begun = |press: &&Press| matches!(press, Press::Begun(..));
    let told = ear.take();
    assert_eq!(told.iter().filter(begun).count() * 2, told.len());
}
