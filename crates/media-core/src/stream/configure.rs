//! How a stream is run, as negotiated.

use std::time::Instant;

use super::Stream;
use crate::codec::{Codec, SampleRate};
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

    /// Takes what an offer of ours names from now on, from whom the latch lets in while nobody is named; sends nothing for it.
    pub(super) fn expect(&mut self, now: Instant, receive: Vec<(u8, Codec)>) {
        let Some(parameters) = &mut self.parameters else {
            let parameters = MediaParameters::expected(receive);
            return self.configure(now, parameters.map(Box::new));
        };
        parameters.expect(receive);
        self.rtp.set_payload_types(arriving(parameters));
    }

    /// As long as no answer names a codec, the one that arrives first is played at its own rate, so that the answer which
    /// names it changes nothing.
    pub(super) fn follow(&mut self, now: Instant, codec: Codec) {
        let parameters = self.parameters.as_mut().filter(|_| !self.flowing);
        let Some(parameters) = parameters.filter(|parameters| parameters.is_expected()) else {
            return;
        };
        if parameters.codec != codec {
            parameters.codec = codec;
            self.rtp.set_clock_rate(now, codec.clock_rate_hz());
            self.take_sample_rate();
        }
    }

    /// Runs the stream by these from now on; sequence and timestamps go on.
    pub(super) fn configure(&mut self, now: Instant, parameters: Option<Box<MediaParameters>>) {
        let named = parameters.as_ref().filter(|media| !media.is_expected());
        self.rtp.set_remote(
            now,
            named.map(|parameters| RemoteAddress {
                rtp: parameters.remote_rtp,
                rtcp: Some(parameters.remote_rtcp),
            }),
        );
        if let Some(parameters) = &parameters {
            self.rtp.set_security(parameters.security.clone());
            self.rtp.set_payload_types(arriving(parameters));
        }
        self.packetizer.reconfigure(&mut self.rtp);
        if let Some(parameters) = &parameters {
            let clock_rate_hz = parameters.codec.clock_rate_hz();
            self.rtp.set_clock_rate(now, clock_rate_hz);
            self.packetizer.configure(&parameters.opus);
        }
        self.parameters = parameters;
        self.take_sample_rate();
    }

    /// Lets everything that hears or says something do so at the codec's rate.
    fn take_sample_rate(&mut self) {
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

/// The payload types that may arrive.
fn arriving(parameters: &MediaParameters) -> impl Iterator<Item = PayloadType> {
    let numbers = parameters.receive.iter().map(|(number, _)| *number);
    let event = parameters.telephone_event.map(|event| event.receive);
    let noise = parameters.comfort_noise.map(|noise| noise.receive);
    let numbers = numbers.chain(event).chain(noise);
    numbers.filter_map(PayloadType::new)
}
