//! The server's side: whether credentials prove what they say (RFC 7616 section 3.4.6, RFC 3261 section 22.4).

use std::borrow::Cow;

use ctutils::CtEq;

use super::response::{Proof, Use};
use super::{Algorithm, DigestError, DigestRequest, Qop, Secret, userhash};
use crate::Uri;
use crate::header::Credentials;

/// What a server asked for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The realm.
    pub realm: &'a str,
    /// The algorithms it offered; credentials of another are refused, so that nobody can choose a weaker one.
    pub algorithms: &'a [Algorithm],
    /// Whether it offered qualities of protection: credentials without one are refused then, as they carry no count.
    pub requires_qop: bool,
}

/// What right credentials say beside the user's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven<'a> {
    /// The nonce, for [`NonceMint::verify`](super::NonceMint::verify).
    pub nonce: Cow<'a, str>,
    /// How often the client has used it, for [`NonceWindow::accept`](super::NonceWindow::accept); `None` in the way of
    /// RFC 2069.
    pub count: Option<u32>,
    /// What the response protects.
    pub qop: Option<Qop>,
    /// The algorithm.
    pub algorithm: Algorithm,
}

/// Whether credentials name this user of a realm, plain or hashed.
pub fn is_of_user(credentials: &Credentials, username: &str, realm: &str) -> bool {
    let Some(named) = credentials.username() else {
        return false;
    };
    if !credentials.userhash() {
        return named == username;
    }
    let algorithm = Algorithm::named(credentials.algorithm().as_deref());
    algorithm.is_some_and(|algorithm| {
        let hash = userhash(algorithm.hash_function(), username, realm);
        hash.eq_ignore_ascii_case(&named)
    })
}

/// Whether the credentials of a request prove that its sender knows the secret of `username`.
///
/// The responses are compared in constant time. Whether the nonce is fresh and its count new is left to the caller, who
/// keeps the state: only when the response is right should a window be changed.
///
/// The URI in the credentials may be written in another way than the Request-URI, as proxies rewrite it; it must mean the
/// same (RFC 3261 section 22.4, item 5).
///
/// # Errors
/// The first thing that is wrong, that of the response last.
pub fn verify<'a>(
    credentials: &'a Credentials,
    username: &str,
    secret: &Secret<'_>,
    request: &DigestRequest<'_>,
    expected: &Expected<'_>,
) -> Result<Proven<'a>, DigestError> {
    if !credentials.is("Digest") {
        return Err(DigestError::OtherScheme);
    }
    let needed = |name, value: Option<Cow<'a, str>>| value.ok_or(DigestError::Missing(name));
    let realm = needed("realm", credentials.realm())?;
    let nonce = needed("nonce", credentials.nonce())?;
    let uri = needed("uri", credentials.uri())?;
    let response = needed("response", credentials.response())?;
    needed("username", credentials.username())?;
    let algorithm = Algorithm::named(credentials.algorithm().as_deref())
        .filter(|algorithm| expected.algorithms.contains(algorithm))
        .ok_or(DigestError::Algorithm)?;
    if realm != expected.realm {
        return Err(DigestError::Realm);
    }
    if !is_of_user(credentials, username, &realm) {
        return Err(DigestError::User);
    }
    let qop = match credentials.qop() {
        None if expected.requires_qop => return Err(DigestError::Missing("qop")),
        None => None,
        Some(name) => Some(Qop::named(&name).ok_or(DigestError::Qop)?),
    };
    let count = match (qop, credentials.nonce_count()) {
        (Some(_), None) => return Err(DigestError::Malformed("nc")),
        (Some(_), Some(count)) => Some(count),
        (None, _) => None,
    };
    let needs_cnonce = qop.is_some() || algorithm.is_session();
    let cnonce = match credentials.cnonce() {
        None if needs_cnonce => return Err(DigestError::Missing("cnonce")),
        cnonce => cnonce.unwrap_or_default(),
    };
    if !is_same_uri(&uri, request.uri) {
        return Err(DigestError::Uri);
    }
    let hash = algorithm.hash_function();
    if response.len() != hash.digits() {
        return Err(DigestError::Malformed("response"));
    }
    // The digits as they stand: a client may write them in capitals, and hashes them so.
    let digits = credentials.params().get("nc").unwrap_or_default();
    let proof = Proof {
        algorithm,
        nonce: &nonce,
        cnonce: &cnonce,
        used: qop.map(|qop| Use {
            qop,
            count: &digits,
        }),
        method: request.method,
        uri: &uri,
        body: request.body,
    };
    let right = proof.response(&secret.ha1(hash, username, &realm)?);
    let given = response.to_ascii_lowercase();
    if right.as_bytes().ct_eq(given.as_bytes()).to_bool() {
        Ok(Proven {
            nonce,
            count,
            qop,
            algorithm,
        })
    } else {
        Err(DigestError::Response)
    }
}

fn is_same_uri(one: &str, other: &str) -> bool {
    one == other
        || match (one.parse::<Uri>(), other.parse::<Uri>()) {
            (Ok(one), Ok(other)) => one.equivalent(&other),
            _ => false,
        }
}
