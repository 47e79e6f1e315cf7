//! The ACK for a final response other than 2xx (RFC 3261 section 17.1.1.3).

use rvoip_sip_transport::sip_core::{CSeq, HeaderName, Method, ParseError, Request, Response};

/// Builds the ACK for `response`, which refuses `invite`: Request-URI, From, Call-ID, Route and the number of CSeq of the
/// INVITE, its top Via alone, and the To of the response with its tag.
pub(crate) fn refusal(invite: &Request, response: &Response) -> Result<Request, ParseError> {
    let to = response.headers().raw(&HeaderName::To).unwrap_or_default();
    same_hop(invite, Method::Ack, to)
}

/// Builds a request that goes the way of `invite` under the same branch: an ACK or a CANCEL.
pub(crate) fn same_hop(invite: &Request, method: Method, to: &str) -> Result<Request, ParseError> {
    let (headers, number) = (invite.headers(), invite.cseq()?.number);
    let mut builder = Request::builder(method.clone(), &invite.uri()?)
        .via(&invite.top_via()?)
        .max_forwards(70);
    for route in headers.raw_all(&HeaderName::Route) {
        builder = builder.raw(&HeaderName::Route, route);
    }
    let from = headers.raw(&HeaderName::From).unwrap_or_default();
    let call_id = headers.raw(&HeaderName::CallId).unwrap_or_default();
    Ok(builder
        .raw(&HeaderName::From, from)
        .raw(&HeaderName::To, to)
        .raw(&HeaderName::CallId, call_id)
        .header(&CSeq { number, method })
        .build())
}
