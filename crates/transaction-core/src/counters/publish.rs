//! Counters told to the `metrics` facade: once in a while, and only what has changed.

use metrics::counter;
use rvoip_sip_transport::SharedGauge;

use super::TransactionCounters;

/// What of a layer's counters has been told.
#[derive(Debug)]
pub(crate) struct Published {
    told: TransactionCounters,
    alive: SharedGauge,
}

impl Default for Published {
    fn default() -> Self {
        Published {
            told: TransactionCounters::default(),
            alive: SharedGauge::new("sip_transactions"),
        }
    }
}

impl Published {
    /// Tells what has changed.
    pub(crate) fn publish(&mut self, counters: &TransactionCounters, alive: usize) {
        self.alive.set(alive);
        let told = std::mem::replace(&mut self.told, *counters);
        for (name, value, read) in SERIES {
            let (now, before) = (read(counters), read(&told));
            if now > before {
                counter!(*name, "event" => *value).increment(now - before);
            }
        }
    }
}

/// The name of a metric, the value of its label `event`, and the count.
type Series = (&'static str, &'static str, fn(&TransactionCounters) -> u64);

const BEGUN: &str = "sip_transactions_total";
const REPEATED: &str = "sip_retransmissions_total";
const REFUSED: &str = "sip_refused_total";
const ENDED: &str = "sip_transactions_failed_total";
const STRAY: &str = "sip_stray_total";

const SERIES: &[Series] = &[
    (BEGUN, "client", |it| it.client_transactions),
    (BEGUN, "server", |it| it.server_transactions),
    (REPEATED, "sent", |it| it.retransmissions_sent),
    (REPEATED, "absorbed", |it| it.retransmissions_absorbed),
    (REFUSED, "overload", |it| it.refused_overload),
    (REFUSED, "table_full", |it| it.refused_table_full),
    (REFUSED, "merged", |it| it.merged_refused),
    (REFUSED, "defective", |it| it.defective_answered),
    (REFUSED, "dropped", |it| it.defective_dropped),
    (ENDED, "timed_out", |it| it.timed_out),
    (ENDED, "transport", |it| it.transport_failed),
    (ENDED, "failed_over", |it| it.failovers),
    (STRAY, "response", |it| it.stray_responses),
    (STRAY, "cancel", |it| it.cancels_unmatched),
    (STRAY, "ack_of_refusal", |it| it.stateless_acknowledged),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_count_is_told_under_a_name_of_its_own() {
        let mut counters = TransactionCounters::default();
        let words = size_of::<TransactionCounters>() / size_of::<u64>();
        assert_eq!(SERIES.len(), words);
        counters.timed_out = 3;
        let moved = SERIES.iter().filter(|(_, _, read)| read(&counters) == 3);
        assert_eq!(moved.count(), 1);
        let mut names: Vec<_> = SERIES.iter().map(|it| (it.0, it.1)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), words);
    }
}
