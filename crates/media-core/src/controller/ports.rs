//! Where sessions get their ports from: the seam between deterministic control and sockets or simulation.

use std::net::SocketAddr;
use std::time::Instant;

use crate::engine::MediaCommand;
use crate::rtp_core::{PortKey, RtpError};

/// A port pair that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenPort {
    /// Its name in the engine.
    pub key: PortKey,
    /// The address RTP is received on.
    pub rtp: SocketAddr,
    /// The address RTCP is received on.
    pub rtcp: SocketAddr,
}

/// Opens port pairs and carries commands to the engine that serves them.
pub trait MediaPorts: Send {
    /// Opens a port pair.
    ///
    /// # Errors
    /// [`RtpError`] when no port can be had or the engine is gone.
    fn open(&mut self, now: Instant) -> Result<OpenPort, RtpError>;

    /// Gives a pair back, once the engine has closed it (or never had it).
    fn release(&mut self, now: Instant, port: PortKey);

    /// Hands a command for a stream on `port` to the engine.
    ///
    /// # Errors
    /// [`RtpError`] when the engine is gone or does not keep up.
    fn command(
        &mut self,
        now: Instant,
        port: PortKey,
        command: MediaCommand,
    ) -> Result<(), RtpError>;

    /// How many pairs are open.
    fn open_ports(&self) -> usize;
}
