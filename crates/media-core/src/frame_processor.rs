//! What an application or a library does to the sound of a call: noise suppression, gain control, echo cancellation.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[cfg(feature = "gain-control")]
mod gain_control;
#[cfg(feature = "noise-suppression")]
mod noise_suppression;

#[cfg(feature = "gain-control")]
pub use gain_control::{GainControl, GainControlConfig};
#[cfg(feature = "noise-suppression")]
pub use noise_suppression::NoiseSuppression;

/// How long the processors of a direction may work on a frame of 20 ms before that is counted.
const BUDGET: Duration = Duration::from_millis(2);

/// Works on the sound of one direction of a call, frame by frame.
///
/// It runs on the media thread, between the frames of other calls: it must neither block nor allocate once it has seen frames of
/// a rate. A frame that takes longer than the [budget](FrameProcessors::with_budget) is counted in
/// [`MediaStatistics::processor_overruns`](crate::MediaStatistics::processor_overruns). One that panics is taken out of its call.
pub trait FrameProcessor: fmt::Debug + Send {
    /// Changes the next 20 ms of sound in place: 16 bits, one channel.
    fn process(&mut self, frame: &mut [i16], context: FrameContext<'_>);

    /// How much later the sound comes out than it went in; counted as part of the delay of the call.
    fn delay(&self) -> Duration {
        Duration::ZERO
    }
}

/// What a processor knows besides its frame.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FrameContext<'a> {
    /// The sampling rate of both frames; it changes with the codec.
    pub sample_rate_hz: u32,
    /// The frame that went the other way last, as it was heard or sent, and as long: what an echo is of. For sound that is
    /// sent it is what was received in this frame (the render signal of a softphone), for sound that is received what was sent
    /// in the frame before. Silence when nothing went.
    pub reference: &'a [i16],
}

impl<'a> FrameContext<'a> {
    /// That of a frame as long as `reference`, for processors that are used or tested by themselves.
    #[must_use]
    pub fn new(sample_rate_hz: u32, reference: &'a [i16]) -> Self {
        Self {
            sample_rate_hz,
            reference,
        }
    }
}

type Maker = Arc<dyn Fn() -> Box<dyn FrameProcessor> + Send + Sync>;

/// Who works on the sound of a call, in which order: makers, so that each call has processors of its own.
///
/// What is received is processed before anybody hears it: the application, a bridge, a recording, the detector of voices. Digits are
/// listened for before. What is sent is processed before it is recorded and encoded, whoever says it, but for digits and music
/// on hold. A call with processors is not relayed packet by packet in a bridge: it is mixed.
#[derive(Clone, Default)]
pub struct FrameProcessors {
    received: Vec<Maker>,
    sent: Vec<Maker>,
    budget: Option<Duration>,
    clock: Option<fn() -> Instant>,
}

impl FrameProcessors {
    /// Nobody.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a processor of what is received, behind those before it.
    #[must_use]
    pub fn on_received<P: FrameProcessor + 'static>(
        mut self,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Self {
        self.received.push(boxed(make));
        self
    }

    /// Adds a processor of what is sent, behind those before it.
    #[must_use]
    pub fn on_sent<P: FrameProcessor + 'static>(
        mut self,
        make: impl Fn() -> P + Send + Sync + 'static,
    ) -> Self {
        self.sent.push(boxed(make));
        self
    }

    /// Adds the processors of others behind these.
    #[must_use]
    pub fn followed_by(mut self, others: Self) -> Self {
        self.received.extend(others.received);
        self.sent.extend(others.sent);
        self.budget = others.budget.or(self.budget);
        self.clock = others.clock.or(self.clock);
        self
    }

    /// How long the processors of a direction may work on a frame before that is counted. Default 2 ms, a tenth of the frame.
    #[must_use]
    pub fn with_budget(mut self, budget: Duration) -> Self {
        self.budget = Some(budget);
        self
    }

    /// The clock by which they are timed; without one nothing is counted.
    #[must_use]
    pub fn timed_by(mut self, clock: fn() -> Instant) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Whether nobody works on the sound.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.received.is_empty() && self.sent.is_empty()
    }

    /// The processors of one call.
    #[must_use]
    pub fn make(&self) -> ProcessorChains {
        let chain = |makers: &[Maker]| ProcessorChain {
            processors: makers.iter().map(|make| make()).collect(),
            stopwatch: self.clock.map(|clock| Stopwatch {
                clock,
                budget: self.budget.unwrap_or(BUDGET),
            }),
        };
        ProcessorChains {
            received: chain(&self.received),
            sent: chain(&self.sent),
        }
    }
}

fn boxed<P: FrameProcessor + 'static>(make: impl Fn() -> P + Send + Sync + 'static) -> Maker {
    Arc::new(move || Box::new(make()))
}

impl fmt::Debug for FrameProcessors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameProcessors")
            .field("received", &self.received.len())
            .field("sent", &self.sent.len())
            .finish_non_exhaustive()
    }
}

/// The processors of a call.
#[derive(Debug)]
pub struct ProcessorChains {
    pub(crate) received: ProcessorChain,
    pub(crate) sent: ProcessorChain,
}

/// Processors one behind the other.
#[derive(Debug, Default)]
pub(crate) struct ProcessorChain {
    processors: Vec<Box<dyn FrameProcessor>>,
    stopwatch: Option<Stopwatch>,
}

#[derive(Debug, Clone, Copy)]
struct Stopwatch {
    clock: fn() -> Instant,
    budget: Duration,
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Processed {
    InTime,
    /// It took longer than it may.
    Late,
    /// A processor panicked: the chain is empty now.
    Failed,
}

impl ProcessorChain {
    pub(crate) fn is_empty(&self) -> bool {
        self.processors.is_empty()
    }

    pub(crate) fn delay(&self) -> Duration {
        self.processors.iter().map(|it| it.delay()).sum()
    }

    pub(crate) fn process(&mut self, frame: &mut [i16], context: FrameContext<'_>) -> Processed {
        let began = self.stopwatch.map(|watch| (watch, (watch.clock)()));
        let processors = &mut self.processors;
        // Nothing is seen of a chain that panicked but its end.
        let done = catch_unwind(AssertUnwindSafe(|| {
            for processor in processors.iter_mut() {
                processor.process(frame, context);
            }
        }));
        if done.is_err() {
            self.processors.clear();
            return Processed::Failed;
        }
        let took = began.map(|(watch, at)| (watch.clock)().saturating_duration_since(at));
        match self.stopwatch.zip(took) {
            Some((watch, took)) if took > watch.budget => Processed::Late,
            _ => Processed::InTime,
        }
    }
}
