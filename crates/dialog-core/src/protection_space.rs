//! Protection spaces: which realm of which servers has been answered with which nonce, so that later requests bring their
//! credentials unasked (RFC 3261 section 22, RFC 7616 section 3.6).

mod challenged;
mod space;
mod trust;

use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::Response;
use rvoip_transaction_core::sip_core::header::{AuthenticationInfo, Challenge};

use self::challenged::challenges;
pub(crate) use self::challenged::{Asked, Asker, Credentials, Given};
use self::space::Space;
use crate::account::Account;

/// Spaces that are remembered; the one challenged longest ago gives way.
const MAX_SPACES: usize = 256;

/// Hosts that are remembered of a space; so are the oldest.
const MAX_HOSTS: usize = 16;

/// The accounts of this side and what their servers asked for so far.
#[derive(Debug, Default)]
pub(crate) struct ProtectionSpaces {
    accounts: Vec<Account>,
    /// The latest challenged last.
    spaces: Vec<Space>,
}

impl ProtectionSpaces {
    pub(crate) fn has_accounts(&self) -> bool {
        !self.accounts.is_empty()
    }

    /// Other accounts from now on; what was asked of the old ones is forgotten.
    pub(crate) fn set_accounts(&mut self, accounts: Vec<Account>) {
        self.accounts = accounts;
        self.spaces.clear();
    }

    /// The credentials that a request brings unasked.
    pub(crate) fn volunteer(&mut self, asked: &Asked<'_>) -> Credentials {
        let mut given = Credentials::new();
        for place in 0..self.spaces.len() {
            let space = &self.spaces[place];
            let is_wanted = space.is_reached_by(asked)
                && self.account(asked, space.asker, &space.realm) == Some(space.account);
            if is_wanted {
                given.extend(self.credentials(place, asked, false));
            }
        }
        given
    }

    /// The credentials that answer the challenges of a response to a request that brought `before`; those of other realms
    /// come along. `None` when it is of no use to send the request again: nobody is asked whom we know, or a right answer
    /// was refused (section 22.1).
    pub(crate) fn answer(
        &mut self,
        response: &Response,
        asked: &Asked<'_>,
        before: &[Given],
        rng: &mut StdRng,
    ) -> Option<Credentials> {
        let mut given = Credentials::new();
        let challenges = challenges(response);
        for (asker, challenge) in &challenges {
            let realm = challenge.realm().unwrap_or_default();
            let is_same = |given: &&Given| given.is_for(*asker, &realm);
            if given.iter().any(|given| is_same(&given)) {
                continue;
            }
            let Some(account) = self.account(asked, *asker, &realm) else {
                continue;
            };
            if !self.can_answer(account, challenge, asked) {
                continue;
            }
            if let Some(refused) = before.iter().find(is_same)
                && refused.is_refused_by(challenge)
            {
                return None;
            }
            let place = self.enter(*asker, account, challenge, asked, rng);
            given.extend(self.credentials(place, asked, true));
        }
        if given.is_empty() {
            return None;
        }
        for earlier in before {
            let is_same = |given: &Given| given.is_for(earlier.asker, &earlier.realm);
            if !given.iter().any(is_same) {
                given.extend(self.repeat(earlier, asked));
            }
        }
        Some(given)
    }

    /// The same credentials for the request sent again: only counted on.
    pub(crate) fn repeat(&mut self, earlier: &Given, asked: &Asked<'_>) -> Option<Given> {
        let is_its = |space: &Space| space.asker == earlier.asker && space.realm == earlier.realm;
        let account = self.account(asked, earlier.asker, &earlier.realm)?;
        let mut spaces = self.spaces.iter();
        let place = spaces.position(|space| is_its(space) && space.account == account)?;
        self.credentials(place, asked, earlier.is_fresh)
    }

    /// Takes the nonce that a server wants next (RFC 7616 section 3.5).
    pub(crate) fn note(&mut self, response: &Response, before: &[Given]) {
        let info = response
            .headers()
            .first::<AuthenticationInfo>()
            .ok()
            .flatten();
        let nonce = info.as_ref().and_then(AuthenticationInfo::next_nonce);
        let given = before.iter().find(|given| given.asker == Asker::Server);
        if let (Some(nonce), Some(given)) = (nonce, given) {
            let spaces = self.spaces.iter_mut();
            spaces.for_each(|space| space.take_nonce(&nonce, given));
        }
    }

    /// Enters a challenge into its space, which becomes the latest.
    fn enter(
        &mut self,
        asker: Asker,
        account: usize,
        challenge: &Challenge,
        asked: &Asked<'_>,
        rng: &mut StdRng,
    ) -> usize {
        let realm = challenge.realm().unwrap_or_default();
        let is_its = |space: &Space| {
            space.asker == asker && space.account == account && space.realm == realm
        };
        let old = self.spaces.iter().position(is_its);
        let mut hosts = old.map_or_else(Vec::new, |place| self.spaces.remove(place).hosts);
        // The address is that of the next hop, which is not the server that asks when there is a proxy on the way.
        let (host, address) = match asker {
            Asker::Server if asked.host != asked.next_host => (asked.host, None),
            _ => (asked.next_host, asked.address),
        };
        for host in [Some(host), address].into_iter().flatten() {
            if !hosts.iter().any(|known| known == host) {
                hosts.push(host.to_owned());
            }
        }
        hosts.drain(..hosts.len().saturating_sub(MAX_HOSTS));
        if self.spaces.len() == MAX_SPACES {
            self.spaces.remove(0);
        }
        let space = Space::new((asker, account), challenge, hosts, rng);
        self.spaces.push(space);
        self.spaces.len() - 1
    }

    fn credentials(&mut self, place: usize, asked: &Asked<'_>, is_fresh: bool) -> Option<Given> {
        let space = &mut self.spaces[place];
        space.credentials(&self.accounts[space.account], asked, is_fresh)
    }
}

#[cfg(test)]
mod tests;
