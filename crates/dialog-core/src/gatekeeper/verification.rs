//! Whether the response in credentials is right (RFC 7616 section 3.4.6).

use rvoip_transaction_core::sip_core::Request;
use rvoip_transaction_core::sip_core::digest::{
    self, Algorithm, DigestError, DigestRequest, Expected, Ha1, Proven, Secret,
};
use rvoip_transaction_core::sip_core::header::Credentials;

use super::Gatekeeper;
use crate::credential_store::SecretQuery;

impl Gatekeeper {
    /// Whose secret shows whether credentials are right.
    pub(super) fn query(&self, credentials: &Credentials) -> Result<SecretQuery, DigestError> {
        let user = credentials
            .username()
            .ok_or(DigestError::Missing("username"))?;
        let algorithm = Algorithm::named(credentials.algorithm().as_deref())
            .filter(|algorithm| self.realm.algorithms.contains(algorithm))
            .ok_or(DigestError::Algorithm)?;
        Ok(SecretQuery {
            user: user.into_owned(),
            realm: self.realm.name.clone(),
            hash: algorithm.hash_function(),
        })
    }

    /// Whether the response is right, for a nonce that is still to be looked at. One work for users that exist and for
    /// others.
    pub(super) fn verify(
        &self,
        credentials: &Credentials,
        request: &Request,
        query: &SecretQuery,
        known: Option<Ha1>,
    ) -> Result<(String, Option<u32>, Ha1), DigestError> {
        let SecretQuery { user, realm, hash } = query;
        let exists = known.is_some();
        let ha1 = known.unwrap_or_else(|| Ha1::new(*hash, user, realm, &self.nobody));
        let expected = Expected {
            realm,
            algorithms: &self.realm.algorithms,
            requires_qop: !self.realm.qop.is_empty(),
        };
        let asked = DigestRequest {
            method: request.method().as_str(),
            uri: request.raw_uri(),
            body: request.body(),
        };
        let Proven {
            nonce, count, qop, ..
        } = digest::verify(credentials, user, &Secret::Ha1(&ha1), &asked, &expected)?;
        if qop.is_some_and(|qop| !self.realm.qop.contains(&qop)) {
            return Err(DigestError::Qop);
        }
        match exists {
            true => Ok((nonce.into_owned(), count, ha1)),
            false => Err(DigestError::Response),
        }
    }
}
