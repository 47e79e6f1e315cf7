//! What arrives: packets into the jitter buffer, frames out of it into the recording.

use std::net::SocketAddr;
use std::time::Instant;

use super::Stream;
use crate::capabilities::{FRAME_SAMPLES, FrameSamples};
use crate::engine::Outbox;
use crate::event::MediaEvent;

/// The longest packet that is decoded: 200 ms.
pub(super) const MAX_PAYLOAD_OCTETS: usize = 10 * FRAME_SAMPLES;

impl Stream {
    /// Takes a datagram of the RTP port; one that cannot be used is counted by the session.
    pub(crate) fn handle_rtp(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &[u8],
        outbox: &mut Outbox,
    ) {
        let Ok(received) = self.rtp.handle_rtp(now, source, datagram) else {
            return;
        };
        if received.restarted {
            self.jitter_buffer.restart();
        }
        let Some(parameters) = &self.parameters else {
            return;
        };
        let number = received.packet.header().payload_type.number();
        let mut known = parameters.receive.iter();
        let codec = known.find(|(payload_type, _)| *payload_type == number);
        let payload = received.packet.payload();
        if let Some((_, codec)) = codec
            && parameters.direction.receives()
            && payload.len() <= MAX_PAYLOAD_OCTETS
        {
            self.decoded.clear();
            codec.decode(payload, &mut self.decoded);
            let timestamp = received.packet.header().timestamp;
            self.jitter_buffer.insert(now, timestamp, &self.decoded);
            if !std::mem::replace(&mut self.flowing, true) {
                let key = self.key;
                outbox.events.push_back(MediaEvent::FlowStarted { key });
            }
        }
    }

    /// Takes a datagram of the RTCP port; one that cannot be used is counted by the session.
    pub(crate) fn handle_rtcp(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) {
        let _ = self.rtp.handle_rtcp(now, source, datagram);
    }

    /// Plays and records a frame.
    pub(super) fn play(&mut self, now: Instant) -> FrameSamples {
        let mut received = [0; FRAME_SAMPLES];
        let playing = self.jitter_buffer.play(now, &mut received);
        if let Some(recorder) = self.recorder.as_mut().filter(|_| playing) {
            recorder.write(&received);
        }
        received
    }
}
