//! Recordings on disk: streams put samples into bounded buffers, one thread carries the buffers to the files.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use crate::codec::SampleRate;
use crate::wav::WavWriter;

/// How many seconds of a recording may wait for the disk.
const MAX_WAITING_SECONDS: usize = 4;
/// How often the buffers are carried to the disk.
const INTERVAL: Duration = Duration::from_millis(250);

/// One recording, between its stream and the thread.
#[derive(Debug)]
pub(super) struct FileRecording {
    path: PathBuf,
    sample_rate: SampleRate,
    channels: u16,
    waiting: Mutex<Waiting>,
    thread: Thread,
    failure: OnceLock<io::ErrorKind>,
    complete: AtomicBool,
}

/// What waits for the disk.
#[derive(Debug, Default)]
struct Waiting {
    samples: Vec<i16>,
    /// Samples after those that did not fit; silence takes their place.
    missing: usize,
    closed: bool,
}

impl FileRecording {
    /// Samples of all channels that may wait.
    fn max_waiting(&self) -> usize {
        MAX_WAITING_SECONDS * self.sample_rate.hz() as usize * usize::from(self.channels)
    }

    /// Takes samples if there is room; returns how many are not taken.
    pub(super) fn push(&self, samples: &[i16]) -> u64 {
        let mut waiting = self.lock();
        let fits = waiting.samples.len() + samples.len() <= self.max_waiting();
        if fits && waiting.missing == 0 && self.failure.get().is_none() {
            waiting.samples.extend_from_slice(samples);
            0
        } else {
            waiting.missing += samples.len();
            samples.len() as u64
        }
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.thread.unpark();
    }

    pub(super) fn failure(&self) -> Option<io::ErrorKind> {
        self.failure.get().copied()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Acquire)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that writes recordings; it starts with the first one and ends with the last of the engines that share it.
#[derive(Debug, Default, Clone)]
pub(crate) struct FileWriter(Arc<Desk>);

#[derive(Debug, Default)]
struct Desk {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct Shared {
    new: Mutex<Vec<Arc<FileRecording>>>,
    stopping: AtomicBool,
}

impl FileWriter {
    /// Begins a recording.
    pub(super) fn record(
        &self,
        path: PathBuf,
        sample_rate: SampleRate,
        channels: u16,
    ) -> Arc<FileRecording> {
        let thread = self.0.thread();
        let failure = OnceLock::new();
        if let Err(error) = &thread {
            let _ = failure.set(error.kind());
        }
        let recording = Arc::new(FileRecording {
            path,
            sample_rate,
            channels,
            waiting: Mutex::default(),
            complete: AtomicBool::new(thread.is_err()),
            thread: thread.unwrap_or_else(|_| thread::current()),
            failure,
        });
        if !recording.is_complete() {
            self.0.shared.take_new().push(recording.clone());
            recording.thread.unpark();
        }
        recording
    }
}

impl Desk {
    /// The thread, which is started for whoever asks first.
    fn thread(&self) -> io::Result<Thread> {
        let mut handle = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = &*handle {
            return Ok(handle.thread().clone());
        }
        let shared = self.shared.clone();
        let builder = thread::Builder::new().name("rvoip-record".to_owned());
        let started = builder.spawn(move || shared.run())?;
        let thread = started.thread().clone();
        *handle = Some(started);
        Ok(thread)
    }
}

impl Drop for Desk {
    /// Waits until every recording is on disk; those still open are closed by their streams before.
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        let handle = self.thread.get_mut();
        if let Some(handle) = handle.unwrap_or_else(PoisonError::into_inner).take() {
            handle.thread().unpark();
            let _ = handle.join();
        }
    }
}

impl Shared {
    fn take_new(&self) -> MutexGuard<'_, Vec<Arc<FileRecording>>> {
        self.new.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        let mut open = Vec::new();
        let mut buffer = Vec::new();
        loop {
            let stopping = self.stopping.load(Ordering::Acquire);
            open.extend(self.take_new().drain(..).map(OpenFile::new));
            open.retain_mut(|file: &mut OpenFile| file.carry(&mut buffer, stopping));
            if stopping && open.is_empty() {
                return;
            }
            if open.is_empty() {
                thread::park();
            } else {
                thread::park_timeout(INTERVAL);
            }
        }
    }
}

/// A recording and its file.
struct OpenFile {
    recording: Arc<FileRecording>,
    writer: io::Result<WavWriter>,
}

impl OpenFile {
    fn new(recording: Arc<FileRecording>) -> Self {
        let writer = WavWriter::create(&recording.path, recording.sample_rate, recording.channels);
        Self { recording, writer }
    }

    /// Carries what waits to the file; `buffer` changes places with the recording's. Returns whether more may come.
    fn carry(&mut self, buffer: &mut Vec<i16>, stopping: bool) -> bool {
        buffer.clear();
        let (mut missing, closed) = {
            let mut waiting = self.recording.lock();
            std::mem::swap(&mut waiting.samples, buffer);
            (std::mem::take(&mut waiting.missing), waiting.closed)
        };
        let mut written = self.write(buffer);
        while missing > 0 && written.is_ok() {
            let silence = missing.min(self.recording.max_waiting());
            missing -= silence;
            buffer.clear();
            buffer.resize(silence, 0);
            written = self.write(buffer);
        }
        if let Err(kind) = written {
            let _ = self.recording.failure.set(kind);
        }
        let ended = closed || stopping || written.is_err();
        if ended {
            self.recording.complete.store(true, Ordering::Release);
        }
        !ended
    }

    fn write(&mut self, samples: &[i16]) -> Result<(), io::ErrorKind> {
        match &mut self.writer {
            Ok(writer) => writer.write(samples).map_err(|error| error.kind()),
            Err(error) => Err(error.kind()),
        }
    }
}
