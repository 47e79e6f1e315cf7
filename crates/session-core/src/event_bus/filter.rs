//! Which events a subscriber wants.

use crate::{BasicSessionEvent, SessionId};

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum EventPriority {
    /// Figures and flows of media: many, and the next one says more.
    #[default]
    Routine,
    /// What becomes of a call.
    Normal,
    /// Somebody waits for us, or waits no longer: a call came in, a call has ended.
    Urgent,
}

/// Which events a subscriber wants: those that pass every condition. The default passes everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct EventFilter {
    session: Option<SessionId>,
    at_least: EventPriority,
    matching: Option<fn(&BasicSessionEvent) -> bool>,
}

impl EventFilter {
    /// Only events of this session.
    #[must_use]
    pub fn of_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// Only events that matter so much or more.
    #[must_use]
    pub fn at_least(mut self, priority: EventPriority) -> Self {
        self.at_least = priority;
        self
    }

    /// Only events for which this holds.
    #[must_use]
    pub fn matching(mut self, condition: fn(&BasicSessionEvent) -> bool) -> Self {
        self.matching = Some(condition);
        self
    }

    /// Whether an event passes.
    pub fn passes(&self, event: &BasicSessionEvent) -> bool {
        event.priority() >= self.at_least
            && self
                .session
                .is_none_or(|session| event.session_id() == Some(session))
            && self.matching.is_none_or(|condition| condition(event))
    }
}

impl BasicSessionEvent {
    /// How much the event matters.
    pub const fn priority(&self) -> EventPriority {
        match self {
            BasicSessionEvent::MediaReported { .. }
            | BasicSessionEvent::AudioUnderrun { .. }
            | BasicSessionEvent::AudioDropped { .. }
            | BasicSessionEvent::MediaFlowChanged { .. } => EventPriority::Routine,
            BasicSessionEvent::CallReceived { .. } | BasicSessionEvent::Ended { .. } => {
                EventPriority::Urgent
            }
            _ => EventPriority::Normal,
        }
    }
}
