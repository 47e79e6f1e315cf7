//! What arrives: packets into the jitter buffer, frames out of it into the recording.

use std::net::SocketAddr;
use std::time::Instant;

use super::Stream;
use super::relay::Content;
use crate::codec::Codec;
use crate::engine::Outbox;
use crate::event::MediaEvent;
use crate::jitter_buffer::AudioPacket;
use crate::negotiate::MediaParameters;

impl Stream {
    /// Takes a datagram of the RTP port; one that cannot be used is counted by the session. Lets it leave at once through the
    /// other leg, if there is one.
    pub(crate) fn handle_rtp(
        &mut self,
        now: Instant,
        source: SocketAddr,
        datagram: &mut [u8],
        mut other: Option<&mut Stream>,
        outbox: &mut Outbox,
    ) {
        let Ok(received) = self.rtp.handle_rtp(now, source, datagram) else {
            return;
        };
        if received.restarted {
            self.jitter_buffer.restart();
        }
        let header = received.packet.header();
        let content = self.content(header.payload_type);
        if let (Some(content), Some(other)) = (content, other.as_deref_mut()) {
            self.forward_to(other, now, &received, content, outbox);
        }
        // Packets that are not sound are not missing from it.
        let sequence = received
            .extended_sequence
            .wrapping_sub(self.packets_ignored);
        if self.hear_event(now, &received.packet, other, outbox) {
            // There is no sound from the event's beginning on, and none is made up.
            self.jitter_buffer.pause(header.timestamp, sequence, &[]);
        }
        let receives = |media: &MediaParameters| media.direction.receives();
        let receives = self.parameters.as_deref().is_some_and(receives);
        if content == Some(Content::ComfortNoise) && receives {
            let noise = received.packet.payload();
            self.jitter_buffer.pause(header.timestamp, sequence, noise);
            self.note_flow(outbox);
        }
        let taken = self.expected_codec(now, content).is_some_and(|codec| {
            if !self.is_heard() {
                return true;
            }
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
        self.note_flow(outbox);
    }

    /// Sound of the peer has come, or comfort noise in its place.
    fn note_flow(&mut self, outbox: &mut Outbox) {
        if !std::mem::replace(&mut self.flowing, true) {
            let key = self.key;
            outbox.events.push_back(MediaEvent::FlowStarted { key });
        }
    }

    /// The codec of a packet that is to be played; `None` for telephone events and all else that was not agreed on.
    fn expected_codec(&mut self, now: Instant, content: Option<Content>) -> Option<Codec> {
        let parameters = self.parameters.as_ref()?;
        match content {
            Some(Content::Audio(codec)) if parameters.direction.receives() => {
                self.follow(now, codec);
                self.note_arriving(codec);
                Some(codec)
            }
            _ => None,
        }
    }

    /// Takes a datagram of the RTCP port; one that cannot be used is counted by the session.
    pub(crate) fn handle_rtcp(&mut self, now: Instant, source: SocketAddr, datagram: &mut [u8]) {
        if self.rtp.handle_rtcp(now, source, datagram).is_err() {
            return;
        }
        if let Some(report) = self.rtp.statistics().remote {
            let share = f64::from(report.fraction_lost) / 256.0;
            self.packetizer.set_packet_loss(share);
        }
    }

    /// Plays and records a frame; returns whether there was anything to be heard.
    pub(crate) fn play(&mut self, now: Instant, received: &mut [i16]) -> bool {
        if self.phase.rests() {
            received.fill(0);
            return false;
        }
        let playing = self.jitter_buffer.play(now, received);
        let sample_rate_hz = self.sample_rate_hz();
        self.hear_digits(received);
        self.processing.receive(sample_rate_hz, received);
        self.hear_voice(received);
        if let Some(recorder) = self.recorder.as_mut().filter(|_| playing) {
            recorder.hear(sample_rate_hz, received);
        }
        self.applications.hear(sample_rate_hz, received);
        playing
    }
}
