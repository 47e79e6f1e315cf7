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
        self.tell_level(mixer);
    }

    /// The mixer is no more.
    pub(super) fn leave(&mut self) {
        self.member = None;
    }

    pub(super) fn tell_level(&self, mixer: &mut Mixer) {
        if let Some(member) = self.member() {
            mixer.set_gain(member, self.gain);
            mixer.set_muted(member, self.muted);
        }
    }

    /// Where what the stream receives goes: through the only other leg as it is, if it can and nothing is to be done to it. When
    /// that ends, packets go on being relayed until the first of them come out of the jitter buffer.
    pub(super) fn route(
        &self,
        partner: Option<usize>,
        alone: bool,
        streams: &[Option<Stream>],
    ) -> Route {
        let as_it_is = self.gain == 1.0 && !self.muted;
        let Some(stream) = &streams[self.stream] else {
            return Route::default();
        };
        let to = |to: &usize| streams[*to].as_ref();
        let can = |it: &usize| to(it).is_some_and(|to| stream.can_leave_through(to));
        let relayed = partner.filter(|it| as_it_is && alone && can(it));
        let still = self.route.to.filter(|it| {
            as_it_is && !stream.is_audible() && to(it).is_some_and(Stream::takes_packets)
        });
        Route {
            partner,
            to: relayed.or(still),
            heard: relayed.is_none(),
        }
    }
}
