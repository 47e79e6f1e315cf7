//! What this side can do with audio, and in which order it likes to do it.

use std::time::Duration;

use crate::codec::{Codec, OpusConfig};

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

/// What offers and answers are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The codecs, best first; offered in this order.
    pub codecs: Vec<Codec>,
    /// Whose order counts when we answer.
    pub preference: CodecPreference,
    /// Whether telephone events (RFC 4733) are offered and accepted.
    pub telephone_event: bool,
    /// Whether comfort noise (RFC 3389) is offered and accepted: the peer may leave out its silence then.
    pub comfort_noise: bool,
    /// How Opus is encoded.
    pub opus: OpusConfig,
    /// The packet length that is offered, and that is sent to a peer which does not ask for another.
    pub ptime: Duration,
}

impl Default for Capabilities {
    /// Every codec, the offerer's order, telephone events, 20 ms.
    fn default() -> Self {
        Self {
            codecs: Codec::DEFAULT.to_vec(),
            preference: CodecPreference::default(),
            telephone_event: true,
            comfort_noise: false,
            opus: OpusConfig::default(),
            ptime: FRAME,
        }
    }
}
