//! Relaying: what one leg receives leaves through another as it is, under the other's SSRC, numbers and payload types.

use std::time::{Duration, Instant};

use super::Stream;
use crate::codec::Codec;
use crate::engine::Outbox;
use crate::negotiate::MediaParameters;
use crate::rtp_core::{Channel, PayloadType, Received};

mod events;

use events::tells_as_it_is;

/// For so long after a packet of a relayed telephone event nothing else is sent: the next one is due after 20 to 50 ms.
const EVENT_PAUSE: Duration = Duration::from_millis(60);

/// A stream of which nothing has come for so long is not waited for.
const SILENCE: Duration = Duration::from_millis(100);

/// What a packet is, by the payload types that were agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    Audio(Codec),
    TelephoneEvent,
    ComfortNoise,
}

/// Where what a stream receives goes in its bridge.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Route {
    /// The only other stream of the bridge, by its index.
    pub(crate) partner: Option<usize>,
    /// The stream through which packets leave as they are.
    pub(crate) to: Option<usize>,
    /// Whether it is wanted as sound.
    pub(crate) heard: bool,
}

/// A stream's part in a bridge.
#[derive(Debug, Default)]
pub(crate) struct Relaying {
    /// The stream whose packets leave through this one, by its index.
    pub(crate) from: Option<usize>,
    route: Route,
    /// The codec of the last packet of sound.
    arriving: Option<Codec>,
    /// Until when only relayed telephone events are sent.
    events_until: Option<Instant>,
}

impl Relaying {
    /// The stream that packets may leave through.
    pub(crate) fn other_leg(&self) -> Option<usize> {
        self.route.to.or(self.route.partner)
    }

    /// The codec of the sound that arrives.
    pub(super) fn arriving(&self) -> Option<Codec> {
        self.arriving
    }

    /// A stream has left the bridge.
    pub(crate) fn forget(&mut self, stream: usize) {
        let other = |it: &usize| *it != stream;
        self.from = self.from.filter(other);
        self.route.to = self.route.to.filter(other);
        self.route.partner = self.route.partner.filter(other);
    }
}

impl Stream {
    /// Whether packets of others may leave through this stream now.
    pub(crate) fn takes_packets(&self) -> bool {
        let sends = |media: &MediaParameters| media.direction.sends();
        let sends = self.parameters.as_deref().is_some_and(sends);
        let idle = self.dtmf.is_none() && self.on_hold.is_none() && !self.packetizer.is_muted();
        let records_it = self.recorder.as_ref().is_some_and(|it| it.has_own());
        self.started
            && sends
            && idle
            && !records_it
            && !self.applications.speak()
            && !self.processing.works_on_sent()
    }

    /// Whether what this stream receives can leave through `to` as it is.
    pub(crate) fn can_leave_through(&self, to: &Stream) -> bool {
        let (Some(own), Some(its)) = (&self.parameters, &to.parameters) else {
            return false;
        };
        let arriving = self.relaying.arriving;
        own.direction.receives()
            && !self.processing.works_on_received()
            && to.takes_packets()
            && match arriving {
                Some(codec) => codec == its.codec,
                None => own.codec == its.codec,
            }
    }

    /// Whether the sound that it is given in this frame leaves through it.
    pub(crate) fn says_what_it_is_given(&self) -> bool {
        let sends = |media: &MediaParameters| media.direction.sends();
        let sends = self.parameters.as_deref().is_some_and(sends);
        let gives_way = self.dtmf.is_some() || self.on_hold.is_some();
        self.started && sends && !gives_way && !self.packetizer.is_muted()
    }

    /// What was received so far has left through the other leg; what comes from now on is heard.
    pub(crate) fn begin_to_be_heard(&mut self) {
        self.jitter_buffer.go_on();
    }

    /// Whether the sound has come out of the jitter buffer that no other leg has had, or there is none.
    pub(crate) fn has_begun_to_be_heard(&self, now: Instant) -> bool {
        let last = self.rtp.last_received_at();
        let silent = last.is_none_or(|at| at + SILENCE <= now);
        !self.flowing || silent || self.jitter_buffer.has_gone_on()
    }

    /// Writes the frame that would be played after `frames` others, if it is there already.
    pub(crate) fn hear_ahead(&mut self, frames: i64, frame: &mut [i16]) -> bool {
        self.jitter_buffer.ahead(frames, frame)
    }

    /// What is sent next goes on from what was sent last, however long that takes.
    pub(crate) fn go_on_saying(&mut self) {
        self.rtp.go_on();
    }

    /// Sends nothing in this frame: what comes next is on its way.
    pub(crate) fn wait_to_say(&mut self) {
        self.applications.wait();
        self.packetizer.give_way(&mut self.rtp);
    }

    /// Whether what arrives is played frame by frame.
    pub(crate) fn is_heard(&self) -> bool {
        self.bridge.is_none()
            || self.relaying.route.heard
            || self.recorder.is_some()
            || self.processing.is_on()
            || !self.applications.is_empty()
    }

    /// Lets what is received go this way.
    pub(crate) fn take_route(&mut self, route: Route) {
        self.relaying.route = route;
        if !self.is_heard() {
            self.jitter_buffer.rest();
        }
    }

    /// Is in no bridge any more.
    pub(crate) fn end_relaying(&mut self) {
        self.relaying.from = None;
        self.relaying.route = Route::default();
    }

    /// What a packet is; `None` for what was not agreed on.
    pub(super) fn content(&self, payload_type: PayloadType) -> Option<Content> {
        let parameters = self.parameters.as_ref()?;
        let number = payload_type.number();
        if parameters
            .telephone_event
            .is_some_and(|event| event.receive == number)
        {
            return Some(Content::TelephoneEvent);
        }
        if parameters
            .comfort_noise
            .is_some_and(|noise| noise.receive == number)
        {
            return Some(Content::ComfortNoise);
        }
        let mut known = parameters.receive.iter();
        let (_, codec) = known.find(|(known, _)| *known == number)?;
        Some(Content::Audio(*codec))
    }

    /// Notes of which codec the sound is that arrives.
    pub(super) fn note_arriving(&mut self, codec: Codec) {
        self.relaying.arriving = Some(codec);
    }

    /// Lets a packet leave through the other leg: all of them while relaying, telephone events always.
    pub(super) fn forward_to(
        &self,
        other: &mut Stream,
        now: Instant,
        received: &Received<'_>,
        content: Content,
        outbox: &mut Outbox,
    ) {
        let receives = |media: &&MediaParameters| media.direction.receives();
        let Some(parameters) = self.parameters.as_deref().filter(receives) else {
            return;
        };
        if self.relaying.route.to.is_some() || content == Content::TelephoneEvent {
            other.forward(now, parameters, received, content, outbox);
        }
    }

    /// Lets a packet that another stream received leave through this one, if it can.
    pub(super) fn forward(
        &mut self,
        now: Instant,
        of: &MediaParameters,
        received: &Received<'_>,
        content: Content,
        outbox: &mut Outbox,
    ) {
        let Some(parameters) = self.parameters.as_deref().filter(|_| self.takes_packets()) else {
            return;
        };
        if content == Content::TelephoneEvent && !tells_as_it_is(parameters, of, received) {
            return;
        }
        let number = match content {
            Content::Audio(codec) if codec == parameters.codec => Some(parameters.payload_type),
            Content::Audio(_) => None,
            Content::TelephoneEvent => parameters.telephone_event.map(|event| event.send),
            Content::ComfortNoise => parameters.comfort_noise.map(|noise| noise.send),
        };
        let Some(payload_type) = number.and_then(PayloadType::new) else {
            return;
        };
        if content == Content::TelephoneEvent {
            self.relaying.events_until = Some(now + EVENT_PAUSE);
        }
        let rtp = &mut self.rtp;
        outbox.datagram(self.port, Channel::Rtp, |out| {
            rtp.forward(now, received, payload_type, out)
                .then(|| rtp.destination())?
        });
    }

    /// Whether this frame belongs to packets that are relayed.
    pub(super) fn leaves_frame_to_relay(&self, now: Instant) -> bool {
        let events = self.relaying.events_until;
        let relayed = self.relaying.from.is_some() || events.is_some_and(|until| now < until);
        relayed && self.takes_packets()
    }
}
