//! Octets on a connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rvoip_sip_transport::{
    ConnectionId, Direction, Input, ListenerId, ListenerInfo, Output, TransportConfig,
    TransportEvent, TransportKind, TransportLayer, WireRecord, WireTap,
};

use crate::bound;

/// What one connection may cost beyond what came in over it.
const OVERHEAD: usize = 64 * 1024;

/// The first octet says how the others are cut. However they are cut, the same messages come out and the same answers go
/// back, but for those to keep-alives, of which one may answer several; memory is bounded by what came in; when the
/// connection is closed nothing of it is left.
pub fn check(data: &[u8]) {
    let Some((cut, octets)) = data.split_first() else {
        return;
    };
    let whole = read(octets, octets.len().max(1));
    let pieces = usize::from(*cut) % 64 + 1;
    let cut = bound::within(OVERHEAD + 64 * octets.len(), || read(octets, pieces));
    assert_eq!(cut, whole, "in pieces of {pieces}");
}

/// What came of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    /// The messages that were read, malformed ones too.
    messages: Vec<Bytes>,
    /// A word for each event.
    events: Vec<&'static str>,
    sent: Vec<u8>,
    closed: bool,
}

#[derive(Default)]
struct Tap(Mutex<Vec<Bytes>>);

impl WireTap for Tap {
    fn message(&self, record: &WireRecord<'_>) {
        if let (Direction::In, Ok(mut messages)) = (record.direction, self.0.lock()) {
            messages.push(record.octets.clone());
        }
    }
}

/// A fixed point in time; the law does not depend on it.
fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

fn read(octets: &[u8], piece: usize) -> Outcome {
    let local = SocketAddr::from(([192, 0, 2, 1], 5060));
    let remote = SocketAddr::from(([192, 0, 2, 7], 40_000));
    let tap = Arc::new(Tap::default());
    let mut config = TransportConfig::new(ListenerInfo::plan(&[(TransportKind::Tcp, local)]));
    config.tap = Some(tap.clone());
    let mut layer = TransportLayer::new(config);
    let (now, connection) = (start(), ConnectionId::accepted(1));
    let mut outcome = Outcome::default();
    let listener = ListenerId(0);
    layer.handle_input(
        now,
        Input::Accepted {
            connection,
            listener,
            local,
            remote,
            peer: None,
        },
    );
    for piece in octets.chunks(piece) {
        if outcome.closed {
            break;
        }
        layer.handle_input(
            now,
            Input::Stream {
                connection,
                payload: Bytes::copy_from_slice(piece),
            },
        );
        drain(&mut layer, &mut outcome);
    }
    if !outcome.closed {
        layer.handle_input(
            now,
            Input::Closed {
                connection,
                error: None,
            },
        );
    }
    let mut after = Outcome::default();
    drain(&mut layer, &mut after);
    assert_eq!(layer.connection_count(), 0);
    let mut time = now;
    for _ in 0..16 {
        let Some(due) = layer.poll_timeout() else {
            break;
        };
        time = due.max(time + Duration::from_millis(1));
        layer.handle_timeout(time);
        drain(&mut layer, &mut after);
    }
    assert_eq!(layer.poll_timeout(), None, "something is due for ever");
    if let Ok(messages) = tap.0.lock() {
        outcome.messages = messages.clone();
    }
    outcome
}

fn drain(layer: &mut TransportLayer, outcome: &mut Outcome) {
    while let Some(output) = layer.poll_wire::<()>() {
        match output {
            Output::Stream { payload, .. }
                if payload.iter().all(|octet| b"\r\n".contains(octet)) => {}
            Output::Stream { payload, .. } => outcome.sent.extend_from_slice(&payload),
            Output::Close { .. } => outcome.closed = true,
            Output::Datagram { .. }
            | Output::Connect { .. }
            | Output::Lookup { .. }
            | Output::Event(()) => {}
        }
    }
    while let Some(event) = layer.poll_event() {
        outcome.events.push(match event {
            TransportEvent::Request { .. } => "request",
            TransportEvent::Response { .. } => "response",
            TransportEvent::Invalid { .. } => "invalid",
            TransportEvent::FlowFailed { .. } => "failed",
            _ => "other",
        });
    }
}
