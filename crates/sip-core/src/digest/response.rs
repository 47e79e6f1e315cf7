//! The response itself (RFC 7616 sections 3.4.1 to 3.4.3).

use super::{Algorithm, Qop};

/// The parts of a request that a response protects.
#[derive(Clone, Copy, Debug)]
pub struct DigestRequest<'a> {
    /// The method as it stands in the request.
    pub method: &'a str,
    /// The Request-URI as it stands in the request.
    pub uri: &'a str,
    /// The body; empty if there is none.
    pub body: &'a [u8],
}

/// How often a nonce was used, with which client nonce, for what: the parts that only a response with `qop` has.
#[derive(Clone, Copy)]
pub(super) struct Use<'a> {
    pub(super) qop: Qop,
    /// Eight digits.
    pub(super) count: &'a str,
}

/// What a response is made of beside the secret.
pub(super) struct Proof<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) nonce: &'a str,
    /// Empty when there is neither `qop` nor a session.
    pub(super) cnonce: &'a str,
    /// `None` in the way of RFC 2069.
    pub(super) used: Option<Use<'a>>,
    /// Empty in the proof that a server gives back.
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) body: &'a [u8],
}

impl Proof<'_> {
    /// The response in hexadecimal.
    pub(super) fn response(&self, ha1: &str) -> String {
        let hash = self.algorithm.hash_function();
        let (nonce, cnonce) = (self.nonce.as_bytes(), self.cnonce.as_bytes());
        let session = self.algorithm.is_session();
        let session = session.then(|| hash.of(&[ha1.as_bytes(), nonce, cnonce]));
        let ha1 = session.as_deref().unwrap_or(ha1).as_bytes();
        let (method, uri) = (self.method.as_bytes(), self.uri.as_bytes());
        let Some(used) = self.used else {
            return hash.of(&[ha1, nonce, hash.of(&[method, uri]).as_bytes()]);
        };
        let ha2 = match used.qop {
            Qop::Auth => hash.of(&[method, uri]),
            Qop::AuthInt => hash.of(&[method, uri, hash.of(&[self.body]).as_bytes()]),
        };
        let (count, qop) = (used.count.as_bytes(), used.qop.as_str().as_bytes());
        hash.of(&[ha1, nonce, count, cnonce, qop, ha2.as_bytes()])
    }
}
