//! Telephone events from leg to leg, by one clock or by two.

use super::*;

/// An event as its packets tell it.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    event: u8,
    payload_type: u8,
    /// The longest duration that was told.
    ticks: u32,
    /// Packets that told the end, and how long it was by them.
    ends: Vec<u16>,
    marked: usize,
}

/// The events among packets, by the timestamps of their starts (RFC 4733 section 2.3).
fn events(octets: &[Vec<u8>]) -> Vec<Told> {
    let mut told: Vec<(u32, Told)> = Vec::new();
    for packet in packets(octets) {
        let [event, flags, high, low] = *packet.payload() else {
            continue;
        };
        let (header, duration) = (packet.header(), u16::from_be_bytes([high, low]));
        if told
            .last()
            .is_none_or(|(start, _)| *start != header.timestamp)
        {
            let new = Told {
                event,
                payload_type: header.payload_type.number(),
                ticks: 0,
                ends: Vec::new(),
                marked: 0,
            };
            told.push((header.timestamp, new));
        }
        let (_, last) = told.last_mut().unwrap();
        assert!(u32::from(duration) >= last.ticks, "it never shrinks");
        last.ticks = duration.into();
        last.marked += usize::from(header.marker);
        if flags & 0x80 != 0 {
            last.ends.push(duration);
        }
    }
    told.into_iter().map(|(_, told)| told).collect()
}

impl Scene {
    fn press(&mut self, phone: usize, digits: &str) {
        let (now, phone) = (self.now, &mut self.phones[phone].party);
        let digits: Vec<DtmfDigit> = digits.chars().filter_map(DtmfDigit::from_char).collect();
        phone.controller.send_dtmf(now, phone.key, &digits).unwrap();
    }
}

#[test]
fn a_hook_flash_passes_as_a_digit_does_and_is_told() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let mut scene = Scene::new();
        let one = scene.call(Codec::Pcmu, 500.0, 0.2);
        let other = scene.call(codec, 800.0, 0.2);
        scene.join(one);
        scene.join(other);
        scene.run(50);
        scene.press(one, "!");
        scene.run(50);
        let told = events(&scene.phones[other].told);
        assert_eq!((told.len(), told[0].event), (1, 16), "{codec}");
        let flashes = scene.server.events.iter().filter(|event| {
            matches!(event, MediaEvent::DtmfReceived { digit, .. } if *digit == DtmfDigit::FLASH)
        });
        assert_eq!(flashes.count(), 1);
    }
}

/// The numbers of the events that a phone is told.
fn numbers(octets: &[Vec<u8>]) -> Vec<u8> {
    events(octets).iter().map(|told| told.event).collect()
}

/// RFC 4733 section 2.4.1.
#[test]
fn a_leg_is_told_the_events_that_it_takes_and_no_others() {
    for codec in [Codec::Pcmu, Codec::Pcma] {
        let mut scene = Scene::new();
        let one = scene.call(Codec::Pcmu, 500.0, 0.2);
        scene.takes = "0-11";
        let other = scene.call(codec, 800.0, 0.2);
        scene.join(one);
        scene.join(other);
        scene.run(50);
        scene.press(one, "1A!2");
        scene.press(other, "A");
        scene.run(100);
        assert_eq!(numbers(&scene.phones[other].told), [1, 2], "{codec}");
        assert_eq!(numbers(&scene.phones[one].told), [12], "{codec}");
        let told = scene.server.events.iter();
        let told = told.filter(|event| matches!(event, MediaEvent::DtmfReceived { .. }));
        assert_eq!(told.count(), 5, "the application hears of all");
    }
}

#[cfg(feature = "opus")]
mod between_clocks {
    use super::*;

    const OPUS: Codec = Codec::Opus(SampleRate::Hz16000);

    /// One leg of 48 kHz and one of 8 kHz.
    fn scene(timing: crate::dtmf::DtmfTiming) -> (Scene, usize, usize) {
        let mut scene = Scene::knowing(vec![OPUS, Codec::Pcmu]);
        scene.timing = timing;
        let opus = scene.call(OPUS, 500.0, 0.2);
        let pcmu = scene.call(Codec::Pcmu, 800.0, 0.2);
        scene.join(opus);
        scene.join(pcmu);
        scene.run(50);
        (scene, opus, pcmu)
    }

    #[test]
    fn digits_keep_their_length_in_the_clock_of_each_leg() {
        let (mut scene, opus, pcmu) = scene(Default::default());
        for (from, to, clock) in [(opus, pcmu, 8), (pcmu, opus, 48)] {
            scene.press(from, "5#");
            scene.run(50);
            let told = events(&scene.phones[to].told);
            let said = events(&scene.phones[from].said);
            assert_eq!(told.len(), 2, "{told:?}");
            for (told, said) in told.iter().zip(&said) {
                assert_eq!(told.event, said.event);
                // The numbers that the phones offer differ by clock, or not; each leg has its own.
                assert_eq!(
                    told.payload_type,
                    events(&scene.phones[to].said)
                        .first()
                        .map_or(101, |own| own.payload_type)
                );
                assert_eq!((told.ticks, told.marked), (100 * clock, 1));
                assert_eq!(told.ends, vec![100 * clock as u16; 3]);
                assert_eq!(said.ticks, 100 * (56 - clock));
            }
            let packets = packets(&scene.phones[to].told);
            for two in packets.windows(2) {
                let [one, next] = [two[0].header(), two[1].header()];
                assert_eq!(next.sequence.wrapping_sub(one.sequence), 1);
                // Time passes on the wire as it does for ears: no packet is far from the one before.
                let ticks = next.timestamp.wrapping_sub(one.timestamp);
                assert!(ticks <= 220 * clock, "{ticks}");
            }
        }
        scene.run(50);
        scene.check(&[opus, pcmu], 0.2);
    }

    #[test]
    fn an_event_that_is_not_taken_is_not_told_by_the_other_clock_either() {
        let mut scene = Scene::knowing(vec![OPUS, Codec::Pcmu]);
        let opus = scene.call(OPUS, 500.0, 0.2);
        scene.takes = "0-11";
        let pcmu = scene.call(Codec::Pcmu, 800.0, 0.2);
        scene.join(opus);
        scene.join(pcmu);
        scene.run(50);
        scene.press(opus, "1A2");
        scene.run(100);
        let told = events(&scene.phones[pcmu].told);
        let told: Vec<(u8, u32)> = told.iter().map(|told| (told.event, told.ticks)).collect();
        assert_eq!(told, [(1, 800), (2, 800)]);
    }

    #[test]
    fn a_press_longer_than_a_segment_of_its_clock_is_one_by_the_other() {
        let timing = crate::dtmf::DtmfTiming {
            tone: Duration::from_secs(3),
            pause: Duration::from_millis(100),
        };
        let (mut scene, opus, pcmu) = scene(timing);
        scene.press(opus, "8");
        scene.run(200);
        // At 48 kHz a segment ends after 1.4 s.
        assert_eq!(events(&scene.phones[opus].said).len(), 3);
        let told = events(&scene.phones[pcmu].told);
        assert_eq!((told.len(), told[0].ticks), (1, 24_000));
        scene.press(pcmu, "9");
        scene.run(200);
        let told = events(&scene.phones[opus].told);
        let segments: Vec<u32> = told.iter().map(|told| told.ticks).collect();
        assert_eq!(segments, [0xFFFF, 0xFFFF, 144_000 - 2 * 0xFFFF]);
        assert!(told[..2].iter().all(|told| told.ends.is_empty()));
        assert_eq!(told[2].ends.len(), 3);
    }

    #[test]
    fn each_press_passes_once_whatever_is_lost() {
        let (mut scene, opus, pcmu) = scene(Default::default());
        for (lose, digits) in [(5, "123456789*0#"), (3, "ABCD5551"), (2, "2468")] {
            let before = scene.phones[pcmu].told.len();
            scene.lose = lose;
            scene.press(opus, digits);
            scene.run(20 * digits.len() as u32);
            scene.lose = usize::MAX;
            scene.run(20);
            let told = events(&scene.phones[pcmu].told[before..]);
            let told: String = told
                .iter()
                .filter_map(|told| DtmfDigit::from_event(told.event))
                .map(DtmfDigit::as_char)
                .collect();
            assert_eq!(told, digits, "one of {lose} is lost");
        }
    }
}
