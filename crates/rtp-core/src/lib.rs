//! RTP and RTCP: packets, sessions, statistics, ports and the media driver.
//!
//! Everything but [`driver`] is sans-IO: time (`now`), datagrams and randomness come in as arguments, octets and facts
//! come out. [`RtpSession`] is one party of a call's media: it numbers and stamps what is sent, checks and counts what
//! arrives (RFC 3550 A.1, A.3, A.8) and keeps the RTCP interval (6.2, 6.3). [`PortPool`] hands out even/odd port pairs,
//! [`FrameClock`] is the 20 ms grid, and [`MediaCore`] is what the thread of a [`driver::MediaWorker`] drives.
//!
//! ```
//! use std::net::SocketAddr;
//! use std::time::{Duration, Instant, SystemTime};
//!
//! use rvoip_rtp_core::*;
//!
//! let now = Instant::now();
//! let (alice, bob): (SocketAddr, SocketAddr) = ("192.0.2.1:4000".parse()?, "192.0.2.2:4000".parse()?);
//! let session = |cname: &str, remote, seed| {
//!     let clock = WallClock::new(now, SystemTime::now());
//!     let mut session = RtpSession::new(now, RtpSessionConfig::new(8000, cname, clock), seed);
//!     session.set_remote(now, Some(RemoteAddress { rtp: remote, rtcp: None }));
//!     session
//! };
//! let mut sender = session("alice@192.0.2.1", bob, 1);
//! let mut receiver = session("bob@192.0.2.2", alice, 2);
//!
//! let frame = Frame { payload_type: PayloadType::PCMU, payload: &[0xff; 160], ticks: 160, marker: false };
//! for n in 0..50 {
//!     let mut datagram = Vec::new();
//!     sender.next_packet(now + Duration::from_millis(20 * n), &frame, &mut datagram);
//!     let arrival = now + Duration::from_millis(20 * n + 35);
//!     if n != 7 {
//!         let received = receiver.handle_rtp(arrival, alice, &mut datagram)?;
//!         assert_eq!(received.packet.payload(), frame.payload);
//!     }
//! }
//! assert_eq!(receiver.statistics().packets_lost, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod core;
pub mod driver;
mod error;
mod frame_clock;
mod interval;
mod jitter;
mod latch;
mod ntp;
mod packet;
mod payload_type;
mod port_map;
mod port_pool;
mod reception;
pub mod rtcp;
mod sender;
mod sequence;
mod session;
pub mod srtp;
mod statistics;

pub use crate::core::{Channel, Connect, MediaCore, PortKey, Transmit};
pub use crate::port_map::{PortHasher, PortMap};
pub use error::{Dropped, Malformed, RtpError};
pub use frame_clock::{FrameClock, Tick};
pub use interval::{Membership, RtcpSchedule, deterministic_interval};
pub use jitter::Jitter;
pub use latch::{Latch, Latching, Standing};
pub use ntp::{NtpTime, WallClock};
pub use packet::{Extension, ExtensionElement, RtpHeader, RtpPacket, RtpWriter, Ssrc};
pub use payload_type::PayloadType;
pub use port_pool::{DEFAULT_PORT_RANGE, PortPair, PortPool, QUARANTINE};
pub use sequence::{Arrival, Counts, SequenceTracker};
pub use session::{Frame, Received, RemoteAddress, RtcpReceived, RtpSession, RtpSessionConfig};
pub use statistics::{RemoteReport, RtpStatistics};
