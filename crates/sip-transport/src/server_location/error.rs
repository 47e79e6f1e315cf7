//! Why no server can be found for a URI.

/// Why a place leads to no server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum LocateError {
    /// Neither `sip` nor `sips`.
    #[error("a URI of this scheme leads to no server")]
    UnsupportedScheme,
    /// The URI, or its `maddr`, names no host.
    #[error("the URI names no host")]
    NoHost,
    /// The URI names a transport that is not carried here.
    #[error("the transport that the URI asks for is not carried here")]
    UnsupportedTransport,
    /// A `sips` URI with a transport that cannot be secured.
    #[error("a sips URI over a transport that is not secure")]
    NotSecure,
    /// The name does not exist.
    #[error("the name does not exist")]
    NoSuchName,
    /// The name exists and leads to no address that can be reached from here.
    #[error("the name leads to no address within reach")]
    NoAddress,
    /// The domain says that it does not offer the service (RFC 2782, a target of `.`).
    #[error("the domain offers no such service")]
    NotOffered,
    /// The name servers did not answer, or not usably.
    #[error("the name servers gave no answer")]
    NoAnswer,
    /// As many places are being located, or as many questions are open, as the configuration allows.
    #[error("too many places are being located")]
    TooMany,
}
