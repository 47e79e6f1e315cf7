//! The answer to a peer's offer (RFC 3264 section 6).

use std::borrow::Cow;

use super::formats::{Formats, names, packet_length};
use super::remote::{Remote, is_plain_audio, refusal};
use super::{LocalMedia, MediaParameters, Negotiated, NegotiationError, TelephoneEvent};
use crate::capabilities::{Capabilities, CodecPreference};
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
        if let Some(codec) = preferred(&formats, capabilities) {
            let event = formats.telephone_event;
            let answer = Formats {
                codecs: vec![codec],
                telephone_event: event.filter(|_| capabilities.telephone_event),
            };
            return Ok(Some((index, answer)));
        }
        offered.extend(names(section));
    }
    Err(NegotiationError::NoCommonCodec { offered })
}

fn preferred(formats: &Formats, capabilities: &Capabilities) -> Option<(u8, crate::Codec)> {
    let mut common = formats
        .codecs
        .iter()
        .copied()
        .filter(|(_, codec)| capabilities.codecs.contains(codec));
    match capabilities.preference {
        CodecPreference::Offerer => common.next(),
        CodecPreference::Local => common.min_by_key(|(_, codec)| {
            let mut ours = capabilities.codecs.iter();
            ours.position(|ours| ours == codec)
        }),
    }
}

fn parameters(
    offer: &SessionDescription<'_>,
    section: &MediaDescription<'_>,
    formats: &Formats,
    capabilities: &Capabilities,
    local: LocalMedia,
) -> Result<MediaParameters, NegotiationError> {
    let remote = Remote::of(offer, section, local.address.ip())?;
    let (payload_type, codec) = formats.codecs[0];
    Ok(MediaParameters {
        remote_rtp: remote.rtp,
        remote_rtcp: remote.rtcp,
        codec,
        payload_type,
        receive: formats.codecs.clone(),
        telephone_event: formats.telephone_event.map(|number| TelephoneEvent {
            send: number,
            receive: number,
        }),
        direction: remote.direction.reversed().and(local.direction),
        ptime: packet_length(section, capabilities.ptime),
        held: !remote.direction.receives(),
    })
}
