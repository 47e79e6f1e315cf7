//! A UDP socket that wakes its task when there is something to read, and at no other time.
//!
//! tokio's own socket also watches for room in the send buffer, which the kernel reports after every
//! datagram sent: one wakeup for each, and nobody waits for it. Where tokio can watch for reading
//! alone, that is done.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::task::{Context, Poll};

use quinn_udp::UdpSockRef;
use tokio::io::Interest;
#[cfg(unix)]
use tokio::io::unix::AsyncFd;

/// ENOBUFS: the network interface's queue is full, which passes like a full send buffer.
#[cfg(unix)]
const NO_BUFFERS: i32 = match cfg!(any(target_os = "linux", target_os = "android")) {
    true => 105,
    false => 55,
};

pub(super) struct DatagramSocket {
    #[cfg(unix)]
    socket: AsyncFd<UdpSocket>,
    #[cfg(not(unix))]
    socket: tokio::net::UdpSocket,
}

#[cfg(unix)]
impl DatagramSocket {
    pub(super) fn new(socket: UdpSocket) -> io::Result<Self> {
        #[expect(
            deprecated,
            reason = "deprecated for owners whose descriptor may change; a UdpSocket keeps its own"
        )]
        let socket = AsyncFd::with_interest(socket, Interest::READABLE)?;
        Ok(Self { socket })
    }

    /// Receives by `receive` if there is something to receive; it says so with
    /// [`io::ErrorKind::WouldBlock`] when it has taken all.
    pub(super) fn poll_receive(
        &self,
        cx: &mut Context<'_>,
        receive: impl FnOnce(UdpSockRef<'_>) -> io::Result<()>,
    ) -> Poll<io::Result<()>> {
        self.socket.poll_read_ready(cx).map(|ready| {
            let result = ready?.try_io(|socket| receive(UdpSockRef::from(socket.get_ref())));
            result.unwrap_or(Err(io::ErrorKind::WouldBlock.into()))
        })
    }

    pub(super) fn send(&self, payload: &[u8], destination: SocketAddr) -> io::Result<usize> {
        let sent = self.socket.get_ref().send_to(payload, destination);
        sent.map_err(|error| match error.raw_os_error() == Some(NO_BUFFERS) {
            true => io::ErrorKind::WouldBlock.into(),
            false => error,
        })
    }

    pub(super) fn reference(&self) -> UdpSockRef<'_> {
        UdpSockRef::from(self.socket.get_ref())
    }
}

#[cfg(not(unix))]
impl DatagramSocket {
    pub(super) fn new(socket: UdpSocket) -> io::Result<Self> {
        Ok(Self {
            socket: tokio::net::UdpSocket::from_std(socket)?,
        })
    }

    /// Receives by `receive` if there is something to receive; it says so with
    /// [`io::ErrorKind::WouldBlock`] when it has taken all.
    pub(super) fn poll_receive(
        &self,
        cx: &mut Context<'_>,
        receive: impl FnOnce(UdpSockRef<'_>) -> io::Result<()>,
    ) -> Poll<io::Result<()>> {
        self.socket.poll_recv_ready(cx).map(|ready| {
            ready?;
            self.socket.try_io(Interest::READABLE, || {
                receive(UdpSockRef::from(&self.socket))
            })
        })
    }

    pub(super) fn send(&self, payload: &[u8], destination: SocketAddr) -> io::Result<usize> {
        self.socket.try_send_to(payload, destination)
    }

    pub(super) fn reference(&self) -> UdpSockRef<'_> {
        UdpSockRef::from(&self.socket)
    }
}
