//! The all-pole lattice filter: what it does is given by reflection coefficients, and stable while these are below 1.

use super::MAX_ORDER;

#[derive(Debug, Default)]
pub(super) struct Lattice {
    coefficients: [f32; MAX_ORDER],
    order: usize,
    /// The backward differences of the sample before.
    backward: [f32; MAX_ORDER],
}

impl Lattice {
    pub(super) fn set_coefficients(&mut self, coefficients: &[f32; MAX_ORDER]) {
        self.coefficients = *coefficients;
        let last = coefficients.iter().rposition(|value| *value != 0.0);
        self.order = last.map_or(0, |last| last + 1);
    }

    /// The amplitude of white noise that comes out with an amplitude of 1.
    pub(super) fn loss(&self) -> f32 {
        let share = |value: &f32| 1.0 - value * value;
        self.coefficients.iter().map(share).product::<f32>().sqrt()
    }

    pub(super) fn filter(&mut self, sample: f32) -> f32 {
        let mut forward = sample;
        for index in (0..self.order).rev() {
            let backward = self.backward[index];
            forward -= self.coefficients[index] * backward;
            if let Some(next) = self.backward.get_mut(index + 1) {
                *next = backward + self.coefficients[index] * forward;
            }
        }
        self.backward[0] = forward;
        forward
    }
}
