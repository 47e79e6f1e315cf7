//! Answers an SDP offer, on media-core alone, and tells what the answer means for the stream.
//!
//! ```text
//! cargo run --example sdp_negotiate                      # a built-in offer
//! cargo run --example sdp_negotiate -- - < offer.sdp     # one from standard input
//! ```
//!
//! Ends by itself with exit code 0 when everything it shows is right.

use std::error::Error;
use std::io::Read;
use std::net::SocketAddr;

use rvoip_media_core::negotiate::{Negotiated, accept_answer, negotiate, offer};
use rvoip_media_core::sdp::Origin;
use rvoip_media_core::{Capabilities, Direction, LocalMedia, MediaParameters, SessionDescription};

const OFFER: &str = "v=0
o=alice 2890844526 2890844526 IN IP4 192.0.2.101
s=-
c=IN IP4 192.0.2.101
b=AS:80
t=0 0
m=audio 49172 RTP/AVP 9 8 0 101
a=rtpmap:9 G722/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:40
a=sendonly
m=video 49174 RTP/AVP 31
";

fn main() -> Result<(), Box<dyn Error>> {
    let text = match std::env::args().nth(1).as_deref() {
        None => OFFER.to_owned(),
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            text
        }
        Some(other) => return Err(format!("{other}: give `-` to read standard input").into()),
    };
    let local = LocalMedia {
        address: SocketAddr::from(([198, 51, 100, 7], 10_000)),
        direction: Direction::SendRecv,
        keys: Vec::new(),
    };
    let capabilities = Capabilities::default();
    let their_offer = SessionDescription::parse(&text)?;
    println!("-- offer\n{their_offer}");

    let origin = Origin::new(1, local.address.ip());
    let Negotiated { answer, media } =
        negotiate(&their_offer, &capabilities, local.clone(), origin.clone())?;
    println!("-- answer\n{answer}");
    match media {
        Some(media) => tell(&media),
        None => println!("no audio"),
    }

    println!("-- and the other way about, our offer\n");
    let our_offer = offer(&capabilities, local, origin);
    let there = LocalMedia {
        address: SocketAddr::from(([192, 0, 2, 101], 49_172)),
        direction: Direction::RecvOnly,
        keys: Vec::new(),
    };
    let origin = Origin::new(2, there.address.ip());
    let theirs = negotiate(&our_offer, &capabilities, there, origin)?;
    println!("{our_offer}-- their answer\n{}", theirs.answer);
    tell(&accept_answer(&our_offer, &theirs.answer, &capabilities)?);
    Ok(())
}

fn tell(media: &MediaParameters) {
    println!(
        "-- so: {} as payload type {} in packets of {:?} to {}, RTCP to {}; {}{}\n",
        media.codec,
        media.payload_type,
        media.ptime,
        media.remote_rtp,
        media.remote_rtcp,
        media.direction,
        if media.held { ", held" } else { "" },
    );
}
