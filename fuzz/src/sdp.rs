//! Descriptions of strangers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rvoip_media_core::negotiate::{LocalMedia, accept_answer, negotiate, offer, reoffer};
use rvoip_media_core::rtp_core::srtp::{SrtpKey, SrtpSuite};
use rvoip_media_core::sdp::{Direction, Origin, SessionDescription};
use rvoip_media_core::{Capabilities, SrtpPolicy};

use crate::bound;

/// Reading is bounded; what is written reads as the same; an answer fits its offer and is taken by this side; anything is
/// taken or refused as an answer to our own offer.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(theirs) = bound::within(1024 + 256 * text.len(), || SessionDescription::parse(text))
    else {
        return;
    };
    assert_same(&theirs);
    let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    let local = LocalMedia {
        address: SocketAddr::new(address, 4000),
        direction: Direction::SendRecv,
        keys: keys(),
    };
    let capabilities = Capabilities {
        srtp: SrtpPolicy::Offer,
        ..Capabilities::default()
    };
    let ours = offer(&capabilities, local.clone(), Origin::new(1, address));
    let _ = accept_answer(&ours, &theirs, &capabilities);
    if let Ok(negotiated) = negotiate(
        &theirs,
        &capabilities,
        local.clone(),
        Origin::new(2, address),
    ) {
        assert_same(&negotiated.answer);
        assert_eq!(negotiated.answer.media.len(), theirs.media.len());
        assert_same(&reoffer(&negotiated.answer, &capabilities, local));
    }
}

fn keys() -> Vec<SrtpKey> {
    let octets = |suite: SrtpSuite| vec![7; suite.key_octets() + suite.salt_octets()];
    let keys = SrtpSuite::ALL.map(|suite| SrtpKey::new(suite, &octets(suite)));
    keys.into_iter().flatten().collect()
}

fn assert_same(description: &SessionDescription<'_>) {
    let written = description.to_string();
    let again = SessionDescription::parse(&written);
    assert_eq!(again.as_ref(), Ok(description), "{written}");
}
