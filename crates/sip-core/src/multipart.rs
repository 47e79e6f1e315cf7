//! Multipart bodies (RFC 2046 section 5.1, RFC 5621).
//!
//! A delimiter is a whole line, blanks at its end left aside: a line that goes on behind the boundary belongs to the
//! content, so that all readers see the same parts. Preamble and epilogue are passed over.
//!
//! ```
//! use rvoip_sip_core::multipart::{Multipart, MultipartLimits, Part};
//!
//! let both = Multipart::mixed()
//!     .with(Part::new("application/sdp", "v=0\r\n"))
//!     .with(Part::new("application/isup;version=itu-t92+", b"\x01\x00".as_slice()));
//! let (content_type, body) = both.write();
//! let read = Multipart::parse(&content_type.parse()?, body, &MultipartLimits::DEFAULT)?;
//! assert_eq!(read.find("application/sdp").map(|part| &part.body()[..]), Some(&b"v=0\r\n"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use bytes::Bytes;
use bytestring::ByteString;

use crate::{ContentType, ParseError, token};

mod boundary;
mod part;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use part::Part;

/// What a multipart body may be at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MultipartLimits {
    /// Parts, those of nested multiparts included.
    pub max_parts: usize,
    /// How deep multiparts may stand in each other; 1 is one without another inside.
    pub max_depth: usize,
    /// Header lines of a part.
    pub max_header_lines: usize,
}

impl MultipartLimits {
    /// 32 parts, 3 deep, 32 header lines each.
    pub const DEFAULT: MultipartLimits = MultipartLimits {
        max_parts: 32,
        max_depth: 3,
        max_header_lines: 32,
    };
}

impl Default for MultipartLimits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a body is no multipart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MultipartError {
    /// The media type is not multipart.
    #[error("the media type is not multipart")]
    OtherType,
    /// Content-Type names no boundary, or one that cannot be.
    #[error("no boundary, or none that can be")]
    Boundary,
    /// There is no part.
    #[error("no part")]
    Empty,
    /// The last delimiter is missing: something of the body is, too.
    #[error("the last delimiter is missing")]
    NotClosed,
    /// There are more parts than [`MultipartLimits::max_parts`].
    #[error("more than {limit} parts")]
    TooManyParts {
        /// The cap.
        limit: usize,
    },
    /// Multiparts stand in each other deeper than [`MultipartLimits::max_depth`].
    #[error("multiparts more than {limit} deep")]
    TooDeep {
        /// The cap.
        limit: usize,
    },
    /// The headers of a part break the grammar, or are too many.
    #[error("headers of a part: {0}")]
    Headers(#[from] ParseError),
}

/// A multipart body.
#[derive(Clone, Debug)]
pub struct Multipart {
    subtype: ByteString,
    parts: Vec<Part>,
}

impl Multipart {
    /// A body of this subtype without parts. What is no token is taken for `mixed`, as receivers take what they do not know
    /// (RFC 2046 section 5.1.3).
    pub fn new(subtype: impl Into<ByteString>) -> Multipart {
        let subtype = Some(subtype.into()).filter(|subtype| token::is_token(subtype));
        Multipart {
            subtype: subtype.unwrap_or(ByteString::from_static("mixed")),
            parts: Vec::new(),
        }
    }

    /// A `multipart/mixed` body: parts that stand beside each other.
    pub fn mixed() -> Multipart {
        Multipart::new(ByteString::from_static("mixed"))
    }

    /// A `multipart/alternative` body: the same in several forms, the best last.
    pub fn alternative() -> Multipart {
        Multipart::new(ByteString::from_static("alternative"))
    }

    /// This body with one more part at the end.
    #[must_use]
    pub fn with(mut self, part: Part) -> Multipart {
        self.parts.push(part);
        self
    }

    /// Reads a body; the parts share its octets.
    ///
    /// # Errors
    /// [`MultipartError`]: of a body that one reader could take apart differently from another nothing is read.
    pub fn parse(
        content_type: &ContentType,
        body: Bytes,
        limits: &MultipartLimits,
    ) -> Result<Multipart, MultipartError> {
        read::Reader::new(limits).read(content_type, body, 1)
    }

    /// What follows `multipart/`.
    pub fn subtype(&self) -> &str {
        &self.subtype
    }

    /// The parts in the order they stand.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The part of this media type to use, also one inside another multipart: the first that stands there, of alternatives
    /// the last, which is the best (RFC 2046 section 5.1.4).
    pub fn find(&self, media_type: &str) -> Option<&Part> {
        let inside = |part| find_in(part, media_type);
        match self.subtype.eq_ignore_ascii_case("alternative") {
            true => self.parts.iter().rev().find_map(inside),
            false => self.parts.iter().find_map(inside),
        }
    }

    /// The Content-Type and the octets. The boundary is made of the content, so that the same parts give the same octets,
    /// and stands nowhere in it.
    pub fn write(&self) -> (String, Bytes) {
        write::write(self)
    }
}

fn find_in<'a>(part: &'a Part, media_type: &str) -> Option<&'a Part> {
    match part.multipart() {
        _ if part.is(media_type) => Some(part),
        Some(inner) => inner.find(media_type),
        None => None,
    }
}
