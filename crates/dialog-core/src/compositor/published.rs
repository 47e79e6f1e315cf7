//! What a compositor tells: the answer to a PUBLISH, and what changed.

use std::time::Duration;

use rvoip_transaction_core::sip_core::ByteString;

use crate::Body;
use crate::registrar::AddressOfRecord;

/// What became of a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicationChange {
    /// It is new.
    Published,
    /// Its state is another.
    Modified,
    /// It holds for longer now.
    Refreshed,
    /// Its user removed it.
    Removed,
    /// It ran out.
    Expired,
}

/// A change of one publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicationEvent {
    /// Whose state it is.
    pub entity: AddressOfRecord,
    /// The event package.
    pub event: ByteString,
    /// What became of it.
    pub change: PublicationChange,
    /// The state that it has, or had last.
    pub body: Body,
}

/// What the 200 to a PUBLISH says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What the state is called from now on.
    pub etag: ByteString,
    /// How long it holds; zero when it was removed.
    pub expires: Duration,
    /// What changed.
    pub event: PublicationEvent,
}
