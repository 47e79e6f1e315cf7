//! Sessions that end with others: parents and children.

use std::collections::HashMap;

use crate::SessionId;

/// Which sessions depend on which: a child ends when its parent does. A session has at most one parent, and none is its own
/// ancestor.
#[derive(Debug, Clone, Default)]
pub struct SessionDependencyTracker {
    parents: HashMap<SessionId, SessionId>,
    children: HashMap<SessionId, Vec<SessionId>>,
}

/// Why one session cannot depend on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DependencyError {
    /// The parent would depend on its own child.
    #[error("session {parent} depends on {child} already")]
    Cycle {
        /// Who was to be the parent.
        parent: SessionId,
        /// Who was to be the child.
        child: SessionId,
    },
    /// The child has a parent already.
    #[error("session {child} depends on {parent} already")]
    HasParent {
        /// The child.
        child: SessionId,
        /// Its parent.
        parent: SessionId,
    },
}

impl SessionDependencyTracker {
    /// A tracker without dependencies.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets `child` depend on `parent`.
    ///
    /// # Errors
    /// When that would close a circle, or the child has a parent.
    pub fn link(&mut self, parent: SessionId, child: SessionId) -> Result<(), DependencyError> {
        if let Some(parent) = self.parent(child) {
            return Err(DependencyError::HasParent { child, parent });
        }
        if parent == child || self.ancestors(parent).any(|ancestor| ancestor == child) {
            return Err(DependencyError::Cycle { parent, child });
        }
        self.parents.insert(child, parent);
        self.children.entry(parent).or_default().push(child);
        Ok(())
    }

    /// Lets `child` depend on nobody; returns the parent it had.
    pub fn unlink(&mut self, child: SessionId) -> Option<SessionId> {
        let parent = self.parents.remove(&child)?;
        if let Some(children) = self.children.get_mut(&parent) {
            children.retain(|other| *other != child);
            if children.is_empty() {
                self.children.remove(&parent);
            }
        }
        Some(parent)
    }

    /// Forgets a session that has ended; returns the children that it leaves, which are to end with it.
    pub fn remove(&mut self, session: SessionId) -> Vec<SessionId> {
        self.unlink(session);
        let children = self.children.remove(&session).unwrap_or_default();
        for child in &children {
            self.parents.remove(child);
        }
        children
    }

    /// Whom a session depends on.
    pub fn parent(&self, child: SessionId) -> Option<SessionId> {
        self.parents.get(&child).copied()
    }

    /// Who depends on a session directly, in the order in which they were linked.
    pub fn children(&self, parent: SessionId) -> &[SessionId] {
        self.children.get(&parent).map_or(&[], Vec::as_slice)
    }

    /// Everybody who depends on a session, parents before their children.
    pub fn descendants(&self, session: SessionId) -> Vec<SessionId> {
        let mut found = self.children(session).to_vec();
        let mut next = 0;
        while let Some(session) = found.get(next) {
            found.extend_from_slice(self.children(*session));
            next += 1;
        }
        found
    }

    /// Whether nobody depends on anybody.
    pub fn is_empty(&self) -> bool {
        self.parents.is_empty()
    }

    /// How many sessions have a parent.
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    fn ancestors(&self, session: SessionId) -> impl Iterator<Item = SessionId> {
        std::iter::successors(self.parent(session), |ancestor| self.parent(*ancestor))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_becomes_an_ancestor_of_itself() {
        let [a, b, c, d] = [1, 2, 3, 4].map(|slot| SessionId::new(1, slot));
        let mut tracker = SessionDependencyTracker::new();
        tracker.link(a, b).unwrap();
        tracker.link(b, c).unwrap();
        let cycle = |parent, child| Err(DependencyError::Cycle { parent, child });
        assert_eq!(tracker.link(c, a), cycle(c, a));
        assert_eq!(tracker.link(b, a), cycle(b, a));
        assert_eq!(tracker.link(d, d), cycle(d, d));
        let parent = Err(DependencyError::HasParent {
            child: c,
            parent: b,
        });
        assert_eq!(tracker.link(a, c), parent);
        tracker.link(b, d).unwrap();
        assert_eq!(tracker.descendants(a), [b, c, d]);
        assert_eq!(tracker.unlink(b), Some(a));
        tracker.link(c, a).unwrap();
        assert_eq!(tracker.descendants(b), [c, d, a]);
    }

    #[test]
    fn who_ends_leaves_its_children_without_a_parent_and_nothing_else() {
        let [a, b, c] = [1, 2, 3].map(|slot| SessionId::new(1, slot));
        let mut tracker = SessionDependencyTracker::new();
        tracker.link(a, b).unwrap();
        tracker.link(b, c).unwrap();
        assert_eq!(tracker.remove(b), [c]);
        assert!(tracker.is_empty());
        assert_eq!(tracker.children(a), []);
        assert_eq!(tracker.remove(b), []);
        assert_eq!(tracker.len(), 0);
    }
}
