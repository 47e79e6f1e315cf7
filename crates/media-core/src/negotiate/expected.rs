//! What may arrive while an offer of ours waits for its answer (RFC 3264 section 5.1).

use std::net::{Ipv4Addr, SocketAddr};

use super::formats::Formats;
use super::remote::is_audio;
use super::{Direction, MediaParameters};
use crate::capabilities::Capabilities;
use crate::codec::Codec;
use crate::sdp::SessionDescription;

/// Where media goes while no description names a place.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The payload types of the audio that `offer` is ready to receive, in its order.
pub(crate) fn expected(
    offer: &SessionDescription<'_>,
    capabilities: &Capabilities,
) -> Vec<(u8, Codec)> {
    let audio = offer.media.iter().find(|section| is_audio(section));
    let audio = audio.filter(|section| offer.direction(section).receives());
    let Some(audio) = audio else {
        return Vec::new();
    };
    let codecs = Formats::of(audio).codecs.into_iter();
    let ours = |(number, codec)| Some((number, capabilities.codec(codec)?));
    codecs.filter_map(ours).collect()
}

/// Whether an offer has keys of SRTP: only its answer tells then whether and how what comes can be read.
pub(crate) fn has_keys(offer: &SessionDescription<'_>) -> bool {
    let mut attributes = offer.media.iter().flat_map(|section| section.attributes());
    attributes.any(|attribute| attribute.is("crypto"))
}

impl MediaParameters {
    /// A stream that only receives, as no answer says where its peer is. Digits and silence are the answered peer's alone.
    pub(crate) fn expected(receive: Vec<(u8, Codec)>) -> Option<Self> {
        let (payload_type, codec) = *receive.first()?;
        Some(Self {
            remote_rtcp: NOWHERE,
            receive,
            direction: Direction::RecvOnly,
            ..Self::new(NOWHERE, payload_type, codec)
        })
    }

    /// Whether no description of the peer stands behind these.
    pub(crate) fn is_expected(&self) -> bool {
        self.remote_rtp == NOWHERE
    }

    /// Takes what a new offer names besides what was agreed on.
    pub(crate) fn expect(&mut self, receive: Vec<(u8, Codec)>) {
        self.direction = Direction::of(self.direction.sends(), true);
        for format in receive {
            let mut known = self.receive.iter();
            if !known.any(|(number, _)| *number == format.0) {
                self.receive.push(format);
            }
        }
    }
}
