//! What arrives: packets into the jitter buffer, frames out of it into the recording.

use std::net::SocketAddr;
use std::time::Instant;

use super::Stream;
use crate::capabilities::{FRAME_SAMPLES, FrameSamples};
use crate::codec::Codec;
use crate::engine::Outbox;
use crate::event::MediaEvent;
use crate::jitter_buffer::AudioPacket;
use crate::rtp_core::PayloadType;

impl Stream {
    /// Takes a datagram of the RTP port; one that cannot be used is counted by the session.
    pub(crate) fn handle_rtp(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &mut [u8],
        outbox: &mut Outbox,
    ) {
        let Ok(received) = self.rtp.handle_rtp(now, source, datagram) else {
            return;
        };
        if received.restarted {
            self.jitter_buffer.restart();
        }
        let header = received.packet.header();
        // Packets that are not sound are not missing from it.
        let sequence = received
            .extended_sequence
            .wrapping_sub(self.packets_ignored);
        if self.hear_event(now, &received.packet, outbox) {
            // There is no sound from the event's beginning on, and none is made up.
            self.jitter_buffer.pause(header.timestamp, sequence, &[]);
        }
        let taken = self
            .expected_codec(header.payload_type)
            .is_some_and(|codec| {
                let packet = AudioPacket {
                    codec,
                    timestamp: header.timestamp,
                    sequence,
                    marker: header.marker,
                    payload: received.packet.payload(),
                };
                self.jitter_buffer.insert(now, &packet)
            });
        if !taken {
            self.packets_ignored += 1;
            return;
        }
        if !std::mem::replace(&mut self.flowing, true) {
            let key = self.key;
            outbox.events.push_back(MediaEvent::FlowStarted { key });
        }
    }

    /// The codec of a packet that is to be played; `None` for telephone events and all else that was not agreed on.
    fn expected_codec(&self, payload_type: PayloadType) -> Option<Codec> {
        let parameters = self.parameters.as_ref()?;
        let mut known = parameters.receive.iter();
        let (_, codec) = known.find(|(number, _)| *number == payload_type.number())?;
        parameters.direction.receives().then_some(*codec)
    }

    /// Takes a datagram of the RTCP port; one that cannot be used is counted by the session.
    pub(crate) fn handle_rtcp(&mut self, now: Instant, source: SocketAddr, datagram: &mut [u8]) {
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
