//! Questions to the domain name system and the records that answer them, as far as RFC 3263 needs them.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use rvoip_sip_core::ByteString;

/// What is asked of the domain name system: one type of record of one name.
///
/// Names are absolute and carry no final dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Question {
    /// Which services a domain offers, and by which transport (RFC 3403).
    Naptr(ByteString),
    /// Which hosts offer one service (RFC 2782).
    Srv(ByteString),
    /// The IPv4 addresses of a host (RFC 1035 section 3.4.1).
    A(ByteString),
    /// The IPv6 addresses of a host (RFC 3596).
    Aaaa(ByteString),
}

impl Question {
    /// The name asked about.
    pub fn name(&self) -> &ByteString {
        match self {
            Self::Naptr(name) | Self::Srv(name) | Self::A(name) | Self::Aaaa(name) => name,
        }
    }
}

/// A naming authority pointer (RFC 3403 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Naptr {
    /// The lower is read first.
    pub order: u16,
    /// Among records of one order the lower is preferred.
    pub preference: u16,
    /// What the replacement is: `S` for the name of SRV records, `A` for that of a host.
    pub flags: ByteString,
    /// The service and its transport, such as `SIP+D2U`.
    pub service: ByteString,
    /// A rewriting rule; empty when there is a replacement.
    pub regexp: ByteString,
    /// The name to ask for next; empty when there is a rule.
    pub replacement: ByteString,
}

/// The place of a service (RFC 2782).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Srv {
    /// The lower is used first.
    pub priority: u16,
    /// The share of the load among records of one priority.
    pub weight: u16,
    /// The port of the service.
    pub port: u16,
    /// The host; empty when the service is decidedly not offered.
    pub target: ByteString,
}

/// The records that answer a [`Question`]; never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    /// How long they may be remembered: the shortest of their times, and of the aliases on the way to them.
    pub ttl: Duration,
    /// The records, of the type that was asked for.
    pub data: RecordData,
}

/// Records of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordData {
    /// To [`Question::Naptr`].
    Naptr(Vec<Naptr>),
    /// To [`Question::Srv`].
    Srv(Vec<Srv>),
    /// To [`Question::A`].
    A(Vec<Ipv4Addr>),
    /// To [`Question::Aaaa`].
    Aaaa(Vec<Ipv6Addr>),
}

/// Why a question has no records for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The name does not exist.
    #[error("the name does not exist")]
    NoSuchName {
        /// How long that may be remembered (RFC 2308 section 5), when the answer says so.
        ttl: Option<Duration>,
    },
    /// The name exists and has no records of the type.
    #[error("the name has no such records")]
    NoRecords {
        /// How long that may be remembered (RFC 2308 section 5), when the answer says so.
        ttl: Option<Duration>,
    },
    /// No answer came in time.
    #[error("no name server answered in time")]
    Timeout,
    /// The name servers refuse to answer or fail to.
    #[error("the name servers gave no usable answer")]
    ServerFailed,
    /// Whoever is asked cannot ask for records of the type.
    #[error("records of this type cannot be asked for")]
    Unsupported,
    /// Too many questions are open already.
    #[error("too many questions are open")]
    TooMany,
}
