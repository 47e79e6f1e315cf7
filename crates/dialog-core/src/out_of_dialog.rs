//! What is looked at before a request may do anything (RFC 3261 section 8.2), and the refusals it may meet.

use std::time::Duration;

use rvoip_transaction_core::sip_core::{
    HeaderName, Method, Request, ResponseBuilder, RetryAfter, Scheme, StatusCode, Unsupported, Uri,
};

use crate::Body;
use crate::offer_answer::Glare;
use crate::options::{ALLOW, Capabilities};

/// Why a request is refused by this layer alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The method is known but not spoken: 405 with Allow.
    Method,
    /// The method is not known: 501 with Allow.
    NotImplemented,
    /// The scheme of the Request-URI is not spoken, `sips` included as there is no secure transport: 416.
    Scheme,
    /// An extension is required that is not spoken: 420 naming it.
    Extension(Unsupported),
    /// The body cannot be read: 415 with Accept.
    MediaType,
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
            Refusal::NoDialog => StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST,
            Refusal::Glare(Glare::RequestPending, _) => StatusCode::REQUEST_PENDING,
            Refusal::OutOfOrder | Refusal::Glare(Glare::RetryLater, _) | Refusal::Internal => {
                StatusCode::SERVER_INTERNAL_ERROR
            }
            Refusal::Forbidden => StatusCode::FORBIDDEN,
            Refusal::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::BadRequest => StatusCode::BAD_REQUEST,
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
            Refusal::Method | Refusal::NotImplemented => response.raw(&HeaderName::Allow, ALLOW),
            Refusal::Extension(unsupported) => response.header(unsupported),
            Refusal::MediaType => capabilities
                .accept(response)
                .raw(&HeaderName::AcceptEncoding, "identity"),
            Refusal::Unavailable(wait) | Refusal::Glare(Glare::RetryLater, wait) => response
                .header(&RetryAfter::new(
                    u32::try_from(wait.as_secs()).unwrap_or(u32::MAX),
                )),
            _ => response,
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
    capabilities: &Capabilities,
) -> Result<(Uri, Option<Body>), Refusal> {
    method(request)?;
    let uri = request.uri().map_err(|_| Refusal::BadRequest)?;
    if !matches!(uri.scheme(), Scheme::Sip | Scheme::Tel) {
        return Err(Refusal::Scheme);
    }
    extensions(request)?;
    let body = match request.method() {
        Method::Invite => capabilities.body(request)?,
        _ => None,
    };
    Ok((uri, body))
}

/// Whether the method is one of [`ALLOW`].
///
/// # Errors
/// 405 or 501.
pub fn method(request: &Request) -> Result<(), Refusal> {
    match request.method() {
        Method::Invite | Method::Ack | Method::Cancel | Method::Bye | Method::Options => Ok(()),
        Method::Extension(_) => Err(Refusal::NotImplemented),
        _ => Err(Refusal::Method),
    }
}

/// Whether all required extensions are spoken: none is.
///
/// # Errors
/// 420 with the tags.
pub fn extensions(request: &Request) -> Result<(), Refusal> {
    let require = request.require().map_err(|_| Refusal::BadRequest)?;
    if require.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Extension(Unsupported::new(require.iter())))
    }
}
