//! Examples of RFC 2046, what is refused, bounds, and a round trip of any parts.

use proptest::prelude::*;

use super::*;
use crate::header::ContentDisposition;
use crate::{Header, HeaderName};

fn parse(content_type: &str, body: &[u8]) -> Result<Multipart, MultipartError> {
    let content_type = content_type.parse().unwrap();
    Multipart::parse(
        &content_type,
        Bytes::copy_from_slice(body),
        &MultipartLimits::DEFAULT,
    )
}

fn bodies(multipart: &Multipart) -> Vec<&[u8]> {
    multipart
        .parts()
        .iter()
        .map(|part| &part.body()[..])
        .collect()
}

/// RFC 2046 section 5.1.1, the example of a multipart with preamble, epilogue, a part without and one with headers, of which
/// the first does not end with a line break and the second does.
#[test]
fn the_example_of_rfc_2046() {
    let body = b"This is the preamble.  It is to be ignored, though it\r\n\
        is a handy place for composition agents to include an\r\n\
        explanatory note to non-MIME conformant readers.\r\n\r\n\
        --simple boundary\r\n\r\n\
        This is implicitly typed plain US-ASCII text.\r\n\
        It does NOT end with a linebreak.\r\n\
        --simple boundary\r\n\
        Content-type: text/plain; charset=us-ascii\r\n\r\n\
        This is explicitly typed plain US-ASCII text.\r\n\
        It DOES end with a linebreak.\r\n\r\n\
        --simple boundary--\r\n\r\n\
        This is the epilogue.  It is also to be ignored.\r\n";
    let read = parse("multipart/mixed; boundary=\"simple boundary\"", body).unwrap();
    assert_eq!(
        bodies(&read),
        [
            b"This is implicitly typed plain US-ASCII text.\r\nIt does NOT end with a linebreak."
                .as_slice(),
            b"This is explicitly typed plain US-ASCII text.\r\nIt DOES end with a linebreak.\r\n",
        ]
    );
    assert!(read.parts().iter().all(|part| part.is("text/plain")));
    let content_type = read.parts()[1].content_type().unwrap().unwrap();
    assert_eq!(content_type.params().get("charset"), Some("us-ascii"));
}

#[test]
fn a_delimiter_is_a_whole_line() {
    let body = b"--b \t\r\n\r\n--bc\r\n --b\r\nx--b\r\n--b-\r\n--b --\r\n--b\r\n\r\n\r\n--b--";
    let read = parse("multipart/mixed;boundary=b", body).unwrap();
    let first = b"--bc\r\n --b\r\nx--b\r\n--b-\r\n--b --".as_slice();
    assert_eq!(bodies(&read), [first, b""]);
    // Lines of line feeds alone.
    let read = parse(
        "multipart/mixed;boundary=b",
        b"--b\nSubject: x\n\nc\n--b--\n",
    )
    .unwrap();
    assert_eq!(bodies(&read), [b"c"]);
    assert_eq!(
        read.parts()[0].headers().raw(&HeaderName::Subject),
        Some("x")
    );
}

#[test]
fn parts_may_be_empty_or_have_headers_alone() {
    let body =
        b"--b\r\n--b\r\n\r\n--b\r\nContent-ID: <1@a>\r\n--b\r\nContent-ID: <2@a>\r\n\r\n--b--";
    let read = parse("multipart/related;boundary=b", body).unwrap();
    assert_eq!(bodies(&read), [b""; 4]);
    let lines: Vec<usize> = read
        .parts()
        .iter()
        .map(|part| part.headers().len())
        .collect();
    assert_eq!(lines, [0, 0, 1, 1]);
    assert_eq!(read.subtype(), "related");
}

#[test]
fn what_cannot_be_taken_apart_is_refused() {
    for (content_type, body, error) in [
        (
            "application/sdp;boundary=b",
            "--b\r\n\r\n--b--",
            MultipartError::OtherType,
        ),
        (
            "multipart/mixed",
            "--b\r\n\r\n--b--",
            MultipartError::Boundary,
        ),
        (
            "multipart/mixed;boundary=\"b \"",
            "--b \r\n\r\n--b --",
            MultipartError::Boundary,
        ),
        (
            "multipart/mixed;boundary=\"b<\"",
            "--b<\r\n\r\n--b<--",
            MultipartError::Boundary,
        ),
        ("multipart/mixed;boundary=b", "", MultipartError::Empty),
        (
            "multipart/mixed;boundary=b",
            "--b--\r\n",
            MultipartError::Empty,
        ),
        (
            "multipart/mixed;boundary=b",
            "--b\r\n\r\nx\r\n",
            MultipartError::NotClosed,
        ),
        (
            "multipart/mixed;boundary=b",
            "--b\r\n\r\nx\r\n--b",
            MultipartError::NotClosed,
        ),
        (
            "multipart/mixed;boundary=b",
            "--b\r\nno header\r\n\r\n--b--",
            MultipartError::Headers(ParseError::HeaderLine),
        ),
        (
            "multipart/mixed;boundary=b",
            "--b\r\nContent-Type: x\r\n\r\n--b--",
            MultipartError::Headers(ParseError::InvalidHeader(HeaderName::ContentType)),
        ),
    ] {
        assert_eq!(
            parse(content_type, body.as_bytes()).unwrap_err(),
            error,
            "{body}"
        );
    }
    let long = format!("multipart/mixed;boundary={}", "b".repeat(71));
    assert_eq!(parse(&long, b"").unwrap_err(), MultipartError::Boundary);
}

#[test]
fn parts_depth_and_header_lines_are_bounded() {
    let many = "--b\r\n\r\n".repeat(33) + "--b--";
    let error = parse("multipart/mixed;boundary=b", many.as_bytes()).unwrap_err();
    assert_eq!(error, MultipartError::TooManyParts { limit: 32 });
    let lines = format!("--b\r\n{}\r\n\r\n--b--", "a: b\r\n".repeat(33));
    let error = parse("multipart/mixed;boundary=b", lines.as_bytes()).unwrap_err();
    assert!(matches!(
        error,
        MultipartError::Headers(ParseError::TooManyHeaderLines { .. })
    ));
    let mut deep = Multipart::mixed().with(Part::new("text/plain", "x"));
    for depth in 2..=4 {
        deep = Multipart::mixed().with(Part::nested(deep));
        let (content_type, body) = deep.write();
        let read = parse(&content_type, &body);
        assert_eq!(read.is_ok(), depth <= 3, "{depth}");
        if let Ok(read) = read {
            assert_eq!(read.find("text/plain").unwrap().body(), "x");
        }
    }
}

#[test]
fn the_best_alternative_and_the_first_of_mixed_are_found() {
    let choice = Multipart::alternative()
        .with(Part::new("text/plain", "plain"))
        .with(Part::new("text/plain", "better"));
    let both = Multipart::mixed()
        .with(Part::new("application/isup", "isup"))
        .with(Part::nested(choice))
        .with(Part::new("text/plain", "last"));
    let (content_type, body) = both.write();
    let read = parse(&content_type, &body).unwrap();
    assert_eq!(read.find("TEXT/plain").unwrap().body(), "better");
    assert_eq!(read.find("application/isup").unwrap().body(), "isup");
    assert!(read.find("application/sdp").is_none());
    let alternatives = read.find("multipart/alternative").unwrap();
    assert_eq!(alternatives.multipart().unwrap().parts().len(), 2);
}

#[test]
fn what_is_written_depends_on_the_parts_alone_and_smuggles_nothing_in() {
    let optional: ContentDisposition = "render;handling=optional".parse().unwrap();
    let part = Part::new("text/plain\r\nEvil: x", "a")
        .with(&optional)
        .with_raw(
            &"no token"
                .parse()
                .unwrap_or(HeaderName::Other("no token".into())),
            "x",
        );
    let multipart = Multipart::new("form data").with(part);
    let (content_type, body) = multipart.write();
    assert_eq!((content_type.clone(), body.clone()), multipart.write());
    assert!(
        content_type.starts_with("multipart/mixed;boundary="),
        "{content_type}"
    );
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains("Content-Type: text/plain  Evil: x\r\nContent-Disposition: render;handling=optional\r\n\r\na"), "{text}");
    let read = parse(&content_type, body.as_ref());
    // The media type that was asked for is none.
    assert_eq!(
        read.unwrap_err(),
        MultipartError::Headers(ParseError::InvalidHeader(ContentType::NAME))
    );
    assert!(multipart.parts()[0].is_optional());
}

/// Content with the boundary that the same content would get.
#[test]
fn a_content_that_has_a_boundary_gets_another() {
    let (first, body) = Multipart::mixed()
        .with(Part::new("text/plain", "x"))
        .write();
    let (second, outer) = Multipart::mixed()
        .with(Part::new("text/plain", body.clone()))
        .write();
    assert_ne!(first, second);
    let read = parse(&second, &outer).unwrap();
    assert_eq!(read.parts()[0].body(), &body);
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..6),
        text in "(--|\r\n|b|\n|-){0,20}",
    ) {
        let mut multipart = Multipart::mixed().with(Part::new("text/plain", text.into_bytes()));
        for content in contents {
            multipart = multipart.with(Part::new("application/octet-stream", content));
        }
        let (content_type, body) = multipart.write();
        let read = parse(&content_type, &body).unwrap();
        prop_assert_eq!(bodies(&read), bodies(&multipart));
        prop_assert_eq!(read.write(), (content_type, body));
    }

    #[test]
    fn any_octets_are_parts_or_an_error(body in "(--b|\r\n|\n|:|a|--|Content-Type: multipart/mixed;boundary=b){0,40}") {
        let _ = parse("multipart/mixed;boundary=b", body.as_bytes());
    }
}
