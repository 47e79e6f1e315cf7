//! What codecs cost on the scale of the E-model (ITU-T G.113 appendix I).

use crate::codec::Codec;

/// How much a codec suffers (ITU-T G.113 appendix I).
///
/// Ie and Bpl on the narrowband scale, on which nothing is better than G.711; what is heard for lost packets is part of it:
///
/// | codec | Ie | Bpl | from |
/// |---|---|---|---|
/// | G.711, losses as silence | 0 | 4.3 | G.113 appendix I |
/// | G.711, losses made up | 0 | 25.1 | G.113 appendix I; L16, whose losses are made up alike, is taken for the same |
/// | G.722 at 64 kbit/s | 0 | 15.4 | Ie,wb 13 of G.113 appendix IV is less than the 36 that narrowband costs on that scale |
/// | Opus | 0 | 12.5 | as G.722 |
///
/// The Bpl of G.722 and Opus are measured: `cargo xtask ears --loss 3 --loss 5` gives PESQ of G.711 (4.31, 3.52, 3.21 at 0, 3 and 5 %),
/// G.722 (4.21, 2.80, 2.36) and Opus (4.15, 2.44, 1.89). Each score becomes a rating by the inverse of [`mos`](super::mos); what a
/// codec loses of it, against what G.711 loses at the same loss, is its Ie,eff against that of G.711 by the table. That gives 15.4 and
/// 15.4 for G.722, 12.9 and 12.1 for Opus. Opus is without the error correction that it turns to when the peer reports loss.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CodecImpairment {
    /// Ie: its impairment without loss.
    pub equipment: f64,
    /// Bpl: its robustness against loss.
    pub robustness: f64,
}

impl CodecImpairment {
    /// G.711 with lost packets played as silence.
    pub const G711: Self = Self {
        equipment: 0.0,
        robustness: 4.3,
    };
    /// G.711 with lost packets made up from the pitch before them, as this crate's jitter buffer does.
    pub const G711_CONCEALED: Self = Self {
        equipment: 0.0,
        robustness: 25.1,
    };
    /// G.722 with lost packets made up in the same way.
    pub const G722: Self = Self {
        equipment: 0.0,
        robustness: 15.4,
    };
    /// Opus with its own concealment.
    pub const OPUS: Self = Self {
        equipment: 0.0,
        robustness: 12.5,
    };

    /// That of a codec as this crate's jitter buffer plays it.
    #[must_use]
    pub fn of(codec: Codec) -> Self {
        match codec {
            Codec::G722 => Self::G722,
            #[cfg(feature = "opus")]
            Codec::Opus(_) => Self::OPUS,
            _ => Self::G711_CONCEALED,
        }
    }
}
