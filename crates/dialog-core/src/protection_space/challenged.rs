//! A request that may need credentials, those it brought, and the challenges of its answer.

use rvoip_transaction_core::sip_core::header::{Challenge, ProxyAuthenticate, WwwAuthenticate};
use rvoip_transaction_core::sip_core::{ByteString, HeaderName, Request, Response};
use smallvec::SmallVec;

/// Challenges of one response that are looked at.
const MAX_CHALLENGES: usize = 16;

/// Who asks: the server that answers a request, or a proxy on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    Server,
    Proxy,
}

impl Asker {
    /// The header that answers it.
    pub(crate) fn header(self) -> HeaderName {
        match self {
            Asker::Server => HeaderName::Authorization,
            Asker::Proxy => HeaderName::ProxyAuthorization,
        }
    }
}

/// What is looked at of a request that may need credentials.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) request: &'a Request,
    /// The host of the Request-URI.
    pub(crate) host: &'a str,
    /// The host that the request goes to first.
    pub(crate) next_host: &'a str,
    /// The address that it went to, when that is known.
    pub(crate) address: Option<&'a str>,
    /// Whether it goes over a secure transport.
    pub(crate) is_secure: bool,
}

/// Credentials that a request brought.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) asker: Asker,
    pub(crate) value: ByteString,
    pub(super) realm: String,
    pub(super) nonce: String,
    /// They answer a challenge to this very request.
    pub(super) is_fresh: bool,
}

pub(crate) type Credentials = SmallVec<[Given; 1]>;

impl Given {
    /// Whether they are for this realm.
    pub(super) fn is_for(&self, asker: Asker, realm: &str) -> bool {
        self.asker == asker && self.realm == realm
    }

    /// Whether a challenge says that the secret is wrong, and not only the nonce: what answered this very request, or the
    /// same nonce, has been refused.
    pub(super) fn is_refused_by(&self, challenge: &Challenge) -> bool {
        let is_same = challenge.nonce().unwrap_or_default() == self.nonce;
        !challenge.is_stale() && (self.is_fresh || is_same)
    }
}

/// What a response asks for. A proxy that has forked may bring the challenges of servers and proxies together.
pub(super) fn challenges(response: &Response) -> Vec<(Asker, Challenge)> {
    let headers = response.headers();
    let server = headers.all::<WwwAuthenticate>().flatten();
    let proxy = headers.all::<ProxyAuthenticate>().flatten();
    server
        .map(|it| (Asker::Server, it.0))
        .chain(proxy.map(|it| (Asker::Proxy, it.0)))
        .take(MAX_CHALLENGES)
        .collect()
}
