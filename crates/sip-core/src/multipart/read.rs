//! Taking a multipart body apart.

use bytes::Bytes;

use super::boundary::{delimiters, named};
use super::{Multipart, MultipartError, MultipartLimits, Part};
use crate::scan::{self, Index};
use crate::{ContentType, Limits, ParseError};

const TYPE: &str = "multipart/";

/// Counts the parts of a body and of all multiparts in it.
pub(super) struct Reader<'a> {
    limits: &'a MultipartLimits,
    parts: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(limits: &'a MultipartLimits) -> Reader<'a> {
        Reader { limits, parts: 0 }
    }

    /// Reads a body that stands so deep; a whole one is 1 deep.
    pub(super) fn read(
        &mut self,
        content_type: &ContentType,
        body: Bytes,
        depth: usize,
    ) -> Result<Multipart, MultipartError> {
        let subtype = subtype(content_type).ok_or(MultipartError::OtherType)?;
        if depth > self.limits.max_depth {
            let limit = self.limits.max_depth;
            return Err(MultipartError::TooDeep { limit });
        }
        let boundary = named(content_type).ok_or(MultipartError::Boundary)?;
        let mut multipart = Multipart::new(subtype);
        let mut delimiters = delimiters(&body, &boundary);
        let mut open = delimiters.next().ok_or(MultipartError::Empty)?;
        while !open.is_last {
            let next = delimiters.next().ok_or(MultipartError::NotClosed)?;
            self.parts += 1;
            if self.parts > self.limits.max_parts {
                let limit = self.limits.max_parts;
                return Err(MultipartError::TooManyParts { limit });
            }
            // A part of no octets has its line break in common with the delimiter behind it.
            let end = next.content_end.max(open.end);
            multipart
                .parts
                .push(self.part(body.slice(open.start..end), depth)?);
            open = next;
        }
        match multipart.parts.is_empty() {
            true => Err(MultipartError::Empty),
            false => Ok(multipart),
        }
    }

    /// Reads a part; the delimiter in front of it stands where a message has its start line.
    fn part(&mut self, octets: Bytes, depth: usize) -> Result<Part, MultipartError> {
        let limits = Limits {
            max_message_octets: octets.len(),
            max_head_octets: octets.len(),
            max_header_lines: self.limits.max_header_lines,
        };
        let Index {
            octets,
            headers,
            flaw,
            ..
        } = scan::index(octets, &limits)?;
        match flaw {
            // A part of headers alone needs no blank line behind them.
            None | Some(ParseError::HeadWithoutEnd | ParseError::TextNotUtf8) => {}
            Some(flaw) => return Err(flaw.into()),
        }
        let body = octets.slice(headers.head.len()..);
        let mut part = Part {
            headers,
            body,
            inner: None,
        };
        if let Some(content_type) = part.content_type()?
            && subtype(&content_type).is_some()
        {
            part.inner = Some(self.read(&content_type, part.body.clone(), depth + 1)?);
        }
        Ok(part)
    }
}

/// What follows `multipart/`.
fn subtype(content_type: &ContentType) -> Option<String> {
    let (kind, subtype) = content_type.media_type().split_at_checked(TYPE.len())?;
    kind.eq_ignore_ascii_case(TYPE).then(|| subtype.to_owned())
}
