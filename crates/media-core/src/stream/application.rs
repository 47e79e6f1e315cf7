//! Applications at a stream: they hear what is played out, and say something in place of the source.

use std::time::{Duration, Instant};

use super::Stream;
use crate::audio::{AudioTap, Troubles};
use crate::engine::Outbox;
use crate::event::MediaEvent;

/// Applications that may be at a stream at a time.
const MAX_TAPS: usize = 8;
/// What goes wrong is told at once, and what goes wrong after that a second later.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// The applications at one stream.
#[derive(Debug, Default)]
pub(super) struct Applications {
    taps: Vec<AudioTap>,
    told_at: Option<Instant>,
}

impl Applications {
    /// Lets an application listen and speak; beside eight of them there is no room for another.
    pub(super) fn attach(&mut self, tap: AudioTap) {
        if self.taps.len() < MAX_TAPS {
            self.taps.push(tap);
        }
    }

    /// Forgets those that have let go.
    pub(super) fn clean_up(&mut self) {
        self.taps.retain(|tap| !tap.is_abandoned());
    }

    /// Whether anybody listens or speaks.
    pub(super) fn is_empty(&self) -> bool {
        self.taps.is_empty()
    }

    /// Whether anybody may speak.
    pub(super) fn speak(&self) -> bool {
        self.taps.iter().any(AudioTap::speaks)
    }

    /// Hands a frame of what is heard to all.
    pub(super) fn hear(&mut self, sample_rate_hz: u32, received: &[i16]) {
        for tap in &mut self.taps {
            tap.hear(sample_rate_hz, received);
        }
    }

    /// Writes what is said by the one that came last of those that may speak; whether there is one.
    pub(super) fn say(&mut self, sample_rate_hz: u32, sound: &mut [i16]) -> bool {
        let mut said = false;
        for tap in self.taps.iter_mut().rev() {
            if !said && tap.speaks() {
                tap.say(sample_rate_hz, sound);
                said = true;
            } else {
                tap.wait();
            }
        }
        said
    }

    /// Lets the time of a frame pass in which none can be heard.
    pub(super) fn wait(&mut self) {
        self.taps.iter_mut().for_each(AudioTap::wait);
    }
}

impl Stream {
    /// Tells when an application is late with what it says or with what it hears.
    pub(super) fn watch_applications(&mut self, now: Instant, outbox: &mut Outbox) {
        let Applications { taps, told_at } = &mut self.applications;
        if told_at.is_some_and(|at| now < at + TOLD_EVERY) {
            return;
        }
        let key = self.key;
        for tap in taps {
            let Troubles {
                underruns,
                silence,
                dropped_frames,
            } = tap.troubles();
            if underruns > 0 {
                *told_at = Some(now);
                outbox.events.push_back(MediaEvent::AudioUnderrun {
                    key,
                    underruns,
                    silence,
                });
            }
            if dropped_frames > 0 {
                *told_at = Some(now);
                outbox.events.push_back(MediaEvent::AudioDropped {
                    key,
                    frames: dropped_frames,
                });
            }
        }
    }
}
