//! What we offer, kept until it is answered: it may have to go out again (RFC 3261 section 14.1, RFC 4028 section 10).

use crate::Body;

/// A description that we offer, and how often it has gone out before.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) body: Option<Body>,
    /// It changes nothing: the session timer sends it.
    pub(crate) refresh: bool,
    pub(crate) rounds: u8,
}

impl Proposal {
    pub(crate) fn new(body: Option<Body>, refresh: bool) -> Proposal {
        Proposal {
            body,
            refresh,
            rounds: 0,
        }
    }
}
