//! Sequence numbers of one source: probation, wraps, losses, duplicates and restarts (RFC 3550 A.1).

/// A gap of this many numbers or more is not loss but a jump.
pub(crate) const MAX_DROPOUT: u16 = 3000;
/// A packet this far behind or less is late, not a jump.
pub(crate) const MAX_MISORDER: u16 = 100;
const CYCLE: u64 = 1 << 16;

/// What a sequence number says about its packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The source is not valid yet; not counted.
    Probation,
    /// The first packet of a valid source, or of a sequence that it began anew.
    First {
        /// The extended sequence number.
        extended: u64,
    },
    /// The highest number so far.
    InOrder {
        /// The extended sequence number.
        extended: u64,
    },
    /// A number that had been missing.
    Reordered {
        /// The extended sequence number.
        extended: u64,
    },
    /// A number that was there already.
    Duplicate,
    /// Far from the others; not counted unless the next packet follows it.
    Jump,
}

/// Packets of one source, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// How many numbers lie between the first and the highest.
    pub expected: u64,
    /// How many of them arrived.
    pub received: u64,
    /// How many packets arrived again.
    pub duplicates: u64,
}

impl Counts {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Counts) -> Counts {
        Counts {
            expected: self.expected + other.expected,
            received: self.received + other.received,
            duplicates: self.duplicates + other.duplicates,
        }
    }

    /// Numbers that have not arrived.
    #[must_use]
    pub fn lost(self) -> u64 {
        self.expected.saturating_sub(self.received)
    }
}

/// Follows the sequence numbers of one source.
///
/// Extended numbers begin in the second cycle, at 65536, so that a packet from before the first one has a number too.
#[derive(Debug, Clone)]
pub struct SequenceTracker {
    base: u64,
    highest: u64,
    /// Bit `n` is set when `highest - n` has arrived.
    window: u128,
    received: u64,
    duplicates: u64,
    probation: u16,
    after_jump: Option<u16>,
    past: Counts,
}

impl SequenceTracker {
    /// Packets in order that make a source valid.
    pub const MIN_SEQUENTIAL: u16 = 2;

    /// A tracker that takes `probation` packets in order before it believes in the source; the last of them is the
    /// first that counts. 0 and 1 believe at once.
    #[must_use]
    pub fn new(probation: u16) -> SequenceTracker {
        let probation = probation.max(1);
        SequenceTracker {
            base: 0,
            highest: 0,
            window: 0,
            received: 0,
            duplicates: 0,
            probation,
            after_jump: None,
            past: Counts::default(),
        }
    }

    /// Whether the source has passed its probation.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.probation == 0
    }

    /// Takes the number of the next packet.
    pub fn handle(&mut self, sequence: u16) -> Arrival {
        if self.probation > 0 {
            return self.handle_probation(sequence);
        }
        let ahead = sequence.wrapping_sub(self.highest as u16);
        let behind = ahead.wrapping_neg();
        if ahead == 0 || behind <= MAX_MISORDER {
            self.after_jump = None;
            return self.handle_behind(behind);
        }
        if ahead < MAX_DROPOUT {
            self.after_jump = None;
            self.highest += u64::from(ahead);
            self.window = self.window.checked_shl(u32::from(ahead)).unwrap_or(0) | 1;
            self.received += 1;
            return Arrival::InOrder {
                extended: self.highest,
            };
        }
        if self.after_jump == Some(sequence) {
            self.past = self.total();
            return self.begin(sequence);
        }
        self.after_jump = Some(sequence.wrapping_add(1));
        Arrival::Jump
    }

    /// Whether a number may be the next of the same source, with losses before it.
    #[must_use]
    pub fn is_next(&self, sequence: u16) -> bool {
        let ahead = sequence.wrapping_sub(self.highest as u16);
        self.is_valid() && (1..MAX_DROPOUT).contains(&ahead)
    }

    fn handle_probation(&mut self, sequence: u16) -> Arrival {
        let follows = self.window != 0 && sequence == (self.highest as u16).wrapping_add(1);
        let restart = !follows && self.window != 0;
        if restart {
            self.probation = SequenceTracker::MIN_SEQUENTIAL;
        }
        self.probation -= 1;
        self.highest = CYCLE + u64::from(sequence);
        self.window = 1;
        if self.probation == 0 {
            self.begin(sequence)
        } else {
            Arrival::Probation
        }
    }

    fn begin(&mut self, sequence: u16) -> Arrival {
        let extended = CYCLE + u64::from(sequence);
        *self = SequenceTracker {
            base: extended,
            highest: extended,
            window: 1,
            received: 1,
            duplicates: 0,
            probation: 0,
            after_jump: None,
            past: self.past,
        };
        Arrival::First { extended }
    }

    fn handle_behind(&mut self, behind: u16) -> Arrival {
        let bit = 1u128 << behind;
        if self.window & bit != 0 {
            self.duplicates += 1;
            return Arrival::Duplicate;
        }
        self.window |= bit;
        self.received += 1;
        let extended = self.highest - u64::from(behind);
        self.base = self.base.min(extended);
        Arrival::Reordered { extended }
    }

    /// The number that a report block carries: cycles and highest sequence number, 32 bits, wrapping.
    #[must_use]
    pub fn extended_highest(&self) -> u32 {
        self.highest.wrapping_sub(CYCLE) as u32
    }

    /// Counts since the source became valid or last began anew.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let expected = if self.is_valid() {
            self.highest - self.base + 1
        } else {
            0
        };
        Counts {
            expected,
            received: self.received,
            duplicates: self.duplicates,
        }
    }

    /// Counts through all restarts.
    #[must_use]
    pub fn total(&self) -> Counts {
        self.past.plus(self.counts())
    }
}

#[cfg(test)]
mod tests;
