//! How a call sounds to the one who reports (RFC 3611 4.7).

use std::time::Duration;

/// Octets of the metrics, without the source that they are about.
pub(super) const VOIP_METRICS_OCTETS: usize = 28;
/// What stands for a value that is not known.
const UNAVAILABLE: u8 = 127;

/// The VoIP metrics of one source. Durations are sent in whole milliseconds, up to 65.5 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VoipMetrics {
    /// Packets lost since the beginning, in 1/256.
    pub loss_rate: u8,
    /// Packets that came too late or too early for the jitter buffer, in 1/256.
    pub discard_rate: u8,
    /// Packets lost or discarded within bursts, in 1/256.
    pub burst_density: u8,
    /// Packets lost or discarded between bursts, in 1/256.
    pub gap_density: u8,
    /// The mean length of bursts.
    pub burst_duration: Duration,
    /// The mean length of the gaps between them.
    pub gap_duration: Duration,
    /// The latest round trip time; zero when not known.
    pub round_trip: Duration,
    /// Coding, jitter buffer and decoding on this side; zero when not known.
    pub end_system_delay: Duration,
    /// Level of the speech, in dBm0.
    pub signal_level_dbm: Option<i8>,
    /// Level of the noise between words, in dBm0.
    pub noise_level_dbm: Option<i8>,
    /// Residual echo return loss.
    pub echo_return_loss_db: Option<u8>,
    /// Packets without loss that end a burst; 16 is recommended.
    pub gap_threshold: u8,
    /// R factor of the E-model, 0 to 100.
    pub r_factor: Option<u8>,
    /// R factor of the network beyond this one.
    pub external_r_factor: Option<u8>,
    /// MOS of listening in tenths, 10 to 50.
    pub listening_mos_tenths: Option<u8>,
    /// MOS of conversation in tenths, 10 to 50.
    pub conversational_mos_tenths: Option<u8>,
    /// What is played for lost packets.
    pub concealment: Concealment,
    /// Whether the jitter buffer adapts; `None` when not known.
    pub adaptive: Option<bool>,
    /// How fast it does, 0 to 15.
    pub adaptation_rate: u8,
    /// The delay that the jitter buffer adds now.
    pub jitter_buffer_nominal: Duration,
    /// The delay that it could add now.
    pub jitter_buffer_maximum: Duration,
    /// The delay that it could add in the worst case.
    pub jitter_buffer_absolute_maximum: Duration,
}

/// What is played in place of lost packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Concealment {
    /// Nobody says.
    #[default]
    Unspecified,
    /// Silence.
    Disabled,
    /// Something made from more than the packet before.
    Enhanced,
    /// The packet before, for some time.
    Standard,
}

impl VoipMetrics {
    pub(super) fn from_octets(octets: &[u8; VOIP_METRICS_OCTETS]) -> VoipMetrics {
        let millis = |at: usize| {
            Duration::from_millis(u16::from_be_bytes([octets[at], octets[at + 1]]).into())
        };
        let known = |at: usize| Some(octets[at]).filter(|value| *value != UNAVAILABLE);
        VoipMetrics {
            loss_rate: octets[0],
            discard_rate: octets[1],
            burst_density: octets[2],
            gap_density: octets[3],
            burst_duration: millis(4),
            gap_duration: millis(6),
            round_trip: millis(8),
            end_system_delay: millis(10),
            signal_level_dbm: known(12).map(|level| level as i8),
            noise_level_dbm: known(13).map(|level| level as i8),
            echo_return_loss_db: known(14),
            gap_threshold: octets[15],
            r_factor: known(16),
            external_r_factor: known(17),
            listening_mos_tenths: known(18),
            conversational_mos_tenths: known(19),
            concealment: match octets[20] >> 6 {
                1 => Concealment::Disabled,
                2 => Concealment::Enhanced,
                3 => Concealment::Standard,
                _ => Concealment::Unspecified,
            },
            adaptive: match octets[20] >> 4 & 3 {
                2 => Some(false),
                3 => Some(true),
                _ => None,
            },
            adaptation_rate: octets[20] & 0x0f,
            jitter_buffer_nominal: millis(22),
            jitter_buffer_maximum: millis(24),
            jitter_buffer_absolute_maximum: millis(26),
        }
    }

    pub(super) fn to_octets(self) -> [u8; VOIP_METRICS_OCTETS] {
        let millis = |duration: Duration| {
            u16::try_from(duration.as_millis())
                .unwrap_or(u16::MAX)
                .to_be_bytes()
        };
        let level = |level: Option<i8>| level.map_or(UNAVAILABLE, |level| level as u8);
        let known = |value: Option<u8>| value.unwrap_or(UNAVAILABLE);
        let concealment = match self.concealment {
            Concealment::Unspecified => 0,
            Concealment::Disabled => 1,
            Concealment::Enhanced => 2,
            Concealment::Standard => 3,
        };
        let adaptive = self.adaptive.map_or(0, |adaptive| 2 | u8::from(adaptive));
        let [b0, b1] = millis(self.burst_duration);
        let [g0, g1] = millis(self.gap_duration);
        let [r0, r1] = millis(self.round_trip);
        let [e0, e1] = millis(self.end_system_delay);
        let [n0, n1] = millis(self.jitter_buffer_nominal);
        let [m0, m1] = millis(self.jitter_buffer_maximum);
        let [a0, a1] = millis(self.jitter_buffer_absolute_maximum);
        [
            self.loss_rate,
            self.discard_rate,
            self.burst_density,
            self.gap_density,
            b0,
            b1,
            g0,
            g1,
            r0,
            r1,
            e0,
            e1,
            level(self.signal_level_dbm),
            level(self.noise_level_dbm),
            known(self.echo_return_loss_db),
            self.gap_threshold,
            known(self.r_factor),
            known(self.external_r_factor),
            known(self.listening_mos_tenths),
            known(self.conversational_mos_tenths),
            concealment << 6 | adaptive << 4 | self.adaptation_rate & 0x0f,
            0,
            n0,
            n1,
            m0,
            m1,
            a0,
            a1,
        ]
    }
}
