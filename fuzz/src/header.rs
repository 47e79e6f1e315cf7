//! Every typed header.

use std::fmt::Debug;

use bytes::Bytes;
use rvoip_sip_core::header::*;
use rvoip_sip_core::{ByteString, Limits, Message};

use crate::bound;

/// Calls a function for each typed header; its name and what it is called with.
macro_rules! for_each_header {
    ($call:ident!($($argument:tt)*)) => {
        $call!($($argument)*;
            Accept AcceptContact AcceptEncoding AcceptLanguage AlertInfo Allow AllowEvents AuthenticationInfo Authorization
            CSeq CallId CallInfo Contact ContentDisposition ContentEncoding ContentLanguage ContentLength ContentType Date
            Diversion ErrorInfo Event Expires From Geolocation HistoryInfo Identity InReplyTo Join MaxForwards MimeVersion
            MinExpires MinSe Organization PAccessNetworkInfo PAssertedIdentity PPreferredIdentity Path Priority Privacy
            ProxyAuthenticate ProxyAuthorization ProxyRequire RAck RSeq Reason RecordRoute ReferSub ReferTo ReferredBy
            RejectContact Replaces ReplyTo RequestDisposition Require RetryAfter Route SecurityClient SecurityServer
            SecurityVerify Server ServiceRoute SessionExpires SipEtag SipIfMatch Subject SubscriptionState Supported
            TargetDialog Timestamp To Unsupported UserAgent UserToUser Via Warning WwwAuthenticate
        )
    };
}

/// `Name: value`, lines of which later ones are values of the same header. `parse` and `check` agree on each value; what
/// is written reads as the same; memory is bounded; the values of a message are those of its lines.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some((name, values)) = text.split_once(':') else {
        return;
    };
    let Ok(name) = name.trim().parse::<HeaderName>() else {
        return;
    };
    macro_rules! dispatch {
        ($name:ident, $values:ident; $($header:ident)*) => {
            $(if $name == $header::NAME {
                for value in $values.lines() {
                    check_value::<$header>(value.trim());
                }
            })*
        };
    }
    for_each_header!(dispatch!(name, values));
    let lines: String = values
        .lines()
        .map(|value| format!("{name}: {value}\r\n"))
        .collect();
    let octets = Bytes::from(format!("OPTIONS sip:a@b SIP/2.0\r\n{lines}\r\n"));
    if let Ok(message) = Message::parse(octets, &Limits::DEFAULT) {
        check_all(message.headers());
    }
}

/// Every value of every typed header of a message is read or refused, and edits can be made of those that are read.
pub(crate) fn check_all(headers: &HeaderMap) {
    macro_rules! read {
        ($headers:ident; $($header:ident)*) => {
            $({
                let all: Vec<Result<$header, _>> = $headers.all().collect();
                assert_eq!(all.is_empty(), $headers.first::<$header>().is_ok_and(|first| first.is_none()));
            })*
        };
    }
    for_each_header!(read!(headers));
}

fn check_value<H: Header + PartialEq + Debug>(value: &str) {
    let shared = ByteString::from(value);
    let parsed = bound::within(512 + 16 * value.len(), || H::parse(shared));
    assert_eq!(
        H::check(value),
        parsed.as_ref().map(drop).map_err(Clone::clone),
        "check and parse of {value:?}"
    );
    let (first, rest) = H::split_first(value);
    assert!(
        first.len() + rest.map_or(0, str::len) <= value.len(),
        "{value:?}"
    );
    let Ok(header) = parsed else {
        return;
    };
    let mut written = String::new();
    header.write(&mut written);
    let again = H::parse(written.trim().into());
    assert_eq!(
        again.as_ref(),
        Ok(&header),
        "{value:?} is written {written:?}"
    );
    let mut twice = String::new();
    header.write(&mut twice);
    assert_eq!(twice, written);
}
