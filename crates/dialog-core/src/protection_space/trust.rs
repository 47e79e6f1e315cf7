//! Whom an account is shown to: no credentials to strangers.

use rvoip_transaction_core::sip_core::header::Challenge;

use super::ProtectionSpaces;
use super::challenged::{Asked, Asker};
use crate::account::AccountSecret;

impl ProtectionSpaces {
    /// The account that a realm is answered with: of those that may be, the one of the sender, else the first.
    pub(super) fn account(&self, asked: &Asked<'_>, asker: Asker, realm: &str) -> Option<usize> {
        let from = asked.request.from().ok();
        let user = from
            .as_ref()
            .and_then(|from| from.uri().user())
            .unwrap_or_default();
        let mut known = (0..self.accounts.len())
            .filter(|account| self.may_answer(*account, asked, asker, realm))
            .peekable();
        let first = *known.peek()?;
        Some(
            known
                .find(|account| self.accounts[*account].user == user)
                .unwrap_or(first),
        )
    }

    /// No credentials to strangers: a server answers for its Request-URI, a proxy for the hop that it is. A server behind a
    /// proxy of the account's domain is believed when it knows the realm that the account names.
    fn may_answer(&self, account: usize, asked: &Asked<'_>, asker: Asker, realm: &str) -> bool {
        let it = &self.accounts[account];
        if !it.is_of_realm(realm) {
            return false;
        }
        let is_its = |host: &str| it.has_domain(host) || self.has_asked(account, host);
        match asker {
            _ if it.is_known_by_realm_alone() => true,
            Asker::Server => is_its(asked.host) || it.realm.is_some() && is_its(asked.next_host),
            Asker::Proxy => is_its(asked.next_host),
        }
    }

    /// Whether a host has been answered on behalf of the account: the address of a server of its domain.
    fn has_asked(&self, account: usize, host: &str) -> bool {
        let mut spaces = self.spaces.iter().filter(|space| space.account == account);
        spaces.any(|space| space.has_host(host))
    }

    pub(super) fn can_answer(
        &self,
        account: usize,
        challenge: &Challenge,
        asked: &Asked<'_>,
    ) -> bool {
        let account = &self.accounts[account];
        match account.secret {
            AccountSecret::Tokens(_) => challenge.is("Bearer") && asked.is_secure,
            _ => account.digest_secret(challenge).is_some(),
        }
    }
}
