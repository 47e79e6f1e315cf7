//! What exists now and what happened so far, in one look.

/// The figures of a coordinator. The first six fall back to zero when nothing is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionStats {
    /// Sessions that have not ended.
    pub active_sessions: usize,
    /// Calls of dialog-core that have not ended.
    pub dialogs: usize,
    /// SIP transactions, those that linger for retransmissions included.
    pub transactions: usize,
    /// Open stream connections.
    pub connections: usize,
    /// Media sessions that have not been stopped.
    pub media_sessions: usize,
    /// RTP port pairs that are open.
    pub media_ports: usize,
    /// Sessions since the start.
    pub total_sessions: u64,
    /// Sessions that were answered.
    pub answered_sessions: u64,
    /// Sessions that ended as [`Failed`](crate::CallState::Failed).
    pub failed_sessions: u64,
    /// Incoming calls answered 503 for lack of room.
    pub refused_for_overload: u64,
    /// Incoming calls refused because their user or endpoint had as many sessions as it may.
    pub refused_for_limits: u64,
    /// SIP messages sent again.
    pub retransmissions_sent: u64,
    /// Messages from the network that were dropped: unreadable ones, and those that belong to nothing here and may not be
    /// answered.
    pub messages_dropped: u64,
}
