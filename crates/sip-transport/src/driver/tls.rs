//! TLS (RFC 3261 section 26.3.1, RFC 5922): handshakes in both directions, certificates that can be renewed.

mod config;
mod credential;
mod error;
mod identity;
mod trust_anything;
mod verifier;

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, CommonState, RootCertStore, ServerConfig};
use rvoip_sip_core::ByteString;
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use self::config::Roots;
pub use self::config::{ClientCertificates, TlsConfig};
use self::credential::{Credential, read_roots};
pub use self::error::TlsError;
use self::trust_anything::TrustAnything;
use self::verifier::DomainVerifier;
use super::link::Octets;
use crate::PeerIdentity;

/// Loaded TLS settings. Clones are handles on the same settings.
#[derive(Clone)]
pub struct TlsContext {
    state: Arc<Mutex<State>>,
}

struct State {
    config: TlsConfig,
    loaded: Arc<Loaded>,
}

/// What a handshake is made with. One that has begun keeps what it began with.
struct Loaded {
    connector: TlsConnector,
    acceptor: Option<TlsAcceptor>,
    is_verifying: bool,
}

impl TlsContext {
    pub(super) fn new(config: TlsConfig) -> Result<Self, TlsError> {
        let loaded = Arc::new(Loaded::new(&config)?);
        let state = Arc::new(Mutex::new(State { config, loaded }));
        Ok(Self { state })
    }

    /// Reads the files again. Handshakes from now on use what they say; connections go on as they are.
    ///
    /// # Errors
    /// What is missing or does not fit; what was loaded before stays in use then.
    pub fn reload(&self) -> Result<(), TlsError> {
        let config = self.lock().config.clone();
        self.replace(config)
    }

    /// Puts other settings in the place of those in use, as [`reload`](Self::reload) does.
    ///
    /// # Errors
    /// What is missing or does not fit; what was loaded before stays in use then.
    pub fn replace(&self, config: TlsConfig) -> Result<(), TlsError> {
        let loaded = Arc::new(Loaded::new(&config)?);
        *self.lock() = State { config, loaded };
        Ok(())
    }

    /// Whether there is a certificate to show to connecting peers.
    pub fn can_listen(&self) -> bool {
        self.loaded().acceptor.is_some()
    }

    pub(super) async fn accept<S: Octets>(
        &self,
        stream: S,
    ) -> io::Result<(server::TlsStream<S>, Option<Arc<PeerIdentity>>)> {
        let loaded = self.loaded();
        let acceptor = loaded.acceptor.as_ref();
        let acceptor = acceptor.ok_or(io::ErrorKind::Unsupported)?;
        let stream = acceptor.accept(stream).await?;
        let peer = loaded.peer(stream.get_ref().1);
        Ok((stream, peer))
    }

    /// Connects to a server that has to be `name`, or else the holder of this address.
    pub(super) async fn connect<S: Octets>(
        &self,
        stream: S,
        name: Option<ByteString>,
        ip: IpAddr,
    ) -> io::Result<(client::TlsStream<S>, Option<Arc<PeerIdentity>>)> {
        let loaded = self.loaded();
        let name = match name {
            Some(name) => ServerName::try_from(name.to_string()).map_err(io::Error::other)?,
            None => ServerName::from(ip),
        };
        let stream = loaded.connector.connect(name, stream).await?;
        let peer = loaded.peer(stream.get_ref().1);
        Ok((stream, peer))
    }

    fn loaded(&self) -> Arc<Loaded> {
        Arc::clone(&self.lock().loaded)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TlsContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TlsContext")
            .field(&self.lock().config)
            .finish()
    }
}

impl Loaded {
    fn new(config: &TlsConfig) -> Result<Self, TlsError> {
        // Handed in by value: a program may have linked, or installed, another provider for itself.
        let provider = Arc::new(ring::default_provider());
        let roots = Arc::new(read_roots(&config.roots)?);
        let credential = match &config.credential {
            None => None,
            Some((certificate, key)) => Some(Credential::read(certificate, key)?),
        };
        let acceptor = match &credential {
            None => None,
            Some(credential) => Some(acceptor(config, credential, &roots, &provider)?),
        };
        Ok(Self {
            connector: connector(config, credential.as_ref(), roots, provider)?,
            acceptor,
            is_verifying: !matches!(config.roots, Roots::Anything),
        })
    }

    /// Who the peer of an established session is. What was shown has been verified, unless everything is trusted.
    fn peer(&self, session: &CommonState) -> Option<Arc<PeerIdentity>> {
        let certificate = session.peer_certificates()?.first()?;
        let identity = identity::of(certificate).ok();
        identity.filter(|_| self.is_verifying).map(Arc::new)
    }
}

fn connector(
    config: &TlsConfig,
    credential: Option<&Credential>,
    roots: Arc<RootCertStore>,
    provider: Arc<CryptoProvider>,
) -> Result<TlsConnector, TlsError> {
    let algorithms = provider.signature_verification_algorithms;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::unusable)?
        .dangerous();
    let builder = match config.roots {
        Roots::Anything => {
            builder.with_custom_certificate_verifier(Arc::new(TrustAnything(algorithms)))
        }
        Roots::Native | Roots::Pem(_) => builder
            .with_custom_certificate_verifier(Arc::new(DomainVerifier::new(roots, algorithms))),
    };
    let client = match credential.map(Credential::parts) {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(TlsError::unusable)?,
    };
    Ok(TlsConnector::from(Arc::new(client)))
}

fn acceptor(
    config: &TlsConfig,
    credential: &Credential,
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<TlsAcceptor, TlsError> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::unusable)?;
    let builder = match config.client_certificates {
        ClientCertificates::None => builder.with_no_client_auth(),
        wanted => {
            let roots = Arc::clone(roots);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider));
            let verifier = match wanted {
                ClientCertificates::Request => verifier.allow_unauthenticated(),
                _ => verifier,
            };
            builder.with_client_cert_verifier(verifier.build().map_err(|_| TlsError::NoRoots)?)
        }
    };
    let (chain, key) = credential.parts();
    let server = builder
        .with_single_cert(chain, key)
        .map_err(TlsError::unusable)?;
    Ok(TlsAcceptor::from(Arc::new(server)))
}
