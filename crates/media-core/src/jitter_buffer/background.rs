//! What is heard while the sender sends nothing: silence, or the noise it described (RFC 3389).

/// The noise of a pause, as loud as the sender said.
#[derive(Debug)]
pub(super) struct Background {
    /// The greatest sample; 0 is silence.
    peak: i32,
    state: u32,
}

impl Background {
    /// Silence.
    pub(super) fn new() -> Self {
        Self {
            peak: 0,
            state: 0x2545_F491,
        }
    }

    /// Takes the payload of a comfort noise packet: its first octet is the level in -dBov; without one it is silent.
    pub(super) fn describe(&mut self, payload: &[u8]) {
        let level = payload.first().map(|level| f32::from(level & 0x7F));
        // Even noise has a third of its peak's power; 0 dBov is a square wave at full scale.
        let peak = |level: f32| f32::from(i16::MAX) * 10_f32.powf(-level / 20.0) * f32::sqrt(3.0);
        self.peak = level.map_or(0, |level| peak(level).min(f32::from(i16::MAX)) as i32);
    }

    /// The next sample.
    pub(super) fn next(&mut self) -> i32 {
        // Xorshift (Marsaglia).
        self.state ^= self.state << 13;
        self.state ^= self.state >> 17;
        self.state ^= self.state << 5;
        ((self.state >> 16) as i32 - 0x8000) * self.peak / 0x8000
    }
}
