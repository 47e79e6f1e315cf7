//! DTMF digits as telephone events (RFC 4733): a digit is one event, whose packets keep the timestamp of its start. To a peer that
//! takes no events they are sent as tones.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::Stream;
use crate::capabilities::FRAME;
use crate::codec::SAMPLE_RATE_HZ;
use crate::controller::MediaSessionKey;
use crate::dtmf::{DtmfDigit, DtmfTiming, Press};
use crate::engine::Outbox;
use crate::event::MediaEvent;
use crate::negotiate::MediaParameters;
use crate::rtp_core::{Frame, PayloadType, RtpPacket, RtpSession};

pub(super) const FRAMES_PER_SECOND: u32 = 50;

/// No digit and no pause is longer.
const LONGEST: Duration = Duration::from_secs(60);

/// Digits that may wait.
const MAX_DIGITS: usize = 256;

/// The last packet of an event goes out three times (RFC 4733 section 2.5.1.4).
const END_PACKETS: u32 = 3;

/// The longest segment of an event, in ticks (RFC 4733 section 2.5.1.3).
const LONGEST_SEGMENT: u32 = 0xFFFF;

/// -10 dBm0, as telephones send.
const VOLUME: u8 = 10;

/// The digits that wait to be sent, and the one that is being sent.
#[derive(Debug, Default)]
pub(super) struct DtmfSender {
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
    pub(super) fn push(&mut self, digits: &[DtmfDigit], timing: DtmfTiming) {
        let room = MAX_DIGITS.saturating_sub(self.digits.len());
        let waiting = digits.iter().map(|digit| Waiting {
            digit: *digit,
            tone: frames(timing.tone).max(1),
            pause: frames(timing.pause).max(END_PACKETS - 1),
        });
        self.digits.extend(waiting.take(room));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.digits.is_empty()
    }

    /// Writes what is due in this frame and returns where it goes; the time of the frame passes.
    pub(super) fn frame(
        &mut self,
        now: Instant,
        parameters: &MediaParameters,
        rtp: &mut RtpSession,
        out: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        let Waiting { digit, tone, pause } = *self.digits.front()?;
        let (number, segment) = self.present.take().unwrap_or_else(|| {
            let timestamp = rtp.next_timestamp(now);
            let earlier_ticks = 0;
            (
                0,
                Segment {
                    timestamp,
                    earlier_ticks,
                },
            )
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
        if number >= tone - 1 + END_PACKETS {
            return None;
        }
        let ends = number + 1 >= tone && !goes_on;
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
}

impl DtmfSender {
    /// Writes the sound of what is due in this frame, for a peer that takes no telephone events.
    pub(super) fn sound(&mut self, frame: &mut [i16]) {
        frame.fill(0);
        let Some(Waiting { digit, tone, pause }) = self.digits.front().copied() else {
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

impl Stream {
    /// Takes a packet of telephone events; returns whether it is one.
    pub(super) fn hear_event(
        &mut self,
        now: Instant,
        packet: &RtpPacket<'_>,
        outbox: &mut Outbox,
    ) -> bool {
        let header = packet.header();
        let Some(parameters) = &self.parameters else {
            return false;
        };
        let expected = parameters.telephone_event.filter(|event| {
            event.receive == header.payload_type.number() && parameters.direction.receives()
        });
        let Some(event) = expected else {
            return false;
        };
        let (key, clock) = (self.key, event.clock_rate_hz);
        let mut begun = false;
        self.listener.hears_event();
        self.events.handle(
            now,
            header.ssrc,
            header.timestamp,
            packet.payload(),
            |press| {
                begun |= matches!(press, Press::Begun(..));
                outbox.events.push_back(told(key, press, clock));
            },
        );
        begun
    }

    /// Ends digits whose end was lost.
    pub(super) fn miss_events(&mut self, now: Instant, outbox: &mut Outbox) {
        let parameters = self.parameters.as_ref();
        let event = parameters.and_then(|parameters| parameters.telephone_event);
        let clock = event.map_or(SAMPLE_RATE_HZ, |event| event.clock_rate_hz);
        let key = self.key;
        self.events.handle_timeout(now, |press| {
            outbox.events.push_back(told(key, press, clock))
        });
    }
}

pub(super) fn told(key: MediaSessionKey, press: Press, clock_rate_hz: u32) -> MediaEvent {
    let duration = |ticks: u32| Duration::from_secs(ticks.into()) / clock_rate_hz.max(1);
    match press {
        Press::Begun(digit, ticks) => MediaEvent::DtmfReceived {
            key,
            digit,
            duration: duration(ticks),
        },
        Press::Ended(digit, ticks) => MediaEvent::DtmfEnded {
            key,
            digit,
            duration: duration(ticks),
        },
    }
}
