//! The server's own proof, and the nonce it wants next (RFC 7616 section 3.5, RFC 3261 section 20.6).

use ctutils::CtEq;

use super::response::{Proof, Use};
use super::{Algorithm, DigestError, Qop, Secret};
use crate::header::{AuthenticationInfo, Credentials};

/// What a server returns for credentials that it has verified: the proof that it knows the secret too, over the body of its
/// response, and the nonce for the next request if there should be another.
///
/// # Errors
/// [`DigestError`] when the credentials are not such as [`verify`](super::verify) takes.
pub fn confirm(
    credentials: &Credentials,
    username: &str,
    secret: &Secret<'_>,
    body: &[u8],
    next_nonce: Option<&str>,
) -> Result<AuthenticationInfo, DigestError> {
    let mut info = AuthenticationInfo::default();
    if let Some(nonce) = next_nonce {
        info = info.with("nextnonce", nonce);
    }
    // Without quality of protection there is nothing to prove with.
    let Some(name) = credentials.qop() else {
        return Ok(info);
    };
    let proof = proof(credentials, username, secret, body)?;
    let digits = credentials.params().get("nc").unwrap_or_default();
    Ok(info
        .with("qop", &name)
        .with("rspauth", &proof)
        .with("cnonce", &credentials.cnonce().unwrap_or_default())
        .with("nc", &digits))
}

/// Whether the server that answered with this header knows the secret: `body` is that of its response, `credentials` are
/// those of the request. `None` when the header proves nothing.
///
/// # Errors
/// [`DigestError`] when the credentials are not such as [`answer`](super::answer) makes.
pub fn is_confirmed(
    info: &AuthenticationInfo,
    credentials: &Credentials,
    username: &str,
    secret: &Secret<'_>,
    body: &[u8],
) -> Result<Option<bool>, DigestError> {
    let Some(given) = info.response_auth() else {
        return Ok(None);
    };
    let same_use =
        info.cnonce() == credentials.cnonce() && info.nonce_count() == credentials.nonce_count();
    let proof = proof(credentials, username, secret, body)?;
    let same_proof = proof
        .as_bytes()
        .ct_eq(given.to_ascii_lowercase().as_bytes());
    Ok(Some(same_use && same_proof.to_bool()))
}

/// As the response, with an empty method.
fn proof(
    credentials: &Credentials,
    username: &str,
    secret: &Secret<'_>,
    body: &[u8],
) -> Result<String, DigestError> {
    let algorithm = Algorithm::named(credentials.algorithm().as_deref());
    let algorithm = algorithm.ok_or(DigestError::Algorithm)?;
    let qop = credentials.qop().as_deref().and_then(Qop::named);
    let count = credentials.params().get("nc").unwrap_or_default();
    let realm = credentials.realm().unwrap_or_default();
    let proof = Proof {
        algorithm,
        nonce: &credentials.nonce().unwrap_or_default(),
        cnonce: &credentials.cnonce().unwrap_or_default(),
        used: Some(Use {
            qop: qop.ok_or(DigestError::Qop)?,
            count: &count,
        }),
        method: "",
        uri: &credentials.uri().unwrap_or_default(),
        body,
    };
    let ha1 = secret.ha1(algorithm.hash_function(), username, &realm)?;
    Ok(proof.response(&ha1))
}
