//! Joins sockets, media workers and core.

use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::{Instant, SystemTime};

use rand::SeedableRng;
use rand::rngs::{StdRng, SysRng};
use rvoip_dialog_core::sip_core::{ByteString, Host, HostPort};
use rvoip_dialog_core::sip_transport::driver::{self, Sockets};
use rvoip_dialog_core::sip_transport::{ListenerInfo, TransportConfig, WireTap};
use rvoip_dialog_core::{
    ClientConfig, DialogManager, DialogManagerConfig, HybridConfig, ServerConfig,
};
use rvoip_media_core::rtp_core::driver::MediaWorkers;
use rvoip_media_core::rtp_core::{PortKey, RtpError, WallClock};
use rvoip_media_core::{
    EngineConfig, MediaCommand, MediaConfig, MediaEngine, MediaMode, MediaPorts,
    MediaSessionController, OpenPort, SocketPorts, SrtpPolicy,
};

use super::media_address;
use crate::core::SessionCoreParts;
use crate::registry::Registry;
use crate::secrets::Secrets;
use crate::switchboard::Switchboard;
use crate::{
    CallHandler, Result, SessionCoordinator, SessionCore, SessionError, SessionManagerConfig,
};

pub(super) fn assemble(
    config: SessionManagerConfig,
    sockets: Sockets,
    handler: Option<Arc<dyn CallHandler>>,
    tap: Option<Arc<dyn WireTap>>,
) -> Result<Arc<SessionCoordinator>> {
    let runtime = tokio::runtime::Handle::try_current()
        .map_err(|_| SessionError::Configuration("needs a tokio runtime".to_owned()))?;
    let mut rng = StdRng::try_from_rng(&mut SysRng).map_err(std::io::Error::other)?;
    let public = config.public_address()?;
    let listeners: Vec<ListenerInfo> = sockets
        .listeners()
        .into_iter()
        .map(|listener| advertise(listener, public))
        .collect();

    let registry = Arc::new(Registry::default());
    let switchboard = Arc::new(Switchboard::new(
        runtime,
        Arc::clone(&registry),
        listeners.clone(),
        handler,
        Secrets::of(&config),
        config.event_capacity,
    ));
    let weak = Arc::downgrade(&switchboard);

    let (media, workers) = media(
        &config,
        &listeners,
        StdRng::from_rng(&mut rng),
        weak.clone(),
    )?;
    let mut transport = TransportConfig::new(listeners);
    transport.tap = tap;
    transport.strictness = config.strictness;
    transport.stream_keep_alive = config.keep_alive;
    transport.location = config.location.clone();
    config.connections.apply(&mut transport);
    let mut dialogs =
        DialogManager::new(roles(&config), config.transactions.clone(), transport, rng);
    dialogs.set_accounts(config.accounts.clone());
    if let Some(registrar) = config.registrar.clone() {
        dialogs.serve_registrations(registrar);
    }
    if let Some(compositor) = config.compositor.clone() {
        dialogs.serve_publications(compositor);
    }
    let core = SessionCore::new(SessionCoreParts {
        dialogs,
        media,
        registry,
        settings: config.core_settings(),
    });
    let shard = driver::spawn(sockets, core, move |event| {
        if let Some(switchboard) = weak.upgrade() {
            switchboard.on_event(event);
        }
    })?;
    switchboard.connect(shard, workers);
    Ok(Arc::new(SessionCoordinator::new(switchboard)))
}

/// What peers are told of a listener when the machine is known by a public address.
fn advertise(listener: ListenerInfo, public: Option<IpAddr>) -> ListenerInfo {
    let host = match public {
        Some(IpAddr::V4(ip)) if listener.local_addr.is_ipv4() => Host::V4(ip),
        Some(IpAddr::V6(ip)) if listener.local_addr.is_ipv6() => Host::V6(ip),
        _ => return listener,
    };
    let port = Some(listener.local_addr.port());
    listener.with_advertised(HostPort { host, port })
}

fn roles(config: &SessionManagerConfig) -> DialogManagerConfig {
    let product =
        Some(ByteString::from(config.product.as_str())).filter(|product| !product.is_empty());
    DialogManagerConfig::Hybrid(HybridConfig {
        client: ClientConfig {
            user_agent: product.clone(),
            max_calls: config.max_sessions,
            max_ringing: config.ringing_timeout,
            extensions: config.extensions.clone(),
            ..ClientConfig::default()
        },
        server: ServerConfig {
            server: product,
            max_calls: config.max_sessions,
            max_ringing: config.ringing_timeout,
            extensions: config.extensions.clone(),
            methods: config.methods.clone(),
            subscriptions: config.subscriptions.clone(),
            realm: config.realm.clone(),
            ..ServerConfig::default()
        },
    })
}

type Media = (MediaSessionController, Option<MediaWorkers<MediaEngine>>);

fn media(
    config: &SessionManagerConfig,
    listeners: &[ListenerInfo],
    rng: StdRng,
    switchboard: Weak<Switchboard>,
) -> Result<Media> {
    let bind = media_address(config);
    let told = listeners
        .iter()
        .find(|listener| listener.local_addr.ip() == bind);
    let is_protected = |listener: &ListenerInfo| listener.kind.is_secure();
    if config.srtp != SrtpPolicy::Off && !listeners.iter().any(is_protected) {
        tracing::warn!("SRTP keys go through signalling in the clear: no listener is TLS or WSS");
    }
    let media = MediaConfig {
        mode: config.media,
        advertised: told.and_then(|listener| listener.advertised().host.to_ip()),
        capabilities: config.capabilities()?,
        source: config.audio.clone(),
        listening: config.listening,
        processors: config.processors.clone().timed_by(Instant::now),
        ..MediaConfig::default()
    };
    if config.media == MediaMode::Inactive {
        return Ok((
            MediaSessionController::new(media, Box::new(NoPorts), rng),
            None,
        ));
    }
    let clock = WallClock::new(Instant::now(), SystemTime::now());
    let engine = EngineConfig {
        latching: config.latching,
        ..EngineConfig::default()
    };
    let engine = MediaEngine::new(engine, clock);
    let range = config.media_port_start..=config.media_port_end;
    let events = move |event| {
        if let Some(switchboard) = switchboard.upgrade() {
            switchboard.on_media_event(event);
        }
    };
    let ports = SocketPorts::new(bind, range, engine, config.media_threads, events)
        .map_err(|error| SessionError::Configuration(format!("media ports: {error}")))?;
    let workers = ports.workers();
    Ok((
        MediaSessionController::new(media, Box::new(ports), rng),
        Some(workers),
    ))
}

/// The ports of a coordinator without media.
#[derive(Debug)]
struct NoPorts;

impl MediaPorts for NoPorts {
    fn open(&mut self, _now: Instant) -> Result<OpenPort, RtpError> {
        Err(RtpError::WorkerStopped)
    }

    fn release(&mut self, _now: Instant, _port: PortKey) {}

    fn command(
        &mut self,
        _now: Instant,
        _port: PortKey,
        _command: MediaCommand,
    ) -> Result<(), RtpError> {
        Err(RtpError::WorkerStopped)
    }

    fn open_ports(&self) -> usize {
        0
    }
}
