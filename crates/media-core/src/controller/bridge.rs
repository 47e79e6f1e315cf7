//! Bridges: sessions that hear each other.

use std::time::Instant;

use super::sessions::Done;
use super::{MediaSessionController, MediaSessionKey};
use crate::engine::{BridgeKey, MediaCommand};
use crate::play::AudioSource;
use crate::record::Recording;

impl MediaSessionController {
    /// Sessions of one bridge at most.
    pub const MAX_BRIDGE_MEMBERS: usize = crate::engine::MAX_LEGS;

    /// Lets a session and those that are in the bridge hear each other; it leaves the one that it is in. The bridge begins with
    /// its first session and ends with its last.
    ///
    /// A [`MediaEvent::Bridged`](crate::MediaEvent::Bridged) says how it is carried; beyond
    /// [`MAX_BRIDGE_MEMBERS`](Self::MAX_BRIDGE_MEMBERS) there is a [`MediaEvent::Failed`](crate::MediaEvent::Failed).
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn join_bridge(&mut self, now: Instant, key: MediaSessionKey, bridge: BridgeKey) -> Done {
        self.command(now, key, MediaCommand::JoinBridge { key, bridge })
    }

    /// Takes a session out of its bridge; it goes on with its own source.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn leave_bridge(&mut self, now: Instant, key: MediaSessionKey) -> Done {
        self.command(now, key, MediaCommand::LeaveBridge { key })
    }

    /// Sets how loud the others of its bridge hear a session: 1 as it is, 0 not at all, 4 (12 dB) at most.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn set_bridge_gain(&mut self, now: Instant, key: MediaSessionKey, gain: f32) -> Done {
        self.command(now, key, MediaCommand::SetBridgeGain { key, gain })
    }

    /// Sets whether the others of its bridge do not hear a session.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn set_bridge_muted(&mut self, now: Instant, key: MediaSessionKey, muted: bool) -> Done {
        self.command(now, key, MediaCommand::SetBridgeMuted { key, muted })
    }

    /// Lets everybody in the session's bridge hear `source` besides each other; `None` ends it.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn play_to_bridge(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
        source: Option<AudioSource>,
    ) -> Done {
        self.command(now, key, MediaCommand::PlayToBridge { key, source })
    }

    /// Records what is said in the session's bridge, in place of an earlier recording; `None` ends it.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn record_bridge(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
        recording: Option<Recording>,
    ) -> Done {
        self.command(now, key, MediaCommand::RecordBridge { key, recording })
    }
}
