//! Header names: the known ones with their compact forms, any other as it stands.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use bytestring::ByteString;

use crate::{ParseError, token};

mod lookup;

pub(crate) use lookup::lookup;

macro_rules! names {
    ($($variant:ident $text:literal $($compact:literal)?;)*) => {
        /// The name of a header. Names compare without regard to case, and a compact form equals its long form.
        #[derive(Clone, Debug)]
        #[non_exhaustive]
        pub enum HeaderName {
            $(#[doc = concat!("`", $text, "`.")] $variant,)*
            /// Any other name, as it stands.
            Other(ByteString),
        }

        /// Long form and compact form (0 for none) of each known name; the place is the name's code.
        const KNOWN: &[(&str, u8)] = &[$(($text, 0 $(+ $compact)?)),*];

        #[repr(u8)]
        enum Place { $($variant),* }

        impl HeaderName {
            /// The place of a known name in the table, also when it is spelt out in [`HeaderName::Other`].
            #[inline(always)]
            pub(crate) fn code(&self) -> Option<u8> {
                match self {
                    $(HeaderName::$variant => Some(Place::$variant as u8),)*
                    HeaderName::Other(text) => lookup(text.as_bytes()),
                }
            }

            pub(crate) const fn from_code(code: u8) -> Option<HeaderName> {
                $(if code == Place::$variant as u8 {
                    return Some(HeaderName::$variant);
                })*
                None
            }
        }
    };
}

names! {
    Accept "Accept";
    AcceptContact "Accept-Contact" b'a';
    AcceptEncoding "Accept-Encoding";
    AcceptLanguage "Accept-Language";
    AlertInfo "Alert-Info";
    Allow "Allow";
    AllowEvents "Allow-Events" b'u';
    AuthenticationInfo "Authentication-Info";
    Authorization "Authorization";
    CSeq "CSeq";
    CallId "Call-ID" b'i';
    CallInfo "Call-Info";
    Contact "Contact" b'm';
    ContentDisposition "Content-Disposition";
    ContentEncoding "Content-Encoding" b'e';
    ContentLanguage "Content-Language";
    ContentLength "Content-Length" b'l';
    ContentType "Content-Type" b'c';
    Date "Date";
    Diversion "Diversion";
    ErrorInfo "Error-Info";
    Event "Event" b'o';
    Expires "Expires";
    From "From" b'f';
    Geolocation "Geolocation";
    HistoryInfo "History-Info";
    Identity "Identity" b'y';
    InReplyTo "In-Reply-To";
    Join "Join";
    MaxForwards "Max-Forwards";
    MimeVersion "MIME-Version";
    MinExpires "Min-Expires";
    MinSe "Min-SE";
    Organization "Organization";
    PAccessNetworkInfo "P-Access-Network-Info";
    PAssertedIdentity "P-Asserted-Identity";
    PPreferredIdentity "P-Preferred-Identity";
    Path "Path";
    Priority "Priority";
    Privacy "Privacy";
    ProxyAuthenticate "Proxy-Authenticate";
    ProxyAuthorization "Proxy-Authorization";
    ProxyRequire "Proxy-Require";
    RAck "RAck";
    RSeq "RSeq";
    Reason "Reason";
    RecordRoute "Record-Route";
    ReferSub "Refer-Sub";
    ReferTo "Refer-To" b'r';
    ReferredBy "Referred-By" b'b';
    RejectContact "Reject-Contact" b'j';
    Replaces "Replaces";
    ReplyTo "Reply-To";
    RequestDisposition "Request-Disposition" b'd';
    Require "Require";
    RetryAfter "Retry-After";
    Route "Route";
    SecurityClient "Security-Client";
    SecurityServer "Security-Server";
    SecurityVerify "Security-Verify";
    Server "Server";
    ServiceRoute "Service-Route";
    SessionExpires "Session-Expires" b'x';
    SipEtag "SIP-ETag";
    SipIfMatch "SIP-If-Match";
    Subject "Subject" b's';
    SubscriptionState "Subscription-State";
    Supported "Supported" b'k';
    TargetDialog "Target-Dialog";
    Timestamp "Timestamp";
    To "To" b't';
    Unsupported "Unsupported";
    UserAgent "User-Agent";
    UserToUser "User-to-User";
    Via "Via" b'v';
    Warning "Warning";
    WwwAuthenticate "WWW-Authenticate";
}

impl HeaderName {
    /// Reads a name, long or compact, out of shared text.
    ///
    /// # Errors
    /// [`ParseError::InvalidHeaderName`] when it is not a token.
    pub fn parse(text: ByteString) -> Result<HeaderName, ParseError> {
        match lookup(text.as_bytes()).and_then(HeaderName::from_code) {
            Some(name) => Ok(name),
            None if token::is_token(&text) => Ok(HeaderName::Other(text)),
            None => Err(ParseError::InvalidHeaderName),
        }
    }

    /// The name in its long form and usual spelling; an unknown one as it stands.
    #[inline(always)]
    pub fn as_str(&self) -> &str {
        match self {
            HeaderName::Other(text) => text,
            known => known.code().map_or("", |code| KNOWN[usize::from(code)].0),
        }
    }
}

/// A set of known names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen([u64; 2]);

// Each code is a bit of the set.
const _: () = assert!(KNOWN.len() <= 128);

impl Seen {
    /// Where the bit of a code is.
    #[inline]
    const fn place(code: u8) -> (usize, u64) {
        ((code / 64 % 2) as usize, 1 << (code % 64))
    }

    /// Adds the name of a code; `false` when it was there.
    #[inline]
    pub(crate) fn insert(&mut self, code: u8) -> bool {
        let (word, bit) = Self::place(code);
        let is_new = self.0[word] & bit == 0;
        self.0[word] |= bit;
        is_new
    }

    pub(crate) fn contains(&self, name: &HeaderName) -> bool {
        name.code().is_some_and(|code| {
            let (word, bit) = Self::place(code);
            self.0[word] & bit != 0
        })
    }
}

impl PartialEq for HeaderName {
    fn eq(&self, other: &HeaderName) -> bool {
        match (self.code(), other.code()) {
            (None, None) => self.as_str().eq_ignore_ascii_case(other.as_str()),
            (a, b) => a == b,
        }
    }
}

impl Eq for HeaderName {}

impl Hash for HeaderName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.code() {
            Some(code) => state.write_u8(code),
            None => {
                let octets = self.as_str().bytes();
                octets.for_each(|octet| state.write_u8(octet.to_ascii_lowercase()));
            }
        }
    }
}

impl FromStr for HeaderName {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        HeaderName::parse(ByteString::from(text))
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_found() {
        for (code, (text, compact)) in KNOWN.iter().enumerate() {
            let name: HeaderName = text.to_uppercase().parse().unwrap();
            assert_eq!((name.code(), name.as_str()), (Some(code as u8), *text));
            assert_eq!(HeaderName::from_code(code as u8), Some(name.clone()));
            if *compact != 0 {
                let letter = char::from(*compact).to_string();
                assert_eq!(letter.parse(), Ok(name.clone()));
                assert_eq!(letter.to_uppercase().parse(), Ok(name));
            }
        }
    }

    #[test]
    fn others_are_kept() {
        let other: HeaderName = "X-Mine".parse().unwrap();
        assert_eq!(other, HeaderName::Other("x-mINE".into()));
        assert_eq!(other.as_str(), "X-Mine");
        assert_eq!("z".parse(), Ok(HeaderName::Other("z".into())));
        for spelt in ["v", "VIA"] {
            assert_eq!(HeaderName::Other(spelt.into()), HeaderName::Via);
        }
        assert_eq!(
            HeaderName::Other("v".into()),
            HeaderName::Other("Via".into())
        );
        for text in ["", "a b", "a:", "\u{e4}"] {
            assert_eq!(
                text.parse::<HeaderName>(),
                Err(ParseError::InvalidHeaderName),
                "{text}"
            );
        }
    }
}
