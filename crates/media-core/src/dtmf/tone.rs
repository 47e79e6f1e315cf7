//! The two tones of a digit (Q.23).

use std::f64::consts::TAU;

use super::DtmfDigit;

/// The tones of the rows of a keypad, and of its columns, in Hz.
pub(super) const LOW_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
pub(super) const HIGH_HZ: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// The keypad, row by row.
const KEYS: [u8; 16] = *b"123A456B789C*0#D";
/// -9 and -7 dBm0: lines lose more of the high tone.
const LOW_AMPLITUDE: f64 = 8_100.0;
const HIGH_AMPLITUDE: f64 = 10_200.0;
/// The tones come and go within 2.5 ms.
const RAMPS_PER_SECOND: f64 = 400.0;

impl DtmfDigit {
    /// The digit of this row and column.
    pub(super) fn from_place(row: usize, column: usize) -> Option<Self> {
        let key = KEYS.get(row * 4 + column)?;
        Self::from_char(char::from(*key))
    }

    /// The tones of the digit; a hook flash has none.
    fn tones(self) -> Option<(f64, f64)> {
        let place = KEYS
            .iter()
            .position(|key| char::from(*key) == self.as_char())?;
        Some((LOW_HZ[place / 4], HIGH_HZ[place % 4]))
    }

    /// Writes the sound of the digit from sample `from` on of its `whole` samples; what lies behind its end is silence.
    pub(crate) fn sound(self, sample_rate_hz: u32, from: usize, whole: usize, frame: &mut [i16]) {
        let Some((low, high)) = self.tones() else {
            return frame.fill(0);
        };
        let rate = f64::from(sample_rate_hz);
        for (number, sample) in (from..).zip(frame) {
            let time = number as f64 / rate;
            let left = whole.saturating_sub(number) as f64 / rate;
            let loud = (time.min(left) * RAMPS_PER_SECOND).min(1.0);
            let tone = LOW_AMPLITUDE * (TAU * low * time).sin()
                + HIGH_AMPLITUDE * (TAU * high * time).sin();
            *sample = (tone * loud) as i16;
        }
    }
}
