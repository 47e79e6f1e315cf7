//! DTMF digits as telephone events (RFC 4733): a digit is one event, whose packets keep the timestamp of its start. To a peer that
//! takes no such event it is sent as a tone.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::capabilities::FRAME;
use crate::dtmf::{DtmfDigit, DtmfTiming};
use crate::negotiate::MediaParameters;
use crate::rtp_core::{Frame, PayloadType, RtpSession};

pub(in crate::stream) const FRAMES_PER_SECOND: u32 = 50;

/// No digit and no pause is longer.
const LONGEST: Duration = Duration::from_secs(60);

/// Digits that may wait.
const MAX_DIGITS: usize = 256;

/// The last packet of an event goes out three times (RFC 4733 section 2.5.1.4).
const END_PACKETS: u32 = 3;

/// The longest segment of an event, in ticks (RFC 4733 section 2.5.1.3).
const LONGEST_SEGMENT: u32 = 0xFFFF;

/// A digit of the other leg is over when nothing was heard of it for so many frames.
const PATIENCE: u32 = 8;

/// -10 dBm0, as telephones send.
const VOLUME: u8 = 10;

/// The digits that wait to be sent, and the one that is being sent.
#[derive(Debug, Default)]
pub(in crate::stream) struct DtmfSender {
    digits: VecDeque<Waiting>,
    /// The frame of the present digit that comes next, and the timestamp at which its segment begins.
    present: Option<(u32, Segment)>,
}

/// A digit that waits, and for how many frames it and the pause after it last.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    digit: DtmfDigit,
    tone: u32,
    pause: u32,
    /// The frame that tells the end for the first time.
    ends_in: u32,
    /// Whether the other leg presses it, which decides how long it is.
    relayed: bool,
}

/// A stretch of an event that has a timestamp of its own.
#[derive(Debug, Clone, Copy, Default)]
struct Segment {
    timestamp: u32,
    /// How long the event had lasted before it.
    earlier_ticks: u32,
}

impl DtmfSender {
    /// Takes digits with their timing, in whole frames; the pause is no shorter than the end takes to be told.
    pub(in crate::stream) fn push(&mut self, digits: &[DtmfDigit], timing: DtmfTiming) {
        let room = MAX_DIGITS.saturating_sub(self.digits.len());
        let tone = frames(timing.tone).max(1);
        let waiting = digits.iter().map(|digit| Waiting {
            digit: *digit,
            tone,
            pause: frames(timing.pause).max(END_PACKETS - 1),
            ends_in: tone - 1,
            relayed: false,
        });
        self.digits.extend(waiting.take(room));
    }

    /// The other leg presses a digit, unless it has told so in another way before; it ends soon unless [`Self::hold_on`] follows.
    pub(super) fn press(&mut self, digit: DtmfDigit) {
        let last = self.digits.back();
        let twin = last.is_some_and(|last| last.digit == digit && !last.relayed);
        if twin || self.digits.len() >= MAX_DIGITS {
            return;
        }
        self.digits.push_back(Waiting {
            digit,
            tone: PATIENCE,
            pause: END_PACKETS,
            ends_in: PATIENCE - 1,
            relayed: true,
        });
    }

    /// The other leg goes on pressing, and has for so long by now.
    pub(super) fn hold_on(&mut self, pressed: Duration) {
        let told = self.told();
        if let Some(last) = self.digits.back_mut().filter(|last| last.relayed) {
            last.tone = last.tone.max(frames(pressed).max(told) + PATIENCE);
            last.ends_in = last.tone - 1;
        }
    }

    /// The other leg has pressed for so long.
    pub(super) fn release(&mut self, pressed: Duration) {
        let told = self.told();
        if let Some(last) = self.digits.back_mut().filter(|last| last.relayed) {
            last.tone = frames(pressed).max(told).max(1);
            last.ends_in = told.max(last.tone - 1);
        }
    }

    /// How many frames of the last digit are under way.
    fn told(&self) -> u32 {
        let only = self.digits.len() == 1;
        let present = self.present.filter(|_| only);
        present.map_or(0, |(number, _)| number)
    }

    /// The digit that is being sent, or comes next.
    pub(in crate::stream) fn digit(&self) -> Option<DtmfDigit> {
        self.digits.front().map(|waiting| waiting.digit)
    }

    pub(in crate::stream) fn is_empty(&self) -> bool {
        self.digits.is_empty()
    }

    /// Writes what is due in this frame and returns where it goes; the time of the frame passes.
    pub(in crate::stream) fn frame(
        &mut self,
        now: Instant,
        parameters: &MediaParameters,
        rtp: &mut RtpSession,
        out: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        let Waiting {
            digit,
            tone,
            pause,
            ends_in,
            ..
        } = *self.digits.front()?;
        let (number, segment) = self.present.take().unwrap_or_else(|| {
            let timestamp = rtp.next_timestamp(now);
            let segment = Segment {
                timestamp,
                ..Segment::default()
            };
            (0, segment)
        });
        let event = parameters.telephone_event?;
        let frame_ticks = event.clock_rate_hz / FRAMES_PER_SECOND;
        let whole = (number + 1).min(tone).saturating_mul(frame_ticks);
        let ticks = whole - segment.earlier_ticks;
        let goes_on = ticks > LONGEST_SEGMENT;
        rtp.advance(parameters.codec.clock_rate_hz() / FRAMES_PER_SECOND);
        match number + 1 < tone + pause {
            true if goes_on => self.present = Some((number + 1, segment.next())),
            true => self.present = Some((number + 1, segment)),
            false => drop(self.digits.pop_front()),
        }
        let payload_type = PayloadType::new(event.send)?;
        if number >= ends_in + END_PACKETS {
            return None;
        }
        let ends = number >= ends_in && !goes_on;
        let [high, low] = (ticks.min(LONGEST_SEGMENT) as u16).to_be_bytes();
        let flags = VOLUME | if ends { 0x80 } else { 0 };
        let frame = Frame {
            payload_type,
            payload: &[digit.event(), flags, high, low],
            ticks: 0,
            marker: number == 0,
        };
        rtp.next_packet_at(now, segment.timestamp, &frame, out);
        rtp.destination()
    }

    /// Writes the sound of what is due in this frame, for a peer that takes no such event.
    pub(in crate::stream) fn sound(&mut self, frame: &mut [i16]) {
        frame.fill(0);
        let Some(Waiting {
            digit, tone, pause, ..
        }) = self.digits.front().copied()
        else {
            return;
        };
        let (number, segment) = self.present.take().unwrap_or_default();
        let length = frame.len();
        if number < tone {
            let sample_rate_hz = length as u32 * FRAMES_PER_SECOND;
            let (from, whole) = (number as usize * length, tone as usize * length);
            digit.sound(sample_rate_hz, from, whole, frame);
        }
        match number + 1 < tone + pause {
            true => self.present = Some((number + 1, segment)),
            false => drop(self.digits.pop_front()),
        }
    }
}

impl Segment {
    fn next(self) -> Self {
        Self {
            timestamp: self.timestamp.wrapping_add(LONGEST_SEGMENT),
            earlier_ticks: self.earlier_ticks + LONGEST_SEGMENT,
        }
    }
}

/// Whole frames of a time, at most a minute.
fn frames(time: Duration) -> u32 {
    let frames = time.min(LONGEST).as_millis().div_ceil(FRAME.as_millis());
    frames as u32
}
