//! The client's side: which challenge to answer, and the answer (RFC 7616 section 3.4, RFC 8760 section 2.4).

use super::response::{Proof, Use};
use super::{Algorithm, DigestError, DigestRequest, Qop, Secret, userhash};
use crate::header::{AuthParams, Challenge, Credentials};

/// The challenges to answer, one for each realm: of several for a realm the topmost that can be answered, as the server
/// lists them in the order of its preference (RFC 8760 section 2.4).
///
/// What cannot be answered is passed over: other schemes, unknown algorithms and qualities of protection, hash functions
/// that the secret was not hashed with. Nothing is left when none can be.
pub fn choose<'a>(
    challenges: impl IntoIterator<Item = &'a Challenge>,
    secret: &Secret<'_>,
) -> Vec<&'a Challenge> {
    let mut chosen: Vec<&Challenge> = Vec::new();
    for challenge in challenges {
        let is_known = |other: &&Challenge| other.realm() == challenge.realm();
        if read(challenge, secret).is_ok() && !chosen.iter().any(is_known) {
            chosen.push(challenge);
        }
    }
    chosen
}

/// What a challenge asks for.
fn read(
    challenge: &Challenge,
    secret: &Secret<'_>,
) -> Result<(Algorithm, Option<Qop>), DigestError> {
    if !challenge.is("Digest") {
        return Err(DigestError::OtherScheme);
    }
    challenge.realm().ok_or(DigestError::Missing("realm"))?;
    challenge.nonce().ok_or(DigestError::Missing("nonce"))?;
    let algorithm = Algorithm::named(challenge.algorithm().as_deref());
    let algorithm = algorithm.ok_or(DigestError::Algorithm)?;
    if !secret.fits(algorithm.hash_function()) {
        return Err(DigestError::OtherHash);
    }
    let mut offered = challenge.qop().peekable();
    if offered.peek().is_none() {
        return Ok((algorithm, None));
    }
    // Proxies change bodies where they should not: integrity only where nothing else is offered.
    let qop = offered
        .filter_map(Qop::named)
        .reduce(|one, other| match one {
            Qop::Auth => one,
            Qop::AuthInt => other,
        });
    Ok((algorithm, Some(qop.ok_or(DigestError::Qop)?)))
}

/// Answers a challenge.
///
/// `cnonce` is the nonce of the client: random, and the same as long as the nonce of the server is. `count` says how often
/// that nonce has been used, this time included: it starts at 1.
///
/// # Errors
/// When the challenge cannot be answered; never for one that [`choose`] returned.
pub fn answer(
    challenge: &Challenge,
    username: &str,
    secret: &Secret<'_>,
    request: &DigestRequest<'_>,
    cnonce: &str,
    count: u32,
) -> Result<Credentials, DigestError> {
    let (algorithm, qop) = read(challenge, secret)?;
    let realm = challenge.realm().unwrap_or_default();
    let nonce = challenge.nonce().unwrap_or_default();
    let hash = algorithm.hash_function();
    let digits = format!("{count:08x}");
    let proof = Proof {
        algorithm,
        nonce: &nonce,
        cnonce,
        used: qop.map(|qop| Use {
            qop,
            count: &digits,
        }),
        method: request.method,
        uri: request.uri,
        body: request.body,
    };
    let response = proof.response(&secret.ha1(hash, username, &realm)?);
    let mut credentials = Credentials::new("Digest", AuthParams::new());
    credentials = match challenge.userhash() {
        true => credentials.with("username", &userhash(hash, username, &realm)),
        false => credentials.with_username(username),
    };
    credentials = credentials
        .with("realm", &realm)
        .with("nonce", &nonce)
        .with("uri", request.uri)
        .with("response", &response);
    // A server that named none may know no such parameter.
    if challenge.algorithm().is_some() {
        credentials = credentials.with("algorithm", algorithm.as_str());
    }
    if qop.is_some() || algorithm.is_session() {
        credentials = credentials.with("cnonce", cnonce);
    }
    if let Some(qop) = qop {
        credentials = credentials.with("qop", qop.as_str());
        credentials = credentials.with_nonce_count(count);
    }
    if let Some(opaque) = challenge.opaque() {
        credentials = credentials.with("opaque", &opaque);
    }
    if challenge.userhash() {
        credentials = credentials.with("userhash", "true");
    }
    Ok(credentials)
}
