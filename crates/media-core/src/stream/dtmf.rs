//! DTMF digits that come in, are told, and pass to another leg.

use std::time::{Duration, Instant};

use super::Stream;
use crate::codec::SAMPLE_RATE_HZ;
use crate::controller::MediaSessionKey;
use crate::dtmf::Press;
use crate::engine::Outbox;
use crate::event::MediaEvent;
use crate::rtp_core::RtpPacket;

mod sender;

pub(super) use sender::{DtmfSender, FRAMES_PER_SECOND};

impl Stream {
    /// Takes a packet of telephone events, which another leg tells anew that cannot take it as it is; returns whether a digit begins.
    pub(super) fn hear_event(
        &mut self,
        now: Instant,
        packet: &RtpPacket<'_>,
        other: Option<&mut Stream>,
        outbox: &mut Outbox,
    ) -> bool {
        let header = packet.header();
        let Some(parameters) = &self.parameters else {
            return false;
        };
        let expected = parameters.telephone_event.filter(|event| {
            event.receive == header.payload_type.number() && parameters.direction.receives()
        });
        let Some(event) = expected else {
            return false;
        };
        let (key, clock) = (self.key, event.clock_rate_hz);
        let mut other = other.filter(|other| other.retells_events_of(parameters));
        let mut begun = false;
        self.listener.hears_event();
        self.events.handle(
            now,
            header.ssrc,
            header.timestamp,
            packet.payload(),
            |press| {
                begun |= matches!(press, Press::Begun(..));
                outbox.events.push_back(told(key, press, clock, false));
                let other = other.as_deref_mut();
                let Some(other) = other.filter(|other| other.takes_event(press.digit())) else {
                    return;
                };
                match press {
                    Press::Begun(digit, _) => other.dtmf.get_or_insert_default().press(digit),
                    Press::Ended(_, ticks) => {
                        let sender = other.dtmf.iter_mut();
                        sender.for_each(|sender| sender.release(time(ticks, clock)));
                    }
                }
            },
        );
        if let Some((digit, ticks)) = self.events.pressed()
            && let Some(other) = other.filter(|other| other.takes_event(digit))
            && let Some(sender) = &mut other.dtmf
        {
            sender.hold_on(time(ticks, clock));
        }
        begun
    }

    /// Ends digits whose end was lost.
    pub(super) fn miss_events(&mut self, now: Instant, outbox: &mut Outbox) {
        let parameters = self.parameters.as_ref();
        let event = parameters.and_then(|parameters| parameters.telephone_event);
        let clock = event.map_or(SAMPLE_RATE_HZ, |event| event.clock_rate_hz);
        let key = self.key;
        self.events.handle_timeout(now, |press| {
            outbox.events.push_back(told(key, press, clock, false))
        });
    }
}

fn time(ticks: u32, clock_rate_hz: u32) -> Duration {
    Duration::from_secs(ticks.into()) / clock_rate_hz.max(1)
}

pub(super) fn told(
    key: MediaSessionKey,
    press: Press,
    clock_rate_hz: u32,
    in_band: bool,
) -> MediaEvent {
    match press {
        Press::Begun(digit, ticks) => MediaEvent::DtmfReceived {
            key,
            digit,
            duration: time(ticks, clock_rate_hz),
            in_band,
        },
        Press::Ended(digit, ticks) => MediaEvent::DtmfEnded {
            key,
            digit,
            duration: time(ticks, clock_rate_hz),
            in_band,
        },
    }
}
