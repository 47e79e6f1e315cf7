//! What becomes of calls: limits, redirections, hold, and the extensions that they speak.

use std::path::Path;
use std::sync::Arc;

use rvoip_dialog_core::sip_transport::LocationConfig;
use rvoip_dialog_core::{CallExtensions, ReliableProvisionals, SessionTimerConfig};
use rvoip_media_core::rtp_core::Latching;
use rvoip_media_core::{Audio, AudioSource};

use super::SessionManagerBuilder;
use crate::{
    ConnectionLimits, DtmfMethod, ForwardMode, RedirectPolicy, Result, SessionError, SessionLimits,
};

impl SessionManagerBuilder {
    /// Carries media on so many threads, one at least; without this on as many as there are processors.
    pub fn with_media_threads(mut self, threads: usize) -> Self {
        self.config.media_threads = threads;
        self
    }

    /// Whether the peer's media may come from elsewhere than it said (symmetric RTP behind NATs); always, by default.
    pub fn with_latching(mut self, policy: Latching) -> Self {
        self.config.latching = policy;
        self
    }

    /// Negotiates comfort noise (RFC 3389), and leaves out silence where the peer knows it.
    pub fn with_comfort_noise(mut self) -> Self {
        self.config.comfort_noise = true;
        self
    }

    /// Offers RTCP on the port of RTP (RFC 5761): one way through NATs and firewalls for both.
    pub fn with_rtcp_mux(mut self) -> Self {
        self.config.rtcp_mux = true;
        self
    }

    /// Has both sides tell each other by RTCP XR how they sound (RFC 3611 section 4.7), where the peer agrees.
    pub fn with_extended_reports(mut self) -> Self {
        self.config.extended_reports = true;
        self
    }

    /// What to do when a called party sends us elsewhere; without this, go there.
    pub fn with_redirects(mut self, policy: RedirectPolicy) -> Self {
        self.config.redirects = policy;
        self
    }

    /// What becomes of a call that the application forwards; without this the caller is told by 302.
    pub fn with_forwarding(mut self, mode: ForwardMode) -> Self {
        self.config.forwarding = mode;
        self
    }

    /// Lets the caller of a call that rings several contacts hear the early media of the first that has any. Where another one
    /// takes the call, its answer differs from what was heard before, and not every caller follows that (RFC 3261 section
    /// 13.2.1 has one answer in a dialog).
    pub fn with_forked_early_media(mut self) -> Self {
        self.config.forked_early_media = true;
        self
    }

    /// How digits go to the peer; without this as telephone events, or as INFO where there are none.
    pub fn with_dtmf(mut self, method: DtmfMethod) -> Self {
        self.config.dtmf = method;
        self
    }

    /// Sessions that one user and one endpoint may have at once.
    pub fn with_limits(mut self, limits: SessionLimits) -> Self {
        self.config.limits = limits;
        self
    }

    /// What a peer hears that we hold; without this, nothing.
    pub fn with_music_on_hold(mut self, music: AudioSource) -> Self {
        self.config.music_on_hold = music;
        self
    }

    /// Plays this WAV file, over and over, to a peer that we hold.
    ///
    /// # Errors
    /// When the file cannot be read, or is none of the WAV files that can be played.
    pub fn with_music_on_hold_file(self, path: impl AsRef<Path>) -> Result<Self> {
        let file = std::fs::read(path)?;
        let audio = Audio::read(&file)
            .map_err(|error| SessionError::Configuration(format!("music on hold: {error}")))?;
        Ok(self.with_music_on_hold(AudioSource::File {
            audio: Arc::new(audio),
            repeat: true,
        }))
    }

    /// Session timers (RFC 4028) and reliable provisional responses (RFC 3262), for calls of both directions.
    pub fn with_extensions(mut self, extensions: CallExtensions) -> Self {
        self.config.extensions = extensions;
        self
    }

    /// Session timers (RFC 4028) for calls of both directions; `None` switches them off.
    pub fn with_session_timer(mut self, timer: Option<SessionTimerConfig>) -> Self {
        self.config.extensions.session_timer = timer;
        self
    }

    /// Whether provisional responses are reliable (RFC 3262), for calls of both directions.
    pub fn with_reliable_provisionals(mut self, policy: ReliableProvisionals) -> Self {
        self.config.extensions.reliable_provisionals = policy;
        self
    }

    /// How servers are found by name, and how long what is learnt holds.
    pub fn with_location(mut self, location: LocationConfig) -> Self {
        self.config.location = location;
        self
    }

    /// How many connections may be open, how much waits on them, and for how long.
    pub fn with_connection_limits(mut self, limits: ConnectionLimits) -> Self {
        self.config.connections = limits;
        self
    }
}
