//! Request methods (RFC 3261 section 7.1 and the extensions that name new ones).

use std::fmt;
use std::str::FromStr;

use bytestring::ByteString;

use crate::{ParseError, token};

macro_rules! methods {
    ($($variant:ident $text:literal $doc:literal;)*) => {
        /// A request method. Methods are case-sensitive: `invite` is an extension method and not INVITE.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum Method {
            $(#[doc = $doc] $variant,)*
            /// Any other token.
            Extension(ByteString),
        }

        impl Method {
            /// The method as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Method::$variant => $text,)*
                    Method::Extension(text) => text,
                }
            }

            /// The method of this text, unless it is an extension.
            pub(crate) fn known(text: &str) -> Option<Method> {
                match text {
                    $($text => Some(Method::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

methods! {
    Invite "INVITE" "INVITE, RFC 3261.";
    Ack "ACK" "ACK, RFC 3261.";
    Bye "BYE" "BYE, RFC 3261.";
    Cancel "CANCEL" "CANCEL, RFC 3261.";
    Options "OPTIONS" "OPTIONS, RFC 3261.";
    Register "REGISTER" "REGISTER, RFC 3261.";
    Prack "PRACK" "PRACK, RFC 3262.";
    Update "UPDATE" "UPDATE, RFC 3311.";
    Info "INFO" "INFO, RFC 6086.";
    Message "MESSAGE" "MESSAGE, RFC 3428.";
    Refer "REFER" "REFER, RFC 3515.";
    Subscribe "SUBSCRIBE" "SUBSCRIBE, RFC 6665.";
    Notify "NOTIFY" "NOTIFY, RFC 6665.";
    Publish "PUBLISH" "PUBLISH, RFC 3903.";
}

impl Method {
    /// Reads a method out of shared text; an extension method keeps a slice of it.
    ///
    /// # Errors
    /// [`ParseError::InvalidMethod`] when the text is not a token.
    pub fn parse(text: ByteString) -> Result<Method, ParseError> {
        match Method::known(&text) {
            Some(method) => Ok(method),
            None if token::is_token(&text) => Ok(Method::Extension(text)),
            None => Err(ParseError::InvalidMethod),
        }
    }
}

impl FromStr for Method {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Method::parse(ByteString::from(text))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_decides() {
        assert_eq!("INVITE".parse(), Ok(Method::Invite));
        assert_eq!("invite".parse(), Ok(Method::Extension("invite".into())));
        assert_eq!(
            "RE%47IST%45R".parse::<Method>().unwrap().as_str(),
            "RE%47IST%45R"
        );
        assert_eq!("IN VITE".parse::<Method>(), Err(ParseError::InvalidMethod));
        assert_eq!("".parse::<Method>(), Err(ParseError::InvalidMethod));
    }
}
