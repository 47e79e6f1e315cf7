//! What a media driver drives: commands, datagrams and time in, datagrams, events and closed ports out.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

/// Names one RTP/RTCP port pair of a worker; chosen by whoever opens the pair, unique within the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortKey(pub u64);

/// Which socket of a port pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// The even port: media.
    Rtp,
    /// The odd port: reports.
    Rtcp,
}

/// One datagram to send, borrowed from the core until it is handed to the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transmit<'a> {
    /// The port pair it leaves from.
    pub port: PortKey,
    /// The socket of that pair.
    pub channel: Channel,
    /// Where it goes.
    pub destination: SocketAddr,
    /// The datagram.
    pub payload: &'a [u8],
}

/// A wish about the RTP socket of a port pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connect {
    /// The port pair.
    pub port: PortKey,
    /// The only address that packets are to be taken from; `None` for any.
    pub peer: Option<SocketAddr>,
}

/// The sans-IO media engine under a driver.
///
/// A driver calls one `handle_` method and then polls until nothing is left, in this order: transmits, connects, closed
/// ports, events. So an event polled after a port was closed reaches its receiver when the sockets of that port are closed.
pub trait MediaCore: Send + 'static {
    /// What the owner of the worker can ask for.
    type Command: Send + 'static;
    /// What the engine reports.
    type Event: Send + 'static;
    /// What it keeps of a port, on its way to another core of the same kind.
    type PortState: Send + 'static;

    /// Carries out one command.
    fn handle_command(&mut self, now: Instant, command: Self::Command);

    /// Takes one datagram that arrived on `port`; it may be changed in place, as decrypting does.
    fn handle_packet(
        &mut self,
        now: Instant,
        port: PortKey,
        channel: Channel,
        source: SocketAddr,
        payload: &mut [u8],
    );

    /// Learns that the driver could not take over the sockets of `port`; they are closed already.
    fn handle_port_failed(&mut self, now: Instant, port: PortKey, error: io::ErrorKind);

    /// Gives out what it keeps of a port, which another core takes over; called when what is due has been done and polled.
    /// It says nothing of that port any more.
    fn give_up_port(&mut self, now: Instant, port: PortKey) -> Option<Self::PortState>;

    /// Goes on with a port as the core that gave it up would have.
    fn take_over_port(&mut self, now: Instant, port: PortKey, state: Self::PortState);

    /// Ends whatever it keeps of a port, because the driver cannot go on with it, or the worker that was to take it over.
    fn end_port(&mut self, now: Instant, port: PortKey);

    /// Does what is due at `now`; called when [`MediaCore::poll_timeout`] has passed.
    fn handle_timeout(&mut self, now: Instant);

    /// The next instant at which [`MediaCore::handle_timeout`] wants to be called; `None` while idle.
    fn poll_timeout(&self) -> Option<Instant>;

    /// The next datagram to send.
    fn poll_transmit(&mut self) -> Option<Transmit<'_>>;

    /// The next RTP socket to connect or to disconnect; what is connected costs less, and the kernel keeps strangers
    /// out. A driver may do nothing about it.
    fn poll_connect(&mut self) -> Option<Connect> {
        None
    }

    /// The next port pair whose sockets are to be closed.
    fn poll_closed_port(&mut self) -> Option<PortKey>;

    /// The next event.
    fn poll_event(&mut self) -> Option<Self::Event>;
}
