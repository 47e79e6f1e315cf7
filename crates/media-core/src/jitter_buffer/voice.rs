//! A decoder of one stream, at the rate at which the stream is played.

use crate::codec::{Codec, Decoder};
use crate::resample::Resampler;

/// A decoder, and what brings its sound to the rate that is played where that is another.
#[derive(Debug)]
pub(super) struct Voice {
    pub(super) decoder: Decoder,
    resampler: Option<Box<(Resampler, Vec<i16>)>>,
}

impl Voice {
    pub(super) fn new(codec: Codec, sample_rate_hz: u32) -> Self {
        let own = codec.sample_rate_hz();
        let resampler = || Box::new((Resampler::new(own, sample_rate_hz), Vec::new()));
        Self {
            decoder: Decoder::new(codec),
            resampler: (own != sample_rate_hz).then(resampler),
        }
    }

    /// Writes what `make` does with the decoder to `output`, in place of what is there; returns what it does.
    pub(super) fn run<R>(
        &mut self,
        output: &mut Vec<i16>,
        make: impl FnOnce(&mut Decoder, &mut Vec<i16>) -> R,
    ) -> R {
        output.clear();
        let Some(resampler) = &mut self.resampler else {
            return make(&mut self.decoder, output);
        };
        let (resampler, own) = &mut **resampler;
        own.clear();
        let made = make(&mut self.decoder, own);
        resampler.process(own, output);
        made
    }
}
