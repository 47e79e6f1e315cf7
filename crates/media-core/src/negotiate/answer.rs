//! The answer to a peer's offer (RFC 3264 section 6).

use std::borrow::Cow;

use super::formats::{Formats, names, packet_length};
use super::remote::{RTCP_MUX, Remote, is_audio, is_muxed, refusal};
use super::security::{self, Chosen, mismatch};
use super::{LocalMedia, MediaParameters, Negotiated, NegotiationError};
use crate::capabilities::Capabilities;
use crate::rtp_core::srtp::SrtpKey;
use crate::sdp::{Address, Attribute, Line, MediaDescription, Origin, SessionDescription};

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
    let chosen = choose(offer, capabilities, &local.keys)?;
    let media = match &chosen {
        Some(choice) => Some(parameters(offer, choice, capabilities, &local)?),
        None => None,
    };
    let answer_section = |(index, section): (usize, &MediaDescription<'a>)| match (&chosen, &media)
    {
        (Some(choice), Some(media)) if choice.index == index => {
            let mut answer = choice.formats.section(
                local.address.port(),
                section.protocol.clone(),
                media.ptime,
                media.direction,
            );
            let security = choice.security.iter();
            let line = security.map(|chosen| security::line(chosen.tag, &chosen.keys.send));
            answer.lines.extend(line);
            if is_muxed(section) {
                let mux = Attribute::property(RTCP_MUX);
                answer.lines.push(Line::Attribute(mux));
            }
            answer
        }
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

/// The section to carry, and how it is answered.
struct Choice {
    index: usize,
    formats: Formats,
    security: Option<Chosen>,
}

/// What to carry; `None` when no section is switched on. A stream that can be secured comes before one that cannot.
fn choose(
    offer: &SessionDescription<'_>,
    capabilities: &Capabilities,
    keys: &[SrtpKey],
) -> Result<Option<Choice>, NegotiationError> {
    if offer.media.iter().all(|section| section.port == 0) {
        return Ok(None);
    }
    let mut audio = offer
        .media
        .iter()
        .enumerate()
        .filter(|(_, section)| is_audio(section))
        .peekable();
    if audio.peek().is_none() {
        let sections = offer.media.len();
        return Err(NegotiationError::NoAudio { sections });
    }
    let mut offered = Vec::new();
    let mut plain = None;
    let mut insecure = None;
    for (index, section) in audio {
        let formats = Formats::of(section);
        let Some(formats) = formats.answered(capabilities) else {
            offered.extend(names(section));
            continue;
        };
        let security = match security::choose(section, capabilities, keys) {
            Ok(security) => security,
            Err(reason) => {
                insecure.get_or_insert(mismatch(section, index, reason));
                continue;
            }
        };
        let choice = Choice {
            index,
            formats,
            security,
        };
        if choice.security.is_some() {
            return Ok(Some(choice));
        }
        plain.get_or_insert(choice);
    }
    match plain {
        Some(choice) => Ok(Some(choice)),
        None => Err(insecure.unwrap_or(NegotiationError::NoCommonCodec { offered })),
    }
}

fn parameters(
    offer: &SessionDescription<'_>,
    choice: &Choice,
    capabilities: &Capabilities,
    local: &LocalMedia,
) -> Result<MediaParameters, NegotiationError> {
    let (section, formats) = (&offer.media[choice.index], &choice.formats);
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
        security: choice.security.as_ref().map(|chosen| chosen.keys.clone()),
    })
}
