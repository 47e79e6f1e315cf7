//! What an operator can set about transactions.

use std::time::Duration;

use crate::timer::TimerConfig;

/// Settings of a [`TransactionLayer`](crate::TransactionLayer).
#[derive(Clone, Debug)]
pub struct TransactionConfig {
    /// T1, T2, T4 and what is derived from them.
    pub timers: TimerConfig,
    /// Number of transactions above which a new INVITE is answered 503. Requests other than INVITE end calls more often
    /// than they begin something and are let in up to a quarter above it. Default 524,288: 8000 calls per second, each
    /// leaving two transactions for 32 s.
    pub max_transactions: usize,
    /// What the Retry-After of that 503 says, in whole seconds.
    pub retry_after: Duration,
    /// Number of this shard, minted into every branch; [`shard_of`](crate::shard_of) reads it back from a response.
    pub shard: u16,
}

impl Default for TransactionConfig {
    fn default() -> Self {
        TransactionConfig {
            timers: TimerConfig::default(),
            max_transactions: 524_288,
            retry_after: Duration::from_secs(5),
            shard: 0,
        }
    }
}
