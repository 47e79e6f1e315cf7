//! Offer and answer, case by case against RFC 3264.

use std::net::{IpAddr, Ipv4Addr};

use super::*;
use crate::capabilities::{Capabilities, CodecPreference};
use crate::sdp::Origin;

const HEAD: &str = "v=0\r\no=- 7 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n";

fn local(direction: Direction) -> LocalMedia {
    LocalMedia {
        address: SocketAddr::from(([198, 51, 100, 1], 10_000)),
        direction,
        keys: Vec::new(),
    }
}

fn origin() -> Origin<'static> {
    Origin::new(5, IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)))
}

fn parse(text: &str) -> SessionDescription<'_> {
    SessionDescription::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Answers an offer whose media sections are `media`.
fn answer_with(
    capabilities: &Capabilities,
    media: &str,
) -> Result<Negotiated<'static>, NegotiationError> {
    let offer = parse(format!("{HEAD}{media}").leak());
    negotiate(&offer, capabilities, local(Direction::SendRecv), origin())
}

fn answer(media: &str) -> Negotiated<'static> {
    answer_with(&Capabilities::default(), media).unwrap_or_else(|error| panic!("{error}: {media}"))
}

fn media(negotiated: Negotiated<'_>) -> MediaParameters {
    negotiated
        .media
        .unwrap_or_else(|| panic!("no media: {}", negotiated.answer))
}

#[test]
fn the_usual_offer() {
    let Negotiated { answer, media } = answer(
        "m=audio 49172 RTP/AVP 0 8 9 18 97 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:9 G722/8000\r\na=rtpmap:97 iLBC/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n",
    );
    assert_eq!(
        answer.to_string(),
        "v=0\r\no=- 5 0 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n\
         m=audio 10000 RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
    );
    let expected = MediaParameters {
        remote_rtp: SocketAddr::from(([192, 0, 2, 1], 49_172)),
        remote_rtcp: SocketAddr::from(([192, 0, 2, 1], 49_173)),
        codec: Codec::Pcmu,
        payload_type: 0,
        receive: vec![(0, Codec::Pcmu)],
        telephone_event: Some(TelephoneEvent {
            send: 101,
            receive: 101,
            clock_rate_hz: 8_000,
            events: TelephoneEventSet::from_fmtp(Some("0-16")),
        }),
        comfort_noise: None,
        opus: OpusConfig::default().for_peer(None),
        direction: Direction::SendRecv,
        ptime: Duration::from_millis(20),
        held: false,
        extended_reports: false,
        security: None,
    };
    assert_eq!(media, Some(expected));
}

#[test]
fn every_direction_against_every_wish() {
    for offered in Direction::ALL {
        for wanted in Direction::ALL {
            for (address, zeros) in [("192.0.2.1", false), ("0.0.0.0", true)] {
                let text = format!(
                    "v=0\r\no=- 7 7 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n\
                     m=audio 4000 RTP/AVP 0\r\na={offered}\r\n"
                );
                let capabilities = Capabilities::default();
                let offer = parse(&text);
                let negotiated = negotiate(&offer, &capabilities, local(wanted), origin());
                let Negotiated { answer, media } = negotiated.unwrap();
                let media = media.unwrap();
                let case = format!("offered {offered} at {address}, wanted {wanted}");
                // By the words of RFC 3264 section 6.1: we send if the offerer receives, and the other way about.
                let sends = offered.receives() && wanted.sends() && !zeros;
                let receives = offered.sends() && wanted.receives();
                assert_eq!(media.direction.sends(), sends, "{case}");
                assert_eq!(media.direction.receives(), receives, "{case}");
                assert_eq!(
                    answer.direction(&answer.media[0]),
                    media.direction,
                    "{case}"
                );
                assert_eq!(media.held, zeros || !offered.receives(), "{case}");
            }
        }
    }
}

#[test]
fn every_answer_to_every_offer_of_ours() {
    let capabilities = Capabilities::default();
    for wanted in Direction::ALL {
        let offered = offer(&capabilities, local(wanted), origin());
        for answered in Direction::ALL {
            let text = format!("{HEAD}m=audio 4000 RTP/AVP 0\r\na={answered}\r\n");
            let media = accept_answer(&offered, &parse(&text), &capabilities).unwrap();
            let case = format!("wanted {wanted}, answered {answered}");
            let sends = wanted.sends() && answered.receives();
            let receives = wanted.receives() && answered.sends();
            assert_eq!(media.direction.sends(), sends, "{case}");
            assert_eq!(media.direction.receives(), receives, "{case}");
            assert_eq!(media.held, wanted.sends() && !answered.receives(), "{case}");
        }
    }
}

#[test]
fn a_direction_of_the_session_counts_for_its_streams() {
    let text = format!("{HEAD}a=sendonly\r\nm=audio 4000 RTP/AVP 0\r\n");
    let capabilities = Capabilities::default();
    let wanted = local(Direction::SendRecv);
    let offer = parse(&text);
    let media = media(negotiate(&offer, &capabilities, wanted, origin()).unwrap());
    assert_eq!(media.direction, Direction::RecvOnly);
    assert!(media.held);
}

#[test]
fn preference_is_the_offerers_or_ours() {
    let mut capabilities = Capabilities::default();
    let offer = "m=audio 4000 RTP/AVP 18 8 0\r\n";
    let chosen = |capabilities: &Capabilities| {
        let media = media(answer_with(capabilities, offer).unwrap());
        (media.codec, media.payload_type)
    };
    assert_eq!(chosen(&capabilities), (Codec::Pcma, 8));
    capabilities.preference = CodecPreference::Local;
    assert_eq!(chosen(&capabilities), (Codec::Pcmu, 0));
    capabilities.codecs = vec![Codec::Pcma];
    assert_eq!(chosen(&capabilities), (Codec::Pcma, 8));
}

#[test]
fn payload_types_are_the_offerers() {
    let capabilities = Capabilities {
        codecs: vec![Codec::Pcma],
        ..Capabilities::default()
    };
    let offer = "m=audio 4000 RTP/AVP 96 97 98 110\r\na=rtpmap:96 opus/48000/2\r\na=rtpmap:97 pcma/8000/1\r\n\
         a=rtpmap:98 telephone-event/48000\r\na=rtpmap:110 TELEPHONE-EVENT/8000\r\n";
    let media = media(answer_with(&capabilities, offer).unwrap());
    assert_eq!((media.codec, media.payload_type), (Codec::Pcma, 97));
    assert_eq!(media.receive, [(97, Codec::Pcma)]);
    let events = media.telephone_event.unwrap();
    assert_eq!((events.send, events.receive), (110, 110));
}

#[test]
fn a_map_overrules_the_static_meaning() {
    let error = answer_with(
        &Capabilities::default(),
        "m=audio 4000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/16000\r\na=rtpmap:8 PCMA/8000/2\r\n",
    );
    let offered = vec!["PCMU".to_owned(), "PCMA".to_owned()];
    assert_eq!(error, Err(NegotiationError::NoCommonCodec { offered }));
}

#[test]
fn packet_lengths_are_whole_frames() {
    let table = [
        ("", 20),
        ("a=ptime:10\r\n", 20),
        ("a=ptime:20\r\n", 20),
        ("a=ptime:30\r\n", 20),
        ("a=ptime:40\r\n", 40),
        ("a=ptime:60\r\na=maxptime:50\r\n", 40),
        ("a=ptime:0\r\n", 20),
        ("a=ptime:20.5\r\n", 20),
        ("a=ptime:nonsense\r\n", 20),
        ("a=ptime:4000000000\r\n", 120),
        ("a=maxptime:5\r\n", 20),
    ];
    for (line, milliseconds) in table {
        let media = media(answer(&format!("m=audio 4000 RTP/AVP 0\r\n{line}")));
        assert_eq!(media.ptime, Duration::from_millis(milliseconds), "{line}");
    }
}

#[test]
fn other_streams_are_refused_in_their_places() {
    let Negotiated { answer, media } = answer(
        "m=video 5000 RTP/AVP 31\r\na=rtpmap:31 H261/90000\r\n\
         m=audio 5002 RTP/SAVP 0\r\n\
         m=audio 0 RTP/AVP 0\r\n\
         m=audio 5004/2 rtp/avpf 8\r\n\
         m=audio 5006 RTP/AVP 0\r\n\
         m=application 5008 udp wb\r\n",
    );
    let ports: Vec<u16> = answer.media.iter().map(|section| section.port).collect();
    assert_eq!(ports, [0, 0, 0, 10_000, 0, 0]);
    assert_eq!(media.unwrap().remote_rtp.port(), 5_004);
    assert_eq!(answer.media[0].kind, "video");
    assert_eq!(answer.media[0].formats, ["31"]);
    assert_eq!(answer.media[3].protocol, "rtp/avpf");
    assert_eq!(answer.media[5].protocol, "udp");
}

#[test]
fn what_cannot_be_met_is_named() {
    let refused = |media: &str| answer_with(&Capabilities::default(), media).unwrap_err();
    let offered = vec!["G729".to_owned(), "3".to_owned()];
    assert_eq!(
        refused("m=audio 4000 RTP/AVP 18 3\r\na=rtpmap:18 G729/8000\r\n"),
        NegotiationError::NoCommonCodec { offered }
    );
    assert_eq!(
        refused("m=video 4000 RTP/AVP 31\r\n"),
        NegotiationError::NoAudio { sections: 1 }
    );
    assert_eq!(
        refused("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 phone.example\r\n"),
        NegotiationError::HostName("phone.example".to_owned())
    );
    let offer = parse("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP 0\r\n");
    let capabilities = Capabilities::default();
    let refused = negotiate(&offer, &capabilities, local(Direction::SendRecv), origin());
    assert_eq!(refused, Err(NegotiationError::NoConnection));
}

/// RFC 5118 sections 4.6 and 4.9.
#[test]
fn an_address_of_the_other_family_is_refused_and_a_mapped_one_is_not() {
    let at = |ip: &str| {
        let media = format!("m=audio 4000 RTP/AVP 0\r\nc=IN IP6 {ip}\r\n");
        answer_with(&Capabilities::default(), &media)
            .map(|negotiated| negotiated.media.unwrap().remote_rtp.to_string())
    };
    let far = "2001:db8::20".parse().unwrap();
    assert_eq!(
        at("2001:db8::20"),
        Err(NegotiationError::AddressFamily(far))
    );
    assert_eq!(at("::ffff:192.0.2.2"), Ok("192.0.2.2:4000".to_owned()));
}

/// As of ANAT: the same stream by each family of addresses.
#[test]
fn of_two_streams_the_one_that_can_be_reached_is_carried() {
    let Negotiated { answer, media } = answer(
        "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::20\r\nm=audio 4002 RTP/AVP 0\r\nc=IN IP4 192.0.2.7\r\n",
    );
    let ports = answer.media.iter().map(|section| section.port);
    assert_eq!(ports.collect::<Vec<_>>(), [0, 10_000]);
    assert_eq!(media.unwrap().remote_rtp.to_string(), "192.0.2.7:4002");
}

#[test]
fn the_place_of_a_stream_that_is_over_is_used_again() {
    let off = "m=video 0 RTP/AVP 31\r\nm=audio 0 RTP/AVP 97\r\na=rtpmap:97 PCMA/8000\r\n";
    let Negotiated { answer: off, .. } = answer(off);
    let again = reoffer(&off, &Capabilities::default(), local(Direction::SendRecv));
    let ports = again.media.iter().map(|section| section.port);
    assert_eq!(ports.collect::<Vec<_>>(), [0, 10_000]);
}

#[test]
fn an_offer_without_streams_is_answered_without() {
    for media in ["", "m=audio 0 RTP/AVP 0\r\n"] {
        let Negotiated { answer, media } = answer(media);
        assert_eq!(media, None);
        assert!(answer.media.iter().all(|section| section.port == 0));
    }
}

#[test]
fn odd_addresses_are_understood() {
    let six =
        parse("v=0\r\no=- 1 1 IN IP6 ::1\r\nc=IN IP6 2001:db8::9\r\nm=audio 4000 RTP/AVP 0\r\n");
    let ours = LocalMedia {
        address: "[2001:db8::1]:10000".parse().unwrap(),
        direction: Direction::SendRecv,
        keys: Vec::new(),
    };
    let six = negotiate(&six, &Capabilities::default(), ours, origin()).unwrap();
    assert_eq!(media(six).remote_rtp.to_string(), "[2001:db8::9]:4000");
    let rtcp = media(answer("m=audio 4000 RTP/AVP 0\r\na=rtcp:5000\r\n"));
    assert_eq!(rtcp.remote_rtcp.to_string(), "192.0.2.1:5000");
    let elsewhere = "m=audio 4000 RTP/AVP 0\r\na=rtcp:5000 IN IP4 192.0.2.9\r\n";
    assert_eq!(
        media(answer(elsewhere)).remote_rtcp.to_string(),
        "192.0.2.9:5000"
    );
    let hidden = media(answer("m=audio 4000 RTP/AVP 0\r\nc=IN IP6 x.Invalid\r\n"));
    assert!(hidden.held);
    assert_eq!(hidden.direction, Direction::RecvOnly);
    let last = media(answer("m=audio 65535 RTP/AVP 0\r\n"));
    assert_eq!(last.remote_rtcp.port(), 65_535);
}

#[test]
fn the_answers_time_is_the_offers() {
    let text = HEAD.replace("t=0 0", "t=3338481189 3370017201");
    let text = format!("{text}m=audio 4000 RTP/AVP 0\r\n");
    let offer = parse(&text);
    let capabilities = Capabilities::default();
    let negotiated = negotiate(&offer, &capabilities, local(Direction::SendRecv), origin());
    assert_eq!(
        negotiated.unwrap().answer.value('t'),
        Some("3338481189 3370017201")
    );
}

#[test]
fn our_offer_is_answered() {
    let capabilities = Capabilities {
        codecs: vec![Codec::Pcmu, Codec::Pcma],
        ..Capabilities::default()
    };
    let ours = offer(&capabilities, local(Direction::SendRecv), origin());
    assert_eq!(ours.media[0].formats, ["0", "8", "101"]);
    let theirs = format!(
        "{HEAD}m=audio 4000 RTP/AVP 18 8 96\r\na=rtpmap:96 telephone-event/8000\r\na=ptime:40\r\n"
    );
    let media = accept_answer(&ours, &parse(&theirs), &capabilities).unwrap();
    assert_eq!((media.codec, media.payload_type), (Codec::Pcma, 8));
    assert_eq!(media.receive, [(0, Codec::Pcmu), (8, Codec::Pcma)]);
    let events = media.telephone_event.unwrap();
    assert_eq!((events.send, events.receive), (96, 101));
    assert_eq!(media.ptime, Duration::from_millis(40));
}

#[test]
fn answers_that_do_not_fit_are_refused() {
    let capabilities = Capabilities::default();
    let ours = offer(&capabilities, local(Direction::SendRecv), origin());
    let refused =
        |media: &str| accept_answer(&ours, &parse(&format!("{HEAD}{media}")), &capabilities);
    let differ = |answered| {
        Err(NegotiationError::SectionsDiffer {
            offered: 1,
            answered,
        })
    };
    assert_eq!(refused(""), differ(0));
    assert_eq!(refused("m=video 4 RTP/AVP 31\r\n"), differ(1));
    let two = "m=audio 4 RTP/AVP 0\r\nm=video 0 RTP/AVP 31\r\n";
    assert_eq!(refused(two), differ(2));
    assert_eq!(
        refused("m=audio 0 RTP/AVP 0\r\n"),
        Err(NegotiationError::Refused)
    );
    let offered = vec!["3".to_owned()];
    let none = Err(NegotiationError::NoCommonCodec { offered });
    assert_eq!(refused("m=audio 4 RTP/AVP 3\r\n"), none);
}

#[test]
fn a_new_offer_keeps_sections_and_numbers() {
    let capabilities = Capabilities {
        codecs: vec![Codec::Pcmu, Codec::Pcma],
        ..Capabilities::default()
    };
    let Negotiated { answer: first, .. } = answer(
        "m=video 5000 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 97 96\r\na=rtpmap:97 PCMA/8000\r\n\
         a=rtpmap:96 telephone-event/8000\r\n",
    );
    let again = reoffer(&first, &capabilities, local(Direction::SendOnly));
    assert_eq!(again.media.len(), 2);
    assert_eq!((&*again.media[0].kind, again.media[0].port), ("video", 0));
    assert_eq!(again.media[1].formats, ["0", "97", "96"]);
    assert_eq!(again.direction(&again.media[1]), Direction::SendOnly);
    assert_eq!((&*again.origin.version, &*first.origin.version), ("1", "0"));
    let unchanged = reoffer(&again, &capabilities, local(Direction::SendOnly));
    assert_eq!(unchanged, again);
}

#[test]
fn an_offer_and_its_answer_agree() {
    let capabilities = Capabilities::default();
    for direction in Direction::ALL {
        let ours = offer(&capabilities, local(direction), origin());
        let there = LocalMedia {
            address: SocketAddr::from(([192, 0, 2, 1], 4_000)),
            direction: Direction::SendRecv,
            keys: Vec::new(),
        };
        let Negotiated { answer, media } =
            negotiate(&ours, &capabilities, there, origin()).unwrap();
        let (there, here) = (
            media.unwrap(),
            accept_answer(&ours, &answer, &capabilities).unwrap(),
        );
        assert_eq!(here.direction, there.direction.reversed());
        assert_eq!((here.codec, here.ptime), (there.codec, there.ptime));
        assert_eq!(here.direction, direction);
    }
}
