//! Putting a multipart body together.

use bytes::Bytes;

use super::boundary::made_of;
use super::{Multipart, Part};

pub(super) fn write(multipart: &Multipart) -> (String, Bytes) {
    let parts: Vec<Vec<u8>> = multipart.parts.iter().map(octets).collect();
    let boundary = made_of(parts.iter().map(Vec::as_slice));
    let length: usize = parts
        .iter()
        .map(|part| part.len() + boundary.len() + 6)
        .sum();
    let mut body = Vec::with_capacity(length + boundary.len() + 6);
    for part in &parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        body.extend_from_slice(part);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = format!("multipart/{};boundary={boundary}", multipart.subtype);
    (content_type, body.into())
}

/// Headers, a blank line, the body.
fn octets(part: &Part) -> Vec<u8> {
    let head = &part.headers.head;
    let mut octets = Vec::with_capacity(head.len() + 2 + part.body.len());
    for line in &part.headers.lines {
        let text = &head[line.start as usize..line.value_end as usize];
        octets.extend_from_slice(text.as_bytes());
        octets.extend_from_slice(b"\r\n");
    }
    octets.extend_from_slice(b"\r\n");
    octets.extend_from_slice(&part.body);
    octets
}
