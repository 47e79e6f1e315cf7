//! The formats of an audio section: which codecs they are, and how a section of ours is written.

use std::borrow::Cow;
use std::time::Duration;

use super::Direction;
use crate::capabilities::FRAME;
use crate::codec::{Codec, OpusConfig};
use crate::sdp::{Attribute, Line, MediaDescription, number};

mod choice;
mod numbers;

const TELEPHONE_EVENT: &str = "telephone-event";
const COMFORT_NOISE: &str = "CN";
/// The payload type of comfort noise at 8 kHz (RFC 3551 table 4).
const COMFORT_NOISE_PAYLOAD_TYPE: u8 = 13;
/// Room for a short value.
const USUAL_OCTETS: usize = 32;
const LONGEST_PACKET: Duration = Duration::from_millis(120);

/// A payload type that is no codec, and its clock rate in Hz.
type Companion = (u8, u32);

/// The companion at a clock rate.
fn companion(companions: &[Companion], clock_rate_hz: u32) -> Option<&Companion> {
    let mut companions = companions.iter();
    companions.find(|(_, clock)| *clock == clock_rate_hz)
}

/// What an audio section lists that we know.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Formats {
    /// Payload types and codecs, in the order of the section.
    pub(super) codecs: Vec<(u8, Codec)>,
    telephone_events: Vec<Companion>,
    comfort_noises: Vec<Companion>,
    /// What our own `a=fmtp` says about Opus.
    opus: OpusConfig,
}

impl Formats {
    /// Reads the formats of a section; what is not known is passed over.
    pub(super) fn of(section: &MediaDescription<'_>) -> Self {
        let mut formats = Self::default();
        for payload_type in payload_types(section) {
            let Some(map) = section.rtpmap(payload_type) else {
                match Codec::from_static_payload_type(payload_type) {
                    Some(codec) => formats.codecs.push((payload_type, codec)),
                    None if payload_type == COMFORT_NOISE_PAYLOAD_TYPE => {
                        formats.comfort_noises.push((payload_type, 8_000));
                    }
                    None => {}
                }
                continue;
            };
            let companion = (payload_type, map.clock_rate_hz);
            let named = |name| map.channels == 1 && map.encoding.eq_ignore_ascii_case(name);
            let codec = Codec::from_rtpmap(map.encoding, map.clock_rate_hz, map.channels);
            match codec {
                Some(codec) => formats.codecs.push((payload_type, codec)),
                None if named(TELEPHONE_EVENT) => formats.telephone_events.push(companion),
                None if named(COMFORT_NOISE) => formats.comfort_noises.push(companion),
                None => {}
            }
        }
        formats
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
        for (number, codec) in &self.codecs {
            let channels = Some(codec.channels()).filter(|channels| *channels > 1);
            let map = (codec.name(), codec.clock_rate_hz(), channels);
            list(&mut section, *number, map, codec.fmtp(&self.opus));
        }
        for (number, clock) in &self.comfort_noises {
            let map = (COMFORT_NOISE, *clock, None);
            list(&mut section, *number, map, None);
        }
        for (number, clock) in &self.telephone_events {
            let map = (TELEPHONE_EVENT, *clock, None);
            list(&mut section, *number, map, Some("0-16".into()));
        }
        let milliseconds = u32::try_from(ptime.as_millis()).unwrap_or(u32::MAX);
        let last = [
            Attribute::new("ptime", decimal(milliseconds)),
            Attribute::property(direction.as_str()),
        ];
        section.lines.extend(last.map(Line::Attribute));
        section
    }
}

/// Lists a format: an encoding with its clock rate and, where that is not one, its number of channels.
fn list(
    section: &mut MediaDescription<'_>,
    payload_type: u8,
    (encoding, clock_rate_hz, channels): (&str, u32, Option<u8>),
    parameters: Option<Cow<'_, str>>,
) {
    let name = decimal(payload_type);
    let mut map = String::with_capacity(USUAL_OCTETS);
    for part in [&name, " ", encoding, "/"] {
        map.push_str(part);
    }
    number(&mut map, clock_rate_hz);
    if let Some(channels) = channels {
        map.push('/');
        number(&mut map, channels);
    }
    let parameters = parameters.map(|parameters| {
        let mut value = String::with_capacity(name.len() + 1 + parameters.len());
        for part in [&name, " ", &parameters] {
            value.push_str(part);
        }
        Attribute::new("fmtp", value)
    });
    let attributes = [Some(Attribute::new("rtpmap", map)), parameters];
    let attributes = attributes.into_iter().flatten();
    section.lines.extend(attributes.map(Line::Attribute));
    section.formats.push(name.into());
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

#[cfg(test)]
mod tests;
