//! Why credentials are not taken, or cannot be given.

/// What is wrong with a challenge or with credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestError {
    /// The scheme is not Digest.
    #[error("the scheme is not Digest")]
    OtherScheme,
    /// A parameter that must be there is missing.
    #[error("no {0}")]
    Missing(&'static str),
    /// A parameter has a value that cannot be.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// The algorithm is not known, or not one that was offered.
    #[error("the algorithm is none of those offered")]
    Algorithm,
    /// The quality of protection is not known, or not one that was offered.
    #[error("the quality of protection is none of those offered")]
    Qop,
    /// The secret at hand is a hash of another function.
    #[error("the secret is a hash of another function")]
    OtherHash,
    /// The realm is not the one asked for.
    #[error("credentials for another realm")]
    Realm,
    /// The user is not the one whose secret this is.
    #[error("credentials of another user")]
    User,
    /// The response was computed over another URI.
    #[error("credentials for another URI")]
    Uri,
    /// The response is not the one the secret gives.
    #[error("wrong response")]
    Response,
    /// The nonce was not made under this key.
    #[error("not a nonce of this server")]
    ForeignNonce,
    /// The nonce is older than its lifetime: a challenge with `stale=true` is the answer.
    #[error("the nonce is too old")]
    StaleNonce,
    /// The count of the nonce was used before, or is too far behind to know.
    #[error("the count of the nonce was used before")]
    Replay,
}

impl DigestError {
    /// Whether the client should try again with the same secret and a new nonce (RFC 7616 section 3.3, `stale`).
    pub fn is_stale(self) -> bool {
        matches!(self, Self::StaleNonce | Self::Replay)
    }

    /// Whether the credentials break a rule and 400 is the answer; others are challenged anew.
    pub fn is_malformed(self) -> bool {
        matches!(self, Self::Missing(_) | Self::Malformed(_))
    }
}
