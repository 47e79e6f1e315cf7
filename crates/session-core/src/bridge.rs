//! Bridges: calls of this side whose parties hear each other.

use std::fmt;
use std::num::NonZeroU64;
use std::time::Instant;

use crate::{
    BasicSessionEvent, Delivery, EventFilter, EventSubscriber, Result, SessionCoordinator,
    SessionId,
};

/// Names a bridge of one coordinator; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BridgeId(pub(crate) NonZeroU64);

impl fmt::Display for BridgeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bridge-{}", self.0)
    }
}

/// Something that happened to a bridge. Everybody who joined leaves once, and every bridge ends once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BridgeEvent {
    /// A session hears the others now, and they hear it.
    ParticipantAdded {
        /// The bridge.
        bridge_id: BridgeId,
        /// The session.
        session_id: SessionId,
    },
    /// A session is in the bridge no more.
    ParticipantRemoved {
        /// The bridge.
        bridge_id: BridgeId,
        /// The session.
        session_id: SessionId,
        /// Why: it was taken out, the bridge was destroyed, or its call is over.
        reason: String,
    },
    /// The bridge exists no more: it was destroyed, or its last session has left.
    BridgeDestroyed {
        /// The bridge.
        bridge_id: BridgeId,
    },
}

/// What there is to know of a bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BridgeInfo {
    /// Its name.
    pub id: BridgeId,
    /// Its sessions, in the order in which they joined.
    pub sessions: Vec<SessionId>,
    /// When it was created.
    pub created_at: Instant,
}

/// The events of all bridges, from the subscription on.
#[derive(Debug)]
pub struct BridgeEvents {
    subscriber: EventSubscriber,
}

impl BridgeEvents {
    /// The next event; `None` when the coordinator is gone. Events that a slow subscriber lost are passed over.
    pub async fn recv(&mut self) -> Option<BridgeEvent> {
        loop {
            if let Delivery::Event(BasicSessionEvent::Bridge(event)) =
                self.subscriber.recv().await?
            {
                return Some(event);
            }
        }
    }
}

/// Bridges. Two sessions are relayed packet by packet where both use the same codec, and transcoded otherwise; more are a
/// conference, in which each hears all others. What is heard changes from one to the other without a gap. A session that is
/// held hears the music on hold and is not heard. When a call ends it leaves its bridge, and with its last session a bridge
/// is destroyed.
impl SessionCoordinator {
    /// A bridge without sessions. It exists until its last session leaves, or until it is destroyed.
    ///
    /// # Errors
    /// As many bridges exist as sessions may; after the coordinator was stopped.
    pub async fn create_bridge(&self) -> Result<BridgeId> {
        self.switchboard
            .call(|core, now| core.create_bridge(now))
            .await?
    }

    /// Lets two sessions hear each other: in the bridge that one of them is in, with everybody there, or in a new one.
    ///
    /// # Errors
    /// No such session, one that is not answered or whose media is not here, or both are in different bridges.
    pub async fn bridge_sessions(&self, a: &SessionId, b: &SessionId) -> Result<BridgeId> {
        let (a, b) = (*a, *b);
        self.switchboard
            .call(move |core, now| core.bridge_sessions(now, a, b))
            .await?
    }

    /// Lets a session and those of a bridge hear each other; does nothing when it is in it already.
    ///
    /// # Errors
    /// No such bridge or session, one that is not answered, whose media is not here, or that is in another bridge, or the
    /// bridge is full.
    pub async fn add_session_to_bridge(
        &self,
        bridge: &BridgeId,
        session: &SessionId,
    ) -> Result<()> {
        let (bridge, session) = (*bridge, *session);
        self.switchboard
            .call(move |core, now| core.add_to_bridge(now, bridge, session))
            .await?
    }

    /// Takes a session out of a bridge; its call goes on.
    ///
    /// # Errors
    /// No such bridge, or the session is not in it.
    pub async fn remove_session_from_bridge(
        &self,
        bridge: &BridgeId,
        session: &SessionId,
    ) -> Result<()> {
        let (bridge, session) = (*bridge, *session);
        self.switchboard
            .call(move |core, now| core.remove_from_bridge(now, bridge, session))
            .await?
    }

    /// Takes all sessions out of a bridge, which is no more; the calls go on.
    ///
    /// # Errors
    /// No such bridge.
    pub async fn destroy_bridge(&self, bridge: &BridgeId) -> Result<()> {
        let bridge = *bridge;
        self.switchboard
            .call(move |core, now| core.destroy_bridge(now, bridge))
            .await?
    }

    /// The bridge that a session is in.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    pub async fn get_session_bridge(&self, session: &SessionId) -> Result<Option<BridgeId>> {
        let session = *session;
        self.switchboard
            .call(move |core, _| core.bridge_of(session))
            .await
    }

    /// What there is to know of a bridge; `None` when there is no such bridge.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    pub async fn get_bridge_info(&self, bridge: &BridgeId) -> Result<Option<BridgeInfo>> {
        let bridge = *bridge;
        self.switchboard
            .call(move |core, _| core.bridge_info(bridge))
            .await
    }

    /// All bridges, the oldest first.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    pub async fn list_bridges(&self) -> Result<Vec<BridgeInfo>> {
        self.switchboard.call(|core, _| core.bridges()).await
    }

    /// How loud the others of its bridge hear a session: 1 as it is, 0 not at all, 4 (12 dB) at most.
    ///
    /// # Errors
    /// No such session, or it is in no bridge.
    pub async fn set_bridge_gain(&self, session: &SessionId, gain: f32) -> Result<()> {
        let session = *session;
        self.switchboard
            .call(move |core, now| core.set_bridge_gain(now, session, gain))
            .await?
    }

    /// Whether the others of its bridge do not hear a session.
    ///
    /// # Errors
    /// No such session, or it is in no bridge.
    pub async fn set_bridge_muted(&self, session: &SessionId, muted: bool) -> Result<()> {
        let session = *session;
        self.switchboard
            .call(move |core, now| core.set_bridge_muted(now, session, muted))
            .await?
    }

    /// What happens to bridges from now on.
    pub async fn subscribe_to_bridge_events(&self) -> BridgeEvents {
        let is_bridge = |event: &BasicSessionEvent| matches!(event, BasicSessionEvent::Bridge(_));
        BridgeEvents {
            subscriber: self.subscribe_filtered(EventFilter::default().matching(is_bridge)),
        }
    }
}
