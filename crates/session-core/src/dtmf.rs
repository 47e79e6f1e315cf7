//! DTMF beside the media: digits in INFO requests (RFC 6086 in its older use), and one press told once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The media types of digits in INFO: the first with lines of `Signal` and `Duration`, the second with the digit alone.
pub(crate) const MEDIA_TYPES: [&str; 2] = ["application/dtmf-relay", "application/dtmf"];

/// How long a press lasts of which that is not said, and each of ours.
const PRESS: Duration = Duration::from_millis(100);

/// No finger rests longer on a key; what says so is cut.
const MAX_PRESS: Duration = Duration::from_secs(60);

/// A peer that tells a press in both ways does so within this time.
const TWIN_WITHIN: Duration = Duration::from_secs(2);

/// Presses that may wait for those before them to be answered.
pub(crate) const MAX_WAITING: usize = 256;

/// Presses that are remembered for their twins.
const MAX_RECENT: usize = 16;

/// How digits go to the peer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DtmfMethod {
    /// As telephone events where the peer takes all of them, else as INFO where it allows that, else as [`Rfc4733`](Self::Rfc4733).
    #[default]
    Auto,
    /// In the media: as telephone events (RFC 4733) those that the peer takes, the others as tones in the sound. A hook flash has none,
    /// and is refused where it is no event.
    Rfc4733,
    /// As INFO, one for each digit.
    Info,
}

/// The way in which a peer tells a press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DtmfSource {
    /// In the media.
    Media,
    /// As INFO.
    Info,
}

/// A press of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Press {
    pub(crate) digit: char,
    pub(crate) duration: Duration,
}

/// Whether a body of this media type is a digit.
pub(crate) fn is_dtmf(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let mut known = MEDIA_TYPES.into_iter();
    known.any(|known| known.eq_ignore_ascii_case(essence))
}

/// The press that the body of an INFO tells; `None` when it is none that there is a key for.
pub(crate) fn read(body: &[u8]) -> Option<Press> {
    let text = std::str::from_utf8(body).ok()?;
    let value = |name: &str| {
        let mut lines = text.lines().filter_map(|line| line.split_once('='));
        let (_, value) = lines.find(|(found, _)| found.trim().eq_ignore_ascii_case(name))?;
        Some(value.trim())
    };
    let duration = value("Duration").and_then(|text| text.parse().ok());
    Some(Press {
        digit: key(value("Signal").unwrap_or(text.trim()))?,
        duration: duration.map_or(PRESS, |ms| Duration::from_millis(ms).min(MAX_PRESS)),
    })
}

/// A key by its name, or by its event number (RFC 4733 section 3.2); `!` is a hook flash.
fn key(name: &str) -> Option<char> {
    match name {
        "10" => return Some('*'),
        "11" => return Some('#'),
        "16" => return Some('!'),
        _ => {}
    }
    let mut letters = name.chars();
    let letter = letters.next()?.to_ascii_uppercase();
    let known = letter.is_ascii_digit() || matches!(letter, '*' | '#' | '!' | 'A'..='D');
    (known && letters.next().is_none()).then_some(letter)
}

impl Press {
    /// A press of ours.
    pub(crate) fn of(digit: char) -> Self {
        Self {
            digit: digit.to_ascii_uppercase(),
            duration: PRESS,
        }
    }

    /// The body of an INFO that tells it, of the first of the [`MEDIA_TYPES`].
    pub(crate) fn body(self) -> String {
        let (digit, ms) = (self.digit, self.duration.as_millis());
        format!("Signal={digit}\r\nDuration={ms}\r\n")
    }
}

/// The latest presses of a peer, to know the one that it tells in both ways.
#[derive(Debug, Default)]
pub(crate) struct Presses {
    recent: VecDeque<(Instant, DtmfSource, char)>,
    /// The key that is pressed in the media, unless an INFO has told of it.
    pressed: Option<char>,
}

impl Presses {
    /// Whether a press is to be told: it is not the twin of one that was told in the other way.
    pub(crate) fn begins(&mut self, now: Instant, source: DtmfSource, digit: char) -> bool {
        let told = !self.is_twin(now, source, digit);
        if source == DtmfSource::Media {
            self.pressed = told.then_some(digit);
        }
        told
    }

    /// Whether the end of a press in the media is to be told: its beginning was.
    pub(crate) fn ends(&mut self, digit: char) -> bool {
        self.pressed.take_if(|pressed| *pressed == digit).is_some()
    }

    fn is_twin(&mut self, now: Instant, source: DtmfSource, digit: char) -> bool {
        let recent = &mut self.recent;
        recent.retain(|(at, ..)| now.saturating_duration_since(*at) < TWIN_WITHIN);
        let mut others = recent.iter();
        let twin = others.position(|(_, other, key)| *other != source && *key == digit);
        match twin {
            Some(twin) => drop(recent.remove(twin)),
            None => {
                if recent.len() == MAX_RECENT {
                    recent.pop_front();
                }
                recent.push_back((now, source, digit));
            }
        }
        twin.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(body: &str) -> Option<(char, u128)> {
        read(body.as_bytes()).map(|press| (press.digit, press.duration.as_millis()))
    }

    #[test]
    fn both_kinds_of_bodies_are_read() {
        assert_eq!(press("Signal=5\r\nDuration=160\r\n"), Some(('5', 160)));
        assert_eq!(press("Signal= #\nDuration= 250"), Some(('#', 250)));
        assert_eq!(press("signal=a\r\n"), Some(('A', 100)));
        assert_eq!(press("Signal=10"), Some(('*', 100)));
        assert_eq!(press("Signal=11"), Some(('#', 100)));
        assert_eq!(press("Signal=!"), Some(('!', 100)));
        assert_eq!(press("Signal=16"), Some(('!', 100)));
        assert_eq!(press("7"), Some(('7', 100)));
        assert_eq!(press(" *\r\n"), Some(('*', 100)));
        assert_eq!(press("Signal=1\r\nDuration=99999999"), Some(('1', 60_000)));
    }

    #[test]
    fn what_is_no_key_is_no_press() {
        for body in [
            "",
            "Signal=",
            "Signal=17",
            "Signal=E",
            "77",
            "?",
            "Duration=160",
        ] {
            assert_eq!(press(body), None, "{body}");
        }
        assert_eq!(read(&[0xff, 0xfe]), None);
        assert_eq!(press("Signal=1\r\nDuration=long"), Some(('1', 100)));
    }

    #[test]
    fn the_media_type_counts_without_its_parameters() {
        assert!(is_dtmf("application/dtmf-relay"));
        assert!(is_dtmf("Application/DTMF ; x=y"));
        assert!(!is_dtmf("application/dtmf-relays") && !is_dtmf("text/plain") && !is_dtmf(""));
    }

    #[test]
    fn what_is_written_is_what_others_read() {
        assert_eq!(Press::of('#').body(), "Signal=#\r\nDuration=100\r\n");
    }

    #[test]
    fn a_press_told_in_both_ways_is_one_and_two_presses_are_two() {
        use DtmfSource::{Info, Media};
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut presses = Presses::default();
        let told: Vec<bool> = [
            (0, Media, '1'),
            (10, Info, '1'),
            (300, Media, '1'),
            (310, Media, '2'),
            (320, Info, '1'),
            (330, Info, '2'),
            (400, Info, '3'),
            (500, Info, '3'),
            (3000, Media, '3'),
        ]
        .into_iter()
        .map(|(ms, source, digit)| presses.begins(at(ms), source, digit))
        .collect();
        let expected = [true, false, true, true, false, false, true, true, true];
        assert_eq!(told, expected);
    }

    #[test]
    fn no_peer_fills_the_memory_with_presses() {
        let (now, mut presses) = (Instant::now(), Presses::default());
        for _ in 0..1000 {
            assert!(presses.begins(now, DtmfSource::Info, '1'));
        }
        assert_eq!(presses.recent.len(), MAX_RECENT);
    }

    #[test]
    fn the_end_of_a_press_is_told_where_its_beginning_was() {
        use DtmfSource::{Info, Media};
        let (now, mut presses) = (Instant::now(), Presses::default());
        assert!(presses.begins(now, Media, '1') && !presses.begins(now, Info, '1'));
        assert!(presses.ends('1') && !presses.ends('1'));
        assert!(presses.begins(now, Info, '2') && !presses.begins(now, Media, '2'));
        assert!(!presses.ends('2'));
        assert!(presses.begins(now, Media, '3') && !presses.ends('4'));
        assert!(presses.ends('3'));
    }
}
