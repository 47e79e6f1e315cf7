//! Formats of offers and answers: numbers, clock rates, parameters, and changes of them within a session.

use std::net::{IpAddr, SocketAddr};

use super::*;
use crate::capabilities::{Capabilities, CodecPreference};
use crate::codec::SampleRate;
use crate::dtmf::TelephoneEventSet;
use crate::negotiate::{
    ComfortNoiseFormat, LocalMedia, MediaParameters, Negotiated, TelephoneEvent, accept_answer,
    negotiate, offer, reoffer,
};
use crate::sdp::{Origin, SessionDescription};

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

fn knowing(codecs: &[Codec]) -> Capabilities {
    Capabilities {
        codecs: codecs.to_vec(),
        comfort_noise: true,
        ..Capabilities::default()
    }
}

fn local() -> LocalMedia {
    LocalMedia {
        address: SocketAddr::from(([198, 51, 100, 1], 10_000)),
        direction: Direction::SendRecv,
        keys: Vec::new(),
    }
}

fn origin() -> Origin<'static> {
    Origin::new(5, IpAddr::from([198, 51, 100, 1]))
}

fn peer(media: &str) -> SessionDescription<'static> {
    let text = format!("{HEAD}{media}");
    SessionDescription::parse(text.leak()).unwrap()
}

fn answered(
    capabilities: &Capabilities,
    media: &str,
) -> (SessionDescription<'static>, MediaParameters) {
    let Negotiated { answer, media } =
        negotiate(&peer(media), capabilities, local(), origin()).unwrap();
    (answer, media.unwrap())
}

const L16: Codec = Codec::L16(SampleRate::Hz16000);

#[test]
fn every_clock_has_its_companions() {
    let capabilities = knowing(&[Codec::G722, Codec::Pcmu, L16]);
    let ours = offer(&capabilities, local(), origin());
    let formats = ours.media[0].formats.join(" ");
    assert_eq!(formats, "9 0 112 13 118 101 102");
    let text = ours.to_string();
    for map in [
        "a=rtpmap:9 G722/8000\r\n",
        "a=rtpmap:112 L16/16000\r\n",
        "a=rtpmap:13 CN/8000\r\n",
        "a=rtpmap:118 CN/16000\r\n",
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n",
        "a=rtpmap:102 telephone-event/16000\r\na=fmtp:102 0-16\r\n",
    ] {
        assert!(text.contains(map), "{text}");
    }
}

/// RFC 3264 section 5.1: numbers are those of who receives.
#[test]
fn each_side_sends_with_the_numbers_of_the_other() {
    let capabilities = knowing(&[Codec::Pcmu, L16]);
    let ours = offer(&capabilities, local(), origin());
    let theirs = peer(
        "m=audio 4000 RTP/AVP 97 99 98 100\r\na=rtpmap:97 L16/16000\r\na=rtpmap:98 telephone-event/16000\r\n\
         a=rtpmap:99 CN/16000\r\na=rtpmap:100 telephone-event/8000\r\n",
    );
    let media = accept_answer(&ours, &theirs, &capabilities).unwrap();
    assert_eq!((media.codec, media.payload_type), (L16, 97));
    assert_eq!(media.receive, [(0, Codec::Pcmu), (112, L16)]);
    let event = TelephoneEvent {
        send: 98,
        receive: 102,
        clock_rate_hz: 16_000,
        events: TelephoneEventSet::DIGITS,
    };
    assert_eq!(media.telephone_event, Some(event));
    let noise = ComfortNoiseFormat {
        send: 99,
        receive: 118,
    };
    assert_eq!(media.comfort_noise, Some(noise));
}

/// RFC 4733 section 2.4.1: each side names what it takes, in offers and in answers.
#[test]
fn the_events_are_those_that_the_peer_names() {
    let capabilities = knowing(&[Codec::Pcmu]);
    let ours = offer(&capabilities, local(), origin());
    for (fmtp, flash, letters) in [
        ("", false, true),
        ("a=fmtp:101 0-11\r\n", false, false),
        ("a=fmtp:101 0-16\r\n", true, true),
        ("a=fmtp:100 0-16\r\n", false, true),
    ] {
        let section =
            format!("m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n{fmtp}");
        let accepted = accept_answer(&ours, &peer(&section), &capabilities).unwrap();
        let (answer, media) = answered(&capabilities, &section);
        assert!(answer.to_string().contains("a=fmtp:101 0-16\r\n"));
        for media in [accepted, media] {
            let taken = [9, 12, 16].map(|event| media.takes_event(event));
            assert_eq!(taken, [true, letters, flash], "{fmtp}");
        }
    }
    let without = answered(&capabilities, "m=audio 4000 RTP/AVP 0\r\n").1;
    assert!(!without.takes_event(1));
}

#[test]
fn the_first_of_two_numbers_for_one_codec_counts() {
    let (answer, media) = answered(
        &knowing(&[Codec::Pcma]),
        "m=audio 4000 RTP/AVP 96 8 13\r\na=rtpmap:96 PCMA/8000\r\n",
    );
    assert_eq!(answer.media[0].formats, ["96", "13"]);
    assert_eq!((media.codec, media.payload_type), (Codec::Pcma, 96));
    assert_eq!(media.comfort_noise.map(|noise| noise.receive), Some(13));
}

#[test]
fn what_is_not_wanted_is_not_answered() {
    let capabilities = Capabilities {
        telephone_event: false,
        comfort_noise: false,
        ..knowing(&[Codec::G722])
    };
    let offered = "m=audio 4000 RTP/AVP 9 13 101\r\na=rtpmap:101 telephone-event/8000\r\n";
    let (answer, media) = answered(&capabilities, offered);
    assert_eq!(answer.media[0].formats, ["9"]);
    assert_eq!((media.telephone_event, media.comfort_noise), (None, None));
}

#[test]
fn channels_and_clock_rates_make_a_codec_another() {
    let capabilities = knowing(&[Codec::Pcmu, L16]);
    for map in [
        "PCMU/16000",
        "PCMU/8000/2",
        "L16/44100",
        "L16/16000/2",
        "L16/8000",
    ] {
        let offered = format!("m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 {map}\r\n");
        let refused = negotiate(&peer(&offered), &capabilities, local(), origin());
        assert!(refused.is_err(), "{map}");
    }
}

#[test]
fn a_codec_is_changed_by_a_new_offer() {
    let (first, _) = answered(
        &knowing(&[Codec::Pcmu]),
        "m=audio 4000 RTP/AVP 0 112\r\na=rtpmap:112 telephone-event/8000\r\n",
    );
    let capabilities = knowing(&[L16, Codec::Pcmu]);
    let ours = reoffer(&first, &capabilities, local());
    // 112 is an event in this session, and stays one.
    assert_eq!(ours.media[0].formats.join(" "), "113 0 118 13 101 112");
    let theirs = peer("m=audio 4000 RTP/AVP 113\r\na=rtpmap:113 L16/16000\r\n");
    let media = accept_answer(&ours, &theirs, &capabilities).unwrap();
    assert_eq!((media.codec, media.payload_type), (L16, 113));
    assert_eq!(reoffer(&ours, &capabilities, local()), ours);
}

#[test]
fn every_order_of_preference_is_kept() {
    let codecs = [Codec::Pcmu, Codec::Pcma, Codec::G722];
    let numbers = |order: [usize; 3]| order.map(|index| ["0", "8", "9"][index]);
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for theirs in orders {
        let offered = format!("m=audio 4000 RTP/AVP {}\r\n", numbers(theirs).join(" "));
        for ours in orders {
            let mut capabilities = knowing(&ours.map(|index| codecs[index]));
            let (_, media) = answered(&capabilities, &offered);
            assert_eq!(media.codec, codecs[theirs[0]]);
            capabilities.preference = CodecPreference::Local;
            let (_, media) = answered(&capabilities, &offered);
            assert_eq!(media.codec, codecs[ours[0]]);
            let description = offer(&capabilities, local(), origin());
            assert_eq!(description.media[0].formats[..3], numbers(ours));
        }
    }
}

#[cfg(feature = "opus")]
mod opus {
    use super::*;

    const OPUS: Codec = Codec::Opus(SampleRate::Hz24000);

    /// RFC 7587 sections 6.1 and 7.
    #[test]
    fn it_is_offered_with_what_we_hear_and_say() {
        let capabilities = Capabilities {
            comfort_noise: false,
            ..knowing(&[OPUS, Codec::Pcmu])
        };
        let ours = offer(&capabilities, local(), origin());
        assert_eq!(
            ours.to_string(),
            "v=0\r\no=- 5 0 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n\
             m=audio 10000 RTP/AVP 111 0 101 102\r\na=rtpmap:111 opus/48000/2\r\n\
             a=fmtp:111 maxplaybackrate=24000;sprop-maxcapturerate=24000;stereo=0;useinbandfec=1\r\n\
             a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/48000\r\na=fmtp:101 0-16\r\n\
             a=rtpmap:102 telephone-event/8000\r\na=fmtp:102 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
        );
    }

    #[test]
    fn one_sound_of_opus_is_enough() {
        let narrow = Codec::Opus(SampleRate::Hz8000);
        let ours = offer(&knowing(&[OPUS, narrow]), local(), origin());
        assert_eq!(ours.media[0].formats.join(" "), "111 101");
    }

    /// The offer of a browser, cut to what matters here.
    #[test]
    fn a_browsers_offer_is_answered() {
        let (answer, media) = answered(
            &knowing(&[OPUS, Codec::Pcmu]),
            "m=audio 4000 RTP/AVP 111 63 9 0 8 13 110 126\r\na=rtpmap:111 opus/48000/2\r\n\
             a=fmtp:111 minptime=10;useinbandfec=1;maxaveragebitrate=16000\r\na=rtpmap:63 red/48000/2\r\n\
             a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n",
        );
        assert_eq!(answer.media[0].formats, ["111", "110"]);
        assert_eq!(media.codec, OPUS);
        assert_eq!(media.receive, [(111, OPUS)]);
        let event = media.telephone_event.unwrap();
        assert_eq!((event.receive, event.clock_rate_hz), (110, 48_000));
        assert!(media.opus.inband_fec);
        assert_eq!(media.opus.bitrate_bps, 16_000);
    }

    #[test]
    fn events_of_another_clock_are_better_than_none() {
        let (answer, media) = answered(
            &knowing(&[OPUS]),
            "m=audio 4000 RTP/AVP 96 101\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n",
        );
        assert_eq!(answer.media[0].formats, ["96", "101"]);
        let event = media.telephone_event.unwrap();
        assert_eq!((event.send, event.clock_rate_hz), (101, 8_000));
    }
}
