//! The two shapes that samples come in: 16 bits, and floating point on the same scale.

/// A sample as a [`Resampler`](super::Resampler) takes it: `i16`, or `f32` on the scale of `i16`, which may go beyond.
pub trait Sample: Copy + sealed::Sealed {
    /// The sample in floating point.
    #[doc(hidden)]
    fn widen(self) -> f32;
    /// The nearest sample.
    #[doc(hidden)]
    fn narrow(value: f32) -> Self;
}

impl Sample for i16 {
    fn widen(self) -> f32 {
        self.into()
    }

    fn narrow(value: f32) -> Self {
        // To the nearest; the cast saturates.
        (value + 0.5f32.copysign(value)) as Self
    }
}

impl Sample for f32 {
    fn widen(self) -> f32 {
        self
    }

    fn narrow(value: f32) -> Self {
        value
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i16 {}
    impl Sealed for f32 {}
}
