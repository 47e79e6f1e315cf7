//! Offers of any shape against a small model of RFC 3264, which is written as tables and shares nothing with the code.

#![cfg(test)]

use std::net::SocketAddr;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rvoip_media_core::negotiate::{Negotiated, accept_answer, negotiate, reoffer};
use rvoip_media_core::sdp::{MediaDescription, Origin};
use rvoip_media_core::{Capabilities, Codec, Direction, LocalMedia, SessionDescription};

/// RFC 3264 section 6.1: what the answerer does, by what is offered and what it wants. Rows and columns in the order
/// sendrecv, sendonly, recvonly, inactive.
const DIRECTIONS: [&str; 4] = ["sendrecv", "sendonly", "recvonly", "inactive"];
const ANSWERED: [[&str; 4]; 4] = [
    ["sendrecv", "sendonly", "recvonly", "inactive"],
    ["recvonly", "inactive", "recvonly", "inactive"],
    ["sendonly", "sendonly", "inactive", "inactive"],
    ["inactive", "inactive", "inactive", "inactive"],
];
/// The same when the offer has an address of all zeros, which takes its receiving away.
const ANSWERED_ZEROS: [[&str; 4]; 4] = [
    ["recvonly", "inactive", "recvonly", "inactive"],
    ["recvonly", "inactive", "recvonly", "inactive"],
    ["inactive", "inactive", "inactive", "inactive"],
    ["inactive", "inactive", "inactive", "inactive"],
];

/// A section as it is offered.
#[derive(Debug, Clone)]
struct Section {
    kind: &'static str,
    port: u16,
    protocol: &'static str,
    formats: Vec<&'static str>,
    /// At its own level, and its own address.
    direction: Option<usize>,
    zeros: bool,
    ptime: Option<u32>,
    rtcp_mux: bool,
    noise: Vec<&'static str>,
}

#[derive(Debug, Clone)]
struct Offer {
    direction: Option<usize>,
    sections: Vec<Section>,
}

fn sections() -> impl Strategy<Value = Section> {
    let formats = vec!["0", "8", "9", "18", "96", "101"];
    let noise = vec![
        "a=silenceSupp:off - - - -",
        "b=AS:64",
        "a=mid:1",
        "a=ssrc:1 cname:x",
        "a=rtcp-fb:* nack",
        "a=X-anything",
        "i=title",
        "a=label:1",
    ];
    let what = (
        select(vec!["audio", "audio", "audio", "video", "image", "text"]),
        select(vec![0, 4_000, 4_000, 5_000]),
        select(vec![
            "RTP/AVP",
            "RTP/AVP",
            "RTP/AVPF",
            "RTP/SAVP",
            "UDP/TLS/RTP/SAVPF",
            "udptl",
        ]),
        subsequence(formats, 1..=6).prop_shuffle(),
    );
    let how = (
        proptest::option::of(0..4usize),
        proptest::bool::weighted(0.2),
        proptest::option::of(select(vec![10, 20, 30, 40, 60, 500])),
        any::<bool>(),
        subsequence(noise, 0..=8),
    );
    (what, how).prop_map(|(what, how)| {
        let (kind, port, protocol, formats) = what;
        let (direction, zeros, ptime, rtcp_mux, noise) = how;
        Section {
            kind,
            port,
            protocol,
            formats,
            direction,
            zeros,
            ptime,
            rtcp_mux,
            noise,
        }
    })
}

fn offers() -> impl Strategy<Value = Offer> {
    let sections = proptest::collection::vec(sections(), 1..6);
    (proptest::option::of(0..4usize), sections).prop_map(|(direction, sections)| Offer {
        direction,
        sections,
    })
}

impl Offer {
    fn text(&self, version: u32) -> String {
        let mut text = format!(
            "v=0\r\no=- 7 {version} IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        );
        let mut line = |line: &str| {
            text.push_str(line);
            text.push_str("\r\n");
        };
        if let Some(direction) = self.direction {
            line(&format!("a={}", DIRECTIONS[direction]));
        }
        for section in &self.sections {
            let Section {
                kind,
                port,
                protocol,
                formats,
                ..
            } = section;
            line(&format!("m={kind} {port} {protocol} {}", formats.join(" ")));
            if section.zeros {
                line("c=IN IP4 0.0.0.0");
            }
            line("a=rtpmap:96 opus/48000/2");
            line("a=rtpmap:101 telephone-event/8000");
            section.noise.iter().for_each(|noise| line(noise));
            if section.rtcp_mux {
                line("a=rtcp-mux");
            }
            if let Some(ptime) = section.ptime {
                line(&format!("a=ptime:{ptime}"));
            }
            if let Some(direction) = section.direction {
                line(&format!("a={}", DIRECTIONS[direction]));
            }
        }
        text
    }

    /// The section that is to be carried and its codec: the first audio over plain RTP that is switched on and has one.
    fn carried(&self) -> Option<(usize, &'static str)> {
        let mut sections = self.sections.iter().enumerate();
        sections.find_map(|(index, section)| {
            let plain = matches!(section.protocol, "RTP/AVP" | "RTP/AVPF");
            let codec = section
                .formats
                .iter()
                .find(|format| matches!(**format, "0" | "8"))?;
            (section.kind == "audio" && section.port != 0 && plain).then_some((index, *codec))
        })
    }
}

fn local(wanted: usize) -> LocalMedia {
    LocalMedia {
        address: SocketAddr::from(([198, 51, 100, 1], 10_000)),
        direction: Direction::ALL[wanted],
        keys: Vec::new(),
    }
}

fn origin() -> Origin<'static> {
    Origin::new(5, [198, 51, 100, 1].into())
}

fn capabilities() -> Capabilities {
    Capabilities {
        codecs: vec![Codec::Pcmu, Codec::Pcma],
        ..Capabilities::default()
    }
}

fn has(section: &MediaDescription<'_>, name: &str) -> bool {
    section.attributes().any(|attribute| attribute.is(name))
}

proptest! {
    #[test]
    fn an_answer_is_what_the_tables_say(offer in offers(), wanted in 0..4usize) {
        let text = offer.text(1);
        let theirs = SessionDescription::parse(&text).unwrap();
        let negotiated = negotiate(&theirs, &capabilities(), local(wanted), origin());
        let Some((carried, codec)) = offer.carried() else {
            let off = offer.sections.iter().all(|section| section.port == 0);
            prop_assert_eq!(negotiated.is_ok(), off);
            if let Ok(Negotiated { answer, media }) = negotiated {
                prop_assert_eq!(media, None);
                prop_assert!(answer.media.iter().all(|section| section.port == 0));
            }
            return Ok(());
        };
        let Negotiated { answer, media } = negotiated.unwrap();
        let media = media.unwrap();
        prop_assert_eq!(answer.media.len(), offer.sections.len());
        for (index, (ours, theirs)) in answer.media.iter().zip(&offer.sections).enumerate() {
            prop_assert_eq!(&*ours.kind, theirs.kind);
            prop_assert_eq!(&*ours.protocol, theirs.protocol);
            prop_assert_eq!(ours.port, if index == carried { 10_000 } else { 0 });
            prop_assert!(!ours.formats.is_empty());
            prop_assert!(ours.formats.iter().all(|format| theirs.formats.contains(&&**format)));
        }
        let (ours, theirs) = (&answer.media[carried], &offer.sections[carried]);
        prop_assert_eq!(&*ours.formats[0], codec);
        prop_assert_eq!(has(ours, "rtcp-mux"), theirs.rtcp_mux);
        prop_assert_eq!(media.remote_rtcp.port(), theirs.port + u16::from(!theirs.rtcp_mux));
        prop_assert_eq!(media.telephone_event.is_some(), theirs.formats.contains(&"101"));
        let offered = theirs.direction.or(offer.direction).unwrap_or(0);
        let table = if theirs.zeros { ANSWERED_ZEROS } else { ANSWERED };
        prop_assert_eq!(answer.direction(ours).as_str(), table[offered][wanted]);
        prop_assert_eq!(media.direction.as_str(), table[offered][wanted]);
        // The length asked for, in whole frames of 20 ms, at most 120 ms.
        let milliseconds = match theirs.ptime {
            None | Some(10 | 20 | 30) => 20,
            Some(40) => 40,
            Some(60) => 60,
            _ => 120,
        };
        prop_assert_eq!(media.ptime.as_millis(), milliseconds);
        // The offerer, were it this code, would take the answer (section 7), unless it had offered what we never do.
        prop_assert_eq!(accept_answer(&theirs_again(&text), &answer, &capabilities()).is_ok(), first_audio(&offer) == Some(carried));
    }

    /// Any number of new offers by either side: no stream ever changes its place, and the version grows by one with each
    /// change and stays without one (sections 5 and 8).
    #[test]
    fn streams_keep_their_places_through_new_offers(
        offer in offers(),
        turns in proptest::collection::vec((any::<bool>(), 0..4usize), 1..8),
    ) {
        let text = offer.text(1);
        let theirs = SessionDescription::parse(&text).unwrap();
        let Ok(first) = negotiate(&theirs, &capabilities(), local(0), origin()) else {
            return Ok(());
        };
        let mut ours = first.answer.to_text();
        for (we_offer, wanted) in turns {
            let before = SessionDescription::parse(&ours).unwrap();
            // A stream that we have added is one that the peer would have to list.
            let protocols = |it: &SessionDescription<'_>| -> Vec<String> {
                it.media.iter().map(|section| section.protocol.to_string()).collect()
            };
            if !we_offer && protocols(&before) != protocols(&theirs) {
                break;
            }
            let next = match we_offer {
                true => reoffer(&before, &capabilities(), local(wanted)),
                false => {
                    let again = negotiate(&theirs, &capabilities(), local(wanted), origin());
                    again.unwrap().answer.succeeding(&before)
                }
            };
            let version = |description: &SessionDescription<'_>| {
                description.origin.version.parse::<u64>().unwrap()
            };
            prop_assert!(next.media.len() >= before.media.len());
            for (new, old) in next.media.iter().zip(&before.media) {
                prop_assert_eq!(&new.kind, &old.kind);
                // The place of a stream that is over may have another one (section 8.1).
                prop_assert!(new.protocol == old.protocol || old.port == 0);
            }
            let same = SessionDescription { origin: before.origin.clone(), ..next.clone() } == before;
            prop_assert_eq!(version(&next), version(&before) + u64::from(!same));
            ours = next.to_text();
        }
    }
}

fn theirs_again(text: &str) -> SessionDescription<'_> {
    SessionDescription::parse(text).unwrap()
}

/// The first section that this code would take for the one it has offered.
fn first_audio(offer: &Offer) -> Option<usize> {
    offer.sections.iter().position(|section| {
        section.kind == "audio"
            && section.port != 0
            && matches!(section.protocol, "RTP/AVP" | "RTP/AVPF" | "RTP/SAVP")
    })
}
