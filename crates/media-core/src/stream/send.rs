//! What is sent: frames into packets, encoding, muting, packet length, and time that passes without packets.

use std::net::SocketAddr;
use std::time::Instant;

use super::{SharedPayloads, Stream};
use crate::capabilities::{FRAME, MAX_FRAME_SAMPLES};
use crate::codec::{Codec, Encoder, OpusConfig, SAMPLE_RATE_HZ};
use crate::engine::Outbox;
use crate::negotiate::MediaParameters;
use crate::play::Played;
use crate::rtp_core::{Channel, Frame, PayloadType, RtpSession};

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

/// What a stream is to send in a frame, unless digits or music on hold come first.
#[derive(Debug)]
pub(crate) enum Sound<'a> {
    /// Its own source; with it what is heard meanwhile, for an echo.
    Source(&'a [i16]),
    /// What the members of its bridge say; with it what others have made of the same, if it is the same.
    Mix(&'a [i16], Option<&'a mut SharedPayloads>),
}

impl Stream {
    /// Sends what is due in this frame: a digit, the sound, or nothing.
    pub(crate) fn send(&mut self, now: Instant, sound: Sound<'_>, outbox: &mut Outbox) {
        let parameters = self.parameters.as_ref().filter(|_| self.started);
        let Some(parameters) = parameters.filter(|parameters| parameters.direction.sends()) else {
            self.dtmf = None;
            self.applications.wait();
            return self.pause();
        };
        let tells_events = parameters.telephone_event.is_some();
        if let Some(dtmf) = self.dtmf.as_mut().filter(|_| tells_events) {
            self.packetizer.give_way(&mut self.rtp);
            let rtp = &mut self.rtp;
            outbox.datagram(self.port, Channel::Rtp, |out| {
                dtmf.frame(now, parameters, rtp, out)
            });
            if dtmf.is_empty() {
                self.dtmf = None;
            }
            return self.applications.wait();
        }
        if self.leaves_frame_to_relay(now) {
            self.applications.wait();
            return self.packetizer.give_way(&mut self.rtp);
        }
        let mut played = [0; MAX_FRAME_SAMPLES];
        let played = &mut played[..parameters.codec.frame_samples()];
        let sample_rate_hz = parameters.codec.sample_rate_hz();
        let yields = self.on_hold.is_some() || self.dtmf.is_some();
        let said = !yields && self.applications.say(sample_rate_hz, played);
        if yields {
            self.applications.wait();
        }
        let (sound, shared) = match (sound, self.on_hold.as_deref_mut(), &mut self.dtmf) {
            (_, _, Some(dtmf)) => {
                dtmf.sound(played);
                self.dtmf.take_if(|dtmf| dtmf.is_empty());
                (&*played, None)
            }
            (Sound::Mix(mix, _), None, None) if said => {
                for (sample, mixed) in played.iter_mut().zip(mix) {
                    *sample = sample.saturating_add(*mixed);
                }
                (&*played, None)
            }
            (Sound::Mix(sound, shared), None, None) => (sound, shared),
            (Sound::Source(_), None, None) if said => (&*played, None),
            (Sound::Mix(heard, _) | Sound::Source(heard), player, None) => {
                let player = player.unwrap_or(&mut self.player);
                match player.frame(heard, played) {
                    Played::Nothing => return self.pause(),
                    Played::Sound => (&*played, None),
                }
            }
        };
        if let Some(recorder) = self
            .recorder
            .as_mut()
            .filter(|_| !self.packetizer.is_muted())
        {
            recorder.say(sample_rate_hz, sound);
        }
        let (rtp, packetizer) = (&mut self.rtp, &mut self.packetizer);
        outbox.datagram(self.port, Channel::Rtp, |out| {
            packetizer.frame(now, sound, shared, parameters, rtp, out)
        });
    }

    /// Lets a frame's time pass in which nothing is sent.
    pub(super) fn pause(&mut self) {
        let codec = self.parameters.as_ref().map(|parameters| parameters.codec);
        let clock_rate_hz = codec.map_or(SAMPLE_RATE_HZ, Codec::clock_rate_hz);
        self.packetizer.pause(&mut self.rtp, clock_rate_hz);
    }
}
