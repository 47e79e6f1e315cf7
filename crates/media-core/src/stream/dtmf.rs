//! DTMF digits as telephone events (RFC 4733): a digit is one event, whose packets keep the timestamp of its start.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use crate::capabilities::FRAME_SAMPLES;
use crate::dtmf::DtmfDigit;
use crate::negotiate::MediaParameters;
use crate::rtp_core::{Frame, PayloadType, RtpSession};

/// Digits that may wait.
const MAX_DIGITS: usize = 256;

/// A digit lasts five frames, 100 ms: more than twice what detectors need (Q.24: 40 ms).
const TONE_FRAMES: u16 = 5;

/// The last packet of an event goes out three times (RFC 4733 section 2.5.1.4).
const END_PACKETS: u16 = 3;

/// From the end of one digit to the next, with its repeated packets: 100 ms.
const PAUSE_FRAMES: u16 = 5;

/// -10 dBm0, as telephones send.
const VOLUME: u8 = 10;

/// The digits that wait to be sent, and the one that is being sent.
#[derive(Debug, Default)]
pub(super) struct DtmfSender {
    digits: VecDeque<DtmfDigit>,
    /// The frame of the present digit that comes next, and the timestamp of its start.
    present: Option<(u16, u32)>,
}

impl DtmfSender {
    pub(super) fn push(&mut self, digits: &[DtmfDigit]) {
        let room = MAX_DIGITS.saturating_sub(self.digits.len());
        self.digits.extend(digits.iter().take(room));
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
        let digit = *self.digits.front()?;
        let (number, start) = *self.present.get_or_insert((0, rtp.next_timestamp(now)));
        rtp.advance(FRAME_SAMPLES as u32);
        if number + 1 < TONE_FRAMES + PAUSE_FRAMES {
            self.present = Some((number + 1, start));
        } else {
            self.present = None;
            self.digits.pop_front();
        }
        let event = parameters.telephone_event?;
        let payload_type = PayloadType::new(event.send)?;
        if number >= TONE_FRAMES - 1 + END_PACKETS {
            return None;
        }
        let ends = number + 1 >= TONE_FRAMES;
        let [high, low] = ((number + 1).min(TONE_FRAMES) * FRAME_SAMPLES as u16).to_be_bytes();
        let flags = VOLUME | if ends { 0x80 } else { 0 };
        let frame = Frame {
            payload_type,
            payload: &[digit.event(), flags, high, low],
            ticks: 0,
            marker: number == 0,
        };
        rtp.next_packet_at(now, start, &frame, out);
        rtp.destination()
    }
}
