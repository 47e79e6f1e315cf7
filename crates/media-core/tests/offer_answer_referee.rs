//! Long sessions with a peer that changes its mind about everything, watched by a referee who knows the rules of RFC 3264 and
//! reads nothing but the lines of both. The peer and the referee share no code with the library.

#![cfg(test)]

use std::collections::HashMap;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_media_core::negotiate::{accept_answer, negotiate, offer, reoffer};
use rvoip_media_core::sdp::Origin;
use rvoip_media_core::{Capabilities, Codec, Direction, LocalMedia, SessionDescription};

const DIRECTIONS: [&str; 4] = ["sendrecv", "sendonly", "recvonly", "inactive"];
/// What a party may answer to each of these (section 6.1).
const ALLOWED: [&[&str]; 4] = [
    &["sendrecv", "sendonly", "recvonly", "inactive"],
    &["recvonly", "inactive"],
    &["sendonly", "inactive"],
    &["inactive"],
];
const CODECS: [&str; 3] = ["PCMU/8000", "PCMA/8000", "G722/8000"];

fn sends(direction: &str) -> bool {
    matches!(direction, "sendrecv" | "sendonly")
}

fn receives(direction: &str) -> bool {
    matches!(direction, "sendrecv" | "recvonly")
}

/// A media section as its lines say.
#[derive(Debug, Clone)]
struct Section {
    kind: String,
    port: u16,
    protocol: String,
    /// Payload types with what they stand for.
    formats: Vec<(u8, String)>,
    direction: String,
    zeros: bool,
    mux: bool,
    metrics: bool,
    ptime: Option<u32>,
}

/// A description as its lines say.
#[derive(Debug)]
struct Described {
    origin: Vec<String>,
    time: String,
    sections: Vec<Section>,
    /// All but the `o=` line.
    rest: String,
}

fn read(text: &str) -> Described {
    let line = |letter: &str| {
        let mut lines = text.lines();
        lines
            .find_map(|line| line.strip_prefix(letter))
            .unwrap_or_default()
    };
    let session = text.split("m=").next().unwrap();
    let zeros_of = |part: &str, inherited: bool| match part.split("c=IN IP4 ").nth(1) {
        Some(address) => address.starts_with("0.0.0.0"),
        None => inherited,
    };
    let direction_of = |part: &str| {
        let mut lines = part.lines();
        lines.find_map(|line| {
            let name = line.strip_prefix("a=")?;
            DIRECTIONS.contains(&name).then(|| name.to_owned())
        })
    };
    let sections = text.split("m=").skip(1).map(|part| {
        let words: Vec<&str> = part.lines().next().unwrap().split(' ').collect();
        let map = |number: &str| {
            let prefix = format!("a=rtpmap:{number} ");
            let mapped = part.lines().find_map(|line| line.strip_prefix(&*prefix));
            match (mapped, number) {
                (Some(map), _) => map.to_owned(),
                (None, "0") => CODECS[0].to_owned(),
                (None, "8") => CODECS[1].to_owned(),
                (None, "9") => CODECS[2].to_owned(),
                _ => "?".to_owned(),
            }
        };
        let has = |line: &str| part.lines().any(|it| it == line);
        let ptime = part.lines().find_map(|line| line.strip_prefix("a=ptime:"));
        Section {
            kind: words[0].to_owned(),
            port: words[1].parse().unwrap(),
            protocol: words[2].to_owned(),
            formats: words[3..]
                .iter()
                .filter_map(|it| Some((it.parse().ok()?, map(it))))
                .collect(),
            direction: direction_of(part)
                .or_else(|| direction_of(session))
                .unwrap_or("sendrecv".to_owned()),
            zeros: zeros_of(part, zeros_of(session, false)),
            mux: has("a=rtcp-mux"),
            metrics: has("a=rtcp-xr:voip-metrics"),
            ptime: ptime.map(|text| text.parse().unwrap()),
        }
    });
    let rest: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("o="))
        .collect();
    Described {
        origin: line("o=").split(' ').map(str::to_owned).collect(),
        time: line("t=").to_owned(),
        sections: sections.collect(),
        rest: rest.join("\n"),
    }
}

/// The other party: writes offers and answers by itself.
struct Peer {
    rng: StdRng,
    sections: Vec<Section>,
    version: u32,
}

impl Peer {
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.random_range(0..of.len())]
    }

    fn coin(&mut self) -> bool {
        self.rng.random()
    }

    fn formats(&mut self) -> Vec<(u8, String)> {
        let mut formats = Vec::new();
        for (number, codec) in [0, 8, 9].into_iter().zip(CODECS) {
            if self.coin() {
                // Under its own number, or under one of the day.
                let number = if self.coin() { number } else { number + 100 };
                formats.push((number, codec.to_owned()));
            }
        }
        if self.coin() {
            formats.reverse();
        }
        if self.coin() {
            formats.insert(0, (18, "G729/8000".to_owned()));
        }
        if formats.is_empty() {
            formats.push((3, "GSM/8000".to_owned()));
        }
        if self.coin() {
            formats.push((
                self.pick(&[96, 101, 127]),
                "telephone-event/8000".to_owned(),
            ));
        }
        formats
    }

    fn section(&mut self) -> Section {
        let kind = self.pick(&["audio", "audio", "audio", "video"]);
        Section {
            kind: kind.to_owned(),
            port: self.pick(&[0, 4_000, 4_002, 5_000]),
            protocol: self
                .pick(&["RTP/AVP", "RTP/AVP", "RTP/AVPF", "UDP/TLS/RTP/SAVPF"])
                .to_owned(),
            formats: self.formats(),
            direction: self.pick(&DIRECTIONS).to_owned(),
            zeros: self.rng.random_bool(0.1),
            mux: self.coin(),
            metrics: self.coin(),
            ptime: self.coin().then_some(20),
        }
    }

    /// Changes something, and offers it.
    fn offer(&mut self) -> String {
        let index = self.rng.random_range(0..self.sections.len());
        match self.rng.random_range(0..6) {
            0 if self.sections.len() < 5 => {
                let section = self.section();
                self.sections.push(section);
            }
            1 => self.sections[index].port = 0,
            2 => self.sections[index].port = self.pick(&[4_000, 4_002, 6_000]),
            3 => self.sections[index].direction = self.pick(&DIRECTIONS).to_owned(),
            4 => self.sections[index].formats = self.formats(),
            _ => self.sections[index].mux ^= true,
        }
        let sections = self.sections.clone();
        self.text(&sections)
    }

    /// Answers an offer: its first audio in some of its codecs, under numbers of its own, in a direction that is allowed.
    fn answer(&mut self, offer: &Described) -> (String, Option<usize>) {
        let carried = offer
            .sections
            .iter()
            .position(|it| it.kind == "audio" && it.port != 0);
        let mut sections = offer.sections.clone();
        for (index, section) in sections.iter_mut().enumerate() {
            if Some(index) != carried {
                section.port = 0;
                continue;
            }
            let asked = DIRECTIONS.iter().position(|it| *it == section.direction);
            section.direction = self.pick(ALLOWED[asked.unwrap()]).to_owned();
            section.port = self.pick(&[4_000, 7_000]);
            section.mux &= self.coin();
            section.metrics &= self.coin();
            section.zeros = false;
            section.ptime = Some(self.pick(&[20, 40]));
            let known = |it: &(u8, String)| CODECS.contains(&&*it.1);
            let first = section.formats.iter().position(known).unwrap();
            let keep = if self.coin() {
                first + 1
            } else {
                section.formats.len()
            };
            section.formats.truncate(keep);
            if self.coin() {
                section.formats.retain(|it| known(it));
                section.formats.reverse();
            }
            for format in &mut section.formats {
                if format.0 > 95 {
                    format.0 = format.0 % 20 + 100;
                }
            }
        }
        (self.text(&sections), carried)
    }

    fn text(&mut self, sections: &[Section]) -> String {
        self.version += 1;
        let mut text = format!(
            "v=0\r\no=- 7 {} IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n",
            self.version
        );
        for section in sections {
            let numbers: Vec<String> = section.formats.iter().map(|it| it.0.to_string()).collect();
            let (kind, port, protocol) = (&section.kind, section.port, &section.protocol);
            text += &format!("m={kind} {port} {protocol} {}\r\n", numbers.join(" "));
            if section.zeros {
                text += "c=IN IP4 0.0.0.0\r\n";
            }
            for (number, map) in &section.formats {
                text += &format!("a=rtpmap:{number} {map}\r\n");
            }
            let lines = [
                section.mux.then(|| "rtcp-mux".to_owned()),
                section.metrics.then(|| "rtcp-xr:voip-metrics".to_owned()),
                section.ptime.map(|ptime| format!("ptime:{ptime}")),
                Some(section.direction.clone()),
            ];
            for line in lines.into_iter().flatten() {
                text += &format!("a={line}\r\n");
            }
        }
        text
    }
}

/// Watches what we say.
#[derive(Default)]
struct Referee {
    before: Option<String>,
    /// What our payload types stand for, while the stream of a place lives (section 8.3.2).
    meanings: HashMap<(usize, u8), String>,
}

impl Referee {
    fn hear(&mut self, text: &str) -> Described {
        let now = read(text);
        if let Some(before) = self.before.replace(text.to_owned()) {
            let before = read(&before);
            let version = |it: &Described| it.origin[2].parse::<u64>().unwrap();
            let grown = u64::from(before.rest != now.rest);
            assert_eq!(version(&now), version(&before) + grown, "section 8");
            let rest = |it: &Described| [0, 1, 3, 4, 5].map(|n| it.origin[n].clone());
            assert_eq!(rest(&before), rest(&now), "section 8: the rest of o=");
            assert!(now.sections.len() >= before.sections.len(), "section 8");
        }
        now
    }

    /// Rules for an offer of ours.
    fn offered(&mut self, text: &str) -> Described {
        let offer = self.hear(text);
        for (place, section) in offer.sections.iter().enumerate() {
            for (number, map) in section.formats.iter().filter(|_| section.port != 0) {
                let known = self.meanings.entry((place, *number)).or_insert(map.clone());
                assert_eq!(known, map, "section 8.3.2: {number}");
            }
        }
        offer
    }

    /// Rules for an answer of ours; the place of the stream that it takes.
    fn answered(&mut self, offer: &Described, text: &str) -> Option<usize> {
        let answer = self.hear(text);
        assert_eq!(answer.time, offer.time, "section 6");
        assert_eq!(answer.sections.len(), offer.sections.len(), "section 6");
        let mut taken = Vec::new();
        self.meanings.clear();
        for (place, (ours, theirs)) in answer.sections.iter().zip(&offer.sections).enumerate() {
            assert_eq!(
                (&ours.kind, &ours.protocol),
                (&theirs.kind, &theirs.protocol)
            );
            assert!(!ours.formats.is_empty(), "RFC 8866 section 5.14");
            assert!(theirs.port != 0 || ours.port == 0, "section 6: {place}");
            if ours.port == 0 {
                continue;
            }
            taken.push(place);
            for format in &ours.formats {
                assert!(theirs.formats.contains(format), "section 6.1: {format:?}");
                self.meanings.insert((place, format.0), format.1.clone());
            }
            let (offered, answered) = (&*theirs.direction, &*ours.direction);
            assert!(
                !sends(answered) || receives(offered) && !theirs.zeros,
                "6.1, 8.4"
            );
            assert!(!receives(answered) || sends(offered), "section 6.1");
            assert!(!ours.mux || theirs.mux, "RFC 5761 section 5.1.1");
            assert!(!ours.metrics || theirs.metrics, "RFC 3611 section 5.2");
            assert!(ours.ptime.is_some_and(|ptime| ptime > 0));
        }
        assert!(taken.len() <= 1);
        taken.first().copied()
    }
}

fn local(direction: usize) -> LocalMedia {
    LocalMedia {
        address: "198.51.100.1:10000".parse().unwrap(),
        direction: Direction::ALL[direction],
        keys: Vec::new(),
    }
}

/// Lets both talk; how many offers of the peer and of ours were agreed on.
fn run(seed: u64) -> [u32; 2] {
    let mut agreed = [0; 2];
    let mut rng = StdRng::seed_from_u64(seed);
    let capabilities = Capabilities {
        codecs: vec![Codec::Pcmu, Codec::Pcma, Codec::G722],
        rtcp_mux: rng.random(),
        extended_reports: rng.random(),
        ..Capabilities::default()
    };
    let origin = || Origin::new(5, [198, 51, 100, 1].into());
    let mut peer = Peer {
        rng: StdRng::seed_from_u64(seed ^ 0xFEED),
        sections: Vec::new(),
        version: 0,
    };
    let first = peer.section();
    peer.sections.push(first);
    let mut referee = Referee::default();
    let mut ours: Option<String> = None;
    for _ in 0..12 {
        let wanted = rng.random_range(0..4);
        if rng.random() {
            let text = peer.offer();
            let offered = read(&text);
            let description = SessionDescription::parse(&text).unwrap();
            let negotiated = negotiate(&description, &capabilities, local(wanted), origin());
            let fits = |it: &Section| {
                it.kind == "audio"
                    && it.port != 0
                    && it.protocol.starts_with("RTP/AVP")
                    && it.formats.iter().any(|it| CODECS.contains(&&*it.1))
            };
            let expected = offered.sections.iter().position(fits);
            let is_off = offered.sections.iter().all(|it| it.port == 0);
            let Ok(negotiated) = negotiated else {
                // Refused, and the session stays as it was.
                assert!(expected.is_none() && !is_off, "{text}");
                continue;
            };
            let answer = match &ours {
                Some(before) => {
                    let before = SessionDescription::parse(before).unwrap();
                    negotiated.answer.succeeding(&before).to_text()
                }
                None => negotiated.answer.to_text(),
            };
            assert_eq!(
                referee.answered(&offered, &answer),
                expected,
                "{text}\n{answer}"
            );
            let told = read(&answer);
            if let (Some(place), Some(media)) = (expected, negotiated.media) {
                let (theirs, mine) = (&offered.sections[place], &told.sections[place]);
                assert_eq!(media.remote_rtp.port(), theirs.port);
                assert_eq!(
                    media.remote_rtcp.port(),
                    theirs.port + u16::from(!theirs.mux)
                );
                assert_eq!(
                    media.extended_reports,
                    theirs.metrics && capabilities.extended_reports
                );
                assert_eq!(media.direction.as_str(), mine.direction);
                let known = |it: &&(u8, String)| CODECS.contains(&&*it.1);
                let (number, map) = theirs.formats.iter().find(known).unwrap();
                assert_eq!(
                    (media.payload_type, media.codec.name()),
                    (*number, map.split('/').next().unwrap())
                );
            }
            agreed[0] += u32::from(expected.is_some());
            ours = Some(answer);
        } else {
            let text = match &ours {
                Some(before) => {
                    let before = SessionDescription::parse(before).unwrap();
                    // The peer would have to list what it has not: it never saw a refused offer of its own go through.
                    if before.media.len() != peer.sections.len() {
                        break;
                    }
                    reoffer(&before, &capabilities, local(wanted)).to_text()
                }
                None => offer(&capabilities, local(wanted), origin()).to_text(),
            };
            let offered = referee.offered(&text);
            let (answer, carried) = peer.answer(&offered);
            let (mine, theirs) = (
                SessionDescription::parse(&text).unwrap(),
                SessionDescription::parse(&answer).unwrap(),
            );
            let media = accept_answer(&mine, &theirs, &capabilities).unwrap();
            let place = carried.unwrap();
            let told = read(&answer);
            let (mine, theirs) = (&offered.sections[place], &told.sections[place]);
            assert_eq!(
                media.direction.sends(),
                sends(&mine.direction) && receives(&theirs.direction)
            );
            assert_eq!(
                media.direction.receives(),
                receives(&mine.direction) && sends(&theirs.direction)
            );
            let known = |it: &&(u8, String)| CODECS.contains(&&*it.1);
            let (number, map) = theirs.formats.iter().find(known).unwrap();
            assert_eq!(
                (media.payload_type, media.codec.name()),
                (*number, map.split('/').next().unwrap())
            );
            let expected: Vec<u8> = mine.formats.iter().filter(known).map(|it| it.0).collect();
            let receive: Vec<u8> = media.receive.iter().map(|it| it.0).collect();
            assert_eq!(receive, expected, "section 5.1: our numbers");
            assert_eq!(
                media.remote_rtcp.port(),
                theirs.port + u16::from(!theirs.mux)
            );
            assert_eq!(media.extended_reports, theirs.metrics);
            assert_eq!(media.ptime.as_millis(), u128::from(theirs.ptime.unwrap()));
            // From now on the peer's session is the one that we have laid out.
            peer.sections = told.sections;
            agreed[1] += 1;
            ours = Some(text);
        }
    }
    agreed
}

#[test]
fn nothing_that_is_said_in_a_long_session_breaks_a_rule() {
    let mut agreed = [0; 2];
    for seed in 0..3_000 {
        let outcome = std::panic::catch_unwind(|| run(seed));
        let Ok(outcome) = outcome else {
            panic!("seed {seed}");
        };
        agreed = [agreed[0] + outcome[0], agreed[1] + outcome[1]];
    }
    assert!(agreed.iter().all(|count| *count > 5_000), "{agreed:?}");
}
