//! The answer to a peer's offer (RFC 3264 section 6).

use std::borrow::Cow;

use super::formats::{Formats, names, packet_length};
use super::remote::{Remote, is_plain_audio, refusal};
use super::{LocalMedia, MediaParameters, Negotiated, NegotiationError};
use crate::capabilities::Capabilities;
use crate::sdp::{Address, Line, MediaDescription, Origin, SessionDescription};

/// Answers `offer` with what `capabilities` allow; `origin` becomes the `o=` line of the answer.
///
/// # Errors
/// [`NegotiationError`] when the offer has streams switched on, but none that we could carry.
pub fn negotiate<'a>(
    offer: &SessionDescription<'a>,
    capabilities: &Capabilities,
    local: LocalMedia,
    origin: Origin<'a>,
) -> Result<Negotiated<'a>, NegotiationError> {
    let chosen = choose(offer, capabilities)?;
    let media = match &chosen {
        Some((index, formats)) => {
            let section = &offer.media[*index];
            Some(parameters(offer, section, formats, capabilities, local)?)
        }
        None => None,
    };
    let answer_section = |(index, section): (usize, &MediaDescription<'a>)| match (&chosen, &media)
    {
        (Some((chosen, formats)), Some(media)) if *chosen == index => formats.section(
            local.address.port(),
            section.protocol.clone(),
            media.ptime,
            media.direction,
        ),
        _ => refusal(section),
    };
    let time = offer.lines.iter().find_map(|line| match line {
        Line::Other('t', time) if !time.trim().is_empty() => Some(time.clone()),
        _ => None,
    });
    let answer = SessionDescription {
        origin,
        name: Cow::Borrowed("-"),
        lines: vec![
            Line::Connection(Address::Ip(local.address.ip())),
            Line::Other('t', time.unwrap_or(Cow::Borrowed("0 0"))),
        ],
        media: offer.media.iter().enumerate().map(answer_section).collect(),
    };
    Ok(Negotiated { answer, media })
}

/// The section to carry and the formats to answer it with; `None` when no section is switched on.
fn choose(
    offer: &SessionDescription<'_>,
    capabilities: &Capabilities,
) -> Result<Option<(usize, Formats)>, NegotiationError> {
    if offer.media.iter().all(|section| section.port == 0) {
        return Ok(None);
    }
    let mut audio = offer
        .media
        .iter()
        .enumerate()
        .filter(|(_, section)| is_plain_audio(section))
        .peekable();
    if audio.peek().is_none() {
        let sections = offer.media.len();
        return Err(NegotiationError::NoAudio { sections });
    }
    let mut offered = Vec::new();
    for (index, section) in audio {
        let formats = Formats::of(section);
        if let Some(answer) = formats.answered(capabilities) {
            return Ok(Some((index, answer)));
        }
        offered.extend(names(section));
    }
    Err(NegotiationError::NoCommonCodec { offered })
}

fn parameters(
    offer: &SessionDescription<'_>,
    section: &MediaDescription<'_>,
    formats: &Formats,
    capabilities: &Capabilities,
    local: LocalMedia,
) -> Result<MediaParameters, NegotiationError> {
    let remote = Remote::of(offer, section, local.address.ip())?;
    let agreed = formats.agreed(formats, section, capabilities);
    let agreed = agreed.ok_or_else(|| NegotiationError::NoCommonCodec {
        offered: names(section).collect(),
    })?;
    Ok(MediaParameters {
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        codec: agreed.codec,
        payload_type: agreed.payload_type,
        receive: agreed.receive,
        telephone_event: agreed.telephone_event,
        comfort_noise: agreed.comfort_noise,
        opus: agreed.opus,
        direction: remote.direction.reversed().and(local.direction),
        ptime: packet_length(section, capabilities.ptime),
        held: !remote.direction.receives(),
    })
}
