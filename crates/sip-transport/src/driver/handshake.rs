//! From a TCP connection to a link: the TLS and WebSocket handshakes, each in a task of its own.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rvoip_sip_core::ByteString;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::link::{ByteLink, Established, Link, Octets};
use super::stream_config::StreamConfig;
#[cfg(feature = "tls")]
use super::tls::TlsContext;
#[cfg(feature = "ws")]
use super::ws;
use crate::{PeerIdentity, TransportKind};

/// What handshakes are made with.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) streams: StreamConfig,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<TlsContext>,
}

/// A handshake under way; it ends when this is dropped. In a task of its own, its arithmetic holds up
/// nobody else where the runtime has more than one thread.
pub(super) struct Handshake(JoinHandle<io::Result<Established>>);

impl Handshake {
    pub(super) fn accept(kind: TransportKind, stream: TcpStream, settings: &Arc<Settings>) -> Self {
        let settings = Arc::clone(settings);
        Self(tokio::spawn(async move {
            let limit = settings.streams.handshake_timeout;
            let accepted = tokio::time::timeout(limit, accept(kind, stream, &settings)).await;
            accepted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        }))
    }

    /// Connects; how long that may take, the core says.
    pub(super) fn connect(
        kind: TransportKind,
        destination: SocketAddr,
        name: Option<ByteString>,
        settings: &Arc<Settings>,
    ) -> Self {
        let settings = Arc::clone(settings);
        Self(tokio::spawn(async move {
            connect(kind, destination, name, &settings).await
        }))
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Established>> {
        Pin::new(&mut self.0)
            .poll(cx)
            .map(|ended| ended.unwrap_or_else(|error| Err(io::Error::other(error))))
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        self.0.abort();
    }
}

type Secured<S> = io::Result<(S, Option<Arc<PeerIdentity>>)>;

async fn accept(
    kind: TransportKind,
    stream: TcpStream,
    settings: &Settings,
) -> io::Result<Established> {
    set_no_delay(&stream);
    let local = stream.local_addr()?;
    let (link, peer) = match kind.is_secure() {
        true => {
            let (stream, peer) = accept_tls(stream, settings).await?;
            (accept_link(kind, stream, settings).await?, peer)
        }
        false => (accept_link(kind, stream, settings).await?, None),
    };
    Ok(Established { link, local, peer })
}

async fn connect(
    kind: TransportKind,
    destination: SocketAddr,
    name: Option<ByteString>,
    settings: &Settings,
) -> io::Result<Established> {
    let stream = TcpStream::connect(destination).await?;
    set_no_delay(&stream);
    let local = elsewhere(&stream)?;
    let host = name.clone();
    let (link, peer) = match kind.is_secure() {
        true => {
            let (stream, peer) = connect_tls(stream, name, destination, settings).await?;
            (
                connect_link(kind, stream, host, destination, settings).await?,
                peer,
            )
        }
        false => (
            connect_link(kind, stream, host, destination, settings).await?,
            None,
        ),
    };
    Ok(Established { link, local, peer })
}

/// The local address of a connection to somebody else. Where nobody listens on an ephemeral port of
/// this host, TCP may choose that very port and connect it to itself (RFC 9293 section 3.5).
fn elsewhere(stream: &TcpStream) -> io::Result<SocketAddr> {
    let local = stream.local_addr()?;
    match local == stream.peer_addr()? {
        true => Err(io::ErrorKind::ConnectionRefused.into()),
        false => Ok(local),
    }
}

async fn accept_link<S: Octets>(
    kind: TransportKind,
    stream: S,
    settings: &Settings,
) -> io::Result<Box<dyn Link>> {
    match kind {
        #[cfg(feature = "ws")]
        TransportKind::Ws | TransportKind::Wss => ws::accept(stream, &settings.streams).await,
        #[cfg(not(feature = "ws"))]
        TransportKind::Ws | TransportKind::Wss => no_feature(settings),
        TransportKind::Udp | TransportKind::Tcp | TransportKind::Tls => {
            Ok(Box::new(ByteLink(stream)))
        }
    }
}

async fn connect_link<S: Octets>(
    kind: TransportKind,
    stream: S,
    name: Option<ByteString>,
    destination: SocketAddr,
    settings: &Settings,
) -> io::Result<Box<dyn Link>> {
    match kind {
        #[cfg(feature = "ws")]
        TransportKind::Ws | TransportKind::Wss => {
            let host = ws::Host {
                kind,
                name,
                addr: destination,
            };
            ws::connect(stream, &host, &settings.streams).await
        }
        #[cfg(not(feature = "ws"))]
        TransportKind::Ws | TransportKind::Wss => {
            let _ = (name, destination);
            no_feature(settings)
        }
        TransportKind::Udp | TransportKind::Tcp | TransportKind::Tls => {
            Ok(Box::new(ByteLink(stream)))
        }
    }
}

#[cfg(feature = "tls")]
async fn accept_tls(
    stream: TcpStream,
    settings: &Settings,
) -> Secured<tokio_rustls::server::TlsStream<TcpStream>> {
    let tls = settings.tls.as_ref().ok_or(io::ErrorKind::Unsupported)?;
    tls.accept(stream).await
}

#[cfg(feature = "tls")]
async fn connect_tls(
    stream: TcpStream,
    name: Option<ByteString>,
    destination: SocketAddr,
    settings: &Settings,
) -> Secured<tokio_rustls::client::TlsStream<TcpStream>> {
    let tls = settings.tls.as_ref().ok_or(io::ErrorKind::Unsupported)?;
    tls.connect(stream, name, destination.ip()).await
}

#[cfg(not(feature = "tls"))]
async fn accept_tls(_: TcpStream, settings: &Settings) -> Secured<TcpStream> {
    no_feature(settings)
}

#[cfg(not(feature = "tls"))]
async fn connect_tls(
    _: TcpStream,
    _: Option<ByteString>,
    _: SocketAddr,
    settings: &Settings,
) -> Secured<TcpStream> {
    no_feature(settings)
}

#[cfg(not(all(feature = "tls", feature = "ws")))]
fn no_feature<T>(_: &Settings) -> io::Result<T> {
    Err(io::ErrorKind::Unsupported.into())
}

pub(super) fn set_no_delay(stream: &TcpStream) {
    // A message should leave at once; a socket that cannot do that still carries it.
    let _ = stream.set_nodelay(true);
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpSocket;

    use super::*;

    #[tokio::test]
    async fn a_socket_connected_to_itself_is_no_connection() {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let itself = socket.local_addr().unwrap();
        let stream = socket.connect(itself).await.unwrap();
        let refused = elsewhere(&stream).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }
}
