//! Frames into packets: encoding, muting, packet length, and time that passes without packets.

use std::net::SocketAddr;
use std::time::Instant;

use crate::capabilities::{FRAME, FRAME_SAMPLES, FrameSamples};
use crate::negotiate::MediaParameters;
use crate::rtp_core::{Frame, PayloadType, RtpSession};

/// What a stream has encoded and not yet sent.
#[derive(Debug, Default)]
pub(super) struct Packetizer {
    payload: Vec<u8>,
    /// Frames in the payload.
    frames: u32,
    /// Whether the packet before was sent without a pause: the next one continues its talkspurt.
    talking: bool,
    muted: bool,
}

impl Packetizer {
    pub(super) fn set_muted(&mut self, muted: bool) {
        self.muted = muted;
    }

    /// Takes a frame; when the packet is full, writes it and returns where it goes.
    pub(super) fn frame(
        &mut self,
        now: Instant,
        sound: &FrameSamples,
        parameters: &MediaParameters,
        rtp: &mut RtpSession,
        out: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        let payload_type = PayloadType::new(parameters.payload_type)?;
        let codec = parameters.codec;
        if self.muted {
            let length = self.payload.len() + FRAME_SAMPLES;
            self.payload.resize(length, codec.silence());
        } else {
            codec.encode(sound, &mut self.payload);
        }
        self.frames += 1;
        if FRAME * self.frames < parameters.ptime {
            return None;
        }
        let frame = Frame {
            payload_type,
            payload: &self.payload,
            ticks: self.frames * FRAME_SAMPLES as u32,
            marker: !self.talking,
        };
        rtp.next_packet(now, &frame, out);
        self.talking = true;
        self.clear();
        Some(parameters.remote_rtp)
    }

    /// Lets a frame's time pass without sound; what was not sent yet never is.
    pub(super) fn pause(&mut self, rtp: &mut RtpSession) {
        rtp.advance((self.frames + 1) * FRAME_SAMPLES as u32);
        self.talking = false;
        self.clear();
    }

    /// Gives up a packet that was begun for other parameters; its time passes.
    pub(super) fn reconfigure(&mut self, rtp: &mut RtpSession) {
        rtp.advance(self.frames * FRAME_SAMPLES as u32);
        self.clear();
    }

    fn clear(&mut self) {
        self.payload.clear();
        self.frames = 0;
    }
}
