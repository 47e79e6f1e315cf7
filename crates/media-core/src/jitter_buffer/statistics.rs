//! What a jitter buffer did.

use std::time::Duration;

use super::LossPattern;

/// What a jitter buffer did so far, and how it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JitterBufferStatistics {
    /// Packets that came after their time to be played.
    pub late: u64,
    /// Packets whose place was taken already.
    pub duplicates: u64,
    /// Packets for which there was no room.
    pub overflowed: u64,
    /// Sound that was lost or late and was made up; of a long gap no more than is heard, the first 60 ms or what the codec makes
    /// up by itself. Known when the gap is over.
    pub concealed: Duration,
    /// Sound that was lost and came with the next packet.
    pub recovered: Duration,
    /// What was heard in the pauses of a sender that sends nothing in them, silence not counted.
    pub paused: Duration,
    /// Sound that was cut out, to follow the network's delay or the sender's clock.
    pub accelerated: Duration,
    /// Sound that was put in for the same reason.
    pub expanded: Duration,
    /// Times that playing began anew: a timestamp jump, another source, or a delay beyond all bounds.
    pub restarts: u64,
    /// Talkspurts before which the sender's clock had stood still.
    pub resumed: u64,
    /// The packets that were missing when it was their turn to be decoded, and how they lay.
    pub losses: LossPattern,
    /// How long samples wait now, beyond the fastest way through the network.
    pub delay: Duration,
    /// How long they should, by what the network does.
    pub target_delay: Duration,
    /// How much of that is for the packet after a lost one, which repeats it (in-band FEC).
    pub redundancy_delay: Duration,
}

impl JitterBufferStatistics {
    /// The sum of what this buffer and the one after it did; how things stand is the later one's.
    pub(crate) fn followed_by(self, later: Self) -> Self {
        Self {
            late: self.late + later.late,
            duplicates: self.duplicates + later.duplicates,
            overflowed: self.overflowed + later.overflowed,
            concealed: self.concealed + later.concealed,
            recovered: self.recovered + later.recovered,
            paused: self.paused + later.paused,
            accelerated: self.accelerated + later.accelerated,
            expanded: self.expanded + later.expanded,
            restarts: self.restarts + later.restarts,
            resumed: self.resumed + later.resumed,
            losses: self.losses.followed_by(later.losses),
            delay: later.delay,
            target_delay: later.target_delay,
            redundancy_delay: later.redundancy_delay,
        }
    }
}
