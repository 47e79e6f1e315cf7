//! Frame by frame from one rate to another.

use super::Resampler;

/// A converter of frames of 20 ms, with a place for the result.
#[derive(Debug)]
pub(crate) struct FrameResampler {
    resampler: Resampler,
    frame: Vec<i16>,
}

impl FrameResampler {
    pub(crate) fn new(from_hz: u32, to_hz: u32) -> Self {
        Self {
            resampler: Resampler::new(from_hz, to_hz),
            frame: Vec::with_capacity(to_hz as usize / 50),
        }
    }

    /// The next frame at the other rate.
    pub(crate) fn frame(&mut self, frame: &[i16]) -> &[i16] {
        self.frame.clear();
        self.resampler.process(frame, &mut self.frame);
        &self.frame
    }
}
