//! What an operator can set about transactions.

use std::time::Duration;

use crate::timer::TimerConfig;

/// Settings of a [`TransactionLayer`](crate::TransactionLayer).
#[derive(Clone, Debug)]
pub struct TransactionConfig {
    /// T1, T2, T4 and what is derived from them.
    pub timers: TimerConfig,
    /// Number of transactions above which a new INVITE is answered 503. Requests other than INVITE end calls more often
    /// than they begin something and are let in up to a quarter above it. Default 1,048,576: 16,000 calls per second,
    /// each leaving two transactions for 32 s. That is some 250 MB when it is full: an INVITE that lingers costs 123
    /// octets, a BYE those and its response.
    pub max_transactions: usize,
    /// A request outside of any dialog that has waited for longer than this in the shard is answered 503, and as long as
    /// that happens one that has waited for a fifth of it. Default 100 ms: the shard makes up for a short absence from the
    /// processor without refusing anything, and nobody repeats himself for as little (T1 is 500 ms).
    pub shed_after: Duration,
    /// What the Retry-After of a 503 says at least, in whole seconds; at most twice as much. Default 5 s.
    pub retry_after: Duration,
    /// How long a server may stay without any response before the next one of the same domain is tried; the last one has
    /// all of Timer B or F. Default 4 s: a request over UDP has gone out four times by then.
    pub attempt_timeout: Duration,
    /// Number of this shard, minted into every branch; [`shard_of`](crate::shard_of) reads it back from a response.
    pub shard: u16,
}

impl Default for TransactionConfig {
    fn default() -> Self {
        TransactionConfig {
            timers: TimerConfig::default(),
            max_transactions: 1 << 20,
            shed_after: Duration::from_millis(100),
            retry_after: Duration::from_secs(5),
            attempt_timeout: Duration::from_secs(4),
            shard: 0,
        }
    }
}
