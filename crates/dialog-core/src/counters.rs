//! What a dialog manager has done so far.

/// What happened since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DialogCounters {
    /// Calls that we placed.
    pub outgoing_calls: u64,
    /// Calls that reached us and were not refused by this layer.
    pub incoming_calls: u64,
    /// Calls answered with a 2xx, both directions.
    pub answered_calls: u64,
    /// Calls ended, both directions.
    pub ended_calls: u64,
    /// Requests that this layer refused by itself, 481 and 503 included.
    pub refused_requests: u64,
    /// Incoming calls answered 503 for lack of room or while draining.
    pub overload_refusals: u64,
    /// Requests of peers that were asked for credentials, or for others.
    pub challenged_requests: u64,
    /// In-dialog requests that matched no dialog: 481.
    pub unknown_dialogs: u64,
    /// 2xx responses sent again for want of an ACK.
    pub success_retransmissions: u64,
    /// Reliable provisional responses sent again for want of a PRACK.
    pub provisional_retransmissions: u64,
    /// ACKs sent again for a repeated 2xx.
    pub ack_repeats: u64,
    /// 2xx responses that won no call, answered with ACK and BYE.
    pub lost_forks: u64,
}
