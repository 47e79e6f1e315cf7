//! The tokio driver: the only code that touches sockets and the clock.
//!
//! A shard is one task that owns its sockets and its [`Core`](crate::Core). A turn of it takes the
//! waiting commands, reads every socket that is ready in batches, does what is due, sends what the
//! core has to send, and sleeps until a socket, a command or the core's deadline wakes it. No
//! message passes a channel, a lock or another task. Only TLS and WebSocket handshakes run in tasks of
//! their own, a bounded number of them.
//!
//! ```no_run
//! use rvoip_sip_transport::{Core, TransportConfig, TransportKind, driver};
//!
//! # fn run<C: Core + Send + 'static>(core: impl Fn(TransportConfig) -> C) -> std::io::Result<()> {
//! let sockets = driver::Sockets::bind(&[
//!     (TransportKind::Udp, "127.0.0.1:5060".parse().unwrap()),
//!     (TransportKind::Tcp, "127.0.0.1:5060".parse().unwrap()),
//! ])?;
//! let core = core(TransportConfig::new(sockets.listeners()));
//! let shard = driver::spawn(sockets, core, |event| drop(event))?;
//! # drop(shard); Ok(())
//! # }
//! ```

mod acceptor;
mod alarm;
mod bind_error;
mod capture;
mod connection;
mod datagram_socket;
mod dns;
mod handshake;
mod inbox;
mod link;
mod outbox;
mod readiness;
mod recent;
mod run;
mod shaking;
mod shard;
mod sockets;
mod stream_config;
mod streams;
#[cfg(feature = "tls")]
mod tls;
mod udp;
mod wire;
#[cfg(feature = "ws")]
mod ws;

pub use self::bind_error::BindError;
pub use self::capture::Capture;
#[cfg(feature = "dns")]
pub use self::dns::DnsConfig;
pub use self::run::spawn;
pub use self::shard::{Shard, ShardClosed, TryPostError};
pub use self::sockets::Sockets;
pub use self::stream_config::StreamConfig;
#[cfg(feature = "tls")]
pub use self::tls::{ClientCertificates, TlsConfig, TlsContext, TlsError};
