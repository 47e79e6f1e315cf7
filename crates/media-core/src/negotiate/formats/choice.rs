//! Which of the formats of two sections are used: what is offered, what is answered, and what both come to.

use super::numbers::Numbers;
use super::{Companion, Formats, companion};
use crate::capabilities::{Capabilities, CodecPreference};
use crate::codec::{Codec, OpusConfig};
use crate::dtmf::TelephoneEventSet;
use crate::negotiate::{ComfortNoiseFormat, TelephoneEvent};
use crate::sdp::MediaDescription;

/// What two sections come to.
pub(in crate::negotiate) struct Agreed {
    pub(in crate::negotiate) codec: Codec,
    pub(in crate::negotiate) payload_type: u8,
    pub(in crate::negotiate) receive: Vec<(u8, Codec)>,
    pub(in crate::negotiate) telephone_event: Option<TelephoneEvent>,
    pub(in crate::negotiate) comfort_noise: Option<ComfortNoiseFormat>,
    pub(in crate::negotiate) opus: OpusConfig,
}

impl Formats {
    /// What we offer: payload types as in `previous` where it has them, the usual ones otherwise.
    pub(in crate::negotiate) fn offered(capabilities: &Capabilities, previous: &Self) -> Self {
        let mut numbers = Numbers::new(previous);
        let mut formats = Self {
            opus: capabilities.opus,
            ..Self::default()
        };
        for codec in &capabilities.codecs {
            let mut listed = formats.codecs.iter();
            if !listed.any(|(_, listed)| listed.is_same_encoding(*codec)) {
                formats.codecs.extend(numbers.codec(*codec));
            }
        }
        let mut clocks: Vec<u32> = Vec::new();
        for (_, codec) in &formats.codecs {
            if !clocks.contains(&codec.clock_rate_hz()) {
                clocks.push(codec.clock_rate_hz());
            }
        }
        for clock in clocks {
            if capabilities.telephone_event {
                let event = numbers.telephone_event(clock);
                formats.telephone_events.extend(event);
            }
            // Opus makes its own noise.
            if capabilities.comfort_noise && clock != 48_000 {
                let noise = numbers.comfort_noise(clock);
                formats.comfort_noises.extend(noise);
            }
        }
        formats
    }

    /// What we answer to these formats: the preferred codec, and what belongs to it.
    pub(in crate::negotiate) fn answered(&self, capabilities: &Capabilities) -> Option<Self> {
        let mut common = self.codecs.iter().filter_map(|(number, codec)| {
            let mut ours = capabilities.codecs.iter().enumerate();
            let (rank, ours) = ours.find(|(_, ours)| ours.is_same_encoding(*codec))?;
            Some((rank, (*number, *ours)))
        });
        let (_, codec) = match capabilities.preference {
            CodecPreference::Offerer => common.next(),
            CodecPreference::Local => common.min_by_key(|(rank, _)| *rank),
        }?;
        let clock = codec.1.clock_rate_hz();
        let event = companion(&self.telephone_events, clock).or(self.telephone_events.first());
        let noise = companion(&self.comfort_noises, clock);
        let kept = |wanted: bool, found: Option<&Companion>| {
            found.filter(|_| wanted).copied().into_iter().collect()
        };
        Some(Self {
            codecs: vec![codec],
            telephone_events: kept(capabilities.telephone_event, event),
            comfort_noises: kept(capabilities.comfort_noise, noise),
            opus: capabilities.opus,
        })
    }

    /// How the stream is to be run by what is ours and what is theirs of these formats, `section` being the peer's; `None` when
    /// they have no codec in common. Sent are the peer's numbers, expected ours (RFC 3264 section 5.1).
    pub(in crate::negotiate) fn agreed(
        &self,
        theirs: &Self,
        section: &MediaDescription<'_>,
        capabilities: &Capabilities,
    ) -> Option<Agreed> {
        let ours = |codec| capabilities.codec(codec);
        let offered = |codec: Codec| {
            let mut offered = self.codecs.iter();
            offered.any(|(_, offered)| offered.is_same_encoding(codec))
        };
        let mut common = theirs.codecs.iter().filter(|(_, codec)| offered(*codec));
        let (payload_type, codec) =
            common.find_map(|(number, codec)| Some((*number, ours(*codec)?)))?;
        let clock = codec.clock_rate_hz();
        let both = |ours: &[Companion], theirs: &[Companion], clock| {
            let (receive, _) = companion(ours, clock)?;
            let (send, _) = companion(theirs, clock)?;
            Some((*send, *receive))
        };
        let event = |clock| {
            let numbers = both(&self.telephone_events, &theirs.telephone_events, clock);
            numbers.map(|(send, receive)| TelephoneEvent {
                send,
                receive,
                clock_rate_hz: clock,
                events: TelephoneEventSet::from_fmtp(section.fmtp(send)),
            })
        };
        // Phones with Opus may know events at 8 kHz alone.
        let mut others = theirs.telephone_events.iter();
        let receive = self.codecs.iter();
        Some(Agreed {
            codec,
            payload_type,
            receive: receive
                .filter_map(|(number, codec)| Some((*number, ours(*codec)?)))
                .collect(),
            telephone_event: event(clock).or_else(|| others.find_map(|(_, clock)| event(*clock))),
            comfort_noise: both(&self.comfort_noises, &theirs.comfort_noises, clock)
                .map(|(send, receive)| ComfortNoiseFormat { send, receive }),
            opus: capabilities.opus.for_peer(section.fmtp(payload_type)),
        })
    }
}
