//! REFER: asking a party to call somebody (RFC 3515), with Referred-By (RFC 3892), Replaces in the Refer-To (RFC 3891) and
//! without a subscription (RFC 4488).

use std::fmt::Write;

use rvoip_transaction_core::sip_core::header::{ReferSub, ReferTo, ReferredBy, Replaces};
use rvoip_transaction_core::sip_core::sipfrag::SipFrag;
use rvoip_transaction_core::sip_core::{
    ByteString, Header, HeaderName, Limits, Method, NameAddr, Request, StatusCode, Uri,
};

use crate::out_of_dialog::Refusal;
use crate::{Body, OutgoingCall};

/// The option tag of RFC 4488.
pub(crate) const NOREFERSUB: &str = "norefersub";

/// What a REFER asks for.
#[derive(Clone, Debug)]
pub struct Refer {
    /// Whom to call; a header `Replaces` of its URI names the call to take over.
    pub refer_to: ReferTo,
    /// Who asks.
    pub referred_by: Option<ReferredBy>,
    /// How far the call has come shall be told. Without, nothing follows the answer to the REFER.
    pub subscribe: bool,
}

impl Refer {
    /// To call this URI, and to tell how it went.
    pub fn to(target: &Uri) -> Refer {
        Refer::new(NameAddr::new(target.clone()))
    }

    /// To call this URI in place of a call that it is in, and to tell how it went. `None` when the URI cannot carry a header.
    pub fn replacing(target: &Uri, replaces: &Replaces) -> Option<Refer> {
        let mut text = target.without_headers().as_str().to_owned();
        text.push_str("?Replaces=");
        escape(&mut text, &replaces.to_string());
        let uri = Uri::parse(text.into()).ok()?;
        Some(Refer::new(NameAddr::new(uri)))
    }

    fn new(refer_to: NameAddr) -> Refer {
        Refer {
            refer_to: ReferTo(refer_to),
            referred_by: None,
            subscribe: true,
        }
    }

    /// Names who asks.
    #[must_use]
    pub fn referred_by(self, by: &Uri) -> Refer {
        let by = ReferredBy(NameAddr::new(by.without_headers()));
        Refer {
            referred_by: Some(by),
            ..self
        }
    }

    /// Reads a REFER.
    ///
    /// # Errors
    /// 400 unless there is exactly one Refer-To that can be read, and what stands beside it can be read too.
    pub fn read(request: &Request) -> Result<Refer, Refusal> {
        let headers = request.headers();
        let mut all = headers.all::<ReferTo>();
        let (Some(Ok(refer_to)), None) = (all.next(), all.next()) else {
            return Err(Refusal::BadRequest);
        };
        let referred_by = headers.first().map_err(|_| Refusal::BadRequest)?;
        let wanted: Option<ReferSub> = headers.first().map_err(|_| Refusal::BadRequest)?;
        Ok(Refer {
            refer_to,
            referred_by,
            subscribe: wanted.is_none_or(|wanted| wanted.is_wanted()),
        })
    }

    /// The method of the request that is asked for.
    pub fn method(&self) -> Method {
        match self.refer_to.0.uri().param("method") {
            Some(method) => method
                .parse()
                .unwrap_or_else(|_| Method::Extension(method.into())),
            None => Method::Invite,
        }
    }

    /// Whom to call: the URI without the parts that are no address.
    pub fn target(&self) -> Uri {
        let uri = self.refer_to.0.uri().without_headers();
        uri.without_param("method")
    }

    /// The call to take over.
    pub fn replaces(&self) -> Option<Replaces> {
        let mut headers = self.refer_to.0.uri().headers()?.iter();
        let (_, value) = headers.find(|(name, _)| name.eq_ignore_ascii_case("replaces"))?;
        Replaces::parse(unescape(value)?.into()).ok()
    }

    /// The call that is asked for. Of the headers in the Refer-To only Replaces is taken over: the others are for the one
    /// who is asked to choose.
    pub fn call(&self, local: NameAddr) -> OutgoingCall {
        let mut call = OutgoingCall::new(local, self.target());
        let mut add = |name, value: String| call.headers.push((name, ByteString::from(value)));
        if let Some(replaces) = self.replaces() {
            add(HeaderName::Require, "replaces".to_owned());
            add(Replaces::NAME, replaces.to_string());
        }
        if let Some(by) = &self.referred_by {
            add(ReferredBy::NAME, by.to_string());
        }
        call
    }
}

/// What the notification of a REFER tells: the status of the call that was asked for.
pub(crate) fn progress(body: &Body) -> Option<StatusCode> {
    SipFrag::parse(body.content.clone(), &Limits::DEFAULT)
        .ok()?
        .status()
}

/// The notification that tells this status.
pub(crate) fn notification(status: StatusCode) -> Body {
    Body {
        content_type: ByteString::from_static("message/sipfrag;version=2.0"),
        content: SipFrag::of_status(status),
    }
}

/// Escapes everything that is not unreserved (RFC 3261 section 25.1, `hvalue`).
fn escape(out: &mut String, text: &str) {
    for octet in text.bytes() {
        match octet {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => out.push(char::from(octet)),
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')' => {
                out.push(char::from(octet));
            }
            // Writing to a string never fails.
            _ => drop(write!(out, "%{octet:02X}")),
        }
    }
}

fn unescape(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        octets.push(match (first, behind) {
            (b'%', [high, low, behind @ ..]) => {
                rest = behind;
                let digit = |octet: u8| char::from(octet).to_digit(16);
                (digit(*high)? << 4 | digit(*low)?) as u8
            }
            (b'%', _) => return None,
            (octet, _) => *octet,
        });
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaces() -> Replaces {
        Replaces::of_dialog("090459243588173445@10.0.0.1", "7553452", "31431")
    }

    #[test]
    fn a_replaces_survives_the_refer_to() {
        let target: Uri = "sip:carol@10.0.0.3:5070;transport=tcp".parse().unwrap();
        let refer = Refer::replacing(&target, &replaces()).unwrap();
        assert_eq!(
            refer.refer_to.to_string(),
            "<sip:carol@10.0.0.3:5070;transport=tcp?Replaces=090459243588173445%4010.0.0.1%3Bto-tag%3D7553452%3Bfrom-tag%3D31431>"
        );
        assert_eq!(refer.target(), target);
        assert_eq!(refer.replaces(), Some(replaces()));
    }

    #[test]
    fn what_is_asked_for_becomes_a_call() {
        let target: Uri = "sip:carol@10.0.0.3".parse().unwrap();
        let by: Uri = "sip:bob@example.com?x=y".parse().unwrap();
        let refer = Refer::replacing(&target, &replaces()).unwrap();
        let call = refer
            .referred_by(&by)
            .call("<sip:alice@example.com>".parse().unwrap());
        assert_eq!(call.remote, target);
        let headers: Vec<String> = call
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        assert_eq!(
            headers,
            [
                "Require: replaces",
                "Replaces: 090459243588173445@10.0.0.1;to-tag=7553452;from-tag=31431",
                "Referred-By: <sip:bob@example.com>"
            ]
        );
    }

    #[test]
    fn headers_of_the_refer_to_do_not_leak_into_the_call() {
        let text = "<sip:carol@10.0.0.3;method=INVITE?Subject=x&Route=%3Csip:evil%3E&replaces=a%3Bto-tag%3Db>";
        let refer = Refer::new(text.parse().unwrap());
        assert_eq!(refer.method(), Method::Invite);
        assert_eq!(refer.target().as_str(), "sip:carol@10.0.0.3");
        // A Replaces without from-tag names no dialog.
        assert_eq!(refer.replaces(), None);
        assert!(refer.call("<sip:a@b>".parse().unwrap()).headers.is_empty());
        for bad in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(unescape(bad), None, "{bad}");
        }
        let other = Refer::new("<sip:carol@10.0.0.3;method=BYE>".parse().unwrap());
        assert_eq!(other.method(), Method::Bye);
    }
}
