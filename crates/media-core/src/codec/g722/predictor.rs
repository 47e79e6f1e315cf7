//! The adaptive predictor of a band: two poles and six zeros (G.722 section 3.6).

/// What a band's next sample is expected to be, and what that is learned from.
#[derive(Debug, Default)]
pub(super) struct Predictor {
    /// Coefficients of the poles.
    poles: [i32; 2],
    /// Coefficients of the zeros.
    zeros: [i32; 6],
    /// The latest differences.
    differences: [i32; 6],
    /// The latest two reconstructed samples.
    reconstructed: [i32; 2],
    /// The latest two reconstructed samples, without the part of the poles.
    partial: [i32; 2],
    /// The part of the zeros in the estimate.
    zero_estimate: i32,
    estimate: i32,
}

impl Predictor {
    /// The expected sample.
    pub(super) fn estimate(&self) -> i32 {
        self.estimate
    }

    /// Learns from the difference between the sample and the estimate.
    pub(super) fn adapt(&mut self, difference: i32) {
        let reconstructed = saturate(self.estimate + difference);
        let partial = saturate(self.zero_estimate + difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.partial = [partial, self.partial[0]];
        let weigh =
            |(coefficient, sample): (&i32, &i32)| (coefficient * saturate(2 * sample)) >> 15;
        let poles = self.poles.iter().zip(&self.reconstructed).map(weigh).sum();
        let zeros = self.zeros.iter().zip(&self.differences).map(weigh).sum();
        self.zero_estimate = saturate(zeros);
        self.estimate = saturate(saturate(poles) + self.zero_estimate);
    }

    /// UPPOL1 and UPPOL2.
    fn adapt_poles(&mut self, partial: i32) {
        let [first, second] = self.poles;
        let alike = |other: i32| (partial ^ other) >= 0;
        let [before, earlier] = self.partial;
        let slope = saturate(4 * first);
        let slope = if alike(before) { -slope } else { slope }.min(32_767);
        let sign = if alike(earlier) { 128 } else { -128 };
        let second = (sign + (slope >> 7) + ((second * 32_512) >> 15)).clamp(-12_288, 12_288);
        let sign = if alike(before) { 192 } else { -192 };
        let bound = 15_360 - second;
        let first = (sign + ((first * 32_640) >> 15)).clamp(-bound, bound);
        self.poles = [first, second];
    }

    /// UPZERO.
    fn adapt_zeros(&mut self, difference: i32) {
        let step = if difference == 0 { 0 } else { 128 };
        for (zero, earlier) in self.zeros.iter_mut().zip(&self.differences) {
            let sign = if (difference ^ earlier) >= 0 {
                step
            } else {
                -step
            };
            *zero = sign + ((*zero * 32_640) >> 15);
        }
    }
}

/// Limits to 16 bits.
fn saturate(value: i32) -> i32 {
    value.clamp(i16::MIN.into(), i16::MAX.into())
}
