//! Descriptions of strangers.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use rvoip_media_core::Capabilities;
use rvoip_media_core::negotiate::{LocalMedia, accept_answer, negotiate, offer, reoffer};
use rvoip_media_core::sdp::{Direction, Origin, SessionDescription};

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
    };
    let capabilities = Capabilities::default();
    let ours = offer(&capabilities, local, Origin::new(1, address));
    let _ = accept_answer(&ours, &theirs, &capabilities);
    if let Ok(negotiated) = negotiate(&theirs, &capabilities, local, Origin::new(2, address)) {
        assert_same(&negotiated.answer);
        assert_eq!(negotiated.answer.media.len(), theirs.media.len());
        assert_same(&reoffer(&negotiated.answer, &capabilities, local));
    }
}

fn assert_same(description: &SessionDescription<'_>) {
    let written = description.to_string();
    let again = SessionDescription::parse(&written);
    assert_eq!(again.as_ref(), Ok(description), "{written}");
}
