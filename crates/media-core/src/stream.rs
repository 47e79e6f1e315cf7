//! One stream: an RTP session, a codec, a jitter buffer, what is sent and what is recorded.

use std::net::SocketAddr;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

mod application;
mod configure;
mod discontinuous;
mod dtmf;
mod figures;
mod frame;
mod listening;
mod packetizer;
mod phase;
mod processing;
mod receive;
mod recording;
mod relay;
mod send;
mod shared_payloads;
mod sound;

use application::Applications;
use discontinuous::Discontinuous;
use dtmf::DtmfSender;
use figures::QualityWindow;
use listening::Listener;
pub use listening::Listening;
use packetizer::Packetizer;
pub(crate) use phase::Phase;
use processing::Processing;
use relay::Relaying;
pub(crate) use relay::Route;
pub(crate) use send::Sound;
pub(crate) use shared_payloads::SharedPayloads;
use sound::ReceivedSound;

use crate::codec::SAMPLE_RATE_HZ;
use crate::controller::MediaSessionKey;
use crate::dtmf::TelephoneEvents;
use crate::engine::{EngineConfig, MediaCommand, Outbox};
use crate::event::MediaEvent;
use crate::negotiate::MediaParameters;
use crate::play::{AudioSource, Player};
use crate::record::Recorder;
use crate::rtp_core::{PortKey, RtpSession, RtpSessionConfig, WallClock};

/// 5 % of the 64 kbit/s of G.711, as RFC 3550 section 6.2 has it.
const RTCP_OCTETS_PER_SECOND: u32 = 400;
/// One stream of an engine.
#[derive(Debug)]
pub(crate) struct Stream {
    key: MediaSessionKey,
    port: PortKey,
    /// What its socket is connected to.
    connected: Option<SocketAddr>,
    /// Where its frames lie between those of the engine.
    pub(crate) phase: Phase,
    rtp: RtpSession,
    parameters: Option<Box<MediaParameters>>,
    started: bool,
    player: Player,
    /// Plays in place of `player` while this side holds the call.
    on_hold: Option<Box<Player>>,
    packetizer: Packetizer,
    /// What is sent of silence, once it is left out.
    discontinuous: Option<Box<Discontinuous>>,
    /// Digits that are being sent.
    dtmf: Option<Box<DtmfSender>>,
    listener: Listener,
    /// Digits that come in.
    events: TelephoneEvents,
    jitter_buffer: ReceivedSound,
    /// The stream's part in a bridge.
    pub(crate) relaying: Relaying,
    /// The bridge that the stream is in, by its index.
    pub(crate) bridge: Option<usize>,
    packets_ignored: u64,
    recorder: Option<Box<Recorder>>,
    applications: Applications,
    processing: Processing,
    /// Samples that earlier recordings of this stream lost.
    recording_samples_dropped: u64,
    /// Whether audio arrives.
    flowing: bool,
    window: QualityWindow,
    next_report: Option<Instant>,
}

impl Stream {
    pub(crate) fn new(
        now: Instant,
        key: MediaSessionKey,
        port: PortKey,
        seed: u64,
        source: AudioSource,
        clock: WallClock,
        engine: &EngineConfig,
    ) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let config = RtpSessionConfig {
            clock_rate_hz: SAMPLE_RATE_HZ,
            // RFC 7022: 96 random bits.
            cname: format!("{:024x}", rng.random::<u128>() >> 32),
            rtcp_octets_per_second: RTCP_OCTETS_PER_SECOND,
            latching: engine.latching,
            clock,
        };
        Self {
            key,
            port,
            connected: None,
            phase: Phase::default(),
            rtp: RtpSession::new(now, config, rng.random()),
            parameters: None,
            started: false,
            player: Player::new(source, SAMPLE_RATE_HZ),
            on_hold: None,
            packetizer: Packetizer::default(),
            discontinuous: None,
            dtmf: None,
            listener: Listener::default(),
            events: TelephoneEvents::default(),
            jitter_buffer: ReceivedSound::new(SAMPLE_RATE_HZ),
            relaying: Relaying::default(),
            bridge: None,
            packets_ignored: 0,
            recorder: None,
            applications: Applications::default(),
            processing: Processing::default(),
            recording_samples_dropped: 0,
            flowing: false,
            window: QualityWindow::default(),
            next_report: None,
        }
    }

    pub(crate) fn key(&self) -> MediaSessionKey {
        self.key
    }

    pub(crate) fn port(&self) -> PortKey {
        self.port
    }

    pub(crate) fn handle_command(
        &mut self,
        now: Instant,
        command: MediaCommand,
        outbox: &mut Outbox,
    ) {
        match command {
            MediaCommand::Configure { parameters, .. } => self.configure(now, parameters),
            MediaCommand::Expect { receive, .. } => self.expect(now, receive),
            MediaCommand::Start { .. } => self.started = true,
            MediaCommand::SetSource { source, .. } => self.player.switch(source),
            MediaCommand::Hold { source, .. } => {
                let sample_rate_hz = self.sample_rate_hz();
                let player = |source| Box::new(Player::new(source, sample_rate_hz));
                self.on_hold = source.map(player);
            }
            MediaCommand::SendDtmf { digits, timing, .. } => {
                self.dtmf.get_or_insert_default().push(&digits, timing);
            }
            MediaCommand::AttachAudio { tap, .. } => self.applications.attach(*tap),
            MediaCommand::Process { chains, .. } => self.set_processors(*chains),
            MediaCommand::SetMuted { muted, .. } => self.packetizer.set_muted(muted),
            MediaCommand::Listen { listening, .. } => self.listen(listening),
            MediaCommand::Report { .. } => outbox.events.push_back(self.report()),
            // The others are the engine's own.
            _ => {}
        }
    }

    /// Says goodbye to the peer.
    pub(crate) fn say_goodbye(&mut self, now: Instant, outbox: &mut Outbox) {
        let (rtp, port) = (&mut self.rtp, self.port);
        outbox.datagram(port, rtp.rtcp_channel(), |out| rtp.bye(now, "", out));
    }

    /// Tells what has come to pass: the flow's end, a failed recording, the figures.
    fn watch(&mut self, now: Instant, config: &EngineConfig, outbox: &mut Outbox) {
        let key = self.key;
        self.miss_events(now, outbox);
        self.tell_heard(outbox);
        let receives = |media: &MediaParameters| media.direction.receives();
        let expected = self.parameters.as_deref().is_some_and(receives);
        let silent_since = self
            .rtp
            .last_received_at()
            .map(|at| at + config.flow_timeout);
        if self.flowing && (!expected || silent_since.is_none_or(|at| at <= now)) {
            self.flowing = false;
            // Who holds the call may send nothing.
            let held = |media: &MediaParameters| media.held;
            if expected && !self.parameters.as_deref().is_some_and(held) {
                outbox.events.push_back(MediaEvent::FlowStopped { key });
            }
        }
        self.watch_recording(outbox);
        self.watch_processors(outbox);
        self.watch_applications(now, outbox);
        self.watch_figures(now, config, outbox);
    }
}
