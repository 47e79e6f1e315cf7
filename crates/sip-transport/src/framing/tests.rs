//! The same stream gives the same frames, however it is cut.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn message(body: &str) -> String {
    format!(
        "OPTIONS sip:a@example.com SIP/2.0\r\nCSeq: 1 OPTIONS\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// Pushes the pieces one by one; returns the frames, and the error that ended them.
fn frames<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    limits: &Limits,
) -> (Vec<Frame>, Option<FramingError>) {
    let mut framer = StreamFramer::default();
    let mut frames = Vec::new();
    for piece in pieces {
        framer.push(piece);
        loop {
            match framer.poll(limits) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Some(error)),
            }
        }
    }
    (frames, None)
}

fn whole(stream: &[u8]) -> (Vec<Frame>, Option<FramingError>) {
    frames([stream], &Limits::default())
}

fn is_message(frame: &Frame, text: &str) -> bool {
    matches!(frame, Frame::Message(octets) if octets == text.as_bytes())
}

#[test]
fn every_cut_in_two_and_every_octet_alone() {
    let first = message("v=0\r\n\r\nnot a head: 1\r\n\r\n");
    let (second, third) = (message(""), message("\r\n\r\n"));
    let stream = format!("\r\n{first}\r\n\r\n{second}{third}\r\n\r\n\r\n\r\n{first}");
    let stream = stream.as_bytes();
    let expected = whole(stream);
    let (found, error) = &expected;
    assert_eq!(*error, None);
    assert!(is_message(&found[0], &first));
    assert_eq!(found[1], Frame::Ping);
    assert!(is_message(&found[2], &second));
    assert!(is_message(&found[3], &third));
    assert_eq!(found[4..6], [Frame::Ping, Frame::Ping]);
    assert!(is_message(&found[6], &first));
    assert_eq!(found.len(), 7);

    for cut in 0..=stream.len() {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(
            frames([head, tail], &Limits::default()),
            expected,
            "cut at {cut}"
        );
    }
    assert_eq!(frames(stream.chunks(1), &Limits::default()), expected);
}

#[test]
fn single_line_ends_wait_for_their_other_half() {
    assert_eq!(whole(b"\r\n"), (vec![], None));
    assert_eq!(whole(b"\r\n\r\n"), (vec![Frame::Ping], None));
    assert_eq!(whole(b"\r\n\r\n\r\n"), (vec![Frame::Ping], None));
    let mut framer = StreamFramer::default();
    framer.push(b"\r\n\r");
    assert_eq!(framer.poll(&Limits::default()), Ok(None));
    assert!(!framer.is_inside_message());
    framer.push(b"\nO");
    assert_eq!(framer.poll(&Limits::default()), Ok(Some(Frame::Ping)));
    assert_eq!(framer.poll(&Limits::default()), Ok(None));
    assert!(framer.is_inside_message());
}

#[test]
fn an_idle_framer_holds_no_memory() {
    let mut framer = StreamFramer::default();
    framer.push(message("body").as_bytes());
    assert!(framer.poll(&Limits::default()).is_ok());
    assert_eq!(framer.poll(&Limits::default()), Ok(None));
    assert_eq!(framer.buffer.capacity(), 0);
}

#[test]
fn what_is_no_message_ends_the_stream() {
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01"[..],
        b" INVITE",
        b"\0",
        b"\r\r",
        b"\xff\xff",
    ] {
        assert_eq!(whole(garbage).1, Some(FramingError::Garbage), "{garbage:?}");
    }
}

#[test]
fn a_length_that_is_missing_or_wrong_is_told_with_the_head() {
    let refused = |head: &str, expected: StatusCode| match whole(head.as_bytes()) {
        (
            frames,
            Some(FramingError::Unmeasurable {
                head: found,
                status,
            }),
        ) => {
            assert!(frames.is_empty());
            assert_eq!(found, head.as_bytes());
            assert_eq!(status, expected);
        }
        other => panic!("{head}: {other:?}"),
    };
    let head = |lines: &str| format!("OPTIONS sip:a SIP/2.0\r\n{lines}\r\n");
    refused(&head("To: sip:a\r\n"), StatusCode::BAD_REQUEST);
    refused(&head("Content-Length: five\r\n"), StatusCode::BAD_REQUEST);
    refused(&head("Content-Length: -1\r\n"), StatusCode::BAD_REQUEST);
    refused(
        &head("Content-Length: 99999999999999999999999999\r\n"),
        StatusCode::BAD_REQUEST,
    );
    refused(
        &head("Content-Length: 1\r\nl: 2\r\n"),
        StatusCode::BAD_REQUEST,
    );
    refused(
        &head("Content-Length: 65536\r\n"),
        StatusCode::MESSAGE_TOO_LARGE,
    );
}

#[test]
fn an_endless_head_is_cut_off_at_the_cap() {
    let limits = Limits::default();
    let mut framer = StreamFramer::default();
    let mut pushed = 0;
    let error = loop {
        framer.push(b"X: y\r\n");
        pushed += 6;
        match framer.poll(&limits) {
            Ok(None) => {}
            Ok(Some(frame)) => panic!("{frame:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(error, FramingError::Garbage);
    assert!(pushed <= limits.max_head_octets + 6);
}

proptest! {
    #[test]
    fn any_cut_of_any_messages(
        bodies in vec(("[a-z\r\n]{0,40}", 0..3_usize), 1..8),
        cuts in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let stream: String =
            bodies.iter().map(|(body, gap)| "\r\n".repeat(*gap) + &message(body)).collect();
        let stream = stream.as_bytes();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len())).collect();
        cuts.sort_unstable();
        cuts.push(stream.len());
        let mut from = 0;
        let pieces = cuts.iter().map(|&cut| &stream[std::mem::replace(&mut from, cut)..cut]);
        let pieces: Vec<&[u8]> = pieces.collect();
        let cut = frames(pieces, &Limits::default());
        prop_assert_eq!(&cut, &whole(stream));
        let messages: Vec<_> =
            cut.0.iter().filter(|frame| **frame != Frame::Ping).collect();
        prop_assert_eq!(messages.len(), bodies.len());
        for (frame, (body, _)) in messages.into_iter().zip(&bodies) {
            prop_assert!(is_message(frame, &message(body)));
        }
    }

    #[test]
    fn any_octets_are_read_alike_however_cut(
        stream in vec(any::<u8>(), 0..200),
        size in 1..50_usize,
    ) {
        let limits = Limits::default();
        prop_assert_eq!(frames(stream.chunks(size), &limits), whole(&stream));
    }
}
