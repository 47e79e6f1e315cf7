//! What is listened for in the sound that is heard: digits and voices.

use super::Stream;
use super::dtmf::{FRAMES_PER_SECOND, told};
use crate::dtmf::{DETECTOR_RATE_HZ, DtmfDetector};
use crate::engine::Outbox;
use crate::event::MediaEvent;
use crate::voice_activity::VoiceActivity;

/// What a session listens for in the peer's sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Listening {
    /// Digits in the sound itself, as long as the peer has sent no telephone event.
    pub in_band_dtmf: bool,
    /// Whether somebody speaks.
    pub voice_activity: bool,
}

/// Listens to the frames of a stream.
#[derive(Debug, Default)]
pub(super) struct Listener {
    in_band_dtmf: bool,
    /// At the rate of the sound so far.
    digits: Option<Box<DtmfDetector>>,
    voice: Option<Box<VoiceActivity>>,
    /// Whether the peer sends telephone events: it does not mean what is in its sound.
    sends_events: bool,
    speaking: bool,
    /// What has been heard and not been told.
    heard: Vec<MediaEvent>,
}

impl Listener {
    pub(super) fn hears_event(&mut self) {
        self.sends_events = true;
    }
}

impl Stream {
    /// Listens for this from now on.
    pub(super) fn listen(&mut self, listening: Listening) {
        let listener = &mut self.listener;
        listener.in_band_dtmf = listening.in_band_dtmf;
        listener.digits = None;
        listener.voice = listening.voice_activity.then(Box::default);
        if listener.voice.is_none() {
            listener.speaking = false;
        }
    }

    /// Listens for digits in a frame.
    pub(super) fn hear_digits(&mut self, frame: &[i16]) {
        let (key, listener) = (self.key, &mut self.listener);
        if listener.in_band_dtmf && !listener.sends_events {
            let sample_rate_hz = frame.len() as u32 * FRAMES_PER_SECOND;
            let digits = listener
                .digits
                .take_if(|digits| digits.sample_rate_hz() == sample_rate_hz)
                .unwrap_or_else(|| Box::new(DtmfDetector::new(sample_rate_hz)));
            let digits = listener.digits.insert(digits);
            digits.listen(frame, |press| {
                listener
                    .heard
                    .push(told(key, press, DETECTOR_RATE_HZ, true));
            });
        }
    }

    /// Listens for a voice in a frame.
    pub(super) fn hear_voice(&mut self, frame: &[i16]) {
        let (key, listener) = (self.key, &mut self.listener);
        if let Some(voice) = &mut listener.voice {
            let speaks = voice.hear(frame);
            if std::mem::replace(&mut listener.speaking, speaks) != speaks {
                listener.heard.push(match speaks {
                    true => MediaEvent::VoiceStarted { key },
                    false => MediaEvent::VoiceStopped { key },
                });
            }
        }
    }

    /// Tells what has been heard.
    pub(super) fn tell_heard(&mut self, outbox: &mut Outbox) {
        outbox.events.extend(self.listener.heard.drain(..));
    }
}
