//! Caps on the size and the counts of a message, so that a hostile one costs no more than an honest one.

/// What a message may be at most; beyond it [`Message::parse`](crate::Message::parse) refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of the whole message, head and body.
    pub max_message_octets: usize,
    /// Octets of the head: start line, header lines and the blank line.
    pub max_head_octets: usize,
    /// Header lines; a folded line counts once.
    pub max_header_lines: usize,
}

impl Limits {
    /// 64 KiB per message (the largest datagram), 32 KiB of them head, 256 header lines.
    pub const DEFAULT: Limits = Limits {
        max_message_octets: 65_536,
        max_head_octets: 32_768,
        max_header_lines: 256,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
