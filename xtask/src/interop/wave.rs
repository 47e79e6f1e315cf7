//! WAV files of 16-bit samples, and listening for a tone in them.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::Outcome;

const RATE_HZ: u32 = 8_000;

/// Pieces in which a tone is looked for.
const PIECE: Duration = Duration::from_millis(10);

/// A piece is the tone when this much of its power is at the tone's frequency.
const PURE: f64 = 0.5;

/// Pieces below this mean square count as silence.
const AUDIBLE: f64 = 100.0 * 100.0;

/// A recording of one or more channels.
pub struct Wave {
    rate_hz: u32,
    channels: Vec<Vec<i16>>,
}

/// What was heard of a tone, between its first and its last piece.
#[derive(Debug, Default, PartialEq)]
pub struct Heard {
    pub length: Duration,
    pub longest_gap: Duration,
    /// The share of the power that is at the frequency, over the pieces that are the tone.
    pub purity: f64,
}

impl Wave {
    /// A tone of one channel.
    pub fn tone(hz: f64, length: Duration) -> Wave {
        let count = (length.as_secs_f64() * f64::from(RATE_HZ)) as usize;
        let sample = |at: usize| (TAU * hz * at as f64 / f64::from(RATE_HZ)).sin() * 16_000.0;
        Wave {
            rate_hz: RATE_HZ,
            channels: vec![(0..count).map(|at| sample(at) as i16).collect()],
        }
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

    /// What was heard of a tone on the channel that has most of it.
    pub fn hear(&self, hz: f64) -> Heard {
        self.channels
            .iter()
            .map(|samples| hear(samples, self.rate_hz, hz))
            .max_by_key(|heard| heard.length)
            .unwrap_or_default()
    }
}

fn hear(samples: &[i16], rate_hz: u32, hz: f64) -> Heard {
    let size = (rate_hz as usize * PIECE.as_millis() as usize / 1000).max(1);
    let shares: Vec<f64> = samples
        .chunks_exact(size)
        .map(|piece| share_at(piece, hz / f64::from(rate_hz)))
        .collect();
    let is_tone = |share: &&f64| **share >= PURE;
    let (Some(first), Some(last)) = (
        shares.iter().position(|share| is_tone(&share)),
        shares.iter().rposition(|share| is_tone(&share)),
    ) else {
        return Heard::default();
    };
    let within = &shares[first..=last];
    let gaps = within.split(|share| is_tone(&share)).map(<[f64]>::len);
    let tones = within.iter().filter(is_tone).count();
    Heard {
        length: PIECE * tones as u32,
        longest_gap: PIECE * gaps.max().unwrap_or(0) as u32,
        purity: within.iter().filter(is_tone).sum::<f64>() / tones as f64,
    }
}

/// The share of a piece's power at a frequency in cycles per sample; 0 for silence.
fn share_at(piece: &[i16], cycles: f64) -> f64 {
    let power: f64 = piece.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    if power < AUDIBLE * piece.len() as f64 {
        return 0.0;
    }
    let (re, im) = piece
        .iter()
        .enumerate()
        .fold((0.0, 0.0), |(re, im), (at, sample)| {
            let (sin, cos) = (TAU * cycles * at as f64).sin_cos();
            (re + f64::from(*sample) * cos, im + f64::from(*sample) * sin)
        });
    (2.0 * (re * re + im * im) / (power * piece.len() as f64)).min(1.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Wave, hear};

    fn samples(hz: f64, millis: u64) -> Vec<i16> {
        Wave::tone(hz, Duration::from_millis(millis)).channels[0].clone()
    }

    #[test]
    fn a_tone_is_heard_at_its_own_frequency_only() {
        let tone = samples(440.0, 1000);
        let heard = hear(&tone, 8000, 440.0);
        assert_eq!(heard.length, Duration::from_secs(1));
        assert_eq!(heard.longest_gap, Duration::ZERO);
        assert!(heard.purity > 0.9, "{heard:?}");
        assert_eq!(hear(&tone, 8000, 1000.0).length, Duration::ZERO);
    }

    #[test]
    fn a_gap_is_measured() {
        let mut tone = samples(1000.0, 500);
        tone.extend(vec![0; 480]);
        tone.extend(samples(1000.0, 500));
        let heard = hear(&tone, 8000, 1000.0);
        assert_eq!(heard.longest_gap, Duration::from_millis(60));
        assert_eq!(heard.length, Duration::from_secs(1));
    }

    #[test]
    fn silence_before_and_after_is_no_gap() {
        let mut tone = vec![0; 800];
        tone.extend(samples(440.0, 200));
        tone.extend(vec![0; 800]);
        assert_eq!(hear(&tone, 8000, 440.0).longest_gap, Duration::ZERO);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let path = std::env::temp_dir().join(format!("xtask-wave-{}.wav", std::process::id()));
        let wave = Wave::tone(440.0, Duration::from_millis(100));
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
