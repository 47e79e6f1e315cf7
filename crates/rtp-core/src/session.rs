//! One party's RTP session: one stream out, one in, and the reports on both (RFC 3550).

mod address;
mod candidate;
mod data;
mod report;
mod schedule;
mod security;
mod send;

use std::net::SocketAddr;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use candidate::Candidate;

use crate::reception::{LastSenderReport, Reception};
use crate::rtcp::VoipMetrics;
use crate::sender::Sender;
use crate::srtp::Association;
use crate::statistics::Counted;
use crate::{
    Counts, Latch, Latching, PayloadType, RtcpSchedule, RtpPacket, RtpStatistics, Ssrc, WallClock,
};

/// Where the peer said it wants packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteAddress {
    /// For RTP.
    pub rtp: SocketAddr,
    /// For RTCP; the address for RTP when both share a port (RFC 5761), `None` when the peer wants no reports.
    pub rtcp: Option<SocketAddr>,
}

/// What a session is made from.
#[derive(Debug, Clone)]
pub struct RtpSessionConfig {
    /// Ticks per second of the RTP timestamp.
    pub clock_rate_hz: u32,
    /// The canonical name in SDES: `user@host` or a random token (RFC 7022), at most 255 octets.
    pub cname: String,
    /// The share of the bandwidth for RTCP of both parties together; 5 % of the session by default.
    pub rtcp_octets_per_second: u32,
    /// Whether the peer may be elsewhere than it said.
    pub latching: Latching,
    /// Ties `now` to wall-clock time, for the NTP timestamps of sender reports.
    pub clock: WallClock,
}

impl RtpSessionConfig {
    /// RTCP for both parties out of a call of 80 kbit/s, and the default [`Latching`].
    #[must_use]
    pub fn new(clock_rate_hz: u32, cname: impl Into<String>, clock: WallClock) -> RtpSessionConfig {
        RtpSessionConfig {
            clock_rate_hz,
            cname: cname.into(),
            rtcp_octets_per_second: 500,
            latching: Latching::default(),
            clock,
        }
    }
}

/// One packet's worth of media.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// What the payload is.
    pub payload_type: PayloadType,
    /// Encoded media.
    pub payload: &'a [u8],
    /// How far the timestamp advances after this packet, in ticks.
    pub ticks: u32,
    /// Set on the first packet of a talkspurt.
    pub marker: bool,
}

/// A packet that passed all checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received<'a> {
    /// The packet.
    pub packet: RtpPacket<'a>,
    /// Its sequence number counted on through wraps, comparable within one source; starts at 65536 or more.
    pub extended_sequence: u64,
    /// Whether another one with a higher sequence number came before it.
    pub reordered: bool,
    /// Whether it is the first of a new source or a restarted sequence: nothing before it is comparable to it.
    pub restarted: bool,
}

/// What a compound RTCP packet told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RtcpReceived {
    /// It has a report on our stream; see [`RtpStatistics::remote`] and [`RtpStatistics::round_trip`].
    pub reported: bool,
    /// The peer said goodbye.
    pub bye: bool,
    /// Packets inside the compound that could not be parsed; the others were taken in.
    pub malformed: u32,
}

/// One SSRC out, one in. Sans-IO: the caller carries datagrams between this and its sockets.
///
/// **Addresses.** Packets go to [`RtpSession::destination`]: the signalled address, or the one that the peer's packets come
/// from where [`Latching`] says so. RTCP has an address of its own unless it shares the port. A new signalled address
/// forgets which one was heard, not what was counted.
///
/// **Sources.** The first SSRC heard from the signalled address is valid with its first packet, since signalling vouches
/// for it; any other after two packets in order (RFC 3550 A.1). Another SSRC takes the place of the valid one after two
/// packets in order between which the valid one was silent. One address at a time proves itself: it has 200 ms in which no other
/// takes its place, and gives way to the next one then.
///
/// **Security.** With [`RtpSession::set_security`] every packet is SRTP or SRTCP, and nothing else is taken.
///
/// **Collision.** When the peer uses our SSRC, we say goodbye under it and go on under another (8.2), once: if the new one
/// comes back too, the peer reflects what we send, which echo tests do on purpose, and is received like any stream.
#[derive(Debug)]
pub struct RtpSession {
    config: RtpSessionConfig,
    /// The seed of the next random numbers, which are few: a generator is larger than all that is counted.
    seed: u64,
    began: Instant,
    sender: Sender,
    rtp_latch: Latch,
    rtcp_latch: Latch,
    source: Option<Reception>,
    /// Another source, on probation.
    candidate: Option<Candidate>,
    /// Bit `n`: whether payload type `n` was agreed on.
    payload_types: u128,
    /// Packets of sources that were replaced.
    past: Counts,
    last_received_at: Option<Instant>,
    /// When anything came from the peer, until it says goodbye.
    heard_at: Option<Instant>,
    last_sr: Option<LastSenderReport>,
    cname: Option<String>,
    schedule: Option<RtcpSchedule>,
    /// An SSRC that we gave up and have to say goodbye for.
    abandoned: Option<Ssrc>,
    collided: bool,
    ended: bool,
    reduced_size: bool,
    /// What the next report tells about how the peer sounds.
    metrics: Option<Box<VoipMetrics>>,
    /// The SRTP of this session, kept while it is off, since no index may come twice under one key.
    association: Option<Box<Association>>,
    secured: bool,
    counted: Counted,
}

impl RtpSession {
    /// A session that has sent and heard nothing; `seed` makes SSRC, sequence, timestamp and RTCP times.
    #[must_use]
    pub fn new(now: Instant, config: RtpSessionConfig, seed: u64) -> RtpSession {
        let mut rng = StdRng::seed_from_u64(seed);
        RtpSession {
            sender: Sender::new(config.clock_rate_hz, &mut rng),
            rtp_latch: Latch::new(config.latching),
            rtcp_latch: Latch::new(config.latching),
            config,
            seed: rng.random(),
            began: now,
            source: None,
            candidate: None,
            payload_types: u128::MAX,
            past: Counts::default(),
            last_received_at: None,
            heard_at: None,
            last_sr: None,
            cname: None,
            schedule: None,
            abandoned: None,
            collided: false,
            ended: false,
            reduced_size: false,
            metrics: None,
            association: None,
            secured: false,
            counted: Counted::default(),
        }
    }

    /// A generator of random numbers, another one each time.
    fn rng(&mut self) -> StdRng {
        let mut rng = StdRng::seed_from_u64(self.seed);
        self.seed = rng.random();
        rng
    }

    /// Our SSRC.
    #[must_use]
    pub fn ssrc(&self) -> Ssrc {
        self.sender.ssrc
    }

    /// The peer's SSRC, once it is valid.
    #[must_use]
    pub fn remote_ssrc(&self) -> Option<Ssrc> {
        self.source.as_ref().map(|source| source.ssrc)
    }

    /// The peer's canonical name, once it told.
    #[must_use]
    pub fn remote_cname(&self) -> Option<&str> {
        self.cname.as_deref()
    }

    /// Goes on with another clock rate, as when the codec changes (RFC 7160): SSRC and sequence stay, timestamps go on
    /// from where they are by the new rate, and jitter is told in its ticks.
    pub fn set_clock_rate(&mut self, now: Instant, clock_rate_hz: u32) {
        if clock_rate_hz != self.config.clock_rate_hz {
            self.config.clock_rate_hz = clock_rate_hz;
            self.sender.set_clock_rate(now, clock_rate_hz);
            let candidate = self.candidate.as_mut();
            let candidate = candidate.map(|candidate| &mut candidate.source);
            for source in self.source.iter_mut().chain(candidate) {
                source.set_clock_rate(clock_rate_hz);
            }
        }
    }

    /// When the last valid RTP packet came.
    #[must_use]
    pub fn last_received_at(&self) -> Option<Instant> {
        self.last_received_at
    }

    /// The figures up to now.
    #[must_use]
    pub fn statistics(&self) -> RtpStatistics {
        let source = self.source.as_ref();
        let counts = self
            .past
            .plus(source.map_or(Counts::default(), Reception::total));
        let jitter = source.map(Reception::jitter);
        let counted = &self.counted;
        RtpStatistics {
            packets_sent: self.sender.packets,
            octets_sent: self.sender.octets,
            packets_received: counts.received,
            packets_expected: counts.expected,
            packets_lost: counts.lost(),
            duplicates: counts.duplicates,
            jitter_ticks: jitter.map_or(0, |jitter| jitter.ticks()),
            jitter: jitter.map_or_else(Default::default, |jitter| jitter.duration()),
            octets_received: counted.octets_received,
            reordered: counted.reordered,
            invalid: counted.invalid,
            foreign: counted.foreign,
            implausible: counted.implausible,
            on_probation: counted.on_probation,
            restarts: counted.restarts,
            reflected: counted.reflected,
            round_trip: counted.round_trip,
            rtcp_sent: counted.rtcp_sent,
            rtcp_received: counted.rtcp_received,
            srtp: counted.srtp,
            remote: counted.remote,
            remote_metrics: counted.remote_metrics.as_deref().copied(),
        }
    }
}

#[cfg(test)]
mod tests;
