//! The CANCEL of an INVITE of ours (RFC 3261 section 9.1).

use rvoip_sip_transport::sip_core::{HeaderName, Method, ParseError, Request};

use crate::ack;

/// Builds the CANCEL for `invite`: everything that names the INVITE is copied, its top Via alone, and no header that would
/// ask for anything else.
pub(crate) fn of(invite: &Request) -> Result<Request, ParseError> {
    let to = invite.headers().raw(&HeaderName::To).unwrap_or_default();
    ack::same_hop(invite, Method::Cancel, to)
}
