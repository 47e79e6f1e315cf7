//! The processors of a stream's sound, and how they change without a click.
//!
//! New processors work beside the old ones, unheard, until their delay is filled; then one frame fades from these to those.

use std::time::Duration;

use super::Stream;
use crate::capabilities::{FRAME, MAX_FRAME_SAMPLES};
use crate::engine::Outbox;
use crate::error::MediaError;
use crate::event::MediaEvent;
use crate::frame_processor::{FrameContext, Processed, ProcessorChain, ProcessorChains};

/// The processors of a stream; nothing is kept for a stream without.
#[derive(Debug, Default)]
pub(super) struct Processing {
    directions: Option<Box<Directions>>,
    overruns: u64,
    failed: bool,
}

#[derive(Debug)]
pub(super) struct Directions {
    received: OneWay,
    sent: OneWay,
    /// What was heard and what was sent last.
    heard: Reference,
    said: Reference,
}

/// The processors of one direction.
#[derive(Debug, Default)]
struct OneWay {
    chain: ProcessorChain,
    /// Those that take their place, and how many frames they work unheard before.
    next: Option<(ProcessorChain, u32)>,
}

/// A frame, for those who work on the other direction.
#[derive(Debug)]
struct Reference {
    samples: [i16; MAX_FRAME_SAMPLES],
    length: usize,
}

impl Default for Reference {
    fn default() -> Self {
        Self {
            samples: [0; MAX_FRAME_SAMPLES],
            length: 0,
        }
    }
}

impl Reference {
    fn keep(&mut self, frame: &[i16]) {
        self.length = frame.len();
        self.samples[..frame.len()].copy_from_slice(frame);
    }

    /// The frame, or silence when it was not so long.
    fn of(&mut self, length: usize) -> &[i16] {
        if self.length != length {
            self.samples[..length].fill(0);
        }
        &self.samples[..length]
    }
}

impl OneWay {
    fn change(&mut self, chain: ProcessorChain) {
        if !(self.is_idle() && chain.is_empty()) {
            let delay = chain.delay().as_micros().div_ceil(FRAME.as_micros());
            self.next = Some((chain, u32::try_from(delay).unwrap_or(0)));
        }
    }

    fn is_idle(&self) -> bool {
        self.chain.is_empty() && self.next.is_none()
    }

    fn process(&mut self, frame: &mut [i16], context: FrameContext<'_>) -> [Processed; 2] {
        let mut fresh = [0; MAX_FRAME_SAMPLES];
        let fresh = &mut fresh[..frame.len()];
        let next = self.next.as_mut().map(|(chain, unheard)| {
            fresh.copy_from_slice(frame);
            (chain.process(fresh, context), unheard)
        });
        let present = self.chain.process(frame, context);
        let Some((next, unheard)) = next else {
            return [present, Processed::InTime];
        };
        if *unheard > 0 {
            *unheard -= 1;
        } else {
            cross_fade(frame, fresh);
            self.chain = self.next.take().map(|(chain, _)| chain).unwrap_or_default();
        }
        [present, next]
    }
}

/// Fades from one sound to another.
fn cross_fade(from: &mut [i16], to: &[i16]) {
    let length = from.len() as i32;
    for (place, (sample, next)) in (1..).zip(from.iter_mut().zip(to)) {
        let (old, new) = (i32::from(*sample), i32::from(*next));
        *sample = (old + (new - old) * place / length) as i16;
    }
}

impl Processing {
    fn count(&mut self, processed: [Processed; 2]) {
        let count = |which| processed.iter().filter(|it| **it == which).count() as u64;
        self.overruns += count(Processed::Late);
        self.failed |= count(Processed::Failed) > 0;
    }

    /// Frames that took longer than they may.
    pub(super) fn overruns(&self) -> u64 {
        self.overruns
    }

    /// How much later what is received is heard.
    pub(super) fn delay(&self) -> Duration {
        let directions = self.directions.as_ref();
        directions.map_or(Duration::ZERO, |it| it.received.chain.delay())
    }

    /// Whether anything is changed, for which both directions are listened to.
    pub(super) fn is_on(&self) -> bool {
        self.directions.is_some()
    }

    /// Whether what is received is changed.
    pub(super) fn works_on_received(&self) -> bool {
        let directions = self.directions.as_ref();
        directions.is_some_and(|it| !it.received.is_idle())
    }

    /// Whether what is sent is changed.
    pub(super) fn works_on_sent(&self) -> bool {
        let directions = self.directions.as_ref();
        directions.is_some_and(|it| !it.sent.is_idle())
    }

    /// Processes what has been received.
    pub(super) fn receive(&mut self, sample_rate_hz: u32, frame: &mut [i16]) {
        let Some(it) = &mut self.directions else {
            return;
        };
        let context = FrameContext {
            sample_rate_hz,
            reference: it.said.of(frame.len()),
        };
        let processed = it.received.process(frame, context);
        it.heard.keep(frame);
        // Until something is sent again.
        it.said.keep(&[]);
        self.count(processed);
    }

    /// Processes what is about to be sent, and returns what it has become.
    pub(super) fn send<'a>(&'a mut self, sample_rate_hz: u32, frame: &'a [i16]) -> &'a [i16] {
        let Some(it) = self.note_sent(frame) else {
            return frame;
        };
        let context = FrameContext {
            sample_rate_hz,
            reference: it.heard.of(frame.len()),
        };
        let said = &mut it.said.samples[..frame.len()];
        let processed = it.sent.process(said, context);
        self.count(processed);
        let said = self.directions.as_ref().map(|it| &it.said.samples);
        said.map_or(frame, |said| &said[..frame.len()])
    }

    /// Takes note of what is sent as it is.
    pub(super) fn note_sent(&mut self, frame: &[i16]) -> Option<&mut Directions> {
        let it = self.directions.as_deref_mut()?;
        it.said.keep(frame);
        Some(it)
    }
}

impl Stream {
    /// Lets others work on the sound from now on.
    pub(super) fn set_processors(&mut self, chains: ProcessorChains) {
        let ProcessorChains { received, sent } = chains;
        if received.is_empty() && sent.is_empty() && self.processing.directions.is_none() {
            return;
        }
        let directions = self.processing.directions.get_or_insert_with(|| {
            Box::new(Directions {
                received: OneWay::default(),
                sent: OneWay::default(),
                heard: Reference::default(),
                said: Reference::default(),
            })
        });
        directions.received.change(received);
        directions.sent.change(sent);
    }

    /// Tells when processors have failed, and forgets those that are done with.
    pub(super) fn watch_processors(&mut self, outbox: &mut Outbox) {
        let idle = |it: &mut Box<Directions>| it.received.is_idle() && it.sent.is_idle();
        self.processing.directions.take_if(idle);
        if std::mem::take(&mut self.processing.failed) {
            let (key, error) = (self.key, MediaError::ProcessorPanicked);
            tracing::warn!(session = %key, "a frame processor panicked and is taken out");
            outbox.events.push_back(MediaEvent::Failed { key, error });
        }
    }
}
