//! The targets of a call that is sent on from here: who is tried together, who later, and which refusal counts in the end
//! (RFC 3261 sections 16.5 to 16.7).

use std::collections::VecDeque;

use rvoip_dialog_core::registrar::Located;
use rvoip_dialog_core::sip_core::{ByteString, HeaderName, StatusCode, Uri};
use rvoip_dialog_core::sip_transport::Target;

use crate::SessionId;

/// Where a request goes, and by which way.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// The Request-URI.
    pub(super) uri: Uri,
    /// The first hop first.
    pub(super) route: Vec<Uri>,
    /// The flow that is kept to it.
    pub(super) target: Option<Target>,
    /// How much it is preferred, in thousandths.
    q: u16,
}

impl Way {
    /// To a URI, wherever that leads.
    pub(super) fn to(uri: Uri) -> Way {
        Way {
            uri,
            route: Vec::new(),
            target: None,
            q: 1000,
        }
    }

    /// By this route.
    pub(super) fn by(self, route: Vec<Uri>) -> Way {
        Way { route, ..self }
    }
}

impl From<Located> for Way {
    fn from(place: Located) -> Way {
        Way {
            uri: place.contact.uri().clone(),
            route: place.route,
            target: place.flow.map(Target::Flow),
            q: place.q,
        }
    }
}

/// The targets of one call.
#[derive(Debug)]
pub(super) struct TargetSet {
    /// Whom the call is for.
    pub(super) callee: Uri,
    /// What each INVITE tells of the way the call came.
    pub(super) headers: Vec<(HeaderName, ByteString)>,
    /// The preferred first.
    waiting: VecDeque<Way>,
    ringing: Vec<SessionId>,
    /// There was more than one target from the beginning.
    is_forked: bool,
    /// Whose early media the caller hears.
    early: Option<SessionId>,
    best: Option<StatusCode>,
}

impl TargetSet {
    /// `ways` are given the preferred first.
    pub(super) fn new(
        callee: Uri,
        headers: Vec<(HeaderName, ByteString)>,
        ways: Vec<Way>,
    ) -> TargetSet {
        TargetSet {
            callee,
            headers,
            is_forked: ways.len() > 1,
            waiting: ways.into(),
            ringing: Vec::new(),
            early: None,
            best: None,
        }
    }

    /// Whether the caller is told what this target says about media: the first that says something, where several are to be
    /// `heard`. Another one may take it back by its answer.
    pub(super) fn lets_hear(&mut self, id: SessionId, heard: bool) -> bool {
        !self.is_forked || heard && *self.early.get_or_insert(id) == id
    }

    /// Those that are tried together next: all of the highest preference.
    pub(super) fn next_group(&mut self) -> Vec<Way> {
        let q = self.waiting.front().map(|way| way.q);
        let others = self.waiting.iter().take_while(|way| Some(way.q) == q);
        let count = others.count();
        self.waiting.drain(..count).collect()
    }

    /// This session rings one of them.
    pub(super) fn rings(&mut self, id: SessionId) {
        self.ringing.push(id);
    }

    /// One of them has refused. Returns whether others still ring.
    pub(super) fn refused(&mut self, id: SessionId, status: StatusCode) -> bool {
        self.ringing.retain(|other| *other != id);
        self.note(status);
        if status.code() >= 600 {
            self.waiting.clear();
        }
        !self.ringing.is_empty()
    }

    /// One of them could not be tried, or has refused.
    pub(super) fn note(&mut self, status: StatusCode) {
        if self.best.is_none_or(|best| rank(status) < rank(best)) {
            self.best = Some(status);
        }
    }

    /// Whether one has refused for all.
    pub(super) fn is_refused_for_all(&self) -> bool {
        self.best.is_some_and(|best| best.code() >= 600)
    }

    /// What the caller is told when all have refused.
    pub(super) fn outcome(&self) -> StatusCode {
        match self.best {
            // One target without room does not make this side overloaded (section 16.7 step 6).
            Some(StatusCode::SERVICE_UNAVAILABLE) | None if self.is_forked => {
                StatusCode::TEMPORARILY_UNAVAILABLE
            }
            best => best.unwrap_or(StatusCode::TEMPORARILY_UNAVAILABLE),
        }
    }

    /// Those that ring, without `winner`.
    pub(super) fn into_losers(self, winner: Option<SessionId>) -> Vec<SessionId> {
        let mut losers = self.ringing;
        losers.retain(|id| Some(*id) != winner);
        losers
    }

    /// Those that ring.
    pub(super) fn take_ringing(&mut self) -> Vec<SessionId> {
        std::mem::take(&mut self.ringing)
    }
}

/// The order of refusals: a global one first, then by class, and in a class first what the caller can do something about.
fn rank(status: StatusCode) -> (u8, u8) {
    let class = match status.code() / 100 {
        6 => 0,
        class => class as u8,
    };
    let helpful = matches!(status.code(), 401 | 407 | 415 | 420 | 484);
    (class, u8::from(!helpful))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(user: &str, q: u16) -> Way {
        let uri = Uri::parse(ByteString::from(format!("sip:{user}@10.0.0.1"))).unwrap();
        Way { q, ..Way::to(uri) }
    }

    fn set(ways: Vec<Way>) -> TargetSet {
        TargetSet::new(way("b", 0).uri, Vec::new(), ways)
    }

    #[test]
    fn equals_are_tried_together_and_the_preferred_first() {
        let mut set = set(vec![
            way("a", 1000),
            way("b", 1000),
            way("c", 500),
            way("d", 0),
        ]);
        let groups: Vec<Vec<String>> = std::iter::from_fn(|| {
            let group = set.next_group();
            let users = group.iter().map(|way| way.uri.user().unwrap().to_string());
            (!group.is_empty()).then(|| users.collect())
        })
        .collect();
        assert_eq!(groups, [vec!["a", "b"], vec!["c"], vec!["d"]]);
    }

    #[test]
    fn the_best_refusal_counts() {
        for (refusals, expected) in [
            (&[486, 404][..], 486),
            (&[500, 486, 480], 486),
            (&[486, 401], 401),
            (&[408, 503], 408),
            (&[503, 503], 480),
            (&[302, 486], 302),
            (&[486, 603, 404], 603),
        ] {
            let mut set = set(vec![way("a", 1000), way("b", 1000)]);
            for refusal in refusals {
                set.note(StatusCode::new(*refusal).unwrap());
            }
            assert_eq!(set.outcome().code(), expected, "{refusals:?}");
        }
    }

    #[test]
    fn one_who_refuses_for_all_leaves_nobody_to_try() {
        let mut set = set(vec![way("a", 1000), way("b", 500)]);
        set.next_group();
        let id = SessionId::new(1, 1);
        set.rings(id);
        assert!(!set.refused(id, StatusCode::DECLINE));
        assert!(set.is_refused_for_all());
        assert!(set.next_group().is_empty());
    }
}
