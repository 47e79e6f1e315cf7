//! Counters told to the `metrics` facade: once in a while, and only what has changed.
//!
//! On the way of a message there are plain integers. Several shards add up to one metric: each tells
//! what it has counted since it last told.

use metrics::{counter, gauge};

use super::start_line::{FIRST_CODE, METHODS};
use super::{DropReason, TransportCounters};
use crate::TransportKind;

/// The labels of the two directions, in their order.
const DIRECTIONS: [&str; 2] = ["in", "out"];

/// One shard's share of a gauge that all shards add up to. Dropped, it is taken away again.
#[derive(Debug)]
pub struct SharedGauge {
    name: &'static str,
    told: f64,
}

impl SharedGauge {
    /// A share of nothing.
    pub fn new(name: &'static str) -> Self {
        Self { name, told: 0.0 }
    }

    /// Tells what the share is now.
    pub fn set(&mut self, value: usize) {
        let value = value as f64;
        if value != self.told {
            gauge!(self.name).increment(value - self.told);
            self.told = value;
        }
    }
}

impl Drop for SharedGauge {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// What of a layer's counters has been told.
#[derive(Debug)]
pub(crate) struct Published {
    told: Box<TransportCounters>,
    connections: SharedGauge,
    queued_octets: SharedGauge,
}

impl Default for Published {
    fn default() -> Self {
        Self {
            told: Box::default(),
            connections: SharedGauge::new("sip_connections"),
            queued_octets: SharedGauge::new("sip_queued_octets"),
        }
    }
}

impl Published {
    /// Tells what has changed.
    pub(crate) fn publish(
        &mut self,
        counters: &TransportCounters,
        connections: usize,
        queued_octets: usize,
    ) {
        self.connections.set(connections);
        self.queued_octets.set(queued_octets);
        if *self.told != *counters {
            self.publish_messages(counters);
            self.publish_events(counters);
            *self.told = counters.clone();
        }
    }

    fn publish_messages(&self, counters: &TransportCounters) {
        for (way, direction) in DIRECTIONS.into_iter().enumerate() {
            for kind in TransportKind::ALL {
                let transport = kind.as_str();
                let place = kind as usize;
                let grown = counters.messages[way][place] - self.told.messages[way][place];
                if grown > 0 {
                    counter!("sip_messages_total", "direction" => direction, "transport" => transport)
                        .increment(grown);
                    let grown = counters.octets[way][place] - self.told.octets[way][place];
                    counter!("sip_octets_total", "direction" => direction, "transport" => transport)
                        .increment(grown);
                }
            }
            let names = METHODS.into_iter().chain(["other"]);
            let cells = counters.requests[way].iter().zip(&self.told.requests[way]);
            for (method, (now, told)) in names.zip(cells) {
                if now > told {
                    counter!("sip_requests_total", "direction" => direction, "method" => method)
                        .increment(now - told);
                }
            }
            let cells = counters.responses[way]
                .iter()
                .zip(&self.told.responses[way]);
            for (code, (now, told)) in (FIRST_CODE..).zip(cells) {
                if now > told {
                    let code = code.to_string();
                    counter!("sip_responses_total", "direction" => direction, "code" => code)
                        .increment(now - told);
                }
            }
        }
    }

    fn publish_events(&self, counters: &TransportCounters) {
        for reason in DropReason::ALL {
            let grown = counters.dropped(reason) - self.told.dropped(reason);
            if grown > 0 {
                counter!("sip_dropped_total", "reason" => reason.as_str()).increment(grown);
            }
        }
        let told = &self.told;
        for (name, label, value, now, told) in [
            (
                "sip_keep_alives_total",
                "event",
                "received",
                counters.keep_alives,
                told.keep_alives,
            ),
            (
                "sip_keep_alives_total",
                "event",
                "sent",
                counters.keep_alives_sent,
                told.keep_alives_sent,
            ),
            (
                "sip_keep_alives_total",
                "event",
                "unanswered",
                counters.keep_alives_unanswered,
                told.keep_alives_unanswered,
            ),
            (
                "sip_sends_failed_total",
                "reason",
                "undeliverable",
                counters.sends_failed,
                told.sends_failed,
            ),
            (
                "sip_sends_failed_total",
                "reason",
                "buffer_full",
                counters.sends_lost,
                told.sends_lost,
            ),
            (
                "sip_sends_failed_total",
                "reason",
                "forbidden",
                counters.sends_forbidden,
                told.sends_forbidden,
            ),
            (
                "sip_connections_total",
                "event",
                "accepted",
                counters.connections_accepted,
                told.connections_accepted,
            ),
            (
                "sip_connections_total",
                "event",
                "opened",
                counters.connections_opened,
                told.connections_opened,
            ),
            (
                "sip_connections_total",
                "event",
                "failed",
                counters.connections_failed,
                told.connections_failed,
            ),
            (
                "sip_connections_total",
                "event",
                "evicted",
                counters.connections_evicted,
                told.connections_evicted,
            ),
        ] {
            if now > told {
                counter!(name, label => value).increment(now - told);
            }
        }
    }
}
