//! Descriptions usual, odd and broken.

use super::*;

const OFFER: &str = "v=0\r\n\
    o=alice 2890844526 2890844526 IN IP4 192.0.2.101\r\n\
    s=-\r\n\
    c=IN IP4 192.0.2.101\r\n\
    b=AS:64\r\n\
    t=0 0\r\n\
    a=tool:something 1.0\r\n\
    m=audio 49172 RTP/AVP 0 97 101\r\n\
    i=the voice\r\n\
    b=TIAS:64000\r\n\
    b=AS:64\r\n\
    a=rtpmap:97 iLBC/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-15\r\n\
    a=ptime:20\r\n\
    a=sendrecv\r\n\
    m=video 49174/2 RTP/AVP 31\r\n\
    c=IN IP6 2001:db8::1\r\n\
    a=sendonly\r\n";

fn parse(text: &str) -> SessionDescription<'_> {
    SessionDescription::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn what_is_read_is_what_is_written() {
    assert_eq!(parse(OFFER).to_string(), OFFER);
}

#[test]
fn the_lines_that_matter_are_understood() {
    let offer = parse(OFFER);
    assert_eq!(offer.origin.session_id, "2890844526");
    assert_eq!(offer.value('t'), Some("0 0"));
    let [audio, video] = &offer.media[..] else {
        panic!("{offer:?}")
    };
    assert_eq!((audio.port, audio.port_count), (49_172, 1));
    assert_eq!((video.port, video.port_count), (49_174, 2));
    assert_eq!(audio.formats, ["0", "97", "101"]);
    let map = audio.rtpmap(97).unwrap();
    assert_eq!(
        (map.encoding, map.clock_rate_hz, map.channels),
        ("iLBC", 8_000, 1)
    );
    assert_eq!(audio.rtpmap(0), None);
    assert_eq!(audio.milliseconds("ptime"), Some(20));
    assert_eq!(offer.direction(audio), Direction::SendRecv);
    assert_eq!(offer.direction(video), Direction::SendOnly);
    let ip = |section| {
        offer
            .connection(section)
            .and_then(Address::ip)
            .unwrap()
            .to_string()
    };
    assert_eq!(ip(audio), "192.0.2.101");
    assert_eq!(ip(video), "2001:db8::1");
}

#[test]
fn odd_descriptions_are_read() {
    let odd = [
        // Bare line feeds, no name, no time, blank lines at the end.
        "v=0\no=- 1 1 IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1\nm=audio 4000 RTP/AVP 0\n\n\n",
        // An empty name and an empty time.
        "v=0\r\no=- 1 1 IN IP4 h\r\ns=\r\nt=\r\nm=audio 4000 RTP/AVP 0\r\n",
        // No media at all.
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=x\r\nt=0 0\r\n",
        // Lines out of order, unknown letters, an attribute without name, a port count, no formats.
        "v=0\r\nz=0 0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=x\r\ny=?\r\nb=\r\na=\r\nt=0 0\r\nm=audio 4000/2 RTP/AVP\r\nc=IN IP4 224.2.1.1/127/3\r\n",
        // Numbers beyond 64 bits, spaces at line ends, several names of users.
        "v=0 \r\no=u 99999999999999999999999999 99999999999999999999999999 IN IP6 ::1 \r\ns=- \r\nc=IN IP6 ::1\r\nt=0 0 \r\nm=audio 4000 RTP/AVP 0 \r\n",
        // An address in brackets, and attributes with colons in their values.
        "v=0\r\no=- 1 1 IN IP6 [2001:db8::1]\r\ns=-\r\nc=IN IP6 [2001:db8::1]\r\nt=0 0\r\na=key:a:b:c\r\nm=audio 4000 RTP/AVP 0\r\n",
        // No line end at the end.
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0",
    ];
    for text in odd {
        let description = parse(text);
        assert_eq!(parse(&description.to_string()), description, "{text}");
    }
}

#[test]
fn what_is_no_description_is_refused() {
    use SdpError::{Malformed, NoOrigin, Version};
    let wrong = [
        ("", NoOrigin),
        ("hello", Version),
        ("v=1\r\no=- 1 1 IN IP4 h\r\n", Version),
        ("o=- 1 1 IN IP4 h\r\nv=0\r\n", Version),
        ("v=0\r\ns=-\r\nt=0 0\r\n", NoOrigin),
        ("v=0\r\no=- 1\r\n", Malformed { line: 2 }),
        (
            "v=0\r\no=- 1 1 IN IP4 h\r\nm=audio\r\n",
            Malformed { line: 3 },
        ),
        (
            "v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 70000 RTP/AVP 0\r\n",
            Malformed { line: 3 },
        ),
        ("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN\r\n", Malformed { line: 3 }),
        (
            "v=0\r\no=- 1 1 IN IP4 h\r\n\u{e9}\r\n",
            Malformed { line: 3 },
        ),
    ];
    for (text, error) in wrong {
        assert_eq!(SessionDescription::parse(text), Err(error), "{text}");
    }
}

#[test]
fn size_and_counts_are_capped() {
    let head = "v=0\r\no=- 1 1 IN IP4 h\r\n";
    let long = format!("{head}s={}\r\n", "x".repeat(MAX_OCTETS));
    let many = format!("{head}{}", "a=x\r\n".repeat(MAX_LINES));
    let media = format!("{head}{}", "m=audio 4 RTP/AVP 0\r\n".repeat(MAX_MEDIA + 1));
    assert_eq!(
        SessionDescription::parse(&long),
        Err(SdpError::TooLong(long.len()))
    );
    assert_eq!(
        SessionDescription::parse(&many),
        Err(SdpError::TooManyLines)
    );
    assert_eq!(
        SessionDescription::parse(&media),
        Err(SdpError::TooManyMedia)
    );
}

#[test]
fn any_cut_or_changed_octet_is_read_or_refused() {
    for at in 0..OFFER.len() {
        let _ = SessionDescription::parse(&OFFER[..at]);
        for other in ["", "\r", "\n", "=", ":", "/", " ", "9", "\u{fffd}"] {
            let text = format!("{}{other}{}", &OFFER[..at], &OFFER[at + 1..]);
            if let Ok(description) = SessionDescription::parse(&text) {
                assert_eq!(parse(&description.to_string()), description, "{text}");
            }
        }
    }
}

#[test]
fn versions_grow_with_changes_only() {
    let first = parse(OFFER);
    let same = first.clone().succeeding(&first);
    assert_eq!(same, first);
    let mut changed = first.clone();
    changed.media.pop();
    let changed = changed.succeeding(&first);
    assert_eq!(changed.origin.version, "2890844527");
    assert_eq!(changed.origin.session_id, first.origin.session_id);
}

#[test]
fn directions_mirror_and_limit() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (direction, reversed) in [
        (SendRecv, SendRecv),
        (SendOnly, RecvOnly),
        (RecvOnly, SendOnly),
        (Inactive, Inactive),
    ] {
        assert_eq!(direction.reversed(), reversed);
        assert_eq!(
            Direction::from_name(&direction.to_string()),
            Some(direction)
        );
        assert_eq!(direction.and(SendRecv), direction);
        assert_eq!(direction.and(Inactive), Inactive);
    }
    assert_eq!(SendOnly.and(RecvOnly), Inactive);
}
