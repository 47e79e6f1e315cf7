//! Accounts: who this side is to servers that ask for credentials, and to which of them it says so (RFC 3261 section 22,
//! RFC 7616, RFC 8760, RFC 8898).

use std::fmt;
use std::sync::Arc;

use rvoip_transaction_core::sip_core::digest::{self, Algorithm, Ha1, Secret};
use rvoip_transaction_core::sip_core::header::Challenge;

/// Gives the tokens of an account that has no password (RFC 8898). Asked on the shard, so that it must not wait: a client of
/// an authorization server keeps its token fresh by itself and gives what it has.
pub trait BearerTokens: Send + Sync {
    /// The access token for a challenge of the scheme Bearer, whose parameters name the realm, the scope and the authorization
    /// server. `None` leaves the challenge unanswered, and the request ends with it.
    fn token(&self, challenge: &Challenge) -> Option<String>;
}

/// What an account proves itself with.
#[derive(Clone)]
pub enum AccountSecret {
    /// The password: good for every realm and algorithm.
    Password(String),
    /// Hashes in its place, each good for one algorithm: then the realm has to be named.
    Hashes(Vec<Ha1>),
    /// Access tokens, sent over secure transports alone.
    Tokens(Arc<dyn BearerTokens>),
}

impl fmt::Debug for AccountSecret {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AccountSecret::Password(_) => "Password",
            AccountSecret::Hashes(_) => "Hashes",
            AccountSecret::Tokens(_) => "Tokens",
        })
    }
}

/// One user of one provider, for requests of every method.
///
/// Credentials go to nobody else than the account names: the hosts of its domains, or whoever asks for its realm when it
/// names no domain. A realm is what a challenge says of itself and may be anybody's: name the domains where you can.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user name in credentials.
    pub user: String,
    /// What proves it.
    pub secret: AccountSecret,
    /// The only realm that is answered, if it is known.
    pub realm: Option<String>,
    /// The hosts of the servers that are answered: domain names and addresses, without ports.
    pub domains: Vec<String>,
}

impl Account {
    /// A user of a domain with a password, for any realm that the servers of the domain name.
    pub fn new(user: &str, password: &str, domain: &str) -> Account {
        Account {
            user: user.to_owned(),
            secret: AccountSecret::Password(password.to_owned()),
            realm: None,
            domains: vec![domain.to_owned()],
        }
    }

    /// The same for one realm alone.
    #[must_use]
    pub fn with_realm(mut self, realm: &str) -> Account {
        self.realm = Some(realm.to_owned());
        self
    }

    /// The same for the servers of one more domain, such as an outbound proxy.
    #[must_use]
    pub fn with_domain(mut self, domain: &str) -> Account {
        self.domains.push(domain.to_owned());
        self
    }

    /// The same with another secret.
    #[must_use]
    pub fn with_secret(mut self, secret: AccountSecret) -> Account {
        self.secret = secret;
        self
    }

    /// Whether the account is for this realm, as far as it names one.
    pub(crate) fn is_of_realm(&self, realm: &str) -> bool {
        self.realm.as_deref().is_none_or(|named| named == realm)
    }

    /// Whether a host is one of its domains.
    pub(crate) fn has_domain(&self, host: &str) -> bool {
        let mut domains = self.domains.iter();
        domains.any(|domain| domain.eq_ignore_ascii_case(host))
    }

    /// Whether the account is for a realm, wherever it is asked for.
    pub(crate) fn is_known_by_realm_alone(&self) -> bool {
        self.domains.is_empty() && self.realm.is_some()
    }

    /// The secret for a challenge of Digest, when there is one that its algorithm can be answered with.
    pub(crate) fn digest_secret(&self, challenge: &Challenge) -> Option<Secret<'_>> {
        let secret = match &self.secret {
            AccountSecret::Password(password) => Secret::Password(password),
            AccountSecret::Hashes(hashes) => {
                let algorithm = Algorithm::named(challenge.algorithm().as_deref())?;
                let fits = |hash: &&Ha1| hash.hash_function() == algorithm.hash_function();
                Secret::Ha1(hashes.iter().find(fits)?)
            }
            AccountSecret::Tokens(_) => return None,
        };
        let answerable = !digest::choose([challenge], &secret).is_empty();
        answerable.then_some(secret)
    }
}

#[cfg(test)]
mod tests {
    use rvoip_transaction_core::sip_core::digest::HashFunction;
    use rvoip_transaction_core::sip_core::header::WwwAuthenticate;

    use super::*;

    fn challenge(algorithm: &str) -> Challenge {
        let text = format!("Digest realm=\"r\", nonce=\"n\", algorithm={algorithm}");
        text.parse::<WwwAuthenticate>().unwrap().0
    }

    #[test]
    fn hashes_answer_their_algorithms_and_a_password_all_known_ones() {
        let account = Account::new("bob", "zanzibar", "example.com");
        let hash = |function| Ha1::new(function, "bob", "r", "zanzibar");
        let hashes = vec![hash(HashFunction::Md5), hash(HashFunction::Sha256)];
        let hashed = account.clone().with_secret(AccountSecret::Hashes(hashes));
        for (algorithm, by_password, by_hash) in [
            ("MD5", true, true),
            ("SHA-256-sess", true, true),
            ("SHA-512-256", true, false),
            ("SHA-3", false, false),
        ] {
            let challenge = challenge(algorithm);
            assert_eq!(account.digest_secret(&challenge).is_some(), by_password);
            assert_eq!(hashed.digest_secret(&challenge).is_some(), by_hash);
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let account = Account::new("bob", "zanzibar", "example.com");
        assert!(!format!("{account:?}").contains("zanzibar"));
    }
}
