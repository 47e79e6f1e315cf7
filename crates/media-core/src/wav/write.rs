//! WAV files as they grow: after every write the header says what is there, so that a file left behind by a crash plays.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use crate::codec::SampleRate;

const HEADER_OCTETS: u32 = 44;

/// Writes 16-bit sound; samples of several channels come in turns.
#[derive(Debug)]
pub struct WavWriter<W: Write + Seek = File> {
    output: W,
    sample_rate: SampleRate,
    channels: u16,
    data_octets: u32,
    buffer: Vec<u8>,
}

impl WavWriter {
    /// Creates a file, or empties an existing one, and writes a header without sound.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn create(path: &Path, sample_rate: SampleRate, channels: u16) -> io::Result<Self> {
        Self::new(File::create(path)?, sample_rate, channels)
    }
}

impl<W: Write + Seek> WavWriter<W> {
    /// Writes a header without sound to `output`, which must be at its beginning.
    ///
    /// # Errors
    /// What `output` says.
    pub fn new(mut output: W, sample_rate: SampleRate, channels: u16) -> io::Result<Self> {
        output.write_all(&header(0, sample_rate, channels))?;
        Ok(Self {
            output,
            sample_rate,
            channels,
            data_octets: 0,
            buffer: Vec::new(),
        })
    }

    /// Appends samples and brings the header up to date.
    ///
    /// # Errors
    /// What `output` says, or [`io::ErrorKind::FileTooLarge`] when the format's four gigabytes are full.
    pub fn write(&mut self, samples: &[i16]) -> io::Result<()> {
        let octets = u32::try_from(samples.len() * 2).ok();
        let data_octets = octets
            .and_then(|octets| self.data_octets.checked_add(octets))
            .filter(|octets| *octets < u32::MAX - HEADER_OCTETS)
            .ok_or(io::ErrorKind::FileTooLarge)?;
        self.buffer.clear();
        self.buffer
            .extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        let end = u64::from(HEADER_OCTETS) + u64::from(self.data_octets);
        self.output.seek(SeekFrom::Start(end))?;
        self.output.write_all(&self.buffer)?;
        self.output.seek(SeekFrom::Start(0))?;
        self.output
            .write_all(&header(data_octets, self.sample_rate, self.channels))?;
        self.data_octets = data_octets;
        self.output.flush()
    }

    /// Gives the output back.
    pub fn into_inner(self) -> W {
        self.output
    }
}

fn header(
    data_octets: u32,
    sample_rate: SampleRate,
    channels: u16,
) -> [u8; HEADER_OCTETS as usize] {
    let frame_octets = 2 * channels;
    let mut header = [0; HEADER_OCTETS as usize];
    let mut put = |at: usize, octets: &[u8]| header[at..at + octets.len()].copy_from_slice(octets);
    put(0, b"RIFF");
    put(4, &(data_octets + HEADER_OCTETS - 8).to_le_bytes());
    put(8, b"WAVEfmt ");
    put(16, &16_u32.to_le_bytes());
    put(20, &1_u16.to_le_bytes());
    put(22, &channels.to_le_bytes());
    put(24, &sample_rate.hz().to_le_bytes());
    put(
        28,
        &(sample_rate.hz() * u32::from(frame_octets)).to_le_bytes(),
    );
    put(32, &frame_octets.to_le_bytes());
    put(34, &16_u16.to_le_bytes());
    put(36, b"data");
    put(40, &data_octets.to_le_bytes());
    header
}
