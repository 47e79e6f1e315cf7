//! One party's RTP session: one stream out, one in, and the reports on both (RFC 3550).

mod data;
mod report;

use std::net::SocketAddr;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::reception::{LastSenderReport, Reception};
use crate::sender::Sender;
use crate::{
    AcceptFrom, Counts, Latch, PayloadType, RtcpSchedule, RtpPacket, RtpStatistics, Ssrc, WallClock,
};

/// Where the peer said it wants packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteAddress {
    /// For RTP.
    pub rtp: SocketAddr,
    /// For RTCP; `None` when the peer wants no reports.
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
    /// Which source addresses are let in.
    pub accept: AcceptFrom,
    /// Ties `now` to wall-clock time, for the NTP timestamps of sender reports.
    pub clock: WallClock,
}

impl RtpSessionConfig {
    /// RTCP for both parties out of a call of 80 kbit/s, and the default [`AcceptFrom`].
    #[must_use]
    pub fn new(clock_rate_hz: u32, cname: impl Into<String>, clock: WallClock) -> RtpSessionConfig {
        RtpSessionConfig {
            clock_rate_hz,
            cname: cname.into(),
            rtcp_octets_per_second: 500,
            accept: AcceptFrom::default(),
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
/// **Addresses.** Packets go to the signalled address, [`RtpSession::remote`], and nowhere else. Where they may come from
/// is [`AcceptFrom`]. A new signalled address forgets which one was heard, not what was counted.
///
/// **Sources.** The first SSRC heard from the signalled address is valid with its first packet, since signalling vouches
/// for it; any other after two packets in order (RFC 3550 A.1). Another SSRC takes the place of the valid one after two
/// packets in order between which the valid one was silent.
///
/// **Collision.** When the peer uses our SSRC, we say goodbye under it and go on under another (8.2), once: if the new one
/// comes back too, the peer reflects what we send, which echo tests do on purpose, and is received like any stream.
#[derive(Debug)]
pub struct RtpSession {
    config: RtpSessionConfig,
    rng: StdRng,
    began: Instant,
    sender: Sender,
    rtp_latch: Latch,
    rtcp_latch: Latch,
    source: Option<Reception>,
    candidate: Option<Reception>,
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
    counted: RtpStatistics,
}

impl RtpSession {
    /// A session that has sent and heard nothing; `seed` makes SSRC, sequence, timestamp and RTCP times.
    #[must_use]
    pub fn new(now: Instant, config: RtpSessionConfig, seed: u64) -> RtpSession {
        let mut rng = StdRng::seed_from_u64(seed);
        RtpSession {
            sender: Sender::new(config.clock_rate_hz, &mut rng),
            rtp_latch: Latch::new(config.accept, None),
            rtcp_latch: Latch::new(config.accept, None),
            config,
            rng,
            began: now,
            source: None,
            candidate: None,
            past: Counts::default(),
            last_received_at: None,
            heard_at: None,
            last_sr: None,
            cname: None,
            schedule: None,
            abandoned: None,
            collided: false,
            ended: false,
            counted: RtpStatistics::default(),
        }
    }

    /// Sets where to send. The first address for RTCP starts the reports; `None` ends them.
    pub fn set_remote(&mut self, now: Instant, remote: Option<RemoteAddress>) {
        let rtcp = remote.and_then(|remote| remote.rtcp);
        self.rtp_latch
            .set_signalled(remote.map(|remote| remote.rtp));
        self.rtcp_latch.set_signalled(rtcp);
        let reports = rtcp.is_some() && self.config.rtcp_octets_per_second > 0 && !self.ended;
        if !reports {
            self.schedule = None;
        } else if self.schedule.is_none() {
            let group = self.membership(now);
            self.schedule = Some(RtcpSchedule::new(
                now,
                self.config.rtcp_octets_per_second,
                group,
                &mut self.rng,
            ));
        }
    }

    /// The signalled address, the only one to send to.
    #[must_use]
    pub fn remote(&self) -> Option<RemoteAddress> {
        let rtp = self.rtp_latch.signalled()?;
        Some(RemoteAddress {
            rtp,
            rtcp: self.rtcp_latch.signalled(),
        })
    }

    /// The address that valid RTP comes from.
    #[must_use]
    pub fn heard_from(&self) -> Option<SocketAddr> {
        self.rtp_latch.heard()
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

    /// The timestamp that the next packet of our own media will carry; what was forwarded before has an end.
    pub fn next_timestamp(&mut self, now: Instant) -> u32 {
        self.sender.end_run(now);
        self.sender.timestamp
    }

    /// Appends the next packet to `out`.
    pub fn next_packet(&mut self, now: Instant, frame: &Frame<'_>, out: &mut Vec<u8>) {
        let timestamp = self.next_timestamp(now);
        self.sender.send(now, timestamp, frame, out);
        self.advance(frame.ticks);
    }

    /// Appends a packet with `timestamp` instead of the running one, which does not advance: for events that keep the
    /// timestamp of their start (RFC 4733).
    pub fn next_packet_at(
        &mut self,
        now: Instant,
        timestamp: u32,
        frame: &Frame<'_>,
        out: &mut Vec<u8>,
    ) {
        self.sender.end_run(now);
        self.sender.send(now, timestamp, frame, out);
    }

    /// Appends a packet that another session received, under our SSRC and `payload_type`; returns whether it was
    /// written. Both sessions have the same clock rate.
    ///
    /// Packets of one source keep their distances in sequence and timestamp, so that the peer sees their losses and
    /// their order; a packet that was overtaken by a change of source is left out. Where the source changes, and between
    /// forwarded media and our own, the numbers go on without a gap and timestamps pass as time does. Contributing
    /// sources, header extensions and padding are not forwarded.
    pub fn forward(
        &mut self,
        now: Instant,
        received: &Received<'_>,
        payload_type: PayloadType,
        out: &mut Vec<u8>,
    ) -> bool {
        self.sender.forward(now, received, payload_type, out)
    }

    /// Lets media time pass without a packet: hold, silence suppression, skipped frames.
    pub fn advance(&mut self, ticks: u32) {
        self.sender.timestamp = self.sender.timestamp.wrapping_add(ticks);
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
        RtpStatistics {
            packets_sent: self.sender.packets,
            octets_sent: self.sender.octets,
            packets_received: counts.received,
            packets_expected: counts.expected,
            packets_lost: counts.lost(),
            duplicates: counts.duplicates,
            jitter_ticks: jitter.map_or(0, |jitter| jitter.ticks()),
            jitter: jitter.map_or_else(Default::default, |jitter| jitter.duration()),
            ..self.counted
        }
    }
}

#[cfg(test)]
mod tests;
