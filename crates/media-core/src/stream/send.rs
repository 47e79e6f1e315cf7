//! What is sent: frames into packets, encoding, muting, packet length, and time that passes without packets.

use std::net::SocketAddr;
use std::time::Instant;

use super::Stream;
use crate::capabilities::{FRAME, FRAME_SAMPLES, FrameSamples};
use crate::engine::Outbox;
use crate::negotiate::MediaParameters;
use crate::play::Played;
use crate::rtp_core::{Channel, Frame, PayloadType, RtpSession};

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

    /// Lets something else be sent in place of sound from this frame on; the frame's own time is not counted.
    pub(super) fn give_way(&mut self, rtp: &mut RtpSession) {
        self.reconfigure(rtp);
        self.talking = false;
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

impl Stream {
    /// Sends what is due in this frame: a digit, the sound, or nothing.
    pub(super) fn send(&mut self, now: Instant, received: &FrameSamples, outbox: &mut Outbox) {
        let parameters = self.parameters.as_ref().filter(|_| self.started);
        let Some(parameters) = parameters.filter(|parameters| parameters.direction.sends()) else {
            self.dtmf = None;
            return self.packetizer.pause(&mut self.rtp);
        };
        if let Some(dtmf) = &mut self.dtmf {
            self.packetizer.give_way(&mut self.rtp);
            let rtp = &mut self.rtp;
            outbox.datagram(self.port, Channel::Rtp, |out| {
                dtmf.frame(now, parameters, rtp, out)
            });
            if dtmf.is_empty() {
                self.dtmf = None;
            }
            return;
        }
        let mut sound = [0; FRAME_SAMPLES];
        let player = self.on_hold.as_deref_mut().unwrap_or(&mut self.player);
        match player.frame(received, &mut sound) {
            Played::Nothing => self.packetizer.pause(&mut self.rtp),
            Played::Sound => {
                let (rtp, packetizer) = (&mut self.rtp, &mut self.packetizer);
                outbox.datagram(self.port, Channel::Rtp, |out| {
                    packetizer.frame(now, &sound, parameters, rtp, out)
                });
            }
        }
    }
}
