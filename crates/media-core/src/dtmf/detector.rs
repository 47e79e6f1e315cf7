//! Digits in the sound itself, found by Goertzel's algorithm within the limits of Q.24.
//!
//! The sound is brought to 8 kHz and looked at every 5 ms, 12.75 ms at a time. A digit is two tones that hold most of the
//! energy, stand out of their groups, are loud enough, and are about as loud as each other. It begins when it has been seen three
//! times in a row, 28 ms after it was pressed at the latest, and ends when it has not been seen for 30 ms. Interruptions of
//! 10 ms do not end it, pauses of 40 ms do.

use std::f32::consts::TAU;

use super::tone::{HIGH_HZ, LOW_HZ};
use super::{DtmfDigit, Press};

/// The rate at which is looked.
pub(crate) const RATE_HZ: u32 = 8_000;
/// How much is looked at.
const BLOCK: usize = 102;
/// How often.
const HOP: usize = 40;
/// Looks in a row that make a digit, and that end it.
const BEGIN_LOOKS: u32 = 3;
const END_LOOKS: u32 = 6;

/// The share of the energy that is in the two tones: less 2 dB for tones that are 1.5 % off.
const LEAST_SHARE: f32 = 0.65;
/// The faintest tone: -31 dBm0; from -25 dBm0 on a tone must be seen (Q.24).
const LEAST_AMPLITUDE: f32 = 640.0;
/// By how much a tone stands out of its group: 6 dB, which the other tone's side lobes leave of it at the greatest twist.
const LEAST_LEAD: f32 = 4.0;
/// By how much the low tone may be louder than the high one, 8 dB, and the other way round, 4 dB (Q.24); and what the filter, a
/// frequency that is 1.5 % off and the side lobes of the louder one take away from the other.
const MOST_TWIST: f32 = 18.0;
const MOST_REVERSE_TWIST: f32 = 3.2;
/// The share of its part of the energy that each end of a block has, a quarter of it: the tones fill it all.
const LEAST_END: f32 = 0.25;

/// Listens for digits in the sound of one stream.
#[derive(Debug)]
pub struct DtmfDetector {
    /// Samples of the stream to one that is looked at.
    scale: usize,
    /// Samples that do not make one yet: how many, and their sum.
    partial: (usize, i32),
    window: [f32; BLOCK],
    /// New samples in the window.
    fresh: usize,
    /// What was seen last, and how often in a row.
    seen: Option<(DtmfDigit, u32)>,
    pressed: Option<Pressed>,
}

#[derive(Debug, Clone, Copy)]
struct Pressed {
    digit: DtmfDigit,
    ticks: u32,
    /// Looks since it was seen last.
    missed: u32,
}

impl DtmfDetector {
    /// A detector of sound at this rate, a multiple of 8 kHz.
    #[must_use]
    pub fn new(sample_rate_hz: u32) -> Self {
        Self {
            scale: (sample_rate_hz / RATE_HZ).max(1) as usize,
            partial: (0, 0),
            window: [0.0; BLOCK],
            fresh: 0,
            seen: None,
            pressed: None,
        }
    }

    /// The rate of the sound.
    pub(crate) fn sample_rate_hz(&self) -> u32 {
        self.scale as u32 * RATE_HZ
    }

    /// Listens to the next samples and hands what comes to pass to `tell`; times are at 8 kHz.
    pub(crate) fn listen(&mut self, samples: &[i16], mut tell: impl FnMut(Press)) {
        for sample in samples {
            self.partial.0 += 1;
            self.partial.1 += i32::from(*sample);
            if self.partial.0 < self.scale {
                continue;
            }
            let mean = self.partial.1 as f32 / self.scale as f32;
            self.partial = (0, 0);
            self.window[BLOCK - HOP + self.fresh] = mean;
            self.fresh += 1;
            if self.fresh == HOP {
                self.fresh = 0;
                let digit = look(&self.window);
                self.window.copy_within(HOP.., 0);
                self.follow(digit, &mut tell);
            }
        }
    }

    fn follow(&mut self, digit: Option<DtmfDigit>, tell: &mut impl FnMut(Press)) {
        self.seen = match (digit, self.seen) {
            (Some(digit), Some((before, looks))) if digit == before => Some((digit, looks + 1)),
            (digit, _) => digit.map(|digit| (digit, 1)),
        };
        let hop = HOP as u32;
        if let Some(pressed) = &mut self.pressed {
            pressed.ticks = pressed.ticks.saturating_add(hop);
            pressed.missed = match digit == Some(pressed.digit) {
                true => 0,
                false => pressed.missed + 1,
            };
            let replaced = self
                .seen
                .is_some_and(|(digit, looks)| digit != pressed.digit && looks >= BEGIN_LOOKS);
            if pressed.missed < END_LOOKS && !replaced {
                return;
            }
            let ticks = pressed.ticks - pressed.missed * hop;
            tell(Press::Ended(pressed.digit, ticks));
            self.pressed = None;
        }
        if let Some((digit, looks)) = self.seen
            && looks >= BEGIN_LOOKS
        {
            let ticks = BLOCK as u32 + (looks - 1) * hop;
            tell(Press::Begun(digit, ticks));
            self.pressed = Some(Pressed {
                digit,
                ticks,
                missed: 0,
            });
        }
    }
}

/// The digit in a block.
fn look(block: &[f32; BLOCK]) -> Option<DtmfDigit> {
    let length = BLOCK as f32;
    let part = |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>();
    let (energy, quarter) = (part(block), BLOCK / 4);
    let ends = part(&block[..quarter]).min(part(&block[BLOCK - quarter..]));
    if ends * 4.0 < LEAST_END * energy {
        return None;
    }
    // What two tones of the least amplitude have.
    if energy < length * LEAST_AMPLITUDE * LEAST_AMPLITUDE {
        return None;
    }
    let powers = powers(block);
    let (row, low) = strongest(&powers[..4])?;
    let (column, high) = strongest(&powers[4..])?;
    let amplitude = |power: f32| 2.0 * power.sqrt() / length;
    let loud = amplitude(low.min(high)) >= LEAST_AMPLITUDE;
    let even = low <= high * MOST_TWIST && high <= low * MOST_REVERSE_TWIST;
    let pure = 2.0 * (low + high) >= LEAST_SHARE * length * energy;
    (loud && even && pure).then(|| DtmfDigit::from_place(row, column))?
}

/// The tone that stands out of its group.
fn strongest(powers: &[f32]) -> Option<(usize, f32)> {
    let (place, power) = (0..)
        .zip(powers)
        .max_by(|one, other| one.1.total_cmp(other.1))?;
    let leads = (0..)
        .zip(powers)
        .all(|(other, weaker)| other == place || weaker * LEAST_LEAD <= *power);
    leads.then_some((place, *power))
}

/// The power of a block at the eight frequencies.
fn powers(block: &[f32; BLOCK]) -> [f32; 8] {
    let coefficients: [f32; 8] = std::array::from_fn(|n| {
        let hz = if n < 4 { LOW_HZ[n] } else { HIGH_HZ[n - 4] };
        2.0 * (TAU * hz as f32 / RATE_HZ as f32).cos()
    });
    let (mut last, mut before) = ([0.0; 8], [0.0; 8]);
    for sample in block {
        for n in 0..8 {
            let next: f32 = sample + coefficients[n] * last[n] - before[n];
            before[n] = last[n];
            last[n] = next;
        }
    }
    std::array::from_fn(|n| {
        last[n] * last[n] + before[n] * before[n] - coefficients[n] * last[n] * before[n]
    })
}

#[cfg(test)]
mod tests;
