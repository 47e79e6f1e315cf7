//! One part: headers and a body (RFC 2046 section 5.1, RFC 5621 section 4).

use bytes::Bytes;

use super::Multipart;
use crate::header::ContentDisposition;
use crate::write::Lines;
use crate::{ContentType, Header, HeaderMap, HeaderName, ParseError};

/// What a part without Content-Type is (RFC 2046 section 5.1).
const DEFAULT_TYPE: &str = "text/plain";

/// One part of a multipart body.
#[derive(Clone, Debug)]
pub struct Part {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The body, when it is a multipart itself.
    pub(super) inner: Option<Multipart>,
}

impl Part {
    /// A part of this media type.
    pub fn new(content_type: &str, body: impl Into<Bytes>) -> Part {
        let mut lines = Lines::default();
        lines.line(&HeaderName::ContentType, |out| out.push_str(content_type));
        Part {
            headers: lines.finish(&Bytes::new(), None).headers,
            body: body.into(),
            inner: None,
        }
    }

    /// A part that is a multipart itself.
    pub fn nested(multipart: Multipart) -> Part {
        let (content_type, body) = multipart.write();
        Part {
            inner: Some(multipart),
            ..Part::new(&content_type, body)
        }
    }

    /// This part with one more header, such as Content-Disposition, Content-ID or Content-Transfer-Encoding.
    #[must_use]
    pub fn with<H: Header>(self, header: &H) -> Part {
        self.with_line(&H::NAME, |out| header.write(out))
    }

    /// This part with one more header line. A name that is no token is left out with its value.
    #[must_use]
    pub fn with_raw(self, name: &HeaderName, value: &str) -> Part {
        self.with_line(name, |out| out.push_str(value))
    }

    fn with_line(self, name: &HeaderName, write: impl FnOnce(&mut String)) -> Part {
        let mut lines = Lines::default();
        lines.copy(&self.headers.head, self.headers.lines.iter().copied());
        lines.line(name, write);
        Part {
            headers: lines.finish(&Bytes::new(), None).headers,
            ..self
        }
    }

    /// The header lines.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body as it stands; a Content-Transfer-Encoding is not undone, and `binary` is what SIP uses (RFC 5621
    /// section 3.2).
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The parts of the body, when it is a multipart itself.
    pub fn multipart(&self) -> Option<&Multipart> {
        self.inner.as_ref()
    }

    /// Content-Type; `None` stands for `text/plain`.
    ///
    /// # Errors
    /// [`ParseError::InvalidHeader`].
    pub fn content_type(&self) -> Result<Option<ContentType>, ParseError> {
        self.headers.first()
    }

    /// Whether the media type is this one.
    pub fn is(&self, media_type: &str) -> bool {
        match self.content_type() {
            Ok(Some(content_type)) => content_type.is(media_type),
            Ok(None) => media_type.eq_ignore_ascii_case(DEFAULT_TYPE),
            Err(_) => false,
        }
    }

    /// Whether a receiver that does not know the media type may pass the part over (RFC 5621 section 4, RFC 3261 section
    /// 20.11).
    pub fn is_optional(&self) -> bool {
        let disposition = self.headers.first::<ContentDisposition>();
        matches!(disposition, Ok(Some(disposition)) if disposition.is_optional())
    }
}
