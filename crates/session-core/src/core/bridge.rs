//! The bridges of a core: which sessions hear each other.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU64;
use std::time::Instant;

use rvoip_media_core::{BridgeKey, MediaError, MediaSessionController, MediaSessionKey};

use super::SessionCore;
use crate::{
    BasicSessionEvent, BridgeEvent, BridgeId, BridgeInfo, Operation, Result, SessionError,
    SessionId,
};

/// Why a session leaves whose media goes elsewhere.
pub(super) const APPLICATION_MEDIA: &str = "the application handles the media";

/// The bridges that exist, and who is in which.
#[derive(Debug, Default)]
pub(super) struct Bridges {
    bridges: BTreeMap<BridgeId, BridgeInfo>,
    of_session: HashMap<SessionId, BridgeId>,
    created: u64,
}

impl SessionCore {
    /// A bridge without sessions.
    ///
    /// # Errors
    /// As many exist as sessions may.
    pub fn create_bridge(&mut self, now: Instant) -> Result<BridgeId> {
        let limit = self.settings.max_sessions;
        if self.bridges.bridges.len() >= limit {
            return Err(SessionError::BridgesExhausted { limit });
        }
        let id = BridgeId(NonZeroU64::MIN.saturating_add(self.bridges.created));
        self.bridges.created += 1;
        let info = BridgeInfo {
            id,
            sessions: Vec::new(),
            created_at: now,
        };
        self.bridges.bridges.insert(id, info);
        Ok(id)
    }

    /// Lets two sessions hear each other: in the bridge that one of them is in, or in a new one.
    ///
    /// # Errors
    /// No such session, one that cannot be bridged, or both are in different bridges.
    pub fn bridge_sessions(
        &mut self,
        now: Instant,
        a: SessionId,
        b: SessionId,
    ) -> Result<BridgeId> {
        for session in [a, b] {
            self.bridgeable(session)?;
        }
        let of = |session| self.bridges.of_session.get(&session).copied();
        let (known, is_new) = match of(a).or(of(b)) {
            Some(bridge) => (bridge, false),
            None => (self.create_bridge(now)?, true),
        };
        let joined = [a, b].map(|session| self.add_to_bridge(now, known, session));
        let outcome: Result<()> = joined.into_iter().collect();
        if outcome.is_err() && is_new {
            self.destroy_bridge(now, known)?;
        }
        outcome.map(|()| known)
    }

    /// Lets a session and those of a bridge hear each other; does nothing when it is in it already.
    ///
    /// # Errors
    /// No such bridge or session, one that cannot be bridged, or the bridge is full.
    pub fn add_to_bridge(
        &mut self,
        now: Instant,
        bridge_id: BridgeId,
        session_id: SessionId,
    ) -> Result<()> {
        let key = self.bridgeable(session_id)?;
        let bridge = self.bridges.bridges.get(&bridge_id);
        let bridge = bridge.ok_or(SessionError::BridgeNotFound(bridge_id))?;
        match self.bridges.of_session.get(&session_id) {
            Some(present) if *present == bridge_id => return Ok(()),
            Some(present) => {
                return Err(SessionError::AlreadyBridged {
                    session_id,
                    bridge_id: *present,
                });
            }
            None => {}
        }
        let limit = MediaSessionController::MAX_BRIDGE_MEMBERS;
        if bridge.sessions.len() >= limit {
            return Err(SessionError::BridgeFull { bridge_id, limit });
        }
        let joined = self.media.join_bridge(now, key, media_key(bridge_id));
        joined.map_err(|source| SessionError::Media { session_id, source })?;
        if let Some(bridge) = self.bridges.bridges.get_mut(&bridge_id) {
            bridge.sessions.push(session_id);
        }
        self.bridges.of_session.insert(session_id, bridge_id);
        tracing::debug!(session = %session_id, bridge = %bridge_id, "joined");
        self.tell_bridge(BridgeEvent::ParticipantAdded {
            bridge_id,
            session_id,
        });
        Ok(())
    }

    /// Takes a session out of a bridge; its call goes on.
    ///
    /// # Errors
    /// No such bridge, or the session is not in it.
    pub fn remove_from_bridge(
        &mut self,
        now: Instant,
        bridge_id: BridgeId,
        session_id: SessionId,
    ) -> Result<()> {
        if !self.bridges.bridges.contains_key(&bridge_id) {
            return Err(SessionError::BridgeNotFound(bridge_id));
        }
        if self.bridge_of(session_id) != Some(bridge_id) {
            return Err(SessionError::NotBridged { session_id });
        }
        self.leave_bridge(now, session_id, "taken out");
        Ok(())
    }

    /// Takes all sessions out of a bridge, which is no more; the calls go on.
    ///
    /// # Errors
    /// No such bridge.
    pub fn destroy_bridge(&mut self, now: Instant, bridge_id: BridgeId) -> Result<()> {
        let bridge = self.bridges.bridges.get(&bridge_id);
        let bridge = bridge.ok_or(SessionError::BridgeNotFound(bridge_id))?;
        for session in bridge.sessions.clone() {
            self.leave_bridge(now, session, "the bridge was destroyed");
        }
        // The last to leave has ended it; one that was empty is left.
        self.end_bridge(bridge_id);
        Ok(())
    }

    /// The bridge that a session is in.
    pub fn bridge_of(&self, session: SessionId) -> Option<BridgeId> {
        self.bridges.of_session.get(&session).copied()
    }

    /// The other session of a bridge of two.
    pub(super) fn other_in_bridge(&self, session: SessionId) -> Option<SessionId> {
        let bridge = self.bridges.bridges.get(&self.bridge_of(session)?)?;
        match bridge.sessions[..] {
            [one, other] => Some(if one == session { other } else { one }),
            _ => None,
        }
    }

    /// What there is to know of a bridge.
    pub fn bridge_info(&self, bridge: BridgeId) -> Option<BridgeInfo> {
        self.bridges.bridges.get(&bridge).cloned()
    }

    /// All bridges, the oldest first.
    pub fn bridges(&self) -> Vec<BridgeInfo> {
        self.bridges.bridges.values().cloned().collect()
    }

    /// How loud the others of its bridge hear a session.
    ///
    /// # Errors
    /// No such session, or it is in no bridge.
    pub fn set_bridge_gain(&mut self, now: Instant, id: SessionId, gain: f32) -> Result<()> {
        self.change_bridged(id, |media, key| media.set_bridge_gain(now, key, gain))
    }

    /// Whether the others of its bridge do not hear a session.
    ///
    /// # Errors
    /// No such session, or it is in no bridge.
    pub fn set_bridge_muted(&mut self, now: Instant, id: SessionId, muted: bool) -> Result<()> {
        self.change_bridged(id, |media, key| media.set_bridge_muted(now, key, muted))
    }

    fn change_bridged(
        &mut self,
        session_id: SessionId,
        change: impl FnOnce(&mut MediaSessionController, MediaSessionKey) -> Result<(), MediaError>,
    ) -> Result<()> {
        self.session(session_id)?;
        if self.bridge_of(session_id).is_none() {
            return Err(SessionError::NotBridged { session_id });
        }
        self.with_media(session_id, change)
    }

    /// Takes a session out of its bridge, if it is in one; to be called before its media ends.
    pub(super) fn leave_bridge(&mut self, now: Instant, session_id: SessionId, reason: &str) {
        let Some(bridge_id) = self.bridges.of_session.remove(&session_id) else {
            return;
        };
        let media = self
            .sessions
            .get(session_id)
            .and_then(|session| session.media);
        if let Some(Err(error)) = media.map(|key| self.media.leave_bridge(now, key)) {
            tracing::debug!(session = %session_id, %error, "the media is gone");
        }
        self.tell_bridge(BridgeEvent::ParticipantRemoved {
            bridge_id,
            session_id,
            reason: reason.to_owned(),
        });
        let bridge = self.bridges.bridges.get_mut(&bridge_id);
        let is_empty = bridge.is_some_and(|bridge| {
            bridge.sessions.retain(|member| *member != session_id);
            bridge.sessions.is_empty()
        });
        if is_empty {
            self.end_bridge(bridge_id);
        }
    }

    fn end_bridge(&mut self, bridge_id: BridgeId) {
        if self.bridges.bridges.remove(&bridge_id).is_some() {
            self.tell_bridge(BridgeEvent::BridgeDestroyed { bridge_id });
        }
    }

    fn tell_bridge(&mut self, event: BridgeEvent) {
        self.events.push_back(BasicSessionEvent::Bridge(event));
    }

    /// The media of a session that may be in a bridge: it is answered or rings, as early media is heard too, and its media is
    /// here.
    fn bridgeable(&self, id: SessionId) -> Result<MediaSessionKey> {
        self.permit(id, Operation::Bridge)?;
        self.media_key(id)
    }
}

fn media_key(bridge: BridgeId) -> BridgeKey {
    BridgeKey(bridge.0.get())
}
