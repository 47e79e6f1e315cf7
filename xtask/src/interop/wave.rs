//! WAV files of 16-bit samples, written, read and listened to.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::tone_analysis::{ToneReport, analyse};
use crate::Outcome;

/// A recording of one or more channels.
pub struct Wave {
    rate_hz: u32,
    channels: Vec<Vec<i16>>,
}

impl Wave {
    /// A tone, the same in every channel.
    pub fn tone(hz: f64, length: Duration, rate_hz: u32, channels: usize) -> Wave {
        let count = (length.as_secs_f64() * f64::from(rate_hz)) as usize;
        let sample = |at: usize| (TAU * hz * at as f64 / f64::from(rate_hz)).sin() * 16_000.0;
        let samples = (0..count).map(|at| sample(at) as i16).collect();
        Wave {
            rate_hz,
            channels: vec![samples; channels],
        }
    }

    /// Samples of a second.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    /// Writes a file.
    pub fn write(&self, path: &Path) -> Outcome {
        let count = self.channels.len() as u16;
        let length = self.channels.first().map_or(0, Vec::len);
        let octets = (length * usize::from(count) * 2) as u32;
        let mut file = Vec::new();
        file.extend_from_slice(b"RIFF");
        file.extend_from_slice(&(36 + octets).to_le_bytes());
        file.extend_from_slice(b"WAVEfmt ");
        file.extend_from_slice(&16u32.to_le_bytes());
        file.extend_from_slice(&1u16.to_le_bytes());
        file.extend_from_slice(&count.to_le_bytes());
        file.extend_from_slice(&self.rate_hz.to_le_bytes());
        file.extend_from_slice(&(self.rate_hz * u32::from(count) * 2).to_le_bytes());
        file.extend_from_slice(&(count * 2).to_le_bytes());
        file.extend_from_slice(&16u16.to_le_bytes());
        file.extend_from_slice(b"data");
        file.extend_from_slice(&octets.to_le_bytes());
        for at in 0..length {
            for channel in &self.channels {
                file.extend_from_slice(&channel[at].to_le_bytes());
            }
        }
        Ok(fs::write(path, file)?)
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Outcome<Wave> {
        Wave::parse(&fs::read(path)?)
            .ok_or_else(|| format!("{} is not a WAV file of 16-bit samples", path.display()).into())
    }

    fn parse(file: &[u8]) -> Option<Wave> {
        let number = |octets: &[u8]| {
            octets
                .iter()
                .rev()
                .fold(0u32, |sum, b| sum << 8 | u32::from(*b))
        };
        let mut rest = file
            .strip_prefix(b"RIFF")?
            .get(4..)?
            .strip_prefix(b"WAVE")?;
        let (mut rate_hz, mut count) = (0, 0);
        loop {
            let name = rest.get(..4)?;
            let length = number(rest.get(4..8)?) as usize;
            let content = &rest[8..];
            let content = content.get(..length).unwrap_or(content);
            if name == b"fmt " {
                count = number(content.get(2..4)?) as usize;
                rate_hz = number(content.get(4..8)?);
                if number(content.get(14..16)?) != 16 {
                    return None;
                }
            } else if name == b"data" && count > 0 {
                let samples: Vec<i16> = content
                    .chunks_exact(2)
                    .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                    .collect();
                let channel = |at| samples.iter().skip(at).step_by(count).copied().collect();
                return Some(Wave {
                    rate_hz,
                    channels: (0..count).map(channel).collect(),
                });
            }
            rest = rest.get(8 + length + length % 2..)?;
        }
    }

    /// What the channel that has most of a tone holds.
    pub fn listen(&self, hz: f64) -> Option<ToneReport> {
        self.channels
            .iter()
            .map(|samples| analyse(samples, self.rate_hz, hz))
            .max_by(|a, b| a.seconds.total_cmp(&b.seconds))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Wave;

    #[test]
    fn a_tone_is_heard_on_the_channel_that_has_it() {
        let tone = Wave::tone(440.0, Duration::from_secs(1), 8_000, 1);
        let silence = vec![0; tone.channels[0].len()];
        let wave = Wave {
            channels: vec![silence, tone.channels[0].clone()],
            ..tone
        };
        let heard = wave.listen(440.0).unwrap();
        assert!(heard.is_tone(440.0, Duration::ZERO), "{heard:?}");
        assert!(!wave.listen(1000.0).unwrap().is_tone(1000.0, Duration::ZERO));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let path = std::env::temp_dir().join(format!("xtask-wave-{}.wav", std::process::id()));
        let wave = Wave::tone(440.0, Duration::from_millis(100), 16_000, 2);
        wave.write(&path).unwrap();
        let read = Wave::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(read.channels, wave.channels);
        assert_eq!(read.rate_hz, wave.rate_hz);
    }

    #[test]
    fn junk_is_no_wave() {
        assert!(Wave::parse(b"RIFF").is_none());
        assert!(Wave::parse(b"RIFF\0\0\0\0WAVEfmt \xff\xff\xff\xff").is_none());
        assert!(Wave::parse(&[b'x'; 100]).is_none());
    }
}
