//! How a coordinator is set up.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::CallExtensions;
use rvoip_dialog_core::compositor::CompositorConfig;
use rvoip_dialog_core::registrar::RegistrarConfig;
use rvoip_dialog_core::sip_core::{ByteString, Method, Strictness, Uri};
use rvoip_dialog_core::sip_transport::{LocationConfig, TransportKind};
use rvoip_dialog_core::transaction_core::TransactionConfig;
use rvoip_dialog_core::{Account, Realm, SubscriptionConfig};
use rvoip_media_core::rtp_core::Latching;
use rvoip_media_core::{
    AudioSource, Capabilities, Codec, CodecPreference, FrameProcessors, Listening, MediaMode,
    OpusConfig, SrtpPolicy,
};

use crate::{
    AsyncCredentialStore, ConnectionLimits, CoreSettings, DtmfMethod, ForwardMode, RedirectPolicy,
    RegistrationConfig, Result, SessionError, SessionLimits,
};

/// The settings of a coordinator, with defaults for all of them.
#[derive(Debug, Clone)]
pub struct SessionManagerConfig {
    /// Where SIP is received over UDP and TCP, when `listeners` names nothing else; port 0 takes any.
    pub local_bind_addr: SocketAddr,
    /// Where SIP is received, in place of `local_bind_addr`.
    pub listeners: Vec<(TransportKind, SocketAddr)>,
    /// Whether messages that break the grammar harmlessly are let through.
    pub strictness: Strictness,
    /// How often connections that this side has opened are kept alive (RFC 5626 section 3.5.1); a peer that does not
    /// answer within 10 s has lost its connection. Default never.
    pub keep_alive: Option<Duration>,
    /// What is registered as soon as the coordinator is there.
    pub registrations: Vec<RegistrationConfig>,
    /// The registrar that this side is, if it is one.
    pub registrar: Option<RegistrarConfig>,
    /// The keeper of published state that this side is, if it is one.
    pub compositor: Option<CompositorConfig>,
    /// Timers and limits of transactions: when new calls are shed, how long a silent server is waited for.
    pub transactions: TransactionConfig,
    /// The first port for RTP.
    pub media_port_start: u16,
    /// The last port for RTP.
    pub media_port_end: u16,
    /// Threads that carry media, one at least; all that is said in a bridge goes through one of them.
    pub media_threads: usize,
    /// Whether the peer's media may come from elsewhere than it said, and be sent there: behind NATs.
    pub latching: Latching,
    /// Whether comfort noise (RFC 3389) is negotiated, and silence left out.
    pub comfort_noise: bool,
    /// Whether our offers want RTCP on the port of RTP (RFC 5761); what a peer offers is taken in any case.
    pub rtcp_mux: bool,
    /// Whether both sides tell each other by RTCP XR how they sound (RFC 3611 section 4.7), where the peer agrees.
    pub extended_reports: bool,
    /// The SIP URI of this side. When its host is an IP address, that address is told to peers in Via, Contact and SDP
    /// in place of the bound one.
    pub local_address: Option<String>,
    /// Sessions that may exist at once; more are answered 503 with Retry-After.
    pub max_sessions: usize,
    /// Who this side is to servers that ask for credentials.
    pub accounts: Vec<Account>,
    /// Whom this side asks for credentials, and for which. Default nobody.
    pub realm: Option<Realm>,
    /// Looks up the secrets that the realm's store does not have at hand.
    pub secrets: Option<Arc<dyn AsyncCredentialStore>>,
    /// The methods whose requests the application answers in [`on_request`](crate::CallHandler::on_request).
    pub methods: Vec<Method>,
    /// Limits of subscriptions of both sides, and what peers may subscribe to.
    pub subscriptions: SubscriptionConfig,
    /// What to do when a called party sends us elsewhere. Default: go there.
    pub redirects: RedirectPolicy,
    /// What becomes of a call that the application forwards. Default: the caller is told by 302.
    pub forwarding: ForwardMode,
    /// Whether the caller of a call that rings several contacts hears the early media of the first that has any, also where
    /// another one takes the call in the end and describes its media otherwise: not every caller follows that. Default not.
    pub forked_early_media: bool,
    /// How digits go to the peer. Default: as telephone events, or as INFO where there are none.
    pub dtmf: DtmfMethod,
    /// Session timers and reliable provisional responses, for calls of both directions.
    pub extensions: CallExtensions,
    /// How servers are found by name, and how long what is learnt holds.
    pub location: LocationConfig,
    /// How many connections may be open, how much waits on them, and for how long.
    pub connections: ConnectionLimits,
    /// Sessions that one user and one endpoint may have at once. Default without limit.
    pub limits: SessionLimits,
    /// How long a call may last after it was answered.
    pub session_timeout: Option<Duration>,
    /// How long a call may ring: an incoming one that is not decided is answered 480, an outgoing one is cancelled.
    pub ringing_timeout: Duration,
    /// How long a handler may think before the caller hears it ringing.
    pub alert_after: Duration,
    /// Codecs, best first; others are not used. The order decides when we answer, unless it is the default one: then the
    /// offerer's does.
    pub preferred_codecs: Vec<Codec>,
    /// Whether calls are SRTP, with keys that go through signalling (RFC 4568). Who can read the signalling can read the
    /// keys: use TLS.
    pub srtp: SrtpPolicy,
    /// How Opus is encoded, where that feature is on and the codec is used.
    pub opus: OpusConfig,
    /// Whether calls carry media at all. Inactive media opens no port.
    pub media: MediaMode,
    /// What a call sends until told otherwise.
    pub audio: AudioSource,
    /// What is listened for in what peers say, until told otherwise. Default nothing.
    pub listening: Listening,
    /// Who works on the sound of calls until told otherwise. Default nobody.
    pub processors: FrameProcessors,
    /// What a peer hears that we hold. Default nothing: no packets at all.
    pub music_on_hold: AudioSource,
    /// Where every answered call is recorded, as `SESSION.wav`.
    pub recording_directory: Option<PathBuf>,
    /// Events that are kept for a slow subscriber.
    pub event_capacity: usize,
    /// The product in User-Agent and Server headers.
    pub product: String,
}

/// The name that the three-line server of the README uses.
pub type SessionConfig = SessionManagerConfig;

impl Default for SessionManagerConfig {
    fn default() -> Self {
        SessionManagerConfig {
            local_bind_addr: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 5060)),
            listeners: Vec::new(),
            strictness: Strictness::Lenient,
            keep_alive: None,
            registrations: Vec::new(),
            registrar: None,
            compositor: None,
            transactions: TransactionConfig::default(),
            media_port_start: 10_000,
            media_port_end: 20_000,
            media_threads: std::thread::available_parallelism().map_or(1, NonZero::get),
            latching: Latching::default(),
            comfort_noise: false,
            rtcp_mux: false,
            extended_reports: false,
            local_address: None,
            max_sessions: 10_000,
            accounts: Vec::new(),
            realm: None,
            secrets: None,
            methods: Vec::new(),
            subscriptions: SubscriptionConfig::default(),
            extensions: CallExtensions::default(),
            location: LocationConfig::default(),
            connections: ConnectionLimits::default(),
            redirects: RedirectPolicy::default(),
            forwarding: ForwardMode::default(),
            forked_early_media: false,
            dtmf: DtmfMethod::default(),
            limits: SessionLimits::default(),
            session_timeout: None,
            ringing_timeout: Duration::from_secs(60),
            alert_after: Duration::from_millis(100),
            preferred_codecs: Codec::DEFAULT.to_vec(),
            srtp: SrtpPolicy::Off,
            opus: OpusConfig::default(),
            media: MediaMode::Active,
            audio: AudioSource::Silence,
            listening: Listening::default(),
            processors: FrameProcessors::default(),
            music_on_hold: AudioSource::None,
            recording_directory: None,
            event_capacity: 1024,
            product: concat!("rvoip/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl SessionManagerConfig {
    /// The defaults on this address, as in `127.0.0.1:5060`.
    ///
    /// # Errors
    /// When the text is no address with a port.
    pub fn server(address: &str) -> Result<Self> {
        Ok(SessionManagerConfig {
            local_bind_addr: address.parse()?,
            ..Self::default()
        })
    }

    pub(crate) fn core_settings(&self) -> CoreSettings {
        CoreSettings {
            max_sessions: self.max_sessions,
            session_timeout: self.session_timeout,
            alert_after: self.alert_after,
            recording_directory: self.recording_directory.clone(),
            sends_audio: !matches!(self.audio, AudioSource::None),
            music_on_hold: self.music_on_hold.clone(),
            redirects: self.redirects.clone(),
            forwarding: self.forwarding,
            forked_early_media: self.forked_early_media,
            dtmf: self.dtmf,
            limits: self.limits.clone(),
        }
    }

    /// The listeners to bind.
    pub(crate) fn bindings(&self) -> Vec<(TransportKind, SocketAddr)> {
        if self.listeners.is_empty() {
            vec![
                (TransportKind::Udp, self.local_bind_addr),
                (TransportKind::Tcp, self.local_bind_addr),
            ]
        } else {
            self.listeners.clone()
        }
    }

    /// The address that peers are told in place of the bound one.
    pub(crate) fn public_address(&self) -> Result<Option<IpAddr>> {
        let Some(text) = &self.local_address else {
            return Ok(None);
        };
        let uri = Uri::parse(ByteString::from(text.as_str()))
            .map_err(|_| SessionError::InvalidUri(text.clone()))?;
        Ok(uri
            .host()
            .and_then(|host| host.to_ip())
            .filter(|ip| !ip.is_unspecified()))
    }

    pub(crate) fn capabilities(&self) -> Result<Capabilities> {
        if self.preferred_codecs.is_empty() {
            return Err(SessionError::Configuration(
                "no codec is left to offer".to_owned(),
            ));
        }
        Ok(Capabilities {
            codecs: self.preferred_codecs.clone(),
            opus: self.opus,
            preference: if self.preferred_codecs == Codec::DEFAULT {
                CodecPreference::Offerer
            } else {
                CodecPreference::Local
            },
            srtp: self.srtp,
            comfort_noise: self.comfort_noise,
            rtcp_mux: self.rtcp_mux,
            extended_reports: self.extended_reports,
            ..Capabilities::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_carries_udp_and_tcp_unless_listeners_are_named() {
        let mut config = SessionManagerConfig::server("127.0.0.1:5070").unwrap();
        assert_eq!(config.bindings().len(), 2);
        config
            .listeners
            .push((TransportKind::Udp, "127.0.0.1:0".parse().unwrap()));
        assert_eq!(config.bindings().len(), 1);
        assert!(SessionManagerConfig::server("nonsense").is_err());
    }

    #[test]
    fn a_public_address_is_taken_from_the_local_uri() {
        let with = |uri: &str| SessionManagerConfig {
            local_address: Some(uri.to_owned()),
            ..Default::default()
        };
        let public = with("sip:pbx@203.0.113.9:5060").public_address().unwrap();
        assert_eq!(public, Some("203.0.113.9".parse().unwrap()));
        assert_eq!(with("sip:pbx@example.com").public_address().unwrap(), None);
        assert!(with("not a uri").public_address().is_err());
    }
}
