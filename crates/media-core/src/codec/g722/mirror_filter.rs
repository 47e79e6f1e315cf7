//! The quadrature mirror filters: 16 kHz into two bands of 8 kHz each, and back (G.722 sections 3.1 and 4.4).

/// Every second of the 24 coefficients (table 11); the others are these in reverse.
const COEFFICIENTS: [i32; 12] = [3, -11, 12, 32, -210, 951, 3_876, -805, 362, -156, 53, -11];
/// Samples of the past that a pair needs.
const PAST: usize = 22;
/// Pairs that are filtered at once.
const PAIRS: usize = 80;
const ROOM: usize = PAST + 2 * PAIRS;

/// The end of the sound that was filtered.
type Past = [i32; PAST];

/// Splits sound in two bands.
#[derive(Debug, Default)]
pub(super) struct Split {
    past: Past,
}

impl Split {
    /// Hands each pair of `samples` on as a sample of the lower and one of the higher band, of 15 bits.
    pub(super) fn split(&mut self, samples: &[i16], mut handle: impl FnMut(i32, i32)) {
        let mut sound = [0; ROOM];
        let whole = &samples[..samples.len() & !1];
        for piece in whole.chunks(2 * PAIRS) {
            sound[..PAST].copy_from_slice(&self.past);
            for (place, sample) in sound[PAST..].iter_mut().zip(piece) {
                *place = i32::from(*sample);
            }
            for window in windows(&sound, piece.len()) {
                let (even, odd) = sums(window);
                let limit = |sum: i32| (sum >> 14).clamp(-16_384, 16_383);
                handle(limit(odd + even), limit(odd - even));
            }
            self.past
                .copy_from_slice(&sound[piece.len()..piece.len() + PAST]);
        }
    }
}

/// Joins two bands to sound.
#[derive(Debug, Default)]
pub(super) struct Join {
    past: Past,
}

impl Join {
    /// Appends two samples for each sample of the lower and the higher band.
    pub(super) fn join(
        &mut self,
        mut bands: impl ExactSizeIterator<Item = (i32, i32)>,
        samples: &mut Vec<i16>,
    ) {
        let mut sound = [0; ROOM];
        while bands.len() > 0 {
            sound[..PAST].copy_from_slice(&self.past);
            let mut end = PAST;
            for (low, high) in bands.by_ref().take(PAIRS) {
                sound[end] = low + high;
                sound[end + 1] = low - high;
                end += 2;
            }
            for window in windows(&sound, end - PAST) {
                let (even, odd) = sums(window);
                let limit = |sum: i32| (sum >> 11).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
                samples.extend([limit(odd), limit(even)]);
            }
            self.past.copy_from_slice(&sound[end - PAST..end]);
        }
    }
}

/// The 24 samples that each pair of `count` new samples ends.
fn windows(sound: &[i32; ROOM], count: usize) -> impl Iterator<Item = &[i32; 24]> {
    sound[..PAST + count]
        .windows(24)
        .step_by(2)
        .filter_map(|window| window.first_chunk())
}

/// The filtered samples at even and at odd places.
fn sums(window: &[i32; 24]) -> (i32, i32) {
    let (mut even, mut odd) = (0, 0);
    for (index, pair) in window.as_chunks::<2>().0.iter().enumerate() {
        even += pair[0] * COEFFICIENTS[index];
        odd += pair[1] * COEFFICIENTS[11 - index];
    }
    (even, odd)
}
