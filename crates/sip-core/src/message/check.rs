//! Whether a message may be acted upon, and the status that answers it if not (RFC 3261 sections 8.1.1, 8.2 and 18.3).
//!
//! Values are looked at where they stand; nothing is kept of them.

use super::Parts;
use crate::header::cseq;
use crate::uri::UriRef;
use crate::{
    CSeq, CallId, Contact, ContentType, Defect, From, Header, HeaderMap, MaxForwards, ParseError,
    RecordRoute, Request, Response, Route, StatusCode, To, Via,
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
    pub fn check(&self) -> Result<(), Defect> {
        let check = || {
            self.parts.check_flaw()?;
            if UriRef::read(self.raw_uri())?.has_headers() {
                return Err(ParseError::RequestLine);
            }
            check_headers(self.headers())?;
            at_most_one::<MaxForwards>(self.headers())?;
            each::<Route>(self.headers())?;
            let cseq = self.headers().raw(&CSeq::NAME).and_then(cseq::read);
            let same = cseq.is_some_and(|(_, method)| method == self.method().as_str());
            if same {
                Ok(())
            } else {
                Err(ParseError::MethodMismatch)
            }
        };
        check().map_err(defect)
    }
}

impl Response {
    /// Whether the response may be acted upon, by the same rules.
    ///
    /// # Errors
    /// The first defect; a response is never answered, only dropped.
    pub fn check(&self) -> Result<(), Defect> {
        let check = || {
            self.parts.check_flaw()?;
            check_headers(self.headers())
        };
        check().map_err(defect)
    }
}

impl Parts {
    fn check_flaw(&self) -> Result<(), ParseError> {
        self.flaw.clone().map_or(Ok(()), Err)
    }
}

fn defect(error: ParseError) -> Defect {
    let status = match error {
        ParseError::UnsupportedVersion => StatusCode::VERSION_NOT_SUPPORTED,
        _ => StatusCode::BAD_REQUEST,
    };
    Defect { error, status }
}

/// What requests and responses alike must hold.
fn check_headers(headers: &HeaderMap) -> Result<(), ParseError> {
    if each::<Via>(headers)? == 0 {
        return Err(ParseError::MissingHeader(Via::NAME));
    }
    one::<From>(headers)?;
    one::<To>(headers)?;
    one::<CallId>(headers)?;
    at_most_one::<ContentType>(headers)?;
    each::<Contact>(headers)?;
    each::<RecordRoute>(headers)?;
    one::<CSeq>(headers)
}

/// How many values there are, all of them well-formed.
fn each<H: Header>(headers: &HeaderMap) -> Result<usize, ParseError> {
    headers
        .values::<H>()
        .try_fold(0, |count, value| H::check(value).map(|()| count + 1))
}

fn at_most_one<H: Header>(headers: &HeaderMap) -> Result<usize, ParseError> {
    match each::<H>(headers)? {
        count @ (0 | 1) => Ok(count),
        _ => Err(ParseError::DuplicateHeader(H::NAME)),
    }
}

fn one<H: Header>(headers: &HeaderMap) -> Result<(), ParseError> {
    match at_most_one::<H>(headers)? {
        0 => Err(ParseError::MissingHeader(H::NAME)),
        _ => Ok(()),
    }
}
