//! A conference: every member hears all others and not itself.
//!
//! Frames of 20 ms come in, one of each member that has something to say; [`Mixer::mix`] adds them once, and every member
//! reads the sum less its own share. Members may have different sampling rates: sums are formed at each rate that is there
//! and resampled to the others, so that the work grows with the members and not with their pairs. Members that say nothing
//! cost nothing and all hear the same, which [`Heard::Shared`] tells, so that it is encoded once. What is too loud is
//! limited for each listener; whoever comes, goes, is muted or falls silent does so in a ramp of one frame.
//!
//! To record the mix, join a member that only reads; to play music, one that only writes. No clock, no sockets.

mod limiter;
mod member;
mod rate;
mod sum;

use slab::Slab;

#[cfg(feature = "gain-control")]
pub(crate) use limiter::Limiter;
use member::{Member, ramp};
use rate::Rate;

/// How large a mixer may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MixerConfig {
    /// Members at most.
    pub max_members: usize,
}

impl Default for MixerConfig {
    /// 128 members: what one core mixes and encodes in a small part of a frame.
    fn default() -> Self {
        Self { max_members: 128 }
    }
}

/// Names a member of one mixer; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MemberKey {
    index: usize,
    generation: u32,
}

/// Why a member cannot join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MixerError {
    /// There are as many members as there may be.
    #[error("{max_members} members are all there may be")]
    Full {
        /// The limit.
        max_members: usize,
    },
    /// The sampling rate is none of 8, 16, 24, 32 and 48 kHz.
    #[error("no mixing at {0} Hz")]
    SampleRate(u32),
}

/// What a member heard in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Nothing: nobody else spoke.
    Silence,
    /// The same samples as every other member of its sampling rate that is told so in this frame.
    Shared,
    /// Samples for this member alone: it speaks itself.
    Own,
}

/// Sums frames of 20 ms and gives each member the sum of the others.
#[derive(Debug)]
pub struct Mixer {
    config: MixerConfig,
    members: Slab<Member>,
    joined: u32,
    /// The sampling rates that members have, or had.
    rates: Vec<Rate>,
}

impl Default for Mixer {
    fn default() -> Self {
        Self::new(MixerConfig::default())
    }
}

impl Mixer {
    /// A mixer without members.
    #[must_use]
    pub fn new(config: MixerConfig) -> Self {
        Self {
            config,
            members: Slab::new(),
            joined: 0,
            rates: Vec::new(),
        }
    }

    /// Lets a member in whose frames have `sample_rate_hz / 50` samples.
    ///
    /// # Errors
    /// [`MixerError::Full`], [`MixerError::SampleRate`].
    pub fn join(&mut self, sample_rate_hz: u32) -> Result<MemberKey, MixerError> {
        let max_members = self.config.max_members;
        if self.members.len() >= max_members {
            return Err(MixerError::Full { max_members });
        }
        let rate = rate::find_or_add(&mut self.rates, sample_rate_hz)?;
        let frame_samples = self.rates[rate].frame_samples();
        self.joined = self.joined.wrapping_add(1);
        let generation = self.joined;
        let index = self
            .members
            .insert(Member::new(generation, rate, frame_samples));
        Ok(MemberKey { index, generation })
    }

    /// Lets a member go; what it said last fades out in the next mix. It reads nothing more.
    pub fn leave(&mut self, member: MemberKey) {
        if let Some(member) = self.member(member) {
            member.leaving = true;
        }
    }

    /// What the member says next goes on from what the others heard of it outside of the mix: it comes in as loud as it was.
    pub fn go_on_saying(&mut self, member: MemberKey) {
        if let Some(member) = self.member(member) {
            member.go_on();
        }
    }

    /// What the member hears next goes on from what it heard outside of the mix: it does not come in slowly.
    pub fn go_on_hearing(&mut self, member: MemberKey) {
        if let Some(member) = self.member(member) {
            member.new = false;
        }
    }

    /// How loud the others hear the member: 1 as it is, 0 not at all, 4 (12 dB) at most.
    pub fn set_gain(&mut self, member: MemberKey, gain: f32) {
        if let Some(member) = self.member(member) {
            member.set_gain(gain);
        }
    }

    /// Whether the others do not hear the member, whatever its gain.
    pub fn set_muted(&mut self, member: MemberKey, muted: bool) {
        if let Some(member) = self.member(member) {
            member.muted = muted;
        }
    }

    /// The samples that the member says in the next mix, to be filled in; without this it says nothing. Empty for a member
    /// that has left.
    pub fn input(&mut self, member: MemberKey) -> &mut [i16] {
        match self.member(member).filter(|member| !member.leaving) {
            Some(member) => member.input(),
            None => &mut [],
        }
    }

    /// Whether the member was part of the last mix: not muted and not silent.
    #[must_use]
    pub fn is_heard(&self, member: MemberKey) -> bool {
        let found = self.members.get(member.index);
        found.is_some_and(|found| found.generation == member.generation && found.peak.is_some())
    }

    /// Adds what was said since the last mix; a frame's time passes.
    pub fn mix(&mut self) {
        for rate in &mut self.rates {
            rate.clear();
        }
        for (_, member) in &mut self.members {
            if member.prepare() {
                self.rates[member.rate].add(member.frame());
            }
        }
        rate::join_sums(&mut self.rates);
        self.members.retain(|_, member| !member.leaving);
    }

    /// Writes what the member hears in this mix; `frame` has the samples of its rate.
    pub fn read(&mut self, member: MemberKey, frame: &mut [i16]) -> Heard {
        let found = self.members.get_mut(member.index);
        let Some(member) = found.filter(|found| found.generation == member.generation) else {
            frame.fill(0);
            return Heard::Silence;
        };
        let rate = &mut self.rates[member.rate];
        let speaks = member.peak.is_some();
        if rate.speakers() == usize::from(speaks) {
            member.limiter.rest();
            frame.fill(0);
            member.new = false;
            return Heard::Silence;
        }
        if std::mem::take(&mut member.new) {
            rate.read_without(member, frame);
            ramp(frame, 0.0, 1.0);
            return Heard::Own;
        }
        if !speaks && rate.read_shared(member, frame) {
            return Heard::Shared;
        }
        rate.read_without(member, frame);
        Heard::Own
    }

    fn member(&mut self, key: MemberKey) -> Option<&mut Member> {
        let member = self.members.get_mut(key.index);
        member.filter(|member| member.generation == key.generation)
    }

    /// Members, those who have just left included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether nobody is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

#[cfg(test)]
mod tests;
