//! Telephone events that come in (RFC 4733): a press is told once, with its first packet, whichever of its packets are lost.
//!
//! ```text
//!          a packet of another event          E bit, or none for 150 ms
//!   idle ----------------------------> begun -------------------------> ended
//!                                      |   ^                              | the same timestamp and event: nothing
//!                                      +---+ more of it, or its next segment
//! ```

use std::time::{Duration, Instant};

use super::DtmfDigit;
use crate::rtp_core::Ssrc;

/// After so long without a packet an event is over, though its end was lost.
const LOST_END: Duration = Duration::from_millis(150);
/// Events of which late packets are still known.
const KNOWN: usize = 8;
/// The longest segment of an event, in ticks; a longer event goes on under a new timestamp (RFC 4733 section 2.5.1.3).
const LONGEST_SEGMENT: u32 = 0xFFFF;
/// Events that a packet may tell one after the other.
const MAX_BLOCKS: usize = 4;

/// What a packet tells of one event: event number, end, volume and duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    event: u8,
    ends: bool,
    duration: u16,
}

impl Block {
    fn parse([event, flags, high, low]: [u8; 4]) -> Self {
        Self {
            event,
            ends: flags & 0x80 != 0,
            duration: u16::from_be_bytes([high, low]),
        }
    }
}

/// What is one event and no other: its source, the timestamp of its start, its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    ssrc: Ssrc,
    timestamp: u32,
    event: u8,
}

/// An event that goes on.
#[derive(Debug, Clone, Copy)]
struct Present {
    key: Key,
    digit: DtmfDigit,
    /// Of the segments before this one.
    earlier_ticks: u32,
    ticks: u32,
    heard_at: Instant,
}

/// What has come to pass with a digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Press {
    /// It is pressed, and has been for so many ticks.
    Begun(DtmfDigit, u32),
    /// It is no longer pressed, after so many ticks.
    Ended(DtmfDigit, u32),
}

impl Press {
    /// What is or was pressed.
    pub(crate) const fn digit(self) -> DtmfDigit {
        match self {
            Self::Begun(digit, _) | Self::Ended(digit, _) => digit,
        }
    }
}

/// The telephone events of one stream.
#[derive(Debug, Default)]
pub(crate) struct TelephoneEvents {
    present: Option<Present>,
    past: [Option<Key>; KNOWN],
    oldest: usize,
}

impl TelephoneEvents {
    /// Takes the payload of a packet and hands what it tells to `tell`. Events that are neither digits nor a hook
    /// flash are ignored.
    pub(crate) fn handle(
        &mut self,
        now: Instant,
        ssrc: Ssrc,
        timestamp: u32,
        payload: &[u8],
        mut tell: impl FnMut(Press),
    ) {
        let mut timestamp = timestamp;
        for block in payload.as_chunks().0.iter().take(MAX_BLOCKS) {
            let block = Block::parse(*block);
            if let Some(digit) = DtmfDigit::from_event(block.event) {
                let key = Key {
                    ssrc,
                    timestamp,
                    event: block.event,
                };
                self.hear(now, key, digit, block, &mut tell);
            }
            timestamp = timestamp.wrapping_add(block.duration.into());
        }
    }

    /// What is pressed, and for how many ticks by now.
    pub(crate) fn pressed(&self) -> Option<(DtmfDigit, u32)> {
        let present = self.present.as_ref()?;
        Some((present.digit, present.all_ticks()))
    }

    /// Ends an event whose end was lost.
    pub(crate) fn handle_timeout(&mut self, now: Instant, mut tell: impl FnMut(Press)) {
        let silent = |present: &Present| present.heard_at + LOST_END <= now;
        if self.present.as_ref().is_some_and(silent) {
            self.end(&mut tell);
        }
    }

    fn hear(
        &mut self,
        now: Instant,
        key: Key,
        digit: DtmfDigit,
        block: Block,
        tell: &mut impl FnMut(Press),
    ) {
        if self.past.contains(&Some(key)) {
            return;
        }
        let ticks = u32::from(block.duration);
        match &mut self.present {
            Some(present) if present.key == key => {
                present.ticks = present.ticks.max(ticks);
                present.heard_at = now;
            }
            Some(present) if present.is_continued_by(key) => {
                let before = std::mem::replace(&mut present.key, key);
                present.earlier_ticks += LONGEST_SEGMENT;
                present.ticks = ticks;
                present.heard_at = now;
                self.forget(before);
            }
            _ => {
                self.end(tell);
                tell(Press::Begun(digit, ticks));
                self.present = Some(Present {
                    key,
                    digit,
                    earlier_ticks: 0,
                    ticks,
                    heard_at: now,
                });
            }
        }
        if block.ends {
            self.end(tell);
        }
    }

    fn end(&mut self, tell: &mut impl FnMut(Press)) {
        if let Some(present) = self.present.take() {
            tell(Press::Ended(present.digit, present.all_ticks()));
            self.forget(present.key);
        }
    }

    /// What still comes of this event is nothing new.
    fn forget(&mut self, key: Key) {
        self.past[self.oldest] = Some(key);
        self.oldest = (self.oldest + 1) % KNOWN;
    }
}

impl Present {
    fn all_ticks(&self) -> u32 {
        self.earlier_ticks.saturating_add(self.ticks)
    }

    /// Whether `key` is the next segment of this event.
    fn is_continued_by(&self, key: Key) -> bool {
        let next = Key {
            timestamp: self.key.timestamp.wrapping_add(LONGEST_SEGMENT),
            ..self.key
        };
        key == next
    }
}

#[cfg(test)]
mod tests;
