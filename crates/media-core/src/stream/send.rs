//! What is sent: frames into packets, encoding, muting, packet length, and time that passes without packets.

use std::net::SocketAddr;
use std::time::Instant;

use super::Stream;
use crate::capabilities::{FRAME, FRAME_SAMPLES, FrameSamples};
use crate::codec::Encoder;
use crate::engine::Outbox;
use crate::negotiate::MediaParameters;
use crate::play::Played;
use crate::rtp_core::{Channel, Frame, PayloadType, RtpSession};

/// The sound of a stream that is not sent yet, and what makes packets of it.
#[derive(Debug, Default)]
pub(super) struct Packetizer {
    encoder: Option<Encoder>,
    /// Whole frames that wait for their packet to be full.
    sound: Vec<i16>,
    payload: Vec<u8>,
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
            self.sound.resize(self.sound.len() + sound.len(), 0);
        } else {
            self.sound.extend_from_slice(sound);
        }
        if FRAME * self.frames() < parameters.ptime {
            return None;
        }
        self.encoder.take_if(|encoder| encoder.codec() != codec);
        self.payload.clear();
        self.encoder
            .get_or_insert_with(|| Encoder::new(codec))
            .encode(&self.sound, &mut self.payload);
        if self.payload.is_empty() {
            self.give_way(rtp);
            return None;
        }
        let frame = Frame {
            payload_type,
            payload: &self.payload,
            ticks: self.ticks(),
            marker: !self.talking,
        };
        rtp.next_packet(now, &frame, out);
        self.talking = true;
        self.sound.clear();
        rtp.destination()
    }

    /// Lets a frame's time pass without sound; what was not sent yet never is.
    pub(super) fn pause(&mut self, rtp: &mut RtpSession) {
        rtp.advance(FRAME_SAMPLES as u32);
        self.give_way(rtp);
    }

    /// Lets something else be sent in place of sound from this frame on; the frame's own time is not counted.
    pub(super) fn give_way(&mut self, rtp: &mut RtpSession) {
        self.reconfigure(rtp);
        self.talking = false;
    }

    /// Gives up a packet that was begun for other parameters; its time passes.
    pub(super) fn reconfigure(&mut self, rtp: &mut RtpSession) {
        rtp.advance(self.ticks());
        self.sound.clear();
    }

    fn frames(&self) -> u32 {
        self.ticks() / FRAME_SAMPLES as u32
    }

    fn ticks(&self) -> u32 {
        self.sound.len() as u32
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
