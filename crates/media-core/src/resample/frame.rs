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

/// A converter of frames between rates that may change.
#[derive(Debug, Default)]
pub(crate) struct FrameConverter {
    rates_hz: (u32, u32),
    resampler: Option<Box<FrameResampler>>,
}

impl FrameConverter {
    /// The frame at the rate `to_hz`; nothing is allocated unless a rate has changed.
    pub(crate) fn convert<'a>(
        &'a mut self,
        from_hz: u32,
        to_hz: u32,
        frame: &'a [i16],
    ) -> &'a [i16] {
        if self.rates_hz != (from_hz, to_hz) {
            self.rates_hz = (from_hz, to_hz);
            let resampler = (from_hz != to_hz).then(|| FrameResampler::new(from_hz, to_hz));
            self.resampler = resampler.map(Box::new);
        }
        match &mut self.resampler {
            Some(resampler) => resampler.frame(frame),
            None => frame,
        }
    }
}
