//! One stream's place in a bridge.

use crate::mixer::{MemberKey, Mixer};
use crate::stream::{Route, Stream};

/// A stream in a bridge.
#[derive(Debug)]
pub(super) struct Leg {
    /// Its index.
    pub(super) stream: usize,
    member: Option<(MemberKey, u32)>,
    pub(super) gain: f32,
    pub(super) muted: bool,
    /// Where what it receives goes in the present frame.
    pub(super) route: Route,
    /// Whether the last event said that it is relayed to.
    pub(super) told: Option<bool>,
    /// What left through it in the last frame.
    pub(super) said: Said,
    /// The stream whose sound was relayed to it and has not come out of the mix yet.
    pub(super) awaits: Option<usize>,
    /// Whether its own sound is part of the mix.
    pub(super) heard: bool,
    /// For so many frames more it is mixed, until its level is as it is.
    pub(super) settling: u8,
}

/// What leaves through a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Said {
    /// Nothing, or something of its own.
    #[default]
    Else,
    /// The packets of another stream.
    Relayed(usize),
    /// What the others say.
    Mix,
}

impl Leg {
    pub(super) fn new(stream: usize) -> Self {
        Self {
            stream,
            member: None,
            gain: 1.0,
            muted: false,
            route: Route::default(),
            told: None,
            said: Said::Else,
            awaits: None,
            heard: false,
            settling: 0,
        }
    }

    pub(super) fn member(&self) -> Option<MemberKey> {
        self.member.map(|(member, _)| member)
    }

    /// Joins the mixer, or joins it anew when the rate is another.
    pub(super) fn join(&mut self, mixer: &mut Mixer, sample_rate_hz: u32) {
        if self.member.is_some_and(|(_, rate)| rate == sample_rate_hz) {
            return;
        }
        if let Some(member) = self.member() {
            mixer.leave(member);
        }
        let member = mixer.join(sample_rate_hz).ok();
        self.member = member.map(|member| (member, sample_rate_hz));
        self.heard = false;
        self.tell_level(mixer);
    }

    /// The mixer is no more.
    pub(super) fn leave(&mut self) {
        self.member = None;
        self.heard = false;
    }

    pub(super) fn tell_level(&self, mixer: &mut Mixer) {
        if let Some(member) = self.member() {
            mixer.set_gain(member, self.gain);
            mixer.set_muted(member, self.muted);
        }
    }

    /// Where what the stream receives goes: through the only other leg as it is, if it can and nothing is to be done to it.
    pub(super) fn route(
        &self,
        partner: Option<usize>,
        alone: bool,
        streams: &[Option<Stream>],
    ) -> Route {
        let as_it_is = self.gain == 1.0 && !self.muted && self.settling == 0;
        let Some(stream) = &streams[self.stream] else {
            return Route::default();
        };
        let to = |to: &usize| streams[*to].as_ref();
        let can = |it: &usize| to(it).is_some_and(|to| stream.can_leave_through(to));
        let relayed = partner.filter(|it| as_it_is && alone && can(it));
        Route {
            partner,
            to: relayed,
            heard: relayed.is_none(),
        }
    }
}
