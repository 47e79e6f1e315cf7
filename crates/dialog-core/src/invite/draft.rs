//! What the INVITE that begins a call is made of beside its dialog and offer: it may have to be made again (RFC 4028 section
//! 7.3).

use rvoip_transaction_core::sip_core::{ByteString, HeaderName};
use rvoip_transaction_core::{NextHop, OwnContact};

/// The parts of an INVITE that the user or the way it takes decide.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    /// Further headers, in order.
    pub(crate) headers: Vec<(HeaderName, ByteString)>,
    pub(crate) contact: OwnContact,
    pub(crate) next_hop: NextHop,
    /// The Min-SE that it says, in seconds; 0 for none.
    pub(crate) min_se: u32,
    /// How often it has been refused for its session interval.
    pub(crate) rounds: u8,
}
