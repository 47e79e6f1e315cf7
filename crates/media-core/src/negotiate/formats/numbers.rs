//! Payload types for our offers: those that the session knows already, the usual ones, or what is free.

use super::{COMFORT_NOISE_PAYLOAD_TYPE, Companion, Formats};
use crate::codec::Codec;

/// Gives each format a payload type of its own. A number of the session keeps its meaning (RFC 3264 section 8.3.2).
pub(super) struct Numbers<'a> {
    previous: &'a Formats,
    taken: [bool; 128],
}

impl<'a> Numbers<'a> {
    pub(super) fn new(previous: &'a Formats) -> Self {
        let mut taken = [false; 128];
        let companions = [&previous.telephone_events, &previous.comfort_noises];
        let numbers = companions.into_iter().flatten().map(|(number, _)| *number);
        for number in numbers.chain(previous.codecs.iter().map(|(number, _)| *number)) {
            taken[usize::from(number & 0x7F)] = true;
        }
        Self { previous, taken }
    }

    pub(super) fn codec(&mut self, codec: Codec) -> Option<(u8, Codec)> {
        let mut known = self.previous.codecs.iter();
        let number = match known.find(|(_, known)| known.is_same_encoding(codec)) {
            Some((number, _)) => *number,
            None => match codec.static_payload_type() {
                Some(number) => number,
                // 111 is what browsers say for Opus.
                None if codec.channels() == 2 => self.free(111)?,
                None => self.free(112)?,
            },
        };
        Some((number, codec))
    }

    pub(super) fn telephone_event(&mut self, clock_rate_hz: u32) -> Option<Companion> {
        let known = super::companion(&self.previous.telephone_events, clock_rate_hz);
        // 101 is what most phones say.
        known
            .copied()
            .or_else(|| Some((self.free(101)?, clock_rate_hz)))
    }

    pub(super) fn comfort_noise(&mut self, clock_rate_hz: u32) -> Option<Companion> {
        let known = super::companion(&self.previous.comfort_noises, clock_rate_hz);
        known.copied().or_else(|| match clock_rate_hz {
            8_000 => Some((COMFORT_NOISE_PAYLOAD_TYPE, clock_rate_hz)),
            _ => Some((self.free(118)?, clock_rate_hz)),
        })
    }

    /// The first dynamic number from `first` on, and then from 96 on, that means nothing yet.
    fn free(&mut self, first: u8) -> Option<u8> {
        let mut numbers = (first..128).chain(96..first);
        let number = numbers.find(|number| !self.taken[usize::from(*number)])?;
        self.taken[usize::from(number)] = true;
        Some(number)
    }
}
