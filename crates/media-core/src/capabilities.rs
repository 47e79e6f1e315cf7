//! What this side can do with audio, and in which order it likes to do it.

use std::time::Duration;

use crate::codec::{Codec, OpusConfig};
use crate::rtp_core::srtp::SrtpSuite;

/// The length of a frame: the engine's step, and the shortest packet it sends.
pub const FRAME: Duration = Duration::from_millis(20);
/// The samples of a frame at 8 kHz.
pub const FRAME_SAMPLES: usize = 160;

/// The samples of a frame at the highest rate, 48 kHz.
pub(crate) const MAX_FRAME_SAMPLES: usize = 960;

/// Whose order decides between several common codecs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CodecPreference {
    /// The offerer's, as RFC 3264 section 6.1 recommends.
    #[default]
    Offerer,
    /// Ours: the order of [`Capabilities::codecs`].
    Local,
}

/// Whether streams are SRTP, with keys that go through signalling (RFC 4568). Who sees the signalling sees the keys: they
/// protect a call whose signalling is protected too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SrtpPolicy {
    /// Never. Offers of SRTP alone are refused, keys beside plain RTP are passed over.
    #[default]
    Off,
    /// Where the peer can: keys are offered beside plain RTP (RFC 8643), SRTP that is offered is taken, and so is plain RTP.
    Offer,
    /// Always: `RTP/SAVP` is offered, and what is not SRTP is refused.
    Require,
}

/// What offers and answers are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The codecs, best first; offered in this order.
    pub codecs: Vec<Codec>,
    /// Whose order counts when we answer.
    pub preference: CodecPreference,
    /// Whether telephone events (RFC 4733) are offered and accepted.
    pub telephone_event: bool,
    /// Whether comfort noise (RFC 3389) is offered and accepted: both sides may leave out their silence then, and this one does,
    /// but for music on hold and tones. Opus has its own way, [`OpusConfig::dtx`].
    pub comfort_noise: bool,
    /// How Opus is encoded.
    pub opus: OpusConfig,
    /// The packet length that is offered, and that is sent to a peer which does not ask for another.
    pub ptime: Duration,
    /// Whether our offers want RTCP on the port of RTP (RFC 5761); what a peer offers is taken in any case, and what it does not
    /// answer leaves RTCP on a port of its own.
    pub rtcp_mux: bool,
    /// Whether each side tells the other how it sounds, by the VoIP metrics of RTCP XR (RFC 3611 section 4.7): where both say
    /// `a=rtcp-xr:voip-metrics`.
    pub extended_reports: bool,
    /// Whether streams are SRTP.
    pub srtp: SrtpPolicy,
    /// The suites that are taken, best first. An offer names the first two, an answer takes the offerer's first.
    pub srtp_suites: Vec<SrtpSuite>,
}

impl Capabilities {
    /// The codec of this encoding as this side has it.
    pub(crate) fn codec(&self, codec: Codec) -> Option<Codec> {
        let mut ours = self.codecs.iter();
        ours.find(|ours| ours.is_same_encoding(codec)).copied()
    }
}

impl Default for Capabilities {
    /// Every codec, the offerer's order, telephone events, 20 ms, no extended reports, no SRTP; every suite when it is switched on.
    fn default() -> Self {
        Self {
            codecs: Codec::DEFAULT.to_vec(),
            preference: CodecPreference::default(),
            telephone_event: true,
            comfort_noise: false,
            opus: OpusConfig::default(),
            ptime: FRAME,
            rtcp_mux: false,
            extended_reports: false,
            srtp: SrtpPolicy::default(),
            srtp_suites: SrtpSuite::ALL.to_vec(),
        }
    }
}
