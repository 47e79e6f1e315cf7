//! Whether a message may be acted upon, and the status that answers it if not (RFC 3261 sections 8.1.1, 8.2 and 18.3).
//!
//! Values are looked at where they stand; nothing is kept of them.

mod strict;

use super::Parts;
use crate::header::{Seen, cseq};
use crate::uri::UriRef;
use crate::{
    CallId, Contact, ContentType, Defect, From, Header, HeaderMap, HeaderName, MaxForwards, Method,
    ParseError, RecordRoute, Request, Response, Route, StatusCode, Strictness, To, Via,
};

impl Request {
    /// Whether the request may be acted upon: version 2.0, a Request-URI that parses and has no headers, one each of From,
    /// To, Call-ID and CSeq, at most one Max-Forwards and Content-Type, all of them and every Via, Contact, Route and
    /// Record-Route well-formed, the same method in CSeq, and a body as long as Content-Length says.
    ///
    /// A missing Max-Forwards, From tag or branch is no defect: clients of RFC 2543 send none.
    ///
    /// # Errors
    /// The first defect, with the status that answers it: 400 or 505.
    pub fn check(&self, strictness: Strictness) -> Result<(), Defect> {
        let check = || {
            self.parts.check_flaw(strictness)?;
            if UriRef::read(self.raw_uri())?.has_headers() {
                return Err(ParseError::RequestLine);
            }
            check_headers(self.headers(), Some(self.method()))?;
            check_strictly(self.headers(), strictness)
        };
        check().map_err(defect)
    }
}

impl Response {
    /// Whether the response may be acted upon, by the same rules; Max-Forwards and Route mean nothing in it.
    ///
    /// # Errors
    /// The first defect; a response is never answered, only dropped.
    pub fn check(&self, strictness: Strictness) -> Result<(), Defect> {
        let check = || {
            self.parts.check_flaw(strictness)?;
            check_headers(self.headers(), None)?;
            check_strictly(self.headers(), strictness)
        };
        check().map_err(defect)
    }
}

impl Parts {
    fn check_flaw(&self, strictness: Strictness) -> Result<(), ParseError> {
        match &self.flaw {
            None => Ok(()),
            Some(flaw) if strictness == Strictness::Lenient && flaw.is_tolerable() => Ok(()),
            Some(flaw) => Err(flaw.clone()),
        }
    }
}

fn check_strictly(headers: &HeaderMap, strictness: Strictness) -> Result<(), ParseError> {
    match strictness {
        Strictness::Lenient => Ok(()),
        Strictness::Strict => strict::check(headers),
    }
}

fn defect(error: ParseError) -> Defect {
    let status = match error {
        ParseError::UnsupportedVersion => StatusCode::VERSION_NOT_SUPPORTED,
        _ => StatusCode::BAD_REQUEST,
    };
    Defect { error, status }
}

/// What must be there.
static MANDATORY: [HeaderName; 5] = [
    HeaderName::Via,
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
];

/// Looks at each line once. The method is that of a request; a response has none.
fn check_headers(headers: &HeaderMap, method: Option<&Method>) -> Result<(), ParseError> {
    let mut seen = Seen::default();
    for line in &headers.lines {
        let value = line.value(&headers.head);
        let may_repeat = match HeaderName::from_code(line.code) {
            // A hop has no commas of its own: the line is one, or several.
            Some(HeaderName::Via) => Via::check(value).is_ok() || each::<Via>(value)?,
            Some(HeaderName::Contact) => each::<Contact>(value)?,
            Some(HeaderName::RecordRoute) => each::<RecordRoute>(value)?,
            Some(HeaderName::Route) if method.is_some() => each::<Route>(value)?,
            Some(HeaderName::MaxForwards) if method.is_some() => one::<MaxForwards>(value)?,
            Some(HeaderName::From) => one::<From>(value)?,
            Some(HeaderName::To) => one::<To>(value)?,
            Some(HeaderName::CallId) => one::<CallId>(value)?,
            Some(HeaderName::ContentType) => one::<ContentType>(value)?,
            Some(HeaderName::CSeq) => check_cseq(value, method)?,
            _ => continue,
        };
        if !seen.insert(line.code) && !may_repeat {
            return Err(ParseError::DuplicateHeader(headers.name_of(line)));
        }
    }
    match MANDATORY.iter().find(|name| !seen.contains(name)) {
        Some(name) => Err(ParseError::MissingHeader(name.clone())),
        None => Ok(()),
    }
}

/// Whether every value on a line is well-formed; `true`, as there may be more lines of the header.
fn each<H: Header>(line: &str) -> Result<bool, ParseError> {
    let mut rest = Some(line);
    while let Some(list) = rest {
        let (value, behind) = H::split_first(list);
        H::check(value)?;
        rest = behind;
    }
    Ok(true)
}

/// Whether the one value is well-formed; `false`, as there may be no other line of the header.
fn one<H: Header>(value: &str) -> Result<bool, ParseError> {
    H::check(value).map(|()| false)
}

fn check_cseq(value: &str, method: Option<&Method>) -> Result<bool, ParseError> {
    let (_, named) = cseq::read(value).ok_or(ParseError::InvalidHeader(HeaderName::CSeq))?;
    if method.is_none_or(|method| method.as_str() == named) {
        Ok(false)
    } else {
        Err(ParseError::MethodMismatch)
    }
}
