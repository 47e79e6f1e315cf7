//! Telephone events of one leg that the other one can tell.

use super::super::Stream;
use crate::dtmf::DtmfDigit;
use crate::negotiate::MediaParameters;
use crate::rtp_core::Received;

/// Whether telephone events of a stream with the parameters `of` pass through one with `its` as they are: by the same clock.
fn has_events_of(its: &MediaParameters, of: &MediaParameters) -> bool {
    let clocks = |media: &MediaParameters| {
        let event = media.telephone_event?;
        Some((event.clock_rate_hz, media.codec.clock_rate_hz()))
    };
    clocks(its).is_some_and(|its| clocks(of) == Some(its))
}

/// Whether a packet with a telephone event leaves as it is by the parameters `its`.
pub(super) fn tells_as_it_is(
    its: &MediaParameters,
    of: &MediaParameters,
    received: &Received<'_>,
) -> bool {
    let event = received.packet.payload().first();
    event.is_some_and(|event| its.takes_event(*event)) && has_events_of(its, of)
}

impl Stream {
    /// Whether telephone events of a stream with these parameters are told anew through this one: by another clock than they come
    /// with.
    pub(in crate::stream) fn retells_events_of(&self, of: &MediaParameters) -> bool {
        let retold = |media: &&MediaParameters| {
            media.direction.sends() && media.telephone_event.is_some() && !has_events_of(media, of)
        };
        let retold = self.parameters.as_deref().is_some_and(|it| retold(&it));
        self.started && retold && self.on_hold.is_none() && !self.packetizer.is_muted()
    }

    /// Whether its peer takes this digit as a telephone event.
    pub(in crate::stream) fn takes_event(&self, digit: DtmfDigit) -> bool {
        let parameters = self.parameters.as_deref();
        parameters.is_some_and(|parameters| parameters.takes_event(digit.event()))
    }
}
