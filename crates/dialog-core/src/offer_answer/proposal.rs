//! What we offer, kept until it is answered: it may have to go out again (RFC 3261 section 14.1, RFC 4028 section 10).

use crate::Body;

/// The request that brings an offer of ours inside an answered call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OfferMethod {
    /// A re-INVITE: its user may be asked (RFC 3261 section 14.1).
    #[default]
    Invite,
    /// An UPDATE, which wants its answer at once (RFC 3311 section 5.1); a re-INVITE where the peer does not allow it.
    Update,
}

/// A description that we offer, and how often it has gone out before.
#[derive(Clone, Debug)]
pub(crate) struct Proposal {
    pub(crate) body: Option<Body>,
    pub(crate) method: OfferMethod,
    /// It changes nothing: the session timer sends it.
    pub(crate) refresh: bool,
    pub(crate) rounds: u8,
}

impl Proposal {
    pub(crate) fn new(body: Option<Body>, refresh: bool) -> Proposal {
        Proposal {
            body,
            method: OfferMethod::Invite,
            refresh,
            rounds: 0,
        }
    }
}
