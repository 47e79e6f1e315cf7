//! Applications at a stream: they hear what is played out, and say something in place of the source.

use crate::audio::AudioTap;

/// Applications that may be at a stream at a time.
const MAX_TAPS: usize = 8;

/// The applications at one stream.
#[derive(Debug, Default)]
pub(super) struct Applications {
    taps: Vec<AudioTap>,
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
