//! What is sent in a frame: digits, music on hold, what the application or the bridge says, the stream's source, or less of it.

use std::time::Instant;

use super::discontinuous::Worth;
use super::{DtmfSender, SharedPayloads, Stream};
use crate::capabilities::MAX_FRAME_SAMPLES;
use crate::codec::{Codec, SAMPLE_RATE_HZ};
use crate::engine::Outbox;
use crate::play::Played;
use crate::rtp_core::Channel;

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
        if self.phase.rests() {
            return;
        }
        let parameters = self.parameters.as_ref().filter(|_| self.started);
        let Some(parameters) = parameters.filter(|parameters| parameters.direction.sends()) else {
            self.dtmf = None;
            self.applications.wait();
            return self.pause();
        };
        let taken = |dtmf: &DtmfSender| {
            let digit = dtmf.digit();
            digit.is_some_and(|digit| parameters.takes_event(digit.event()))
        };
        if let Some(dtmf) = self.dtmf.as_mut().filter(|dtmf| taken(dtmf)) {
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
        // Music and tones are no noise, however steady.
        let leaves_out = parameters.comfort_noise.is_some() && !yields;
        let (sound, shared, leaves_out) = match (sound, self.on_hold.as_deref_mut(), &mut self.dtmf)
        {
            (_, _, Some(dtmf)) => {
                dtmf.sound(played);
                self.dtmf.take_if(|dtmf| dtmf.is_empty());
                (&*played, None, false)
            }
            (Sound::Mix(mix, _), None, None) if said => {
                for (sample, mixed) in played.iter_mut().zip(mix) {
                    *sample = sample.saturating_add(*mixed);
                }
                (&*played, None, leaves_out)
            }
            (Sound::Mix(sound, shared), None, None) => (sound, shared, leaves_out),
            (Sound::Source(_), None, None) if said => (&*played, None, leaves_out),
            (Sound::Mix(heard, _) | Sound::Source(heard), player, None) => {
                let player = player.unwrap_or(&mut self.player);
                let leaves_out = leaves_out && (self.packetizer.is_muted() || !player.is_tone());
                match player.frame(heard, played) {
                    Played::Nothing => return self.pause(),
                    Played::Sound => (&*played, None, leaves_out),
                }
            }
        };
        let muted = self.packetizer.is_muted();
        let silence = &[0; MAX_FRAME_SAMPLES][..sound.len()];
        let (sound, shared) = match yields {
            _ if !self.processing.is_on() => (sound, shared),
            true => {
                self.processing.note_sent(sound);
                (sound, None)
            }
            false => {
                let sound = if muted { silence } else { sound };
                (self.processing.send(sample_rate_hz, sound), None)
            }
        };
        if let Some(recorder) = self.recorder.as_mut().filter(|_| !muted) {
            recorder.say(sample_rate_hz, sound);
        }
        let (rtp, packetizer) = (&mut self.rtp, &mut self.packetizer);
        self.discontinuous.take_if(|_| !leaves_out);
        let discontinuous = leaves_out.then(|| self.discontinuous.get_or_insert_default());
        let worth = discontinuous.map_or(Worth::Voice, |discontinuous| {
            discontinuous.hear(if muted { silence } else { sound })
        });
        outbox.datagram(self.port, Channel::Rtp, |out| match worth {
            Worth::Voice => packetizer.frame(now, sound, shared, parameters, rtp, out),
            Worth::Noise(description) => {
                packetizer.describe_noise(now, description, parameters, rtp, out)
            }
            Worth::Nothing => {
                packetizer.pause(rtp, parameters.codec.clock_rate_hz());
                None
            }
        });
    }

    /// Lets a frame's time pass in which nothing is sent.
    pub(super) fn pause(&mut self) {
        let codec = self.parameters.as_ref().map(|parameters| parameters.codec);
        let clock_rate_hz = codec.map_or(SAMPLE_RATE_HZ, Codec::clock_rate_hz);
        self.packetizer.pause(&mut self.rtp, clock_rate_hz);
    }
}
