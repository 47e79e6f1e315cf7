//! Security-Client, Security-Server and Security-Verify (RFC 3329).

use super::grammar::{compared_by_words, weight, word_params_header};
use crate::token;

macro_rules! mechanism {
    ($(#[$doc:meta])* $type:ident) => {
        word_params_header! {
            $(#[$doc])*
            $type, Each,
            /// The mechanism as it stands: `digest`, `tls`, `ipsec-3gpp`.
            mechanism, token::is_token
        }

        compared_by_words!($type mechanism);

        impl $type {
            /// How much it is liked, in thousandths (parameter `q`).
            pub fn weight(&self) -> u16 {
                weight(&self.params)
            }
        }
    };
}

mechanism! {
    /// A mechanism the client knows.
    SecurityClient
}
mechanism! {
    /// A mechanism the server knows.
    SecurityServer
}
mechanism! {
    /// A mechanism of the server, given back so that it sees that nobody has changed its list.
    SecurityVerify
}
