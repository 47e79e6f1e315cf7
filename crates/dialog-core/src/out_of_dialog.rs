//! What is looked at before a request may do anything (RFC 3261 section 8.2), and the refusals it may meet.

use std::time::Duration;

use rvoip_transaction_core::sip_core::header::MinExpires;
use rvoip_transaction_core::sip_core::header::MinSe;
use rvoip_transaction_core::sip_core::{
    Accept, HeaderName, Method, Request, ResponseBuilder, RetryAfter, Scheme, StatusCode,
    Unsupported, Uri,
};
use rvoip_transaction_core::sip_transport::TransportKind;

use crate::Body;
use crate::body::SDP;
use crate::offer_answer::Glare;
use crate::options::Capabilities;
use crate::route_set::DialogDefect;

/// Why a request is refused by this layer alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The method is known but not spoken: 405 with Allow.
    Method,
    /// The method is not known: 501 with Allow.
    NotImplemented,
    /// The scheme of the Request-URI is not spoken, or it is `sips` and the transport is not secure: 416.
    Scheme,
    /// An extension is required that is not spoken: 420 naming it.
    Extension(Unsupported),
    /// The body cannot be read: 415 with Accept.
    MediaType,
    /// What would be answered with cannot be read by the sender: 406.
    NotAcceptable,
    /// The request belongs to no dialog: 481.
    NoDialog,
    /// The CSeq number is not above the last one: 500.
    OutOfOrder,
    /// Another offer is outstanding: 491, or 500 with so long a wait.
    Glare(Glare, Duration),
    /// This side takes no calls: 403.
    Forbidden,
    /// No room, or draining: 503 with so long a wait.
    Unavailable(Duration),
    /// A header cannot be used: 400.
    BadRequest,
    /// There is no such user here: 404.
    NotFound,
    /// A lifetime is shorter than this one: 423 with Min-Expires.
    TooBrief(Duration),
    /// The first proxy does not know flows: 439.
    NoOutbound,
    /// The session interval is shorter than so many seconds: 422 with Min-SE.
    IntervalTooSmall(u32),
    /// The sender does not know an extension that this side requires: 421 naming it.
    ExtensionRequired(&'static str),
    /// More proxies want to stay in the path than a dialog keeps: 513.
    TooManyHops,
    /// The published state that is to change is not there: 412.
    ConditionFailed,
    /// The body is longer than is taken: 413.
    TooLarge,
    /// The event package is not known: 489 with Allow-Events.
    BadEvent,
    /// The call that is to be replaced is answered, and only an early one may be: 486.
    Busy,
    /// The call that is to be replaced is over: 603.
    Declined,
    /// A path back cannot be found: 500.
    Internal,
}

impl Refusal {
    /// The status that says so.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::Method => StatusCode::METHOD_NOT_ALLOWED,
            Refusal::NotImplemented => StatusCode::NOT_IMPLEMENTED,
            Refusal::Scheme => StatusCode::UNSUPPORTED_URI_SCHEME,
            Refusal::Extension(_) => StatusCode::BAD_EXTENSION,
            Refusal::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Refusal::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Refusal::NoDialog => StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST,
            Refusal::Glare(Glare::RequestPending, _) => StatusCode::REQUEST_PENDING,
            Refusal::OutOfOrder | Refusal::Glare(Glare::RetryLater, _) | Refusal::Internal => {
                StatusCode::SERVER_INTERNAL_ERROR
            }
            Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::BadRequest => StatusCode::BAD_REQUEST,
            Refusal::NotFound => StatusCode::NOT_FOUND,
            Refusal::TooBrief(_) => StatusCode::INTERVAL_TOO_BRIEF,
            Refusal::NoOutbound => StatusCode::FIRST_HOP_LACKS_OUTBOUND_SUPPORT,
            Refusal::IntervalTooSmall(_) => StatusCode::SESSION_INTERVAL_TOO_SMALL,
            Refusal::ExtensionRequired(_) => StatusCode::EXTENSION_REQUIRED,
            Refusal::TooManyHops => StatusCode::MESSAGE_TOO_LARGE,
            Refusal::ConditionFailed => StatusCode::CONDITIONAL_REQUEST_FAILED,
            Refusal::TooLarge => StatusCode::REQUEST_ENTITY_TOO_LARGE,
            Refusal::BadEvent => StatusCode::BAD_EVENT,
            Refusal::Busy => StatusCode::BUSY_HERE,
            Refusal::Declined => StatusCode::DECLINE,
        }
    }

    /// Adds what the status must say beside its number.
    pub fn explain(
        &self,
        response: ResponseBuilder,
        capabilities: &Capabilities,
    ) -> ResponseBuilder {
        let response = capabilities.sign_response(response);
        match self {
            Refusal::Method | Refusal::NotImplemented => capabilities.allow(response),
            Refusal::IntervalTooSmall(min_se) => response.header(&MinSe::new(*min_se)),
            Refusal::ExtensionRequired(tag) => response.raw(&HeaderName::Require, tag),
            Refusal::Extension(unsupported) => response.header(unsupported),
            Refusal::BadEvent => capabilities.allow_events(response),
            Refusal::TooBrief(least) => response.header(&MinExpires(seconds(*least))),
            Refusal::MediaType => capabilities
                .accept(response)
                .raw(&HeaderName::AcceptEncoding, "identity"),
            Refusal::Unavailable(wait) | Refusal::Glare(Glare::RetryLater, wait) => {
                response.header(&RetryAfter::new(seconds(*wait)))
            }
            _ => response,
        }
    }
}

fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX)
}

impl From<DialogDefect> for Refusal {
    fn from(defect: DialogDefect) -> Refusal {
        match defect {
            DialogDefect::TooManyHops => Refusal::TooManyHops,
            DialogDefect::Header(_) => Refusal::BadRequest,
        }
    }
}

/// The checks of section 8.2 in its order: method, Request-URI, extensions, body. Gives the Request-URI, and the body of
/// an INVITE.
///
/// # Errors
/// The first refusal.
pub fn inspect(
    request: &Request,
    kind: TransportKind,
    capabilities: &Capabilities,
) -> Result<(Uri, Option<Body>), Refusal> {
    capabilities.method(request)?;
    let uri = request.uri().map_err(|_| Refusal::BadRequest)?;
    match uri.scheme() {
        Scheme::Sip | Scheme::Tel => {}
        // What came to us in the clear was not protected on every hop (section 26.2.2).
        Scheme::Sips if kind.is_secure() => {}
        _ => return Err(Refusal::Scheme),
    }
    capabilities.extensions(request)?;
    let body = match request.method() {
        Method::Invite => {
            let body = capabilities.body(request)?;
            acceptable(request)?;
            body
        }
        _ => None,
    };
    Ok((uri, body))
}

/// Whether the sender of an INVITE reads session descriptions, as it does unless Accept says otherwise (RFC 3261 section
/// 20.1).
///
/// # Errors
/// 406.
pub fn acceptable(request: &Request) -> Result<(), Refusal> {
    let headers = request.headers();
    if !headers.contains(&HeaderName::Accept) {
        return Ok(());
    }
    let mut ranges = headers.all::<Accept>();
    let covers = |range: Accept| range.covers(SDP) && range.weight() > 0;
    match ranges.any(|range| range.is_ok_and(covers)) {
        true => Ok(()),
        false => Err(Refusal::NotAcceptable),
    }
}
