//! The recording of a stream.

use super::Stream;
use crate::engine::Outbox;
use crate::error::MediaError;
use crate::event::MediaEvent;
use crate::record::Recorder;

impl Stream {
    /// Records to another recorder, or no more.
    pub(crate) fn record(&mut self, recorder: Option<Recorder>) {
        let earlier = std::mem::replace(&mut self.recorder, recorder.map(Box::new));
        self.recording_samples_dropped += earlier.map_or(0, |earlier| earlier.dropped());
    }

    /// Ends the recording, and gives it out if it is not complete yet.
    pub(crate) fn end_recording(self) -> Option<Recorder> {
        let recorder = self.recorder?;
        recorder.finish();
        (!recorder.is_complete()).then_some(*recorder)
    }

    /// Tells when the recording has failed.
    pub(super) fn watch_recording(&mut self, outbox: &mut Outbox) {
        if let Some(kind) = self.recorder.as_mut().and_then(|it| it.failure()) {
            let key = self.key;
            tracing::warn!(session = %key, error = %kind, "recording failed");
            let error = MediaError::Recording(kind);
            outbox.events.push_back(MediaEvent::Failed { key, error });
        }
    }
}
