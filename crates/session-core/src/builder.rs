//! Builds a coordinator: sockets, media workers and core, joined.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::sip_core::Strictness;
#[cfg(feature = "dns")]
use rvoip_dialog_core::sip_transport::driver::DnsConfig;
use rvoip_dialog_core::sip_transport::driver::{Sockets, StreamConfig};
#[cfg(feature = "tls")]
use rvoip_dialog_core::sip_transport::driver::{TlsConfig, TlsContext};
use rvoip_dialog_core::sip_transport::{TransportKind, WireTap};
use rvoip_dialog_core::transaction_core::TransactionConfig;
use rvoip_media_core::{AudioSource, Codec, MediaMode, OpusConfig, SrtpPolicy};

use crate::{CallHandler, Result, SessionCoordinator, SessionError, SessionManagerConfig};

mod assemble;
mod authentication;
mod calls;
mod registration;
mod sound;
mod subscription;

/// Builds a [`SessionCoordinator`].
#[derive(Default, Clone)]
pub struct SessionManagerBuilder {
    config: SessionManagerConfig,
    handler: Option<Arc<dyn CallHandler>>,
    tap: Option<Arc<dyn WireTap>>,
    unknown_codec: Option<String>,
    audio_processing: bool,
    echo_cancellation: bool,
    streams: StreamConfig,
    #[cfg(feature = "dns")]
    dns: DnsConfig,
    #[cfg(feature = "tls")]
    tls: Option<TlsContext>,
}

impl SessionManagerBuilder {
    /// The defaults: UDP and TCP on port 5060 of all addresses, RTP on ports 10000 to 20000.
    pub fn new() -> Self {
        Self::default()
    }

    /// These settings.
    pub fn from_config(config: SessionManagerConfig) -> Self {
        SessionManagerBuilder {
            config,
            ..Self::default()
        }
    }

    /// Receives SIP on this port; 0 takes any.
    pub fn with_sip_port(mut self, port: u16) -> Self {
        self.config.local_bind_addr.set_port(port);
        self
    }

    /// The SIP URI of this side; see [`SessionManagerConfig::local_address`].
    pub fn with_local_address(mut self, uri: impl Into<String>) -> Self {
        self.config.local_address = Some(uri.into());
        self
    }

    /// Receives SIP over UDP and TCP on this address; port 0 takes any.
    pub fn with_local_bind_addr(mut self, address: SocketAddr) -> Self {
        self.config.local_bind_addr = address;
        self
    }

    /// Receives SIP here, in place of the bind address; may be called several times. RTP is received on the address of the
    /// first. TLS and WSS need [`with_tls`](Self::with_tls) and a certificate, and the feature `tls`; WS and WSS need the
    /// feature `ws`. TLS and WebSocket share their port with nothing else.
    pub fn with_listener(mut self, kind: TransportKind, address: SocketAddr) -> Self {
        self.config.listeners.push((kind, address));
        self
    }

    /// Lets messages through that break the grammar harmlessly, as is the default, or refuses them.
    pub fn with_strictness(mut self, strictness: Strictness) -> Self {
        self.config.strictness = strictness;
        self
    }

    /// Keeps connections that this side has opened alive, see [`SessionManagerConfig::keep_alive`]. For peers behind
    /// translators and firewalls 120 s is a good choice.
    pub fn with_keep_alive(mut self, interval: Duration) -> Self {
        self.config.keep_alive = Some(interval);
        self
    }

    /// Runs transactions with these timers and limits.
    pub fn with_transactions(mut self, config: TransactionConfig) -> Self {
        self.config.transactions = config;
        self
    }

    /// Speaks TLS with these settings: listeners show the certificate in them, outgoing connections verify against the
    /// roots in them. Without this, outgoing connections verify against the roots of the operating system. The
    /// context can be kept to [`reload`](TlsContext::reload) renewed certificates.
    #[cfg(feature = "tls")]
    pub fn with_tls(mut self, tls: TlsContext) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Asks these name servers for NAPTR, SRV and address records; without this those of the system.
    #[cfg(feature = "dns")]
    pub fn with_dns(mut self, config: DnsConfig) -> Self {
        self.dns = config;
        self
    }

    /// Bounds stream connections otherwise than by default: handshakes, slow readers, WebSocket origins.
    pub fn with_streams(mut self, config: StreamConfig) -> Self {
        self.streams = config;
        self
    }

    /// Receives RTP on ports of this range.
    pub fn with_rtp_port_range(mut self, first: u16, last: u16) -> Self {
        self.config.media_port_start = first;
        self.config.media_port_end = last;
        self
    }

    /// The same as [`with_rtp_port_range`](Self::with_rtp_port_range).
    pub fn with_media_ports(self, first: u16, last: u16) -> Self {
        self.with_rtp_port_range(first, last)
    }

    /// Sessions that may exist at once.
    pub fn with_max_sessions(mut self, sessions: usize) -> Self {
        self.config.max_sessions = sessions;
        self
    }

    /// How long a call may last after it was answered.
    pub fn with_session_timeout(mut self, timeout: Duration) -> Self {
        self.config.session_timeout = Some(timeout);
        self
    }

    /// How long a call may ring, and a decision be deferred.
    pub fn with_ringing_timeout(mut self, timeout: Duration) -> Self {
        self.config.ringing_timeout = timeout;
        self
    }

    /// Decides about incoming calls. Without a handler they are answered 480.
    pub fn with_handler(mut self, handler: Arc<dyn CallHandler>) -> Self {
        self.handler = Some(handler);
        self
    }

    /// Sees every SIP message in and out.
    pub fn with_wire_tap(mut self, tap: Arc<dyn WireTap>) -> Self {
        self.tap = Some(tap);
        self
    }

    /// What a call sends until told otherwise.
    pub fn with_media_source(mut self, source: AudioSource) -> Self {
        self.config.audio = source;
        self
    }

    /// Records every answered call into this directory, as `SESSION.wav`.
    pub fn with_recording_directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.config.recording_directory = Some(directory.into());
        self
    }

    /// Codecs by their names in SDP, best first; others are not used: `PCMU`, `PCMA`, `G722`, `L16/16000`, and with the feature
    /// `opus` `opus` or, for sound of another rate than 16 kHz, `opus/8000`, `opus/24000` or `opus/48000`.
    pub fn with_preferred_codecs<S: AsRef<str>>(
        mut self,
        names: impl IntoIterator<Item = S>,
    ) -> Self {
        self.config.preferred_codecs.clear();
        for name in names {
            match Codec::from_name(name.as_ref()) {
                Some(codec) => self.config.preferred_codecs.push(codec),
                None => self.unknown_codec = Some(name.as_ref().to_owned()),
            }
        }
        self
    }

    /// Secures calls by SRTP where the peer can, always, or never, as is the default; see
    /// [`SessionManagerConfig::srtp`].
    pub fn with_srtp(mut self, policy: SrtpPolicy) -> Self {
        self.config.srtp = policy;
        self
    }

    /// How Opus is encoded, where it is used.
    pub fn with_opus(mut self, opus: OpusConfig) -> Self {
        self.config.opus = opus;
        self
    }

    /// Answers and offers inactive media and opens no RTP port: for signalling alone.
    pub fn without_media(mut self) -> Self {
        self.config.media = MediaMode::Inactive;
        self
    }

    /// Binds the sockets and starts signalling and media. Calls can be placed at once; incoming ones are taken from
    /// [`start`](crate::SessionControl::start) on.
    ///
    /// # Errors
    /// A setting that makes no sense, or an address or a port that cannot be had. Needs a tokio runtime.
    pub async fn build(mut self) -> Result<Arc<SessionCoordinator>> {
        if let Some(name) = self.unknown_codec {
            return Err(SessionError::Configuration(format!(
                "{name} is not a codec that is known here"
            )));
        }
        self.config.processors = self.processors()?;
        let sockets = self.sockets()?;
        let registrations = self.config.registrations.clone();
        let coordinator = assemble::assemble(self.config, sockets, self.handler, self.tap)?;
        for registration in registrations {
            coordinator.register(registration).await?;
        }
        Ok(coordinator)
    }
}

impl SessionManagerBuilder {
    fn sockets(&self) -> Result<Sockets> {
        let sockets = Sockets::bind(&self.config.bindings())?.with_streams(self.streams.clone());
        #[cfg(feature = "dns")]
        let sockets = sockets.with_dns(self.dns.clone());
        #[cfg(feature = "tls")]
        let sockets = sockets.with_tls(match &self.tls {
            Some(tls) => tls.clone(),
            None => TlsConfig::new().load()?,
        });
        sockets.check()?;
        Ok(sockets)
    }
}

impl fmt::Debug for SessionManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionManagerBuilder")
            .field("config", &self.config)
            .field("handler", &self.handler)
            .field("tap", &self.tap.is_some())
            .finish_non_exhaustive()
    }
}

/// The address to bind RTP to: that of the first listener.
fn media_address(config: &SessionManagerConfig) -> IpAddr {
    config
        .listeners
        .first()
        .map_or(config.local_bind_addr, |(_, address)| *address)
        .ip()
}
