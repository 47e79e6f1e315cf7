//! The answer to a peer's offer (RFC 3264 section 6).

use std::borrow::Cow;

use super::formats::{Formats, names, packet_length};
use super::remote::{Remote, is_audio, refusal};
use super::rtcp::Rtcp;
use super::security::{self, Chosen, mismatch};
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
    let chosen = choose(offer, capabilities, &local)?;
    let media = match &chosen {
        Some(choice) => Some(parameters(
            &offer.media[choice.index],
            choice,
            capabilities,
            &local,
        )?),
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
            answer.lines.extend(choice.rtcp.lines());
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
    remote: Remote,
    rtcp: Rtcp,
    security: Option<Chosen>,
}

/// What to carry; `None` when no section is switched on. A stream that can be secured comes before one that cannot, and one
/// that cannot be reached from here is none.
fn choose(
    offer: &SessionDescription<'_>,
    capabilities: &Capabilities,
    local: &LocalMedia,
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
    let mut unfit = None;
    for (index, section) in audio {
        let formats = Formats::of(section);
        let Some(formats) = formats.answered(capabilities) else {
            offered.extend(names(section));
            continue;
        };
        let rtcp = Rtcp::answered(capabilities, offer, section);
        let ip = local.address.ip();
        let security = security::choose(section, capabilities, &local.keys)
            .map_err(|reason| mismatch(section, index, reason));
        let fit = security.and_then(|security| {
            let remote = Remote::of(offer, section, ip, rtcp.shared)?;
            Ok((security, remote))
        });
        let (security, remote) = match fit {
            Ok(fit) => fit,
            Err(error) => {
                unfit.get_or_insert(error);
                continue;
            }
        };
        let choice = Choice {
            index,
            formats,
            remote,
            rtcp,
            security,
        };
        if choice.security.is_some() {
            return Ok(Some(choice));
        }
        plain.get_or_insert(choice);
    }
    match plain {
        Some(choice) => Ok(Some(choice)),
        None => Err(unfit.unwrap_or(NegotiationError::NoCommonCodec { offered })),
    }
}

fn parameters(
    section: &MediaDescription<'_>,
    choice: &Choice,
    capabilities: &Capabilities,
    local: &LocalMedia,
) -> Result<MediaParameters, NegotiationError> {
    let (remote, formats) = (choice.remote, &choice.formats);
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
        extended_reports: choice.rtcp.extended,
        security: choice.security.as_ref().map(|chosen| chosen.keys.clone()),
    })
}
