//! Our own offers, and the answers to them (RFC 3264 sections 5, 7 and 8).

use std::borrow::Cow;

use super::formats::{Formats, names, packet_length};
use super::remote::{Remote, is_plain_audio, refusal};
use super::{LocalMedia, MediaParameters, NegotiationError};
use crate::capabilities::{Capabilities, FRAME};
use crate::sdp::{Address, Line, Origin, SessionDescription};

/// The first offer of a session.
#[must_use]
pub fn offer<'a>(
    capabilities: &Capabilities,
    local: LocalMedia,
    origin: Origin<'a>,
) -> SessionDescription<'a> {
    describe(capabilities, local, origin, &Formats::default())
}

/// A new offer in a session whose latest description is `previous`: as many sections in the same order, the same payload
/// types, and the version that follows.
#[must_use]
pub fn reoffer<'a>(
    previous: &SessionDescription<'a>,
    capabilities: &Capabilities,
    local: LocalMedia,
) -> SessionDescription<'a> {
    let audio = previous.media.iter().position(is_plain_audio);
    let known = audio.map(|index| Formats::of(&previous.media[index]));
    let origin = previous.origin.clone();
    let mut offer = describe(capabilities, local, origin, &known.unwrap_or_default());
    let mut media: Vec<_> = previous.media.iter().map(refusal).collect();
    match audio {
        Some(index) => media[index] = offer.media.remove(0),
        None => media.append(&mut offer.media),
    }
    offer.media = media;
    offer.succeeding(previous)
}

/// Checks `answer` against our `offer`, which was made from `capabilities`, and tells how the stream is to be run.
///
/// # Errors
/// [`NegotiationError`] when the answer refuses the stream or does not fit the offer.
pub fn accept_answer(
    offer: &SessionDescription<'_>,
    answer: &SessionDescription<'_>,
    capabilities: &Capabilities,
) -> Result<MediaParameters, NegotiationError> {
    let differ = NegotiationError::SectionsDiffer {
        offered: offer.media.len(),
        answered: answer.media.len(),
    };
    if offer.media.len() != answer.media.len() {
        return Err(differ);
    }
    let mut pairs = offer.media.iter().zip(&answer.media);
    let (ours, theirs) = pairs
        .find(|(ours, _)| is_plain_audio(ours))
        .ok_or(NegotiationError::Refused)?;
    if !theirs.kind.eq_ignore_ascii_case(&ours.kind) {
        return Err(differ);
    }
    if !is_plain_audio(theirs) {
        return Err(NegotiationError::Refused);
    }
    let (offered, answered) = (Formats::of(ours), Formats::of(theirs));
    let agreed = offered.agreed(&answered, theirs, capabilities);
    let agreed = agreed.ok_or_else(|| NegotiationError::NoCommonCodec {
        offered: names(theirs).collect(),
    })?;
    let local = offer.connection(ours).and_then(Address::ip);
    let local = local.ok_or(NegotiationError::NoConnection)?;
    let remote = Remote::of(answer, theirs, local)?;
    let wanted = offer.direction(ours);
    Ok(MediaParameters {
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        codec: agreed.codec,
        payload_type: agreed.payload_type,
        receive: agreed.receive,
        telephone_event: agreed.telephone_event,
        comfort_noise: agreed.comfort_noise,
        opus: agreed.opus,
        direction: remote.direction.reversed().and(wanted),
        ptime: packet_length(theirs, packet_length(ours, FRAME)),
        held: wanted.sends() && !remote.direction.receives(),
    })
}

fn describe<'a>(
    capabilities: &Capabilities,
    local: LocalMedia,
    origin: Origin<'a>,
    known: &Formats,
) -> SessionDescription<'a> {
    let formats = Formats::offered(capabilities, known);
    let port = local.address.port();
    SessionDescription {
        origin,
        name: Cow::Borrowed("-"),
        lines: vec![
            Line::Connection(Address::Ip(local.address.ip())),
            Line::Other('t', Cow::Borrowed("0 0")),
        ],
        media: vec![formats.section(
            port,
            Cow::Borrowed("RTP/AVP"),
            capabilities.ptime,
            local.direction,
        )],
    }
}
