//! Frames into packets: encoding, muting, packet length, and time that passes without packets.

use std::net::SocketAddr;
use std::time::Instant;

use super::SharedPayloads;
use crate::capabilities::FRAME;
use crate::codec::{Codec, Encoder, OpusConfig};
use crate::negotiate::MediaParameters;
use crate::rtp_core::{Frame, PayloadType, RtpSession};

/// The sound of a stream that is not sent yet, and what makes packets of it.
#[derive(Debug, Default)]
pub(super) struct Packetizer {
    encoder: Option<Encoder>,
    /// Whole frames that wait for their packet to be full, at the rate of the codec below.
    sound: Vec<i16>,
    codec: Option<Codec>,
    payload: Vec<u8>,
    /// Whether the packet before was sent without a pause: the next one continues its talkspurt.
    talking: bool,
    muted: bool,
    opus: OpusConfig,
    /// The share of packets that the peer reports lost.
    loss: f64,
}

impl Packetizer {
    pub(super) fn set_muted(&mut self, muted: bool) {
        self.muted = muted;
    }

    pub(super) fn is_muted(&self) -> bool {
        self.muted
    }

    /// Takes how to encode, where that is open.
    pub(super) fn configure(&mut self, opus: &OpusConfig) {
        self.opus = *opus;
        if let Some(encoder) = &mut self.encoder {
            encoder.configure(opus);
        }
    }

    /// Takes the share of packets that the peer reports lost, 0 to 1.
    pub(super) fn set_packet_loss(&mut self, share: f64) {
        self.loss = share;
        if let Some(encoder) = &mut self.encoder {
            encoder.set_packet_loss(share);
        }
    }

    /// Takes a frame; when the packet is full, writes it and returns where it goes. `shared` has what others have made of
    /// the same frame, if it is the same.
    pub(super) fn frame(
        &mut self,
        now: Instant,
        sound: &[i16],
        shared: Option<&mut SharedPayloads>,
        parameters: &MediaParameters,
        rtp: &mut RtpSession,
        out: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        let payload_type = PayloadType::new(parameters.payload_type)?;
        let codec = parameters.codec;
        self.codec = Some(codec);
        let shared = shared.filter(|_| self.sound.is_empty() && !self.muted);
        if self.muted {
            self.sound.resize(self.sound.len() + sound.len(), 0);
        } else {
            self.sound.extend_from_slice(sound);
        }
        if FRAME * self.frames() < parameters.ptime {
            return None;
        }
        let ticks = self.ticks();
        let payload = match shared.filter(|_| SharedPayloads::can_hold(codec)) {
            Some(shared) => shared.payload(codec, &self.sound),
            None => {
                self.encode(codec);
                &self.payload
            }
        };
        if payload.is_empty() {
            self.give_way(rtp);
            return None;
        }
        let frame = Frame {
            payload_type,
            payload,
            ticks,
            marker: !self.talking,
        };
        rtp.next_packet(now, &frame, out);
        self.talking = true;
        self.sound.clear();
        rtp.destination()
    }

    fn encode(&mut self, codec: Codec) {
        self.encoder.take_if(|encoder| encoder.codec() != codec);
        self.payload.clear();
        let encoder = self.encoder.get_or_insert_with(|| {
            let mut encoder = Encoder::new(codec);
            encoder.configure(&self.opus);
            encoder.set_packet_loss(self.loss);
            encoder
        });
        encoder.encode(&self.sound, &mut self.payload);
    }

    /// Writes what the noise is like in place of a frame, and returns where it goes.
    pub(super) fn describe_noise(
        &mut self,
        now: Instant,
        description: &[u8],
        parameters: &MediaParameters,
        rtp: &mut RtpSession,
        out: &mut Vec<u8>,
    ) -> Option<SocketAddr> {
        self.give_way(rtp);
        let payload_type = PayloadType::new(parameters.comfort_noise?.send)?;
        let frame = Frame {
            payload_type,
            payload: description,
            ticks: parameters.codec.clock_rate_hz() / 50,
            marker: false,
        };
        rtp.next_packet(now, &frame, out);
        rtp.destination()
    }

    /// Lets a frame's time pass without sound; what was not sent yet never is.
    pub(super) fn pause(&mut self, rtp: &mut RtpSession, clock_rate_hz: u32) {
        rtp.advance(clock_rate_hz / 50);
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
        let frame = self.codec.map_or(1, Codec::frame_samples);
        (self.sound.len() / frame) as u32
    }

    fn ticks(&self) -> u32 {
        self.codec
            .map_or(0, |codec| self.frames() * (codec.clock_rate_hz() / 50))
    }
}
