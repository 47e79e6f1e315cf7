//! Challenges that are answered: the accounts of this side, and the requests that may have to be sent again (RFC 3261
//! section 22).

use std::time::Instant;

use rvoip_transaction_core::sip_core::{RequestBuilder, Response, StatusCode};
use rvoip_transaction_core::sip_transport::Target;
use rvoip_transaction_core::{ClientKey, TransactionEvent};

use super::DialogManager;
use super::client::ClientUse;
use super::errand::Errand;
use super::kept::{Kept, credited, with_credentials};
use crate::DialogError;
use crate::account::Account;
use crate::id::KeyMap;
use crate::protection_space::ProtectionSpaces;

/// The accounts of this side, and the requests that may have to be sent again.
#[derive(Debug, Default)]
pub(super) struct Authentication {
    pub(super) spaces: ProtectionSpaces,
    pub(super) kept: KeyMap<ClientKey, Box<Kept>>,
}

impl DialogManager {
    /// The accounts that challenges are answered with from now on, for requests of every method.
    pub fn set_accounts(&mut self, accounts: Vec<Account>) {
        self.authentication.spaces.set_accounts(accounts);
    }

    /// Whether a request is to be kept, as it may be challenged.
    pub(super) fn has_accounts(&self) -> bool {
        self.authentication.spaces.has_accounts()
    }

    /// Sends a request that may have to be sent again, with the credentials that its servers have asked for before.
    pub(super) fn dispatch_kept(
        &mut self,
        now: Instant,
        purpose: ClientUse,
        errand: Errand,
    ) -> Result<ClientKey, DialogError> {
        let mut kept = Kept::new(errand.clone());
        let place = kept.place();
        kept.credentials = self.authentication.spaces.volunteer(&kept.asked(&place));
        let client = self.send_errand(now, with_credentials(errand, &kept.credentials))?;
        self.clients.insert(client, purpose);
        self.authentication.kept.insert(client, Box::new(kept));
        Ok(client)
    }

    /// Looks at a response before it is handled. True when the request was sent again, and the response is of no concern to
    /// anybody.
    pub(super) fn is_sent_again(
        &mut self,
        now: Instant,
        client: ClientKey,
        response: &Response,
    ) -> bool {
        let Some(kept) = self.authentication.kept.get(&client) else {
            return false;
        };
        let status = response.status();
        if !matches!(
            status,
            StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED
        ) {
            if status.is_final() {
                self.authentication.spaces.note(response, &kept.credentials);
            }
            return false;
        }
        let place = kept.place();
        let (asked, before) = (kept.asked(&place), &kept.credentials);
        let spaces = &mut self.authentication.spaces;
        // What answers a challenge is made for the number of the request to come, which it does not depend on.
        match spaces.answer(response, &asked, before, &mut self.rng) {
            Some(credentials) => self.send_next_round(now, client, &[], credentials),
            None => false,
        }
    }

    /// Where a request goes, for whoever challenges it.
    pub(super) fn note_target(&mut self, client: ClientKey, target: &Target) {
        if let Some(kept) = self.authentication.kept.get_mut(&client) {
            kept.target = Some(target.clone());
        }
    }

    /// The ACK of a 2xx brings the credentials of its INVITE (section 22.1).
    pub(super) fn with_credentials_of(
        &self,
        invite: ClientKey,
        ack: RequestBuilder,
    ) -> RequestBuilder {
        match self.authentication.kept.get(&invite) {
            Some(kept) => credited(ack, &kept.credentials),
            None => ack,
        }
    }

    /// A transaction is over; one whose connection broke may have [another](Self::moves).
    pub(super) fn forget_kept(&mut self, event: &TransactionEvent) {
        let (TransactionEvent::ClientTimedOut { key }
        | TransactionEvent::ClientTerminated { key }
        | TransactionEvent::ClientUnlocated { key, .. }
        | TransactionEvent::ClientCancelled { key }) = event
        else {
            return;
        };
        self.authentication.kept.remove(key);
    }

    /// Whether any request is kept.
    pub(super) fn keeps_requests(&self) -> bool {
        !self.authentication.kept.is_empty()
    }
}
