//! What can go wrong, sorted by whose fault it is.

use std::io;

use crate::srtp::SrtpError;

/// A packet that breaks the rules of RFC 3550: the peer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The packet ends before a field that its header promises.
    #[error("{needed} octets needed, {available} there")]
    Truncated {
        /// Octets that the packet's own fields ask for.
        needed: usize,
        /// Octets that there are.
        available: usize,
    },
    /// The version field is not 2.
    #[error("version {0} instead of 2")]
    Version(u8),
    /// The padding count is zero or larger than what it is part of.
    #[error("padding of {padding_octets} octets in {available}")]
    Padding {
        /// The count in the last octet.
        padding_octets: u8,
        /// Octets that could be padding.
        available: usize,
    },
    /// The RTP payload type is one that would be an RTCP packet type (64 to 95), RFC 5761 section 4.
    #[error("RTP payload type {0} is reserved for RTCP")]
    ReservedPayloadType(u8),
    /// A compound RTCP packet that does not begin with SR or RR, RFC 3550 6.1.
    #[error("compound packet begins with packet type {0}")]
    FirstPacketType(u8),
    /// Padding on an RTCP packet that is not the last of its compound.
    #[error("padding before the end of the compound packet")]
    PaddingNotLast,
    /// The count of an RTCP packet asks for more than its length holds.
    #[error("{count} entries do not fit into {available} octets")]
    Count {
        /// The count field of the header.
        count: u8,
        /// Octets of the body.
        available: usize,
    },
    /// An SDES chunk without its terminating null, or an item that runs over the chunk.
    #[error("source description chunk is not terminated")]
    UnterminatedChunk,
}

/// Why a datagram was not passed on; every one of these is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Dropped {
    /// It is not a valid packet.
    #[error("malformed: {0}")]
    Malformed(#[from] Malformed),
    /// It does not come from an address that [`crate::Latching`] lets in.
    #[error("comes from an address that is not the peer's")]
    ForeignSource,
    /// It comes from an unknown address with a payload type that was not agreed on.
    #[error("not what the peer would send")]
    Implausible,
    /// It is of a source that has not yet sent [`crate::SequenceTracker::MIN_SEQUENTIAL`] packets in order.
    #[error("source is still on probation")]
    Probation,
    /// It has been received before.
    #[error("duplicate")]
    Duplicate,
    /// Its sequence number is far from the others; a second one in a row restarts the sequence.
    #[error("sequence number far out of line")]
    SequenceJump,
    /// The session is secured, and it is no packet under the peer's key.
    #[error("SRTP: {0}")]
    Srtp(#[from] SrtpError),
    /// It carries our own SSRC in RTCP: our own report, sent back.
    #[error("our own report came back")]
    Reflected,
}

/// What the caller or the operating system is to blame for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RtpError {
    /// A packet to write has more CSRCs, extension words or padding than its fields can say.
    #[error("{what} of {value} exceeds {limit}")]
    TooLarge {
        /// The field.
        what: &'static str,
        /// What was asked for.
        value: usize,
        /// What the field can hold.
        limit: usize,
    },
    /// A port range without a single even port followed by its odd one.
    #[error("port range {first}-{last} holds no pair")]
    InvalidPortRange {
        /// First port.
        first: u16,
        /// Last port.
        last: u16,
    },
    /// Every pair is in use, resting, or refused by the operating system.
    #[error("no RTP port: {in_use} pairs in use, {resting} resting, {refused} refused")]
    PortsExhausted {
        /// Pairs handed out.
        in_use: usize,
        /// Pairs that were given back less than [`crate::QUARANTINE`] ago.
        resting: usize,
        /// Pairs that another process holds.
        refused: usize,
    },
    /// The operating system refuses for a reason that another port would not cure.
    #[error("cannot open a media socket: {0}")]
    Socket(io::ErrorKind),
    /// The command queue of a worker is full.
    #[error("the media worker's queue is full")]
    WorkerBusy,
    /// The worker has ended.
    #[error("the media worker has stopped")]
    WorkerStopped,
}

impl From<io::Error> for RtpError {
    fn from(error: io::Error) -> RtpError {
        RtpError::Socket(error.kind())
    }
}
