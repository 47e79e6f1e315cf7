//! Keep-alives of ours (RFC 5626 sections 3.5 and 4.4): two line ends on a stream, a STUN binding
//! request in datagrams. A flow that does not answer has failed.

mod schedule;

use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::RngExt;

pub(super) use self::schedule::{KeepAlive, KeepAlives, Stage};
use super::TransportLayer;
use crate::{Carrier, ConnectionId, Flow, Output, TransportError, TransportEvent, pool};

/// How long a peer may take to answer on a stream (RFC 5626 section 4.4.1).
const PONG_TIMEOUT: Duration = Duration::from_secs(10);
/// When an unanswered binding request is sent again; each pause is twice the one before
/// (RFC 8489 section 6.2.1).
const RETRANSMISSION_TIMEOUT: Duration = Duration::from_millis(500);
/// How often a binding request is sent at most (Rc).
const TRANSMISSIONS: u32 = 7;
/// How many times the first pause is waited for an answer to the last transmission (Rm).
const LAST_PAUSES: u32 = 16;
/// The shortest pause between two keep-alives.
const MIN_INTERVAL: Duration = Duration::from_secs(1);

impl TransportLayer {
    /// Keeps a flow alive from now on, or no longer: each pause is drawn from 80 to 100 % of
    /// `interval` (RFC 5626 section 4.4), which is a second at least. Streams carry two line ends,
    /// which the peer answers within 10 s; datagrams a STUN binding request, repeated for 39.5 s.
    /// [`TransportEvent::FlowFailed`] tells of a flow that does not answer,
    /// [`TransportEvent::MappedAddress`] of the address that the peer sees.
    ///
    /// RFC 5626 recommends 29 s for datagrams and 120 s for streams.
    ///
    /// # Errors
    /// [`TransportError::FlowEnded`] when the connection has ended, [`TransportError::NoListener`]
    /// when the socket is not there.
    pub fn keep_alive(
        &mut self,
        now: Instant,
        flow: &Flow,
        interval: Option<Duration>,
    ) -> Result<(), TransportError> {
        let known = self.keep_alives.take(flow);
        let Some(interval) = interval else {
            return Ok(());
        };
        match flow.carrier {
            Carrier::Connection(id) => {
                self.pool.get(id).ok_or(TransportError::FlowEnded)?;
            }
            Carrier::Listener(id) => {
                self.datagram_listener(id, flow.kind)?;
            }
        }
        let interval = interval.max(MIN_INTERVAL);
        let due = now + self.pause(interval);
        self.keep_alives.insert(KeepAlive {
            flow: *flow,
            interval,
            stage: Stage::Pause,
            due,
            mapped: known.and_then(|known| known.mapped),
        });
        Ok(())
    }

    /// Does what is due on the flows that are kept alive.
    pub(super) fn keep_alive_due(&mut self, now: Instant) {
        while let Some(mut keep_alive) = self.keep_alives.take_due(now) {
            keep_alive.due = match keep_alive.stage {
                Stage::Pause => match keep_alive.flow.carrier {
                    Carrier::Connection(id) => match self.ping(id) {
                        true => {
                            keep_alive.stage = Stage::Pong;
                            now + PONG_TIMEOUT
                        }
                        // Not established yet.
                        false => now + self.pause(keep_alive.interval),
                    },
                    Carrier::Listener(_) => {
                        let id = self.rng.random();
                        self.ask_binding(&keep_alive.flow, &id);
                        keep_alive.stage = Stage::Binding { id, sent: 1 };
                        now + RETRANSMISSION_TIMEOUT
                    }
                },
                Stage::Binding { id, sent } if sent < TRANSMISSIONS => {
                    self.ask_binding(&keep_alive.flow, &id);
                    let sent = sent + 1;
                    keep_alive.stage = Stage::Binding { id, sent };
                    let pauses = match sent {
                        TRANSMISSIONS => LAST_PAUSES,
                        sent => 1 << (sent - 1),
                    };
                    now + RETRANSMISSION_TIMEOUT * pauses
                }
                Stage::Pong | Stage::Binding { .. } => {
                    self.keep_alive_failed(&keep_alive.flow);
                    continue;
                }
            };
            self.keep_alives.insert(keep_alive);
        }
    }

    /// Takes note of an answer to two line ends.
    pub(super) fn ponged(&mut self, now: Instant, flow: &Flow) {
        if let Some(KeepAlive {
            stage: Stage::Pong, ..
        }) = self.keep_alives.get(flow)
        {
            self.rest(now, flow);
        }
    }

    /// Lets a flow that has answered rest until its next keep-alive.
    pub(super) fn rest(&mut self, now: Instant, flow: &Flow) {
        if let Some(keep_alive) = self.keep_alives.take(flow) {
            let due = now + self.pause(keep_alive.interval);
            self.keep_alives.insert(KeepAlive {
                stage: Stage::Pause,
                due,
                ..keep_alive
            });
        }
    }

    fn keep_alive_failed(&mut self, flow: &Flow) {
        self.counters.keep_alives_unanswered += 1;
        let error = io::ErrorKind::TimedOut;
        match flow.carrier {
            Carrier::Connection(id) => self.close(id, error),
            Carrier::Listener(_) => {
                let flow = *flow;
                self.events
                    .push_back(TransportEvent::FlowFailed { flow, error });
            }
        }
    }

    fn pause(&mut self, interval: Duration) -> Duration {
        interval.mul_f64(self.rng.random_range(0.8..=1.0))
    }

    /// Writes two line ends to an established connection; `false` to one that is not.
    fn ping(&mut self, id: ConnectionId) -> bool {
        let Some(connection) = self.pool.get_mut(id) else {
            return false;
        };
        let pool::Stage::Open(framer) = &mut connection.stage else {
            return false;
        };
        framer.expect_pong();
        self.counters.keep_alives_sent += 1;
        let payload = Bytes::from_static(b"\r\n\r\n");
        self.wire.push_back(Output::Stream {
            connection: id,
            payload,
        });
        true
    }
}
