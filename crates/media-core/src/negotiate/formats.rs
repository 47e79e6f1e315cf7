//! The formats of an audio section: which codecs they are, and how a section of ours is written.

use std::borrow::Cow;
use std::time::Duration;

use super::Direction;
use crate::capabilities::{Capabilities, FRAME};
use crate::codec::{Codec, SAMPLE_RATE_HZ};
use crate::sdp::{Attribute, Line, MediaDescription, number};

const TELEPHONE_EVENT: &str = "telephone-event";
/// The payload type of telephone events in our own offers.
const TELEPHONE_EVENT_PAYLOAD_TYPE: u8 = 101;
/// Room for a short value.
const USUAL_OCTETS: usize = 32;
const LONGEST_PACKET: Duration = Duration::from_millis(120);

/// What an audio section lists that we know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Formats {
    /// Payload types and codecs, in the order of the section.
    pub(super) codecs: Vec<(u8, Codec)>,
    /// The payload type of telephone events.
    pub(super) telephone_event: Option<u8>,
}

impl Formats {
    /// Reads the formats of a section; what is not known is passed over.
    pub(super) fn of(section: &MediaDescription<'_>) -> Self {
        let mut formats = Self::default();
        for payload_type in payload_types(section) {
            match section.rtpmap(payload_type) {
                Some(map)
                    if map.clock_rate_hz == SAMPLE_RATE_HZ
                        && map.encoding.eq_ignore_ascii_case(TELEPHONE_EVENT) =>
                {
                    formats.telephone_event.get_or_insert(payload_type);
                }
                Some(map) => {
                    let codec = Codec::from_rtpmap(map.encoding, map.clock_rate_hz, map.channels);
                    formats
                        .codecs
                        .extend(codec.map(|codec| (payload_type, codec)));
                }
                None => {
                    let codec = Codec::from_static_payload_type(payload_type);
                    formats
                        .codecs
                        .extend(codec.map(|codec| (payload_type, codec)));
                }
            }
        }
        formats
    }

    /// What we offer: payload types as in `previous` where it has them, the usual ones otherwise.
    pub(super) fn offered(capabilities: &Capabilities, previous: &Self) -> Self {
        let number = |codec: &Codec| {
            let known = previous.codecs.iter().find(|(_, known)| known == codec);
            let number = known.map(|(number, _)| *number);
            number.or(codec.static_payload_type())
        };
        let event = previous.telephone_event;
        Self {
            codecs: capabilities
                .codecs
                .iter()
                .filter_map(|codec| Some((number(codec)?, *codec)))
                .collect(),
            telephone_event: capabilities
                .telephone_event
                .then(|| event.unwrap_or(TELEPHONE_EVENT_PAYLOAD_TYPE)),
        }
    }

    /// A section of ours that lists these formats.
    pub(super) fn section<'a>(
        &self,
        port: u16,
        protocol: Cow<'a, str>,
        ptime: Duration,
        direction: Direction,
    ) -> MediaDescription<'a> {
        let mut section = MediaDescription {
            kind: Cow::Borrowed("audio"),
            port,
            port_count: 1,
            protocol,
            formats: Vec::new(),
            lines: Vec::new(),
        };
        let mut attribute = |attribute| section.lines.push(Line::Attribute(attribute));
        for (number, codec) in &self.codecs {
            let map = rtpmap(*number, codec.name(), codec.clock_rate_hz());
            attribute(Attribute::new("rtpmap", map));
            section.formats.push(decimal(*number).into());
        }
        if let Some(number) = self.telephone_event {
            section.formats.push(decimal(number).into());
            let map = rtpmap(number, TELEPHONE_EVENT, SAMPLE_RATE_HZ);
            attribute(Attribute::new("rtpmap", map));
            attribute(Attribute::new("fmtp", decimal(number) + " 0-15"));
        }
        let milliseconds = u32::try_from(ptime.as_millis()).unwrap_or(u32::MAX);
        attribute(Attribute::new("ptime", decimal(milliseconds)));
        attribute(Attribute::property(direction.as_str()));
        section
    }
}

/// The value of an `a=rtpmap` of ours.
fn rtpmap(payload_type: u8, encoding: &str, clock_rate_hz: u32) -> String {
    let mut map = decimal(payload_type);
    map.push(' ');
    map.push_str(encoding);
    map.push('/');
    number(&mut map, clock_rate_hz);
    map
}

fn decimal(value: impl Into<u32>) -> String {
    let mut text = String::with_capacity(USUAL_OCTETS);
    number(&mut text, value);
    text
}

/// The encodings a section lists, for a person to read: names where it gives them, payload types otherwise.
pub(super) fn names(section: &MediaDescription<'_>) -> impl Iterator<Item = String> {
    section.formats.iter().map(|format| {
        let map = format
            .parse()
            .ok()
            .and_then(|number| section.rtpmap(number));
        map.map_or_else(|| format.to_string(), |map| map.encoding.to_owned())
    })
}

/// The length of the packets to send to the writer of `section`.
pub(super) fn packet_length(section: &MediaDescription<'_>, default: Duration) -> Duration {
    let milliseconds = |name| {
        section
            .milliseconds(name)
            .map(|ms| Duration::from_millis(ms.into()))
    };
    let wanted = milliseconds("ptime").unwrap_or(default);
    let longest = milliseconds("maxptime").unwrap_or(LONGEST_PACKET);
    let length = wanted.min(longest).min(LONGEST_PACKET);
    let frames = u32::try_from(length.as_millis() / FRAME.as_millis()).unwrap_or(1);
    FRAME * frames.max(1)
}

fn payload_types(section: &MediaDescription<'_>) -> impl Iterator<Item = u8> {
    let numbers = section
        .formats
        .iter()
        .filter_map(|format| format.parse().ok());
    numbers.filter(|number| *number < 128)
}
