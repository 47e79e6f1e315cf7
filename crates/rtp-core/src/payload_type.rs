//! RTP payload types (RFC 3551).

use std::fmt;

/// A payload type: seven bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadType(u8);

impl PayloadType {
    /// G.711 mu-law at 8 kHz (RFC 3551).
    pub const PCMU: PayloadType = PayloadType(0);
    /// G.711 A-law at 8 kHz (RFC 3551).
    pub const PCMA: PayloadType = PayloadType(8);
    /// G.722 at 16 kHz, with a clock of 8 kHz (RFC 3551).
    pub const G722: PayloadType = PayloadType(9);
    /// Comfort noise at 8 kHz (RFC 3389).
    pub const CN: PayloadType = PayloadType(13);

    /// The payload type of this number; `None` above 127.
    #[must_use]
    pub const fn new(number: u8) -> Option<PayloadType> {
        if number < 128 {
            Some(PayloadType(number))
        } else {
            None
        }
    }

    /// The payload type in the low seven bits of the octet that it shares with the marker.
    pub(crate) fn from_low_bits(octet: u8) -> PayloadType {
        PayloadType(octet & 0x7f)
    }

    /// The number, 0 to 127.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whether SDP has to say what it means (RFC 3551 section 6: 96 to 127).
    #[must_use]
    pub const fn is_dynamic(self) -> bool {
        self.0 >= 96
    }
}

impl fmt::Display for PayloadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
