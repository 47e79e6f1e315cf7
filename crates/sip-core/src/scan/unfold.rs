//! Heads that are not what the index expects: folded lines, stray line breaks, text that is not UTF-8.
//!
//! All of it is mended in a copy of the message, place by place, so that no offset changes.

use bytes::{Bytes, BytesMut};

use crate::token::is_blank;

/// A copy of the message in which spaces stand for all line breaks of the head that end no line.
pub(super) fn without_line_breaks(octets: &[u8], start_line_end: usize, head_end: usize) -> Bytes {
    let mut copy = BytesMut::from(octets);
    let head = &mut copy[..head_end];
    // Backwards, so that a carriage return sees what became of its line feed.
    for at in (0..head.len()).rev() {
        let next = head.get(at + 1).copied();
        let ends_line = match head[at] {
            b'\n' => at <= start_line_end + 1 || !next.is_some_and(is_blank),
            b'\r' => next == Some(b'\n'),
            _ => continue,
        };
        if !ends_line {
            head[at] = b' ';
        }
    }
    copy.freeze()
}

/// A copy of the message in which question marks stand for what is not ASCII in the head.
pub(super) fn in_ascii(octets: &[u8], head_end: usize) -> Bytes {
    let mut copy = BytesMut::from(octets);
    for octet in copy[..head_end]
        .iter_mut()
        .filter(|octet| !octet.is_ascii())
    {
        *octet = b'?';
    }
    copy.freeze()
}
