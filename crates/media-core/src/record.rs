//! Recordings of what is heard and said, into a WAV file or into memory.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

mod file;

use crate::codec::SampleRate;
use crate::resample::FrameConverter;
use file::FileRecording;
pub(crate) use file::FileWriter;

/// Where a recording goes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RecordingSink {
    /// A WAV file (16 bits), replaced if it exists; a thread of its own writes it, so that the disk never
    /// holds up audio.
    File(PathBuf),
    /// Memory.
    Memory(MemoryRecording),
}

/// Whom a recording has. Both parties are in step to the sample, for as long as it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecordedParties {
    /// The peer, from its first sound on.
    #[default]
    Peer,
    /// What the peer is sent.
    Own,
    /// Both, added up.
    Mixed,
    /// Both, in two channels: the peer left, what it is sent right.
    Stereo,
}

impl RecordedParties {
    /// The channels of the recording.
    #[must_use]
    pub const fn channels(self) -> u16 {
        match self {
            Self::Stereo => 2,
            _ => 1,
        }
    }
}

/// What is recorded, and where to.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Where to.
    pub sink: RecordingSink,
    /// Whom.
    pub parties: RecordedParties,
    /// At what rate; `None` is that of the call when the recording begins.
    pub sample_rate: Option<SampleRate>,
}

impl From<RecordingSink> for Recording {
    /// The peer alone, at the rate of the call.
    fn from(sink: RecordingSink) -> Self {
        Self {
            sink,
            parties: RecordedParties::default(),
            sample_rate: None,
        }
    }
}

/// A recording in memory; clones share it.
#[derive(Debug, Clone)]
pub struct MemoryRecording {
    samples: Arc<Mutex<Vec<i16>>>,
    max_samples: usize,
}

impl MemoryRecording {
    /// An empty recording that takes at most `max_samples` and then no more.
    #[must_use]
    pub fn new(max_samples: usize) -> Self {
        Self {
            samples: Arc::default(),
            max_samples,
        }
    }

    /// What has been recorded so far, at the rate of the recording.
    #[must_use]
    pub fn samples(&self) -> Vec<i16> {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.clone()
    }

    /// Takes what there is room for; returns how many samples there is none for.
    fn write(&self, samples: &[i16]) -> u64 {
        let mut recorded = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        let room = self.max_samples.saturating_sub(recorded.len());
        let taken = samples.len().min(room);
        recorded.extend_from_slice(&samples[..taken]);
        (samples.len() - taken) as u64
    }
}

/// A stream's hold on its recording, which ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Recorder {
    sink: Sink,
    parties: RecordedParties,
    sample_rate: SampleRate,
    /// What was heard and said in the present frame.
    heard: Party,
    said: Party,
    frame: Vec<i16>,
    dropped: u64,
    failure_told: bool,
}

/// One party's part in a frame.
#[derive(Debug, Default)]
struct Party {
    converter: FrameConverter,
    frame: Vec<i16>,
}

#[derive(Debug)]
enum Sink {
    File(Arc<FileRecording>),
    Memory(MemoryRecording),
}

impl Recorder {
    /// Begins a recording of frames that come at `sample_rate` for the time being.
    pub(crate) fn new(recording: Recording, sample_rate: SampleRate, writer: &FileWriter) -> Self {
        let parties = recording.parties;
        let sample_rate = recording.sample_rate.unwrap_or(sample_rate);
        Self {
            sink: match recording.sink {
                RecordingSink::File(path) => {
                    Sink::File(writer.record(path, sample_rate, parties.channels()))
                }
                RecordingSink::Memory(memory) => Sink::Memory(memory),
            },
            parties,
            sample_rate,
            heard: Party::default(),
            said: Party::default(),
            frame: Vec::new(),
            dropped: 0,
            failure_told: false,
        }
    }

    /// Whether it has what the peer is sent.
    pub(crate) fn has_own(&self) -> bool {
        self.parties != RecordedParties::Peer
    }

    /// The rate of the recording.
    pub(crate) fn sample_rate_hz(&self) -> u32 {
        self.sample_rate.hz()
    }

    /// Takes what is heard in the present frame.
    pub(crate) fn hear(&mut self, sample_rate_hz: u32, frame: &[i16]) {
        if self.parties != RecordedParties::Own {
            self.heard.take(sample_rate_hz, self.sample_rate, frame);
        }
    }

    /// Takes what is said in the present frame.
    pub(crate) fn say(&mut self, sample_rate_hz: u32, frame: &[i16]) {
        if self.parties != RecordedParties::Peer {
            self.said.take(sample_rate_hz, self.sample_rate, frame);
        }
    }

    /// Records the frame; who was silent in it is recorded as silence, but for a peer alone that has not begun. What cannot be
    /// taken is counted.
    pub(crate) fn end_frame(&mut self) {
        let length = self.sample_rate.hz() as usize / 50;
        if self.parties == RecordedParties::Peer && self.heard.frame.is_empty() {
            return;
        }
        for party in [&mut self.heard, &mut self.said] {
            party.frame.resize(length, 0);
        }
        let both = self.heard.frame.iter().zip(&self.said.frame);
        self.frame.clear();
        match self.parties {
            RecordedParties::Peer => self.frame.extend(&self.heard.frame),
            RecordedParties::Own => self.frame.extend(&self.said.frame),
            RecordedParties::Mixed => self
                .frame
                .extend(both.map(|(heard, said)| heard.saturating_add(*said))),
            RecordedParties::Stereo => self
                .frame
                .extend(both.flat_map(|(heard, said)| [*heard, *said])),
        }
        self.dropped += match &self.sink {
            Sink::File(file) => file.push(&self.frame),
            Sink::Memory(memory) => memory.write(&self.frame),
        };
        self.heard.frame.clear();
        self.said.frame.clear();
    }

    /// Samples that were not recorded.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Why the file cannot be written; told once.
    pub(crate) fn failure(&mut self) -> Option<io::ErrorKind> {
        let failure = match &self.sink {
            Sink::File(file) => file.failure()?,
            Sink::Memory(_) => return None,
        };
        (!std::mem::replace(&mut self.failure_told, true)).then_some(failure)
    }

    /// Ends the recording; it may take a moment until it [is complete](Recorder::is_complete).
    pub(crate) fn finish(&self) {
        if let Sink::File(file) = &self.sink {
            file.close();
        }
    }

    /// Whether everything is where it should be, or has failed to get there.
    pub(crate) fn is_complete(&self) -> bool {
        match &self.sink {
            Sink::File(file) => file.is_complete(),
            Sink::Memory(_) => true,
        }
    }
}

impl Party {
    fn take(&mut self, from_hz: u32, to: SampleRate, frame: &[i16]) {
        let frame = self.converter.convert(from_hz, to.hz(), frame);
        self.frame.clear();
        self.frame.extend_from_slice(frame);
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests;
