//! How a stream is run, as negotiated.

use std::time::Instant;

use super::Stream;
use crate::codec::SampleRate;
use crate::engine::Outbox;
use crate::negotiate::MediaParameters;
use crate::rtp_core::{Connect, PayloadType, RemoteAddress};

impl Stream {
    /// The sampling rate of what is heard and said.
    pub(crate) fn sample_rate(&self) -> SampleRate {
        let parameters = self.parameters.as_ref();
        parameters.map_or(SampleRate::Hz8000, |parameters| {
            parameters.codec.sample_rate()
        })
    }

    /// The same in Hz.
    pub(crate) fn sample_rate_hz(&self) -> u32 {
        self.sample_rate().hz()
    }

    /// The samples of a frame.
    pub(crate) fn frame_samples(&self) -> usize {
        self.sample_rate_hz() as usize / 50
    }

    /// Runs the stream by these from now on; sequence and timestamps go on.
    pub(super) fn configure(&mut self, now: Instant, parameters: Option<Box<MediaParameters>>) {
        self.rtp.set_remote(
            now,
            parameters.as_ref().map(|parameters| RemoteAddress {
                rtp: parameters.remote_rtp,
                rtcp: Some(parameters.remote_rtcp),
            }),
        );
        if let Some(parameters) = &parameters {
            self.rtp.set_security(parameters.security.clone());
            let event = parameters.telephone_event.map(|event| event.receive);
            let numbers = parameters.receive.iter().map(|(number, _)| *number);
            let noise = parameters.comfort_noise.map(|noise| noise.receive);
            let others = event.into_iter().chain(noise);
            self.rtp
                .set_payload_types(numbers.chain(others).filter_map(PayloadType::new));
        }
        self.packetizer.reconfigure(&mut self.rtp);
        if let Some(parameters) = &parameters {
            let clock_rate_hz = parameters.codec.clock_rate_hz();
            self.rtp.set_clock_rate(now, clock_rate_hz);
            self.packetizer.configure(&parameters.opus);
        }
        self.parameters = parameters;
        let sample_rate_hz = self.sample_rate_hz();
        self.jitter_buffer.set_sample_rate(sample_rate_hz);
        self.player.set_sample_rate(sample_rate_hz);
        if let Some(player) = &mut self.on_hold {
            player.set_sample_rate(sample_rate_hz);
        }
    }

    /// Has the socket connected to the peer while it is where it said.
    pub(super) fn connect(&mut self, now: Instant, outbox: &mut Outbox) {
        let peer = self.rtp.connectable(now);
        if self.connected != peer {
            self.connected = peer;
            let port = self.port;
            outbox.connects.push_back(Connect { port, peer });
        }
    }
}
