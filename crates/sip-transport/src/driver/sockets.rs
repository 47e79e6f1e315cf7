//! Binding: UDP and TCP on one port, IPv4 and IPv6, and what is spoken over streams.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::bind_error::BindError;
#[cfg(feature = "dns")]
use super::dns::DnsConfig;
use super::dns::Resolver;
use super::handshake::Settings;
use super::stream_config::StreamConfig;
#[cfg(feature = "tls")]
use super::tls::TlsContext;
use crate::{ListenerId, ListenerInfo, TransportKind};

/// What the kernel may keep of a burst while the shard is busy; the system's maximum may be less.
const UDP_BUFFER_OCTETS: usize = 4 * 1024 * 1024;
/// Connections that wait for `accept`.
const TCP_BACKLOG: i32 = 1024;
/// How often another port is tried where several sockets should share one of the system's choice.
const SHARED_PORT_ATTEMPTS: usize = 64;

/// A bound socket.
#[derive(Debug)]
pub(super) enum Bound {
    Udp(UdpSocket),
    Tcp(TcpListener),
}

impl Bound {
    fn new(kind: TransportKind, addr: SocketAddr) -> io::Result<(Self, SocketAddr)> {
        match kind {
            TransportKind::Udp => {
                let socket = bind_udp(addr)?;
                let local = socket.local_addr()?;
                Ok((Self::Udp(socket), local))
            }
            TransportKind::Tcp | TransportKind::Tls | TransportKind::Ws | TransportKind::Wss => {
                let listener = bind_tcp(addr)?;
                let local = listener.local_addr()?;
                Ok((Self::Tcp(listener), local))
            }
        }
    }
}

/// Whether the transport lives on the port of others (RFC 3261 section 18.1.1).
fn shares_port(kind: TransportKind) -> bool {
    matches!(kind, TransportKind::Udp | TransportKind::Tcp)
}

/// Bound sockets that no shard drives yet.
#[derive(Debug)]
pub struct Sockets {
    pub(super) bound: Vec<(ListenerInfo, Bound)>,
    pub(super) settings: Settings,
    pub(super) resolver: Resolver,
}

impl Sockets {
    /// Binds every address, in order.
    ///
    /// Where port 0 is asked for, UDP and TCP on the same IP address get the same port. For an
    /// unspecified address (`0.0.0.0`, `::`) the listener advertises the address of the interface
    /// that the default route leaves by.
    ///
    /// # Errors
    /// The first address that cannot be bound, or whose transport is not built in.
    pub fn bind(addresses: &[(TransportKind, SocketAddr)]) -> Result<Self, BindError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            match Self::bind_once(addresses) {
                // The port that one protocol got was taken for the other: try the next one.
                Err(BindError::Address { source, .. })
                    if source.kind() == io::ErrorKind::AddrInUse
                        && attempt < SHARED_PORT_ATTEMPTS
                        && addresses.iter().any(|(_, addr)| addr.port() == 0) => {}
                result => return result,
            }
        }
    }

    fn bind_once(addresses: &[(TransportKind, SocketAddr)]) -> Result<Self, BindError> {
        let mut bound: Vec<(ListenerInfo, Bound)> = Vec::with_capacity(addresses.len());
        for (id, &(kind, mut addr)) in (0..).zip(addresses) {
            BindError::check_feature(kind)?;
            if addr.port() == 0 && shares_port(kind) {
                let shared = bound
                    .iter()
                    .zip(addresses)
                    .find(|((other, _), (_, asked))| {
                        asked.port() == 0
                            && asked.ip() == addr.ip()
                            && other.kind != kind
                            && shares_port(other.kind)
                    });
                let taken = |port| {
                    bound.iter().any(|(other, _)| {
                        other.kind == kind && other.local_addr == SocketAddr::new(addr.ip(), port)
                    })
                };
                if let Some(((other, _), _)) = shared
                    && !taken(other.local_addr.port())
                {
                    addr.set_port(other.local_addr.port());
                }
            }
            let (socket, local) = Bound::new(kind, addr).map_err(|source| BindError::Address {
                kind,
                addr,
                source,
            })?;
            let interface = local
                .ip()
                .is_unspecified()
                .then(|| interface_address(local.is_ipv4()));
            let info = ListenerInfo::new(ListenerId(id), kind, local, interface.flatten());
            bound.push((info, socket));
        }
        Ok(Self {
            bound,
            settings: Settings::default(),
            resolver: Resolver::default(),
        })
    }

    /// Bounds stream connections otherwise than by default.
    pub fn with_streams(mut self, config: StreamConfig) -> Self {
        self.settings.streams = config;
        self
    }

    /// Asks these name servers where hosts are. Without this the system's are asked.
    #[cfg(feature = "dns")]
    pub fn with_dns(mut self, config: DnsConfig) -> Self {
        self.resolver = Resolver::new(config);
        self
    }

    /// Speaks TLS with these settings. Without any, secure listeners cannot be driven and secure
    /// connections fail.
    #[cfg(feature = "tls")]
    pub fn with_tls(mut self, tls: TlsContext) -> Self {
        self.settings.tls = Some(tls);
        self
    }

    /// Refuses secure listeners that have no certificate, as [`spawn`](super::spawn) does.
    ///
    /// # Errors
    /// [`BindError::NoCertificate`].
    pub fn check(&self) -> Result<(), BindError> {
        #[cfg(feature = "tls")]
        let can_listen = self
            .settings
            .tls
            .as_ref()
            .is_some_and(TlsContext::can_listen);
        #[cfg(not(feature = "tls"))]
        let can_listen = false;
        let mut secure = self.bound.iter().filter(|(info, _)| info.kind.is_secure());
        match secure.next() {
            Some((info, _)) if !can_listen => Err(BindError::NoCertificate {
                kind: info.kind,
                addr: info.local_addr,
            }),
            _ => Ok(()),
        }
    }

    /// The bound addresses with their real ports.
    pub fn listeners(&self) -> Vec<ListenerInfo> {
        self.bound.iter().map(|(info, _)| info.clone()).collect()
    }
}

fn open(addr: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), kind, Some(protocol))?;
    if addr.is_ipv6() {
        // `0.0.0.0` and `::` are two listeners that may share a port.
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn bind_udp(addr: SocketAddr) -> io::Result<UdpSocket> {
    let socket = open(addr, Type::DGRAM, Protocol::UDP)?;
    // The system grants what it allows; less is no reason not to run.
    let _ = socket.set_recv_buffer_size(UDP_BUFFER_OCTETS);
    let _ = socket.set_send_buffer_size(UDP_BUFFER_OCTETS);
    socket.bind(&SockAddr::from(addr))?;
    Ok(socket.into())
}

fn bind_tcp(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = open(addr, Type::STREAM, Protocol::TCP)?;
    // On Unix this lets a restart bind while old connections are in TIME-WAIT; elsewhere it would
    // let two processes share the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&SockAddr::from(addr))?;
    socket.listen(TCP_BACKLOG)?;
    Ok(socket.into())
}

/// Our address on the way to the Internet. Connecting a datagram socket sends nothing; it makes the
/// system choose a route.
fn interface_address(is_ipv4: bool) -> Option<IpAddr> {
    // Addresses for documentation (RFC 5737, RFC 3849): no host has them.
    let (any, far): (IpAddr, IpAddr) = match is_ipv4 {
        true => (
            Ipv4Addr::UNSPECIFIED.into(),
            Ipv4Addr::new(192, 0, 2, 1).into(),
        ),
        false => {
            let far = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1);
            (Ipv6Addr::UNSPECIFIED.into(), far.into())
        }
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((far, 9)).ok()?;
    socket.local_addr().ok().map(|addr| addr.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(addresses: &[(TransportKind, &str)]) -> Vec<ListenerInfo> {
        let addresses: Vec<_> = addresses
            .iter()
            .map(|(kind, addr)| (*kind, addr.parse().unwrap()))
            .collect();
        Sockets::bind(&addresses).unwrap().listeners()
    }

    #[test]
    fn udp_and_tcp_share_a_port_of_the_systems_choice() {
        for ip in ["127.0.0.1:0", "[::1]:0"] {
            let listeners = bind(&[(TransportKind::Udp, ip), (TransportKind::Tcp, ip)]);
            assert_ne!(listeners[0].local_addr.port(), 0);
            assert_eq!(listeners[0].local_addr, listeners[1].local_addr);
            assert_eq!(listeners[0].advertised(), listeners[1].advertised());
        }
    }

    #[test]
    fn two_of_a_kind_get_two_ports() {
        let [udp, tcp] = [TransportKind::Udp, TransportKind::Tcp];
        let ip = "127.0.0.1:0";
        let listeners = bind(&[(udp, ip), (udp, ip), (tcp, ip), (tcp, ip)]);
        assert_ne!(listeners[0].local_addr, listeners[1].local_addr);
        assert_ne!(listeners[2].local_addr, listeners[3].local_addr);
    }

    #[test]
    fn a_wildcard_advertises_a_real_address() {
        let listeners = bind(&[
            (TransportKind::Udp, "0.0.0.0:0"),
            (TransportKind::Udp, "[::]:0"),
        ]);
        for listener in listeners {
            let ip = listener.advertised().host.to_ip().unwrap();
            assert!(!ip.is_unspecified());
            assert_eq!(listener.advertised().port, Some(listener.local_addr.port()));
        }
    }

    #[test]
    fn a_taken_port_is_an_error() {
        let first = Sockets::bind(&[(TransportKind::Udp, "127.0.0.1:0".parse().unwrap())]).unwrap();
        let addr = first.listeners()[0].local_addr;
        let error = Sockets::bind(&[(TransportKind::Udp, addr)]).unwrap_err();
        assert!(
            matches!(error, BindError::Address { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
        );
    }
}
