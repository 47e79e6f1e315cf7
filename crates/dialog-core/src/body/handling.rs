//! Which body of a message is for us: the message's own, or a part of a multipart (RFC 3261 section 20.11, RFC 5621).

use bytes::Bytes;
use rvoip_transaction_core::sip_core::header::ContentDisposition;
use rvoip_transaction_core::sip_core::multipart::{Multipart, MultipartLimits, Part};
use rvoip_transaction_core::sip_core::{ByteString, HeaderMap, HeaderName};

use super::{Body, SDP};
use crate::out_of_dialog::Refusal;

const SESSION_DESCRIPTIONS: [ByteString; 1] = [ByteString::from_static(SDP)];

/// The body of a message about a session; of a multipart the session description, when it has one.
pub(super) fn session(headers: &HeaderMap, content: &Bytes) -> Option<Body> {
    let body = Body::read(headers.raw(&HeaderName::ContentType), content)?;
    if !body.is_multipart() {
        return Some(body);
    }
    let part = understand(headers, content, &SESSION_DESCRIPTIONS);
    part.ok().flatten().or(Some(body))
}

/// The body of an accepted media type, if there is one. What is of another type, or coded, is passed over when its sender
/// says that this may be done.
///
/// # Errors
/// 415 when it may not; 400 for a multipart that cannot be taken apart.
pub(super) fn understand(
    headers: &HeaderMap,
    content: &Bytes,
    accept: &[ByteString],
) -> Result<Option<Body>, Refusal> {
    let Some(body) = Body::read(headers.raw(&HeaderName::ContentType), content) else {
        return Ok(None);
    };
    let is_plain = headers
        .raw(&HeaderName::ContentEncoding)
        .is_none_or(|coding| coding.eq_ignore_ascii_case("identity"));
    let media_type = body.media_type();
    if is_plain && is_one_of(media_type, accept) {
        return Ok(Some(body));
    }
    let found = match is_plain && body.is_multipart() {
        true => {
            let content_type = body.content_type.parse().map_err(|_| Refusal::BadRequest)?;
            let limits = MultipartLimits::DEFAULT;
            let parts = Multipart::parse(&content_type, content.clone(), &limits)
                .map_err(|_| Refusal::BadRequest)?;
            choose(&parts, accept)
        }
        false => Err(NotUnderstood),
    };
    let disposition = headers.first::<ContentDisposition>();
    let is_optional = matches!(disposition, Ok(Some(disposition)) if disposition.is_optional());
    match found {
        Ok(part) => Ok(part),
        Err(NotUnderstood) if is_optional => Ok(None),
        Err(NotUnderstood) => Err(Refusal::MediaType),
    }
}

/// The media types of multiparts that are taken apart, for Accept.
pub(crate) const ACCEPTED_MULTIPARTS: &str = "multipart/mixed, multipart/alternative";

/// A part has to be understood and is not.
struct NotUnderstood;

/// The first part that is for us. Every part has to be understood that its sender does not make optional; of alternatives one
/// is enough, the last that can be understood (RFC 2046 section 5.1.4).
fn choose(parts: &Multipart, accept: &[ByteString]) -> Result<Option<Body>, NotUnderstood> {
    if parts.subtype().eq_ignore_ascii_case("alternative") {
        let understood = parts.parts().iter().rev();
        return understood
            .map(|part| read_part(part, accept))
            .find(Result::is_ok)
            .unwrap_or(Err(NotUnderstood));
    }
    let mut chosen = None;
    for part in parts.parts() {
        match read_part(part, accept) {
            Ok(body) => chosen = chosen.or(body),
            Err(NotUnderstood) if part.is_optional() => {}
            Err(NotUnderstood) => return Err(NotUnderstood),
        }
    }
    Ok(chosen)
}

fn read_part(part: &Part, accept: &[ByteString]) -> Result<Option<Body>, NotUnderstood> {
    if let Some(inner) = part.multipart() {
        return choose(inner, accept);
    }
    let media_type = accept.iter().find(|accepted| part.is(accepted));
    let is_for_session = match part.headers().first::<ContentDisposition>() {
        Ok(Some(disposition)) => disposition.is("session"),
        Ok(None) => true,
        Err(_) => false,
    };
    match media_type {
        Some(media_type) if is_for_session => Ok(Some(Body {
            content_type: media_type.clone(),
            content: part.body().clone(),
        })),
        _ => Err(NotUnderstood),
    }
}

fn is_one_of(media_type: &str, accept: &[ByteString]) -> bool {
    accept
        .iter()
        .any(|accepted| accepted.eq_ignore_ascii_case(media_type))
}

#[cfg(test)]
mod tests {
    use rvoip_transaction_core::sip_core::{Limits, Message, Request};

    use super::*;

    const DESCRIPTION: &str = "v=0\r\ns=-\r\n";

    fn part(content_type: &str, disposition: &str, body: &str) -> String {
        let disposition = match disposition {
            "" => String::new(),
            other => format!("Content-Disposition: {other}\r\n"),
        };
        format!("--b\r\nContent-Type: {content_type}\r\n{disposition}\r\n{body}\r\n")
    }

    fn request(headers: &str, content: &str) -> Request {
        let length = content.len();
        let text = format!(
            "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
             From: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\
             {headers}Content-Length: {length}\r\n\r\n{content}"
        );
        match Message::parse(Bytes::from(text), &Limits::default()).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => unreachable!(),
        }
    }

    fn read(headers: &str, content: &str) -> Result<Option<Bytes>, Refusal> {
        let request = request(headers, content);
        let accept = [ByteString::from_static("application/sdp")];
        let body = understand(request.headers(), request.body(), &accept)?;
        Ok(body.map(|body| {
            assert_eq!(body.content_type, "application/sdp");
            body.content
        }))
    }

    fn multipart(subtype: &str, parts: &[String]) -> Result<Option<Bytes>, Refusal> {
        let headers = format!("Content-Type: multipart/{subtype};boundary=b\r\n");
        read(&headers, &format!("{}--b--\r\n", parts.concat()))
    }

    #[test]
    fn a_part_of_a_multipart_is_as_good_as_a_body() {
        let sdp = part("application/sdp", "", DESCRIPTION);
        let session = part("Application/SDP", "session;handling=required", DESCRIPTION);
        let isup = part(
            "application/isup;version=itu-t92+",
            "signal;handling=optional",
            "x",
        );
        for parts in [
            vec![sdp.clone()],
            vec![isup.clone(), session],
            vec![sdp, isup],
        ] {
            let found = multipart("mixed", &parts).unwrap();
            assert_eq!(found.as_deref(), Some(DESCRIPTION.as_bytes()), "{parts:?}");
        }
    }

    #[test]
    fn what_has_to_be_understood_and_is_not_is_refused() {
        let sdp = part("application/sdp", "", DESCRIPTION);
        let required = part("application/isup", "", "x");
        assert_eq!(
            multipart("mixed", &[sdp.clone(), required.clone()]),
            Err(Refusal::MediaType)
        );
        assert_eq!(multipart("mixed", &[required]), Err(Refusal::MediaType));
        // A description that is to be shown, not to be used.
        let shown = part("application/sdp", "render;handling=optional", DESCRIPTION);
        assert_eq!(multipart("mixed", &[shown]), Ok(None));
        assert_eq!(
            read("Content-Type: text/plain\r\n", "x"),
            Err(Refusal::MediaType)
        );
        let optional =
            "Content-Type: text/plain\r\nContent-Disposition: render;handling=optional\r\n";
        assert_eq!(read(optional, "x"), Ok(None));
        let coded = "Content-Type: application/sdp\r\nContent-Encoding: gzip\r\n";
        assert_eq!(read(coded, "x"), Err(Refusal::MediaType));
    }

    #[test]
    fn of_alternatives_the_last_that_is_understood_counts() {
        let (first, last) = (
            part("application/sdp", "", "v=0\r\ns=first\r\n"),
            part("application/sdp", "", DESCRIPTION),
        );
        let unknown = part("application/sdpng", "", "x");
        let found = multipart("alternative", &[first, last, unknown.clone()]).unwrap();
        assert_eq!(found.as_deref(), Some(DESCRIPTION.as_bytes()));
        assert_eq!(
            multipart("alternative", &[unknown]),
            Err(Refusal::MediaType)
        );
    }

    #[test]
    fn a_multipart_that_cannot_be_taken_apart_is_a_bad_request() {
        let headers = "Content-Type: multipart/mixed;boundary=b\r\n";
        let open = part("application/sdp", "", DESCRIPTION);
        assert_eq!(read(headers, &open), Err(Refusal::BadRequest));
        assert_eq!(
            read("Content-Type: multipart/mixed\r\n", &open),
            Err(Refusal::BadRequest)
        );
    }
}
