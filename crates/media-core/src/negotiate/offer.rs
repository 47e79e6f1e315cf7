//! Our own offers, and the answers to them (RFC 3264 sections 5, 7 and 8).

use std::borrow::Cow;

use super::formats::{Formats, names, packet_length};
use super::remote::{Remote, is_audio, refusal};
use super::rtcp::Rtcp;
use super::security::{self, mismatch};
use super::{LocalMedia, MediaParameters, NegotiationError};
use crate::capabilities::{Capabilities, FRAME};
use crate::sdp::{Address, Line, MediaDescription, Origin, SessionDescription};

/// The first offer of a session.
#[must_use]
pub fn offer<'a>(
    capabilities: &Capabilities,
    local: LocalMedia,
    origin: Origin<'a>,
) -> SessionDescription<'a> {
    describe(capabilities, local, origin, None)
}

/// A new offer in a session whose latest description is `previous`: as many sections in the same order, the same payload
/// types, and the version that follows.
#[must_use]
pub fn reoffer<'a>(
    previous: &SessionDescription<'a>,
    capabilities: &Capabilities,
    local: LocalMedia,
) -> SessionDescription<'a> {
    // The place of a stream that is over may be used again (section 8.1).
    let is_place = |section: &MediaDescription<'_>| section.kind.eq_ignore_ascii_case("audio");
    let find = |fits: fn(&MediaDescription<'_>) -> bool| previous.media.iter().position(fits);
    let audio = find(is_audio).or_else(|| find(is_place));
    let known = audio.map(|index| &previous.media[index]);
    let origin = previous.origin.clone();
    let mut offer = describe(capabilities, local, origin, known);
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
    let mut pairs = offer.media.iter().zip(&answer.media).enumerate();
    let (index, (ours, theirs)) = pairs
        .find(|(_, (ours, _))| is_audio(ours))
        .ok_or(NegotiationError::Refused)?;
    if !theirs.kind.eq_ignore_ascii_case(&ours.kind) {
        return Err(differ);
    }
    if !is_audio(theirs) {
        return Err(NegotiationError::Refused);
    }
    let (offered, answered) = (Formats::of(ours), Formats::of(theirs));
    let agreed = offered.agreed(&answered, theirs, capabilities);
    let agreed = agreed.ok_or_else(|| NegotiationError::NoCommonCodec {
        offered: names(theirs).collect(),
    })?;
    let security = security::accepted(ours, theirs);
    let security = security.map_err(|reason| mismatch(theirs, index, reason))?;
    let local = offer.connection(ours).and_then(Address::ip);
    let local = local.ok_or(NegotiationError::NoConnection)?;
    let rtcp = Rtcp::accepted(ours, (answer, theirs));
    let remote = Remote::of(answer, theirs, local, rtcp.shared)?;
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
        extended_reports: rtcp.extended,
        security,
    })
}

fn describe<'a>(
    capabilities: &Capabilities,
    local: LocalMedia,
    origin: Origin<'a>,
    known: Option<&MediaDescription<'_>>,
) -> SessionDescription<'a> {
    let previous = known.map_or_else(Formats::default, Formats::of);
    let formats = Formats::offered(capabilities, &previous);
    let protocol = security::protocol(capabilities.srtp, known);
    let (port, ptime) = (local.address.port(), capabilities.ptime);
    let mut section = formats.section(port, protocol.into(), ptime, local.direction);
    let lines = security::offered(capabilities.srtp, &local.keys);
    section.lines.extend(lines);
    section
        .lines
        .extend(Rtcp::offered(capabilities, known).lines());
    SessionDescription {
        origin,
        name: Cow::Borrowed("-"),
        lines: vec![
            Line::Connection(Address::Ip(local.address.ip())),
            Line::Other('t', Cow::Borrowed("0 0")),
        ],
        media: vec![section],
    }
}
