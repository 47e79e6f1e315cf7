//! What a layer tells the `metrics` facade, as an exporter would hear it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    with_local_recorder,
};
use rvoip_sip_transport::sip_core::{Response, StatusCode};
use rvoip_sip_transport::{
    ConnectionId, Input, ListenerId, ListenerInfo, Target, TransportConfig, TransportEvent,
    TransportKind, TransportLayer,
};

/// Keeps every value under its name and labels.
#[derive(Default)]
struct Kept {
    counters: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    gauges: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
}

fn text(key: &Key) -> String {
    let labels = key
        .labels()
        .map(|label| format!("{}={}", label.key(), label.value()));
    format!("{}{{{}}}", key.name(), labels.collect::<Vec<_>>().join(","))
}

impl Kept {
    fn counters(&self) -> Vec<(String, u64)> {
        let kept = self.counters.lock().unwrap();
        let value = |(name, value): (&String, &Arc<AtomicU64>)| {
            (name.clone(), value.load(Ordering::Relaxed))
        };
        kept.iter().map(value).collect()
    }

    fn gauge(&self, name: &str) -> f64 {
        f64::from_bits(self.gauges.lock().unwrap()[name].load(Ordering::Relaxed))
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let mut kept = self.counters.lock().unwrap();
        Counter::from_arc(Arc::clone(kept.entry(text(key)).or_default()))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        let mut kept = self.gauges.lock().unwrap();
        Gauge::from_arc(Arc::clone(kept.entry(text(key)).or_default()))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn layer() -> TransportLayer {
    TransportLayer::new(TransportConfig::new(ListenerInfo::plan(&[
        (TransportKind::Udp, addr("192.0.2.1:5060")),
        (TransportKind::Tcp, addr("192.0.2.1:5060")),
    ])))
}

fn datagram(payload: impl Into<bytes::Bytes>) -> Input {
    Input::Datagram {
        listener: ListenerId(0),
        source: addr("198.51.100.7:5060"),
        payload: payload.into(),
    }
}

const OPTIONS: &str = "OPTIONS sip:bob@192.0.2.1 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n\
    From: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: c\r\n\
    CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";

#[test]
fn what_has_changed_is_told_with_its_labels_and_only_once() {
    let now = Instant::now();
    let kept = Kept::default();
    let mut layer = layer();
    layer.handle_input(now, datagram(OPTIONS));
    let Some(TransportEvent::Request { request, flow }) = layer.poll_event() else {
        panic!("a request");
    };
    let busy = Response::builder_for(&request, StatusCode::new(486).unwrap())
        .to_tag("t")
        .build();
    layer.send_response(now, &busy, &flow).unwrap();
    layer.handle_input(now, datagram("garbage"));
    layer.handle_input(now, datagram("\r\n\r\n"));
    layer.handle_input(
        now,
        Input::SendFailed {
            listener: ListenerId(0),
            destination: addr("198.51.100.7:5060"),
            error: std::io::ErrorKind::PermissionDenied,
        },
    );
    let told = |layer: &mut TransportLayer| {
        with_local_recorder(&kept, || layer.publish());
        kept.counters()
    };
    let expected = [
        ("sip_dropped_total{reason=malformed}", 1),
        ("sip_keep_alives_total{event=received}", 1),
        ("sip_messages_total{direction=in,transport=udp}", 2),
        ("sip_messages_total{direction=out,transport=udp}", 1),
        (
            "sip_octets_total{direction=in,transport=udp}",
            OPTIONS.len() as u64 + 7,
        ),
        (
            "sip_octets_total{direction=out,transport=udp}",
            busy.to_bytes().len() as u64,
        ),
        ("sip_requests_total{direction=in,method=OPTIONS}", 1),
        ("sip_responses_total{code=486,direction=out}", 1),
        ("sip_sends_failed_total{reason=forbidden}", 1),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let sorted = |mut told: Vec<(String, u64)>| {
        for (name, _) in &mut told {
            *name = name.replace("{direction=out,code=486}", "{code=486,direction=out}");
        }
        told.sort();
        told
    };
    assert_eq!(sorted(told(&mut layer)), expected);
    assert_eq!(sorted(told(&mut layer)), expected, "nothing is told twice");
    // One more request changes what it changes.
    layer.handle_input(now, datagram(OPTIONS));
    let after = sorted(told(&mut layer));
    let changed: Vec<&str> = after
        .iter()
        .zip(&expected)
        .filter(|(after, before)| after != before)
        .map(|(after, _)| after.0.as_str())
        .collect();
    assert_eq!(
        changed,
        [
            "sip_messages_total{direction=in,transport=udp}",
            "sip_octets_total{direction=in,transport=udp}",
            "sip_requests_total{direction=in,method=OPTIONS}",
        ]
    );
}

#[test]
fn shards_add_up_and_one_that_ends_takes_its_share_away() {
    let now = Instant::now();
    let kept = Kept::default();
    let [mut one, mut two] = [layer(), layer()];
    for (layer, connections) in [(&mut one, 3), (&mut two, 2)] {
        for number in 0..connections {
            layer.handle_input(
                now,
                Input::Accepted {
                    connection: ConnectionId::accepted(number),
                    listener: ListenerId(1),
                    local: addr("192.0.2.1:5060"),
                    remote: addr("198.51.100.7:40000"),
                    peer: None,
                },
            );
        }
    }
    let target = Target::address(TransportKind::Tcp, addr("198.51.100.8:5060"));
    let waiting = bytes::Bytes::from("waits to be sent");
    two.send_request(now, waiting.clone(), &target).unwrap();
    with_local_recorder(&kept, || {
        one.publish();
        two.publish();
        assert_eq!(kept.gauge("sip_connections{}"), 6.0);
        assert_eq!(kept.gauge("sip_queued_octets{}"), waiting.len() as f64);
        drop(two);
        assert_eq!(kept.gauge("sip_connections{}"), 3.0);
        assert_eq!(kept.gauge("sip_queued_octets{}"), 0.0);
    });
    let accepted = kept.counters()[0].clone();
    assert_eq!(
        accepted,
        ("sip_connections_total{event=accepted}".to_owned(), 5)
    );
}
