//! Whether it pays to wait a packet longer: for the one that repeats what the one before it had (in-band FEC, RFC 6716).
//!
//! It does while packets are lost again and again and the sender repeats them; a lost packet in ten seconds is not worth it.

/// Losses within so many packets of each other repeat: 10 s of packets of 20 ms. Without one for so long the wait is over.
const LOSS_PATIENCE: u32 = 500;
/// A sender is taken to repeat packets for so long after one that did: 60 s. In silence it has nothing to repeat.
const REPEAT_PATIENCE: u32 = 3_000;

/// What is known of losses and repetitions; lengths are in samples.
#[derive(Debug, Default)]
pub(super) struct Redundancy {
    /// The length of the last packet that repeated another, and for how many more packets that counts.
    repeating: (i64, u32),
    /// For how many more packets the last loss counts.
    losing: u32,
    /// Whether one came after another.
    losses_repeat: bool,
}

impl Redundancy {
    /// Takes note of a packet of so many samples, and whether it repeats the one before it.
    pub(super) fn note_packet(&mut self, samples: i64, repeats: bool) {
        let (repeated, more) = self.repeating;
        self.repeating = match repeats {
            true => (samples, REPEAT_PATIENCE),
            false => (repeated, more.saturating_sub(1)),
        };
        self.losing = self.losing.saturating_sub(1);
        self.losses_repeat &= self.losing > 0;
    }

    /// A packet was not there when its time had come.
    pub(super) fn note_loss(&mut self) {
        self.losses_repeat |= self.losing > 0;
        self.losing = LOSS_PATIENCE;
    }

    /// For how many samples more to wait.
    pub(super) fn wait(&self) -> i64 {
        match self.repeating {
            (samples, 1..) if self.losses_repeat => samples,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `.` is a packet, `r` one that repeats the one before it, `x` one that is lost.
    fn after(packets: &str) -> Redundancy {
        let mut redundancy = Redundancy::default();
        for packet in packets.chars() {
            match packet {
                'x' => redundancy.note_loss(),
                packet => redundancy.note_packet(160, packet == 'r'),
            }
        }
        redundancy
    }

    #[test]
    fn losses_that_repeat_are_waited_for_where_packets_are_repeated() {
        let patience = ".".repeat(LOSS_PATIENCE as usize - 1);
        let silence = "x.".repeat(REPEAT_PATIENCE as usize - 1);
        for (packets, wait) in [
            (String::new(), 0),
            ("rrrrrr".into(), 0),
            ("rrxrr".into(), 0),
            ("x...x.x".into(), 0),
            ("rxrx".into(), 160),
            (format!("rx{patience}x"), 160),
            (format!("rx{patience}.x"), 0),
            (format!("rxx{patience}"), 160),
            (format!("rxx{patience}."), 0),
            (format!("r{silence}"), 160),
            (format!("r{silence}."), 0),
        ] {
            assert_eq!(after(&packets).wait(), wait, "{}", packets.len());
        }
    }
}
