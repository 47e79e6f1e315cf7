//! What a stream sends: a source of frames, and its place in it.

use std::sync::Arc;

use crate::resample::FrameResampler;
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
#[derive(Debug)]
pub(crate) struct Player {
    source: AudioSource,
    sample_rate_hz: u32,
    tone: Option<Tone>,
    position: usize,
    /// Brings sound from a file to the player's rate, where that is another.
    file: Option<Box<FileSound>>,
}

/// A frame as it is in the file, and its way to another rate.
#[derive(Debug)]
struct FileSound {
    frame: Vec<i16>,
    resampler: FrameResampler,
}

impl Player {
    /// A player of frames at a sampling rate.
    pub(crate) fn new(source: AudioSource, sample_rate_hz: u32) -> Self {
        let mut player = Self {
            source: AudioSource::None,
            sample_rate_hz,
            tone: None,
            position: 0,
            file: None,
        };
        player.switch(source);
        player
    }

    /// Whether it plays a tone.
    pub(crate) fn is_tone(&self) -> bool {
        self.tone.is_some()
    }

    /// Changes the source; a tone that follows a tone keeps its phase.
    pub(crate) fn switch(&mut self, source: AudioSource) {
        self.position = 0;
        self.source = source;
        self.set_up();
    }

    /// Plays at another rate from the next frame on.
    pub(crate) fn set_sample_rate(&mut self, sample_rate_hz: u32) {
        if std::mem::replace(&mut self.sample_rate_hz, sample_rate_hz) != sample_rate_hz {
            self.tone = None;
            self.set_up();
        }
    }

    fn set_up(&mut self) {
        match self.source {
            AudioSource::Tone {
                frequency_hz,
                amplitude,
            } => match &mut self.tone {
                Some(tone) => tone.tune(frequency_hz, amplitude),
                None => self.tone = Some(Tone::new(frequency_hz, amplitude, self.sample_rate_hz)),
            },
            _ => self.tone = None,
        }
        let file_hz = match &self.source {
            AudioSource::File { audio, .. } => Some(audio.sample_rate().hz()),
            _ => None,
        };
        let other = file_hz.filter(|rate_hz| *rate_hz != self.sample_rate_hz);
        self.file = other.map(|rate_hz| {
            Box::new(FileSound {
                frame: vec![0; rate_hz as usize / 50],
                resampler: FrameResampler::new(rate_hz, self.sample_rate_hz),
            })
        });
    }

    /// Writes the next frame; `received` is what is being played out to this side.
    pub(crate) fn frame(&mut self, received: &[i16], frame: &mut [i16]) -> Played {
        frame.fill(0);
        match (&self.source, &mut self.tone) {
            (AudioSource::None, _) => return Played::Nothing,
            (AudioSource::Echo, _) => {
                for (sample, received) in frame.iter_mut().zip(received) {
                    *sample = *received;
                }
            }
            (AudioSource::Tone { .. }, Some(tone)) => tone.fill(frame),
            (AudioSource::File { audio, repeat }, _) => match &mut self.file {
                None => read(audio.samples(), *repeat, &mut self.position, frame),
                Some(file) => {
                    file.frame.fill(0);
                    read(
                        audio.samples(),
                        *repeat,
                        &mut self.position,
                        &mut file.frame,
                    );
                    frame.copy_from_slice(file.resampler.frame(&file.frame));
                }
            },
            (AudioSource::Silence | AudioSource::Tone { .. }, _) => {}
        }
        Played::Sound
    }
}

/// Copies the samples from `position` on, and from the beginning after the end if they repeat.
fn read(samples: &[i16], repeat: bool, position: &mut usize, mut rest: &mut [i16]) {
    while !rest.is_empty() && !samples.is_empty() {
        if *position == samples.len() && repeat {
            *position = 0;
        }
        let count = rest.len().min(samples.len() - *position);
        if count == 0 {
            break;
        }
        let (now, later) = rest.split_at_mut(count);
        now.copy_from_slice(&samples[*position..*position + count]);
        *position += count;
        rest = later;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::SampleRate;

    #[test]
    fn a_file_ends_in_silence_or_begins_anew() {
        let audio = Arc::new(Audio::new((1..=100).collect(), SampleRate::Hz8000));
        let mut frame = [0; 160];
        for repeat in [false, true] {
            let audio = audio.clone();
            let mut player = Player::new(AudioSource::File { audio, repeat }, 8_000);
            assert_eq!(player.frame(&[0; 160], &mut frame), Played::Sound);
            assert_eq!(frame[99], 100);
            assert_eq!(frame[100], if repeat { 1 } else { 0 });
        }
    }

    #[test]
    fn an_empty_file_is_silence() {
        let audio = Arc::new(Audio::new(Vec::new(), SampleRate::Hz8000));
        let source = AudioSource::File {
            audio,
            repeat: true,
        };
        let mut player = Player::new(source, 8_000);
        let mut frame = [7; 160];
        assert_eq!(player.frame(&[0; 160], &mut frame), Played::Sound);
        assert_eq!(frame, [0; 160]);
    }

    #[test]
    fn an_echo_is_what_came_in() {
        let mut frame = [0; 160];
        Player::new(AudioSource::Echo, 8_000).frame(&[3; 160], &mut frame);
        assert_eq!(frame, [3; 160]);
        let nothing = Player::new(AudioSource::None, 8_000).frame(&[3; 160], &mut frame);
        assert_eq!(nothing, Played::Nothing);
    }

    #[test]
    fn tones_and_files_are_the_same_sound_at_every_rate() {
        let samples = (0..8_000).map(|n| ((f64::from(n) * 0.345_575).sin() * 8_000.0) as i16);
        let audio = Arc::new(Audio::new(samples.collect(), SampleRate::Hz8000));
        let (tone, file) = (
            AudioSource::Tone {
                frequency_hz: 440.0,
                amplitude: 0.25,
            },
            AudioSource::File {
                audio,
                repeat: false,
            },
        );
        for sample_rate_hz in [8_000, 16_000, 48_000] {
            for source in [&tone, &file] {
                let mut player = Player::new(source.clone(), 8_000);
                player.set_sample_rate(sample_rate_hz);
                let mut heard = vec![0; sample_rate_hz as usize / 2];
                for frame in heard.chunks_mut(sample_rate_hz as usize / 50) {
                    player.frame(&[], frame);
                }
                // A crossing upwards in each of 440 periods a second, once the filter is filled.
                let heard = &heard[sample_rate_hz as usize / 50..];
                let crossings = heard.windows(2).filter(|two| two[0] < 0 && two[1] >= 0);
                let crossings = crossings.count();
                assert!(
                    (210..=212).contains(&crossings),
                    "{sample_rate_hz} {crossings}"
                );
                let loudest = heard.iter().map(|sample| sample.abs()).max();
                assert!((7_900..8_300).contains(&loudest.unwrap()), "{loudest:?}");
            }
        }
    }
}
