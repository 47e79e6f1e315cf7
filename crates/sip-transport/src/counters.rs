//! What passed the transport layer, and what was dropped and why.

/// Why a message from the network went no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// Its start line and header fields cannot be told apart, or a cap is exceeded.
    Malformed,
    /// A response that breaks a rule.
    InvalidResponse,
    /// A response whose top Via is not ours (RFC 3261 section 18.1.2).
    StrayResponse,
    /// An ACK that breaks a rule: it cannot be answered.
    InvalidAck,
    /// Octets on a stream that are not SIP, lack Content-Length, or exceed a cap.
    Framing,
    /// A message begun on a stream was not completed in time.
    SlowMessage,
    /// A connection beyond the limit.
    TooManyConnections,
}

impl DropReason {
    /// Every reason.
    pub const ALL: [Self; 7] = [
        Self::Malformed,
        Self::InvalidResponse,
        Self::StrayResponse,
        Self::InvalidAck,
        Self::Framing,
        Self::SlowMessage,
        Self::TooManyConnections,
    ];
}

/// Running totals of one transport layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportCounters {
    /// Messages received, dropped ones included.
    pub messages_received: u64,
    /// Octets of these messages.
    pub octets_received: u64,
    /// Messages sent.
    pub messages_sent: u64,
    /// Octets of these messages.
    pub octets_sent: u64,
    /// Keep-alives received (RFC 5626 section 3.5.1).
    pub keep_alives: u64,
    /// Datagrams that could not be sent or delivered.
    pub sends_failed: u64,
    /// Connections accepted.
    pub connections_accepted: u64,
    /// Connections opened.
    pub connections_opened: u64,
    /// Connections that could not be established, broke, or were ended from this side.
    pub connections_failed: u64,
    dropped: [u64; DropReason::ALL.len()],
}

impl TransportCounters {
    /// How often something was dropped for this reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// How often something was dropped for any reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    pub(crate) fn drop(&mut self, reason: DropReason) {
        self.dropped[reason as usize] += 1;
    }

    pub(crate) fn received(&mut self, octets: usize) {
        self.messages_received += 1;
        self.octets_received += octets as u64;
    }

    pub(crate) fn sent(&mut self, octets: usize) {
        self.messages_sent += 1;
        self.octets_sent += octets as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_counter_of_its_own() {
        let mut counters = TransportCounters::default();
        for (times, reason) in (1..).zip(DropReason::ALL) {
            for _ in 0..times {
                counters.drop(reason);
            }
        }
        for (times, reason) in (1..).zip(DropReason::ALL) {
            assert_eq!(counters.dropped(reason), times);
        }
        assert_eq!(counters.dropped_total(), 28);
    }
}
