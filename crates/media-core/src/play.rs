//! What a stream sends: a source of frames, and its place in it.

use std::sync::Arc;

use crate::capabilities::FrameSamples;
use crate::tone::Tone;
use crate::wav::Audio;

/// What a stream sends.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum AudioSource {
    /// Nothing: no packets at all.
    #[default]
    None,
    /// Packets of silence.
    Silence,
    /// A sine tone.
    Tone {
        /// Its frequency in Hz.
        frequency_hz: f64,
        /// Its amplitude, 0 to 1 of full scale.
        amplitude: f64,
    },
    /// What is received, as it is played out.
    Echo,
    /// Sound from a file.
    File {
        /// The sound.
        audio: Arc<Audio>,
        /// Whether to begin anew at the end; silence follows otherwise.
        repeat: bool,
    },
}

/// What one frame of a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Played {
    /// Nothing is to be sent.
    Nothing,
    /// Sound, as written.
    Sound,
}

/// A source and the place in it.
#[derive(Debug, Default)]
pub(crate) struct Player {
    source: AudioSource,
    tone: Option<Tone>,
    position: usize,
}

impl Player {
    pub(crate) fn new(source: AudioSource) -> Self {
        let mut player = Self::default();
        player.switch(source);
        player
    }

    /// Changes the source; a tone that follows a tone keeps its phase.
    pub(crate) fn switch(&mut self, source: AudioSource) {
        self.position = 0;
        match source {
            AudioSource::Tone {
                frequency_hz,
                amplitude,
            } => match &mut self.tone {
                Some(tone) => tone.tune(frequency_hz, amplitude),
                None => self.tone = Some(Tone::new(frequency_hz, amplitude)),
            },
            _ => self.tone = None,
        }
        self.source = source;
    }

    /// Writes the next frame; `received` is what is being played out to this side.
    pub(crate) fn frame(&mut self, received: &FrameSamples, frame: &mut FrameSamples) -> Played {
        frame.fill(0);
        match (&self.source, &mut self.tone) {
            (AudioSource::None, _) => return Played::Nothing,
            (AudioSource::Echo, _) => *frame = *received,
            (AudioSource::Tone { .. }, Some(tone)) => tone.fill(frame),
            (AudioSource::File { audio, repeat }, _) => {
                let samples = audio.samples();
                let mut rest = &mut frame[..];
                while !rest.is_empty() && !samples.is_empty() {
                    if self.position == samples.len() && *repeat {
                        self.position = 0;
                    }
                    let count = rest.len().min(samples.len() - self.position);
                    if count == 0 {
                        break;
                    }
                    let (now, later) = rest.split_at_mut(count);
                    now.copy_from_slice(&samples[self.position..self.position + count]);
                    self.position += count;
                    rest = later;
                }
            }
            (AudioSource::Silence | AudioSource::Tone { .. }, _) => {}
        }
        Played::Sound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_ends_in_silence_or_begins_anew() {
        let audio = Arc::new(Audio::from_samples((1..=100).collect()));
        let mut frame = [0; 160];
        for repeat in [false, true] {
            let audio = audio.clone();
            let mut player = Player::new(AudioSource::File { audio, repeat });
            assert_eq!(player.frame(&[0; 160], &mut frame), Played::Sound);
            assert_eq!(frame[99], 100);
            assert_eq!(frame[100], if repeat { 1 } else { 0 });
        }
    }

    #[test]
    fn an_empty_file_is_silence() {
        let audio = Arc::new(Audio::from_samples(Vec::new()));
        let mut player = Player::new(AudioSource::File {
            audio,
            repeat: true,
        });
        let mut frame = [7; 160];
        assert_eq!(player.frame(&[0; 160], &mut frame), Played::Sound);
        assert_eq!(frame, [0; 160]);
    }

    #[test]
    fn an_echo_is_what_came_in() {
        let mut frame = [0; 160];
        Player::new(AudioSource::Echo).frame(&[3; 160], &mut frame);
        assert_eq!(frame, [3; 160]);
        let nothing = Player::default().frame(&[3; 160], &mut frame);
        assert_eq!(nothing, Played::Nothing);
    }
}
