//! The end of a session: goodbye, the port, the rest of the recording, and the last event.

use std::time::{Duration, Instant};

use super::MediaEngine;
use crate::controller::MediaSessionKey;
use crate::event::{MediaEvent, MediaStatistics};
use crate::record::Recorder;
use crate::rtp_core::PortKey;

/// How long the end of a session waits for the disk to take the rest of its recording.
const RECORDING_PATIENCE: Duration = Duration::from_secs(5);

/// A session that has ended but for its recording.
#[derive(Debug)]
pub(super) struct Ending {
    key: MediaSessionKey,
    statistics: MediaStatistics,
    recorder: Recorder,
    deadline: Instant,
}

impl MediaEngine {
    /// Ends the stream at this place, if there is one.
    pub(super) fn close(&mut self, now: Instant, index: usize) {
        let Some(mut stream) = self.take(index) else {
            return;
        };
        tracing::debug!(session = %stream.key(), "media session ends");
        stream.say_goodbye(now, &mut self.outbox);
        self.outbox.closed_ports.push_back(stream.port());
        let statistics = stream.statistics();
        let key = stream.key();
        match stream.end_recording() {
            Some(recorder) => self.ending.push(Ending {
                key,
                statistics,
                recorder,
                deadline: now + RECORDING_PATIENCE,
            }),
            None => self
                .outbox
                .events
                .push_back(MediaEvent::Ended { key, statistics }),
        }
    }

    /// Ends sessions whose recording is complete, or has kept them waiting for too long.
    pub(super) fn end_recorded(&mut self, now: Instant) {
        let events = &mut self.outbox.events;
        let done = |ending: &mut Ending| ending.recorder.is_complete() || ending.deadline <= now;
        for ending in self.ending.extract_if(.., done) {
            let Ending {
                key, statistics, ..
            } = ending;
            events.push_back(MediaEvent::Ended { key, statistics });
        }
        if self.is_empty() && self.ending.is_empty() {
            self.clock = None;
        }
    }

    /// Ends the stream of a port, and sessions whether or not their recording is complete: nobody may be there to look at it again.
    pub(super) fn end(&mut self, now: Instant, port: PortKey) {
        if let Some(index) = self.ports.get(&port) {
            self.close(now, *index);
        }
        let endings = self.ending.iter_mut();
        endings.for_each(|ending| ending.deadline = now);
        self.end_recorded(now);
    }
}
