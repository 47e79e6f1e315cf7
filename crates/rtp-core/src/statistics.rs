//! What a session has counted, ready to show.

use std::time::{Duration, Instant};

use crate::rtcp::VoipMetrics;

use crate::srtp::SrtpCounts;

/// The figures of one session, from its beginning to the moment they were asked for.
///
/// All of them are totals over the life of the session, through changes of the peer's SSRC and restarts of its sequence;
/// figures over a window are differences of two of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RtpStatistics {
    /// RTP packets written.
    pub packets_sent: u64,
    /// Payload octets in them.
    pub octets_sent: u64,
    /// RTP packets passed on, duplicates not counted.
    pub packets_received: u64,
    /// Payload octets in them.
    pub octets_received: u64,
    /// RTP packets that the sequence numbers say were sent to us (RFC 3550 A.3).
    pub packets_expected: u64,
    /// Expected packets that have not arrived (yet).
    pub packets_lost: u64,
    /// Packets that arrived a second time; dropped.
    pub duplicates: u64,
    /// Packets that arrived after one with a higher sequence number; passed on.
    pub reordered: u64,
    /// Datagrams on either port that are no valid packet; dropped.
    pub invalid: u64,
    /// Datagrams on either port from addresses that are not the peer's; dropped.
    pub foreign: u64,
    /// Packets from unknown addresses with payload types that were not agreed on; dropped.
    pub implausible: u64,
    /// Packets dropped because their SSRC or sequence number was on probation.
    pub on_probation: u64,
    /// How often the peer changed its SSRC or restarted its sequence.
    pub restarts: u64,
    /// Packets of our own that came back, from a collision or from a reflector.
    pub reflected: u64,
    /// Interarrival jitter in ticks of the clock (RFC 3550 6.4.1).
    pub jitter_ticks: u32,
    /// Interarrival jitter as a time.
    pub jitter: Duration,
    /// The latest round trip time, from the last SR and the delay the peer reports (RFC 3550 6.4.1).
    pub round_trip: Option<Duration>,
    /// RTCP compound packets written.
    pub rtcp_sent: u64,
    /// RTCP compound packets taken in.
    pub rtcp_received: u64,
    /// What SRTP refused on either port, and what of ours it could not protect.
    pub srtp: SrtpCounts,
    /// What the peer says about the stream it gets from us.
    pub remote: Option<RemoteReport>,
    /// How it sounds to the peer, if it says so (RFC 3611).
    pub remote_metrics: Option<VoipMetrics>,
}

/// What a session counts itself, for as long as it lasts; the rest of [`RtpStatistics`] is known elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    pub(crate) octets_received: u64,
    pub(crate) reordered: u64,
    pub(crate) invalid: u64,
    pub(crate) foreign: u64,
    pub(crate) implausible: u64,
    pub(crate) on_probation: u64,
    pub(crate) restarts: u64,
    pub(crate) reflected: u64,
    pub(crate) round_trip: Option<Duration>,
    pub(crate) rtcp_sent: u64,
    pub(crate) rtcp_received: u64,
    pub(crate) srtp: SrtpCounts,
    pub(crate) remote: Option<RemoteReport>,
    /// Few peers tell it.
    pub(crate) remote_metrics: Option<Box<VoipMetrics>>,
}

impl RtpStatistics {
    /// Lost packets as a share of those expected, 0.0 to 100.0.
    #[must_use]
    pub fn packet_loss_percent(&self) -> f64 {
        if self.packets_expected == 0 {
            return 0.0;
        }
        self.packets_lost as f64 * 100.0 / self.packets_expected as f64
    }
}

/// The last report block of the peer about our stream (RFC 3550 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteReport {
    /// When it came.
    pub received_at: Instant,
    /// Loss since the report before, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the beginning; negative when there were more duplicates than losses.
    pub cumulative_lost: i32,
    /// The highest sequence number it has received, extended by the number of cycles.
    pub extended_highest_sequence: u32,
    /// Jitter it sees, in ticks of the clock.
    pub jitter_ticks: u32,
    /// Jitter it sees, as a time.
    pub jitter: Duration,
}
