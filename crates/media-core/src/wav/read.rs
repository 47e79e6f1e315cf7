//! WAV files into memory: 16-bit PCM or G.711, one or two channels, any usual rate.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Audio, WavError};
use crate::codec::{Codec, Decoder, SampleRate};
use crate::resample::resample;

const PCM: u16 = 1;
const A_LAW: u16 = 6;
const MU_LAW: u16 = 7;
/// The tag that says "see the extension", whose first two octets are the tag meant.
const EXTENSIBLE: u16 = 0xFFFE;

impl Audio {
    /// Reads a WAV file.
    ///
    /// # Errors
    /// [`WavError`] when it cannot be read or is not of a kind that is read here.
    pub fn open(path: &Path) -> Result<Self, WavError> {
        let mut octets = Vec::new();
        let mut limited = File::open(path)?.take(Self::MAX_OCTETS + 1);
        limited.read_to_end(&mut octets)?;
        Self::read(&octets)
    }

    /// Reads the octets of a WAV file; sound at a rate that streams have not is converted to the next that
    /// they have, two channels are averaged.
    ///
    /// # Errors
    /// As [`Audio::open`].
    pub fn read(octets: &[u8]) -> Result<Self, WavError> {
        if octets.len() as u64 > Self::MAX_OCTETS {
            return Err(WavError::TooLarge);
        }
        let mut rest = match octets.split_at_checked(12) {
            Some((head, rest)) if head.starts_with(b"RIFF") && head.ends_with(b"WAVE") => rest,
            _ => return Err(WavError::NotWav),
        };
        let mut format = None;
        while let Some((head, body)) = rest.split_at_checked(8) {
            let size = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
            // A file that was cut off, or written by a pipe, has less than it says.
            let (chunk, after) = body.split_at(size.min(body.len()));
            match &head[..4] {
                b"fmt " => format = Some(Format::read(chunk).ok_or(WavError::NotWav)?),
                b"data" => return format.ok_or(WavError::NotWav)?.audio(chunk),
                _ => {}
            }
            rest = after.get(size % 2..).unwrap_or_default();
        }
        Err(WavError::NotWav)
    }
}

/// The `fmt ` chunk.
struct Format {
    tag: u16,
    channels: u16,
    rate_hz: u32,
    bits: u16,
}

impl Format {
    fn read(chunk: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_le_bytes([*chunk.get(at)?, *chunk.get(at + 1)?]));
        let tag = match word(0)? {
            EXTENSIBLE => word(24)?,
            tag => tag,
        };
        Some(Self {
            tag,
            channels: word(2)?,
            rate_hz: u32::from(word(4)?) | u32::from(word(6)?) << 16,
            bits: word(14)?,
        })
    }

    fn audio(self, data: &[u8]) -> Result<Audio, WavError> {
        let usual = matches!(self.channels, 1 | 2) && (1_000..=192_000).contains(&self.rate_hz);
        let mut samples = Vec::new();
        match (self.tag, self.bits) {
            (PCM, 16) if usual => {
                let pairs = data.chunks_exact(2);
                samples.extend(pairs.map(|pair| i16::from_le_bytes([pair[0], pair[1]])));
            }
            (A_LAW, 8) if usual => Decoder::new(Codec::Pcma).decode(data, &mut samples),
            (MU_LAW, 8) if usual => Decoder::new(Codec::Pcmu).decode(data, &mut samples),
            (tag, bits) => {
                return Err(WavError::Unsupported {
                    tag,
                    channels: self.channels,
                    bits,
                    rate_hz: self.rate_hz,
                });
            }
        }
        if self.channels == 2 {
            let average = |pair: &[i16]| ((i32::from(pair[0]) + i32::from(pair[1])) / 2) as i16;
            samples = samples.chunks_exact(2).map(average).collect();
        }
        // The lowest rate that loses nothing of it.
        let mut rates = SampleRate::ALL.into_iter();
        let rate = rates.find(|rate| rate.hz() >= self.rate_hz);
        let rate = rate.unwrap_or(SampleRate::Hz48000);
        let samples = match rate.hz() == self.rate_hz {
            true => samples,
            false => resample(&samples, self.rate_hz, rate.hz()),
        };
        Ok(Audio::new(samples, rate))
    }
}
