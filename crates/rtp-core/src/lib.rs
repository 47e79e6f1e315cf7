//! RTP and RTCP: packets, sessions, statistics, ports and the media driver.
//!
//! Everything but [`driver`] is sans-IO: time (`now`), datagrams and randomness come in as arguments, octets and
//! facts come out. [`RtpSession`] is one party of a call's media: it numbers and stamps what is sent, checks and counts
//! what arrives (RFC 3550 A.1, A.3, A.8) and keeps the RTCP interval (6.2, 6.3). [`PortPool`] hands out even/odd port
//! pairs, [`FrameClock`] is the 20 ms grid, and [`MediaCore`] is what a [`driver::MediaWorker`] thread drives.

mod core;
pub mod driver;
mod error;
mod frame_clock;
mod interval;
mod jitter;
mod latch;
mod ntp;
mod packet;
mod port_pool;
mod reception;
pub mod rtcp;
mod sender;
mod sequence;
mod session;
mod statistics;

pub use crate::core::{Channel, MediaCore, PortKey, Transmit};
pub use error::{Dropped, Malformed, RtpError};
pub use frame_clock::{FrameClock, Tick};
pub use interval::{Membership, RtcpSchedule, deterministic_interval};
pub use jitter::Jitter;
pub use latch::{AcceptFrom, Latch};
pub use ntp::{NtpTime, WallClock};
pub use packet::{Extension, PayloadType, RtpHeader, RtpPacket, RtpWriter, Ssrc};
pub use port_pool::{DEFAULT_PORT_RANGE, PortPair, PortPool, QUARANTINE};
pub use sequence::{Arrival, Counts, SequenceTracker};
pub use session::{Frame, Received, RemoteAddress, RtcpReceived, RtpSession, RtpSessionConfig};
pub use statistics::{RemoteReport, RtpStatistics};
