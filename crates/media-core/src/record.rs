//! Recordings: what a stream receives, into a WAV file or into memory.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

mod file;

use file::FileRecording;
pub(crate) use file::FileWriter;

/// Where a recording goes.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum RecordingSink {
    /// A WAV file (8 kHz mono, 16 bits), replaced if it exists; a thread of its own writes it, so that the disk never
    /// holds up audio.
    File(PathBuf),
    /// Memory.
    Memory(MemoryRecording),
}

/// A recording in memory; clones share it.
#[derive(Debug, Clone)]
pub struct MemoryRecording {
    samples: Arc<Mutex<Vec<i16>>>,
    max_samples: usize,
}

impl MemoryRecording {
    /// An empty recording that takes at most `max_samples` (8,000 a second) and then no more.
    #[must_use]
    pub fn new(max_samples: usize) -> Self {
        Self {
            samples: Arc::default(),
            max_samples,
        }
    }

    /// What has been recorded so far, at 8 kHz.
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
    dropped: u64,
    failure_told: bool,
}

#[derive(Debug)]
enum Sink {
    File(Arc<FileRecording>),
    Memory(MemoryRecording),
}

impl Recorder {
    pub(crate) fn new(sink: RecordingSink, writer: &mut FileWriter) -> Self {
        Self {
            sink: match sink {
                RecordingSink::File(path) => Sink::File(writer.record(path)),
                RecordingSink::Memory(memory) => Sink::Memory(memory),
            },
            dropped: 0,
            failure_told: false,
        }
    }

    /// Records samples; what cannot be taken is counted.
    pub(crate) fn write(&mut self, samples: &[i16]) {
        self.dropped += match &self.sink {
            Sink::File(file) => file.push(samples),
            Sink::Memory(memory) => memory.write(samples),
        };
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

impl Drop for Recorder {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests;
