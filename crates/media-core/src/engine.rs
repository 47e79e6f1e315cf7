//! The media engine: all streams of a worker on one 20 ms clock.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

mod bridge;
mod bridges;
mod command;
mod ending;
mod frames;
mod leg;
mod moving;
mod outbox;
mod places;

pub(crate) use bridge::MAX_LEGS;
pub use bridges::BridgeKey;
use bridges::Bridges;
pub use command::MediaCommand;
use ending::Ending;
use frames::DueFrames;
pub use moving::MovingStream;
pub(crate) use outbox::Outbox;

use crate::controller::MediaSessionKey;
use crate::error::MediaError;
use crate::event::MediaEvent;
use crate::record::{FileWriter, Recorder};
use crate::rtp_core::{
    Channel, Connect, FrameClock, Latching, MediaCore, PortKey, PortMap, RtpError, Transmit,
    WallClock, rtcp,
};
use crate::stream::Stream;

/// How an engine runs its streams.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// How often each stream reports its figures.
    pub statistics_interval: Duration,
    /// After how long without a packet the peer's flow counts as stopped.
    pub flow_timeout: Duration,
    /// Whether peers may be elsewhere than they say.
    pub latching: Latching,
}

impl Default for EngineConfig {
    /// A report and a flow timeout of two seconds each, and latching always.
    fn default() -> Self {
        Self {
            statistics_interval: Duration::from_secs(2),
            flow_timeout: Duration::from_secs(2),
            latching: Latching::default(),
        }
    }
}

/// All streams of a worker. Sans-IO: rtp-core's media worker drives it, or a simulation.
#[derive(Debug)]
pub struct MediaEngine {
    config: EngineConfig,
    wall_clock: WallClock,
    /// The grid of frames; `None` while there is nothing to do.
    clock: Option<FrameClock>,
    due_frames: Option<DueFrames>,
    streams: Vec<Option<Stream>>,
    /// Where in `streams` each of them is, and where there is none.
    places: HashMap<MediaSessionKey, usize>,
    free: Vec<usize>,
    ports: PortMap<usize>,
    ending: Vec<Ending>,
    bridges: Bridges,
    outbox: Outbox,
    /// Below the streams: when the engine is dropped they end their recordings first, then this waits for the disk.
    writer: FileWriter,
}

impl MediaEngine {
    /// An engine without streams; `clock` ties `now` to wall-clock time for RTCP.
    #[must_use]
    pub fn new(config: EngineConfig, clock: WallClock) -> Self {
        Self {
            config,
            wall_clock: clock,
            clock: None,
            due_frames: None,
            streams: Vec::new(),
            places: HashMap::new(),
            free: Vec::new(),
            ports: PortMap::default(),
            ending: Vec::new(),
            bridges: Bridges::default(),
            outbox: Outbox::default(),
            writer: FileWriter::default(),
        }
    }

    /// Streams that are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether no stream is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

impl MediaCore for MediaEngine {
    type Command = MediaCommand;
    type Event = MediaEvent;
    type PortState = MovingStream;

    fn handle_command(&mut self, now: Instant, command: MediaCommand) {
        self.finish_frames(now);
        let key = command.key();
        match command {
            MediaCommand::Open {
                port, seed, source, ..
            } => {
                let stream =
                    Stream::new(now, key, port, seed, source, self.wall_clock, &self.config);
                self.open(now, stream);
            }
            MediaCommand::Close { .. } => {
                if let Some(index) = self.places.get(&key) {
                    self.close(now, *index);
                    self.end_recorded(now);
                }
            }
            MediaCommand::Record { recording, .. } => {
                let sample_rate = self.stream(key).map(|stream| stream.sample_rate());
                let recorder = recording
                    .zip(sample_rate)
                    .map(|(recording, rate)| Recorder::new(recording, rate, &self.writer));
                if let Some(stream) = self.stream(key) {
                    stream.record(recorder);
                }
            }
            command if command.is_about_bridge() => {
                if let Some(index) = self.places.get(&key) {
                    let (streams, writer) = (&mut self.streams, &self.writer);
                    let outbox = &mut self.outbox;
                    self.bridges
                        .handle_command(*index, command, streams, writer, outbox);
                }
            }
            command => {
                if let Some(index) = self.places.get(&key)
                    && let Some(stream) = &mut self.streams[*index]
                {
                    stream.handle_command(now, command, &mut self.outbox);
                }
            }
        }
    }

    fn handle_packet(
        &mut self,
        now: Instant,
        port: PortKey,
        channel: Channel,
        source: SocketAddr,
        payload: &mut [u8],
    ) {
        let Some(index) = self.ports.get(&port).copied() else {
            return;
        };
        let stream = self.streams[index].as_ref();
        let other = stream.and_then(|stream| stream.relaying.other_leg());
        let both = other.and_then(|other| self.streams.get_disjoint_mut([index, other]).ok());
        let (stream, other) = match both {
            Some([stream, other]) => (stream, other.as_mut()),
            None => (&mut self.streams[index], None),
        };
        if let Some(stream) = stream {
            match channel {
                // RFC 5761: both may share the port.
                Channel::Rtp if !rtcp::is_rtcp(payload) => {
                    stream.handle_rtp(now, source, payload, other, &mut self.outbox)
                }
                _ => stream.handle_rtcp(now, source, payload),
            }
        }
    }

    fn handle_port_failed(&mut self, _now: Instant, port: PortKey, error: io::ErrorKind) {
        let index = self.ports.get(&port);
        if let Some(stream) = index.and_then(|index| self.streams[*index].as_ref()) {
            tracing::warn!(session = %stream.key(), %error, "media port failed");
            self.outbox.events.push_back(MediaEvent::Failed {
                key: stream.key(),
                error: MediaError::Port(RtpError::Socket(error)),
            });
        }
    }

    fn give_up_port(&mut self, now: Instant, port: PortKey) -> Option<MovingStream> {
        self.give_up(now, port)
    }

    fn take_over_port(&mut self, now: Instant, _port: PortKey, stream: MovingStream) {
        self.take_over(now, stream);
    }

    fn end_port(&mut self, now: Instant, port: PortKey) {
        self.end(now, port);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.run_frames(now);
        self.end_recorded(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.frame_due()
    }

    fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.outbox.poll_transmit()
    }

    fn poll_connect(&mut self) -> Option<Connect> {
        self.outbox.connects.pop_front()
    }

    fn poll_closed_port(&mut self) -> Option<PortKey> {
        self.outbox.closed_ports.pop_front()
    }

    fn poll_event(&mut self) -> Option<MediaEvent> {
        self.outbox.events.pop_front()
    }
}

#[cfg(test)]
mod tests;
