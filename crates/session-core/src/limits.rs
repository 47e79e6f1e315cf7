//! How many sessions one user and one endpoint may have at once.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// Limits beside the total one. Each is off by default, and costs nothing then.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionLimits {
    /// Sessions that one remote user may have at once, by the address of record: the caller of an incoming call, the called
    /// party of an outgoing one. More are answered 486 with Retry-After. Default without limit.
    pub per_user: Option<usize>,
    /// Sessions that one remote host may have at once: the address that an incoming call came from, the host that an outgoing
    /// one is placed to. More are answered 503 with Retry-After. Default without limit.
    pub per_endpoint: Option<usize>,
    /// When whoever was refused may try again: long enough for an average call to end soon. Default 30 s.
    pub retry_after: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        SessionLimits {
            per_user: None,
            per_endpoint: None,
            retry_after: Duration::from_secs(30),
        }
    }
}

/// What has as many sessions as it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LimitScope {
    /// One remote user.
    User,
    /// One remote host.
    Endpoint,
}

impl fmt::Display for LimitScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LimitScope::User => "user",
            LimitScope::Endpoint => "endpoint",
        })
    }
}

/// The user and the endpoint that a session counts for; nothing where there is no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Occupant {
    pub(crate) user: Option<Box<str>>,
    pub(crate) endpoint: Option<Box<str>>,
}

/// How many sessions each user and each endpoint has. As large as there are sessions at most.
#[derive(Debug, Default)]
pub(crate) struct Occupancy {
    users: HashMap<Box<str>, usize>,
    endpoints: HashMap<Box<str>, usize>,
}

impl Occupancy {
    /// Counts a session, or says what has as many as it may and how many that is.
    pub(crate) fn enter(
        &mut self,
        limits: &SessionLimits,
        occupant: &Occupant,
    ) -> Result<(), (LimitScope, usize)> {
        let full = |table: &HashMap<Box<str>, usize>, name: &Option<Box<str>>, limit| {
            let name: &str = name.as_deref()?;
            let limit: usize = limit?;
            (table.get(name).copied().unwrap_or(0) >= limit).then_some(limit)
        };
        if let Some(limit) = full(&self.users, &occupant.user, limits.per_user) {
            return Err((LimitScope::User, limit));
        }
        if let Some(limit) = full(&self.endpoints, &occupant.endpoint, limits.per_endpoint) {
            return Err((LimitScope::Endpoint, limit));
        }
        for (table, name) in self.tables(occupant) {
            *table.entry(name.clone()).or_default() += 1;
        }
        Ok(())
    }

    /// A counted session has ended.
    pub(crate) fn leave(&mut self, occupant: &Occupant) {
        for (table, name) in self.tables(occupant) {
            if let Some(count) = table.get_mut(name) {
                *count -= 1;
                if *count == 0 {
                    table.remove(name);
                }
            }
        }
    }

    fn tables<'a>(
        &'a mut self,
        occupant: &'a Occupant,
    ) -> impl Iterator<Item = (&'a mut HashMap<Box<str>, usize>, &'a Box<str>)> {
        let user = occupant.user.as_ref().map(|name| (&mut self.users, name));
        let endpoint = occupant.endpoint.as_ref();
        let endpoint = endpoint.map(|name| (&mut self.endpoints, name));
        user.into_iter().chain(endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_and_an_endpoint_have_no_more_than_they_may_and_give_it_back() {
        let limits = SessionLimits {
            per_user: Some(2),
            per_endpoint: Some(3),
            ..SessionLimits::default()
        };
        let of = |user: &str| Occupant {
            user: Some(user.into()),
            endpoint: Some("10.0.0.1".into()),
        };
        let mut occupancy = Occupancy::default();
        occupancy.enter(&limits, &of("alice")).unwrap();
        occupancy.enter(&limits, &of("alice")).unwrap();
        let user = Err((LimitScope::User, 2));
        assert_eq!(occupancy.enter(&limits, &of("alice")), user);
        occupancy.enter(&limits, &of("bob")).unwrap();
        let endpoint = Err((LimitScope::Endpoint, 3));
        assert_eq!(occupancy.enter(&limits, &of("bob")), endpoint);
        occupancy.leave(&of("alice"));
        occupancy.enter(&limits, &of("bob")).unwrap();
        for user in ["alice", "bob", "bob"] {
            occupancy.leave(&of(user));
        }
        assert!(occupancy.users.is_empty() && occupancy.endpoints.is_empty());
    }
}
