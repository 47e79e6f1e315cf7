//! Groups of sessions: who belongs together, as data for the application.

use std::fmt;

use crate::{SessionId, SessionPriority};

/// What a group of sessions is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BasicGroupType {
    /// Everybody hears everybody.
    Conference,
    /// The calls of a transfer: of the transferor, to the transferee and to the target.
    Transfer,
    /// Two legs of one call.
    Bridge,
    /// A call and the one that is placed to ask about it.
    Consultation,
    /// Calls that ring until the first is answered.
    Hunt,
    /// Calls that wait for somebody.
    Queue,
    /// Something of the application's own.
    Custom(String),
}

/// Sessions that belong together. Plain data: nothing happens to a session because it is in a group, and a session that
/// ends stays a member until the application removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicSessionGroup {
    /// The name of the group.
    pub id: String,
    /// What it is for.
    pub group_type: BasicGroupType,
    /// How urgent it is to the application.
    pub priority: SessionPriority,
    members: Vec<SessionId>,
    max_members: usize,
}

/// Why a session cannot join a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// It is a member already.
    #[error("session {0} is a member already")]
    AlreadyMember(SessionId),
    /// The group is as large as it may be.
    #[error("the group has its {0} members")]
    Full(usize),
}

impl BasicSessionGroup {
    /// A group without members, for any number of them.
    pub fn new(id: impl Into<String>, group_type: BasicGroupType) -> Self {
        BasicSessionGroup {
            id: id.into(),
            group_type,
            priority: SessionPriority::default(),
            members: Vec::new(),
            max_members: usize::MAX,
        }
    }

    /// The same group for at most so many members.
    pub fn with_max_members(mut self, members: usize) -> Self {
        self.max_members = members;
        self
    }

    /// Adds a member at the end.
    ///
    /// # Errors
    /// When it is one already, or the group is full.
    pub fn add(&mut self, session: SessionId) -> Result<(), GroupError> {
        if self.contains(session) {
            return Err(GroupError::AlreadyMember(session));
        }
        if self.members.len() >= self.max_members {
            return Err(GroupError::Full(self.max_members));
        }
        self.members.push(session);
        Ok(())
    }

    /// Removes a member; returns whether it was one.
    pub fn remove(&mut self, session: SessionId) -> bool {
        let before = self.members.len();
        self.members.retain(|member| *member != session);
        self.members.len() < before
    }

    /// Whether a session is a member.
    pub fn contains(&self, session: SessionId) -> bool {
        self.members.contains(&session)
    }

    /// The members in the order in which they joined.
    pub fn members(&self) -> &[SessionId] {
        &self.members
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl fmt::Display for BasicSessionGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}, {})", self.id, self.group_type, self.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_joins_once_and_leaves_once_and_no_more_join_than_may() {
        let [first, second, third] = [1, 2, 3].map(|slot| SessionId::new(1, slot));
        let mut group = BasicSessionGroup::new("sales", BasicGroupType::Hunt).with_max_members(2);
        group.add(first).unwrap();
        assert_eq!(group.add(first), Err(GroupError::AlreadyMember(first)));
        group.add(second).unwrap();
        assert_eq!(group.add(third), Err(GroupError::Full(2)));
        assert_eq!(group.members(), [first, second]);
        assert!(group.remove(first));
        assert!(!group.remove(first));
        group.add(third).unwrap();
        assert_eq!(group.members(), [second, third]);
        assert_eq!(group.to_string(), "sales (Hunt, 2)");
    }
}
