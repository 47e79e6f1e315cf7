//! The ADPCM of the two bands: 6 bits for each sample of the lower (G.722 section 3.3), 2 for each of the higher.

use super::predictor::Predictor;

/// Decision levels of the lower band (table 14).
const Q6: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023,
    1_121, 1_219, 1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
];
/// Outputs of the inverse quantizer of 6 bits (table 17).
const QM6: [i16; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192,
    -10_232, -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008,
    -3_576, -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008,
    16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000,
    5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432,
    136, -432, -136,
];
/// Outputs of the inverse quantizer of 4 bits (table 18).
const QM4: [i16; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288,
    4_240, 2_584, 1_200, 0,
];
/// Outputs of the inverse quantizer of the higher band (table 19).
const QM2: [i16; 4] = [-7_408, -1_616, 7_408, 1_616];
/// Multipliers of the logarithmic scale factor, by codeword of 4 bits (table 20) and of 2 bits (table 21).
const WL: [i32; 16] = [
    -60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60,
];
const WH: [i32; 4] = [798, -214, 798, -214];
/// The scale factor by its logarithm (table 22).
const ILB: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656,
    2_714, 2_774, 2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520,
    3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
];

/// The lower band.
#[derive(Debug)]
pub(super) struct Lower {
    predictor: Predictor,
    scale: Scale<18_432, 8>,
}

impl Default for Lower {
    fn default() -> Self {
        Self {
            predictor: Predictor::default(),
            scale: Scale::new(32),
        }
    }
}

impl Lower {
    /// The codeword of a sample.
    pub(super) fn encode(&mut self, sample: i32) -> u8 {
        let difference = sample - self.predictor.estimate();
        // The magnitude of a negative number in one's complement, as the Recommendation has it.
        let magnitude = difference ^ (difference >> 31);
        let step = self.scale.factor;
        let level = Q6.partition_point(|bound| (bound * step) >> 12 <= magnitude) as u8;
        let codeword = match (difference < 0, level) {
            (true, 0..=1) => 63 - level,
            (true, _) => 33 - level,
            (false, _) => 61 - level,
        };
        self.adapt(codeword);
        codeword
    }

    /// The sample of a codeword.
    pub(super) fn decode(&mut self, codeword: u8) -> i32 {
        let difference = self.scale.unscale(QM6[usize::from(codeword)]);
        let sample = (self.predictor.estimate() + difference).clamp(-16_384, 16_383);
        self.adapt(codeword);
        sample
    }

    /// Prediction goes by the upper four bits, which every mode of the Recommendation carries.
    fn adapt(&mut self, codeword: u8) {
        let index = usize::from(codeword >> 2);
        self.predictor.adapt(self.scale.unscale(QM4[index]));
        self.scale.adapt(WL[index]);
    }
}

/// The higher band.
#[derive(Debug)]
pub(super) struct Higher {
    predictor: Predictor,
    scale: Scale<22_528, 10>,
}

impl Default for Higher {
    fn default() -> Self {
        Self {
            predictor: Predictor::default(),
            scale: Scale::new(8),
        }
    }
}

impl Higher {
    /// The codeword of a sample.
    pub(super) fn encode(&mut self, sample: i32) -> u8 {
        let difference = sample - self.predictor.estimate();
        let magnitude = difference ^ (difference >> 31);
        let inner = magnitude < (564 * self.scale.factor) >> 12;
        let codeword = u8::from(inner) | if difference < 0 { 0 } else { 2 };
        self.adapt(codeword);
        codeword
    }

    /// The sample of a codeword.
    pub(super) fn decode(&mut self, codeword: u8) -> i32 {
        let estimate = self.predictor.estimate();
        (estimate + self.adapt(codeword)).clamp(-16_384, 16_383)
    }

    /// Returns the difference that the codeword stands for.
    fn adapt(&mut self, codeword: u8) -> i32 {
        let index = usize::from(codeword);
        let difference = self.scale.unscale(QM2[index]);
        self.predictor.adapt(difference);
        self.scale.adapt(WH[index]);
        difference
    }
}

/// The quantizer's scale factor, and its logarithm, which is at most `LIMIT`.
#[derive(Debug)]
struct Scale<const LIMIT: i32, const SHIFT: i32> {
    factor: i32,
    logarithm: i32,
}

impl<const LIMIT: i32, const SHIFT: i32> Scale<LIMIT, SHIFT> {
    fn new(factor: i32) -> Self {
        Self {
            factor,
            logarithm: 0,
        }
    }

    /// LOGSCL and SCALEL, LOGSCH and SCALEH.
    fn adapt(&mut self, multiplier: i32) {
        self.logarithm = (((self.logarithm * 127) >> 7) + multiplier).clamp(0, LIMIT);
        let mantissa = ILB[(self.logarithm >> 6 & 31) as usize];
        let exponent = self.logarithm >> 11;
        self.factor = (mantissa << exponent >> SHIFT) << 2;
    }

    fn unscale(&self, output: i16) -> i32 {
        (self.factor * i32::from(output)) >> 15
    }
}
