//! The sum of all that is said, at one sampling rate.

use super::MixerError;
use super::limiter::Limiter;
use super::member::Member;
use super::sum::{add, add_sum, narrow, narrow_without, peak, subtract};
use crate::resample::Resampler;

/// Sampling rates that there are codecs of.
const SAMPLE_RATES_HZ: [u32; 5] = [8_000, 16_000, 24_000, 32_000, 48_000];

/// Sums at one rate, in a frame that is the same for all of its members.
#[derive(Debug)]
pub(super) struct Rate {
    sample_rate_hz: u32,
    sum: Vec<f32>,
    /// The loudest sample of the sum.
    peak: f32,
    /// Members in the sum.
    speakers: usize,
    /// What those hear who say nothing, when one of them has asked.
    shared: Vec<i16>,
    shared_is_ready: bool,
    limiter: Limiter,
    /// What comes in from the other rates.
    inflows: Vec<Inflow>,
    /// Where sums less a member's own share are formed.
    rest: Vec<f32>,
}

impl Rate {
    fn new(sample_rate_hz: u32) -> Self {
        let samples = sample_rate_hz as usize / 50;
        Self {
            sample_rate_hz,
            sum: vec![0.0; samples],
            peak: 0.0,
            speakers: 0,
            shared: vec![0; samples],
            shared_is_ready: false,
            limiter: Limiter::default(),
            inflows: Vec::new(),
            rest: vec![0.0; samples],
        }
    }

    pub(super) fn frame_samples(&self) -> usize {
        self.sum.len()
    }

    pub(super) fn speakers(&self) -> usize {
        self.speakers
    }

    /// Begins a new sum; the frame before ends here.
    pub(super) fn clear(&mut self) {
        if !self.shared_is_ready {
            self.limiter.rest();
        }
        self.shared_is_ready = false;
        self.sum.fill(0.0);
        self.speakers = 0;
    }

    pub(super) fn add(&mut self, frame: &[i16]) {
        add(&mut self.sum, frame);
        self.speakers += 1;
    }

    /// Ends the sum.
    fn complete(&mut self) {
        for inflow in &self.inflows {
            if inflow.speakers > 0 {
                add_sum(&mut self.sum, &inflow.resampled);
                self.speakers += inflow.speakers;
            }
        }
        self.peak = match self.speakers {
            0 => 0.0,
            _ => peak(&self.sum),
        };
    }

    /// Writes the sum less what the member added to it.
    pub(super) fn read_without(&mut self, member: &mut Member, output: &mut [i16]) {
        let own = member.peak.map(|_| member.frame());
        let bound = self.peak + member.peak.unwrap_or(0.0);
        match (own, member.limiter.passes(bound)) {
            (Some(own), true) => narrow_without(&self.sum, own, output),
            (None, true) => narrow(&self.sum, output),
            (Some(own), false) => {
                subtract(&self.sum, own, &mut self.rest);
                member.limiter.limit(&self.rest, output);
            }
            (None, false) => member.limiter.limit(&self.sum, output),
        }
    }

    /// Writes the whole sum, the same for everybody; `false` when the member would notice the change to it.
    pub(super) fn read_shared(&mut self, member: &mut Member, output: &mut [i16]) -> bool {
        if !self.shared_is_ready {
            self.shared_is_ready = true;
            match self.limiter.passes(self.peak) {
                true => narrow(&self.sum, &mut self.shared),
                false => self.limiter.limit(&self.sum, &mut self.shared),
            }
        }
        let agrees = member.limiter.agrees(&self.limiter);
        if agrees {
            member.limiter = self.limiter;
            output.copy_from_slice(&self.shared);
        }
        agrees
    }
}

/// Where the sums of a sampling rate are.
pub(super) fn find_or_add(rates: &mut Vec<Rate>, sample_rate_hz: u32) -> Result<usize, MixerError> {
    let known = rates
        .iter()
        .position(|rate| rate.sample_rate_hz == sample_rate_hz);
    if let Some(known) = known {
        return Ok(known);
    }
    if !SAMPLE_RATES_HZ.contains(&sample_rate_hz) {
        return Err(MixerError::SampleRate(sample_rate_hz));
    }
    let mut new = Rate::new(sample_rate_hz);
    let place = rates.len();
    for (from, rate) in rates.iter_mut().enumerate() {
        let other_hz = rate.sample_rate_hz;
        new.inflows
            .push(Inflow::new(from, other_hz, sample_rate_hz));
        rate.inflows
            .push(Inflow::new(place, sample_rate_hz, other_hz));
    }
    rates.push(new);
    Ok(place)
}

/// The way of what is said at one rate to another.
#[derive(Debug)]
struct Inflow {
    from: usize,
    resampler: Resampler,
    resampled: Vec<f32>,
    /// Who speaks in it, or did a frame ago: the end of that is still in the filter.
    speakers: usize,
    spoken: bool,
}

impl Inflow {
    fn new(from: usize, from_hz: u32, to_hz: u32) -> Self {
        Self {
            from,
            resampler: Resampler::new(from_hz, to_hz),
            resampled: Vec::with_capacity(to_hz as usize / 50),
            speakers: 0,
            spoken: false,
        }
    }

    fn take(&mut self, rates: &[Rate]) {
        let from = &rates[self.from];
        let spoke = std::mem::replace(&mut self.spoken, from.speakers > 0);
        self.speakers = from.speakers.max(usize::from(spoke));
        if self.speakers > 0 {
            self.resampled.clear();
            self.resampler.process(&from.sum, &mut self.resampled);
        }
    }
}

/// Adds what is said at each rate to the sums of the others.
pub(super) fn join_sums(rates: &mut [Rate]) {
    for to in 0..rates.len() {
        let mut inflows = std::mem::take(&mut rates[to].inflows);
        for inflow in &mut inflows {
            inflow.take(rates);
        }
        rates[to].inflows = inflows;
    }
    rates.iter_mut().for_each(Rate::complete);
}
