//! What is relayed and what is mixed, decided anew for every frame.

use std::time::Instant;

use super::{Bridge, MAX_LEGS};
use crate::codec::SAMPLE_RATE_HZ;
use crate::engine::Outbox;
use crate::engine::leg::Leg;
use crate::event::MediaEvent;
use crate::mixer::{Mixer, MixerConfig};
use crate::stream::Stream;

impl Bridge {
    /// Decides what is relayed and what is mixed from this frame on.
    pub(super) fn switch(
        &mut self,
        now: Instant,
        streams: &mut [Option<Stream>],
        outbox: &mut Outbox,
    ) {
        let pair = match &self.legs[..] {
            [one, other] => Some([one.stream, other.stream]),
            _ => None,
        };
        let recorded = self.recording.is_some();
        let mut mixing = recorded;
        for leg in &mut self.legs {
            let partner = pair.and_then(|pair| pair.into_iter().find(|it| *it != leg.stream));
            let alone = self.music.is_none();
            leg.route = leg.route(partner, alone, streams);
            leg.route.heard |= recorded;
            mixing |= leg.route.heard;
            leg.heard &= leg.route.heard;
            leg.settling = leg.settling.saturating_sub(1);
        }
        self.turn(now, streams, outbox);
        for leg in &self.legs {
            if let Some(stream) = &mut streams[leg.stream] {
                stream.relaying.from = None;
                stream.take_route(leg.route);
            }
        }
        for leg in &self.legs {
            if let Some(to) = leg.route.to.and_then(|to| streams[to].as_mut()) {
                to.relaying.from = Some(leg.stream);
            }
        }
        for leg in &mut self.legs {
            let Some(stream) = &streams[leg.stream] else {
                continue;
            };
            let relayed = stream.relaying.from.is_some();
            if leg.told.replace(relayed) != Some(relayed) {
                let key = stream.key();
                outbox
                    .events
                    .push_back(MediaEvent::Bridged { key, relayed });
            }
        }
        match mixing {
            true => self.mix_all(streams),
            false => self.mix_none(),
        }
    }

    /// Makes everybody a member of the mixer, at the rate of its codec.
    fn mix_all(&mut self, streams: &[Option<Stream>]) {
        let mixer = self.mixer.get_or_insert_with(|| {
            Box::new(Mixer::new(MixerConfig {
                max_members: 2 * MAX_LEGS,
            }))
        });
        for leg in &mut self.legs {
            if let Some(stream) = &streams[leg.stream] {
                leg.join(mixer, stream.sample_rate_hz());
            }
        }
        let music = self.music.iter_mut();
        let music = music.map(|(_, member)| (member, SAMPLE_RATE_HZ));
        let recording = self.recording.iter_mut();
        let recording = recording.map(|(it, member)| (member, it.sample_rate_hz()));
        for (member, rate_hz) in music.chain(recording).filter(|(it, _)| it.is_none()) {
            *member = mixer.join(rate_hz).ok();
        }
    }

    fn mix_none(&mut self) {
        if self.mixer.take().is_some() {
            self.legs.iter_mut().for_each(Leg::leave);
        }
    }
}
