//! Figures for an operator: what happened since the start.

mod publish;

pub(crate) use publish::Published;

/// Monotonic counts of a [`TransactionLayer`](crate::TransactionLayer).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionCounters {
    /// Client transactions begun.
    pub client_transactions: u64,
    /// Server transactions begun.
    pub server_transactions: u64,
    /// Messages sent again, on a timer or because the peer repeated itself.
    pub retransmissions_sent: u64,
    /// Requests and responses received again and not passed up.
    pub retransmissions_absorbed: u64,
    /// New requests answered 503 because the shard could not keep up.
    pub refused_overload: u64,
    /// ACKs for answers that left no trace.
    pub stateless_acknowledged: u64,
    /// Requests answered 503 because the table was full.
    pub refused_table_full: u64,
    /// Copies of an INVITE over another path, answered 482.
    pub merged_refused: u64,
    /// Defective requests answered with the status of their defect.
    pub defective_answered: u64,
    /// Defective requests dropped: an ACK, or one whose answer could not be sent.
    pub defective_dropped: u64,
    /// Responses that matched no transaction.
    pub stray_responses: u64,
    /// CANCEL requests answered 481.
    pub cancels_unmatched: u64,
    /// Transactions that ended because the peer kept silent.
    pub timed_out: u64,
    /// Requests sent on to the next server of their domain.
    pub failovers: u64,
    /// Transactions that ended because the network failed.
    pub transport_failed: u64,
}
