//! A request once more: under the next number, to the server that has answered it (RFC 3261 section 8.1.3.5).

use std::time::Instant;

use rvoip_transaction_core::ClientKey;
use rvoip_transaction_core::sip_core::{ByteString, HeaderName};

use super::DialogManager;
use super::call::{Exchange, Role};
use super::client::ClientUse;
use super::kept::with_credentials;
use super::subscription::Asked;
use crate::invite::uac;
use crate::protection_space::Credentials;

impl DialogManager {
    /// Sends a request once more under the next number, with other lines in the place of those of the same names. False when
    /// it cannot be: it was not [kept](Errand::kept), has been sent too often, or its call is being ended.
    pub(super) fn resend(
        &mut self,
        now: Instant,
        client: ClientKey,
        lines: &[(HeaderName, ByteString)],
    ) -> bool {
        let Some(kept) = self.authentication.kept.get(&client) else {
            return false;
        };
        let place = kept.place();
        let asked = kept.asked(&place);
        let spaces = &mut self.authentication.spaces;
        let before = kept.credentials.iter();
        let credentials = before.filter_map(|given| spaces.repeat(given, &asked));
        let credentials = credentials.collect();
        self.send_next_round(now, client, lines, credentials)
    }

    /// Sends a request inside a dialog over another connection when its own has broken; once, so that a peer that takes no
    /// requests is not asked for ever. Whether it is sent.
    pub(super) fn moves(&mut self, now: Instant, client: ClientKey) -> bool {
        let Some(kept) = self.authentication.kept.get_mut(&client) else {
            return false;
        };
        // Where the broken connection led is not where the next one has to lead.
        kept.target = None;
        std::mem::take(&mut kept.may_move) && self.resend(now, client, &[])
    }

    pub(super) fn send_next_round(
        &mut self,
        now: Instant,
        client: ClientKey,
        lines: &[(HeaderName, ByteString)],
        credentials: Credentials,
    ) -> bool {
        let Some(kept) = self.authentication.kept.get(&client) else {
            return false;
        };
        let number = kept.number();
        let Some(number) = self.next_number(client, number) else {
            return false;
        };
        let kept = self.authentication.kept.get(&client);
        let Some((mut next, errand)) = kept.and_then(|kept| kept.again(number, lines)) else {
            return false;
        };
        next.credentials = credentials;
        let again = match self.send_errand(now, with_credentials(errand, &next.credentials)) {
            Ok(again) => again,
            Err(error) => {
                tracing::debug!(%error, "a request could not be sent again");
                return false;
            }
        };
        let purpose = match self.clients.remove(&client) {
            // Whoever answered the first one is no fork of the second.
            Some(ClientUse::Invite {
                call,
                initial,
                forks,
            }) => Some(ClientUse::invite(call, initial, forks.proposal)),
            other => other,
        };
        if let Some(purpose) = purpose {
            self.clients.insert(again, purpose);
        }
        self.authentication.kept.remove(&client);
        self.authentication.kept.insert(again, Box::new(next));
        self.note_sent_again(again, number);
        true
    }

    /// The number of a request that is sent again: the next of its dialog, or simply the next. `None` when it is not to be
    /// sent any more.
    fn next_number(&mut self, client: ClientKey, number: u32) -> Option<u32> {
        let call = match self.clients.get(&client)? {
            ClientUse::Prack { leg, .. } | ClientUse::Update { leg, .. } => {
                let part = self.calls.get_mut(leg.call)?.leg_mut(leg.fork)?;
                return part.dialog.sequence.advance();
            }
            ClientUse::Invite { call, .. } => Some(*call),
            ClientUse::Bye { call, .. } | ClientUse::Request { call, .. } => *call,
            ClientUse::Subscription { key, .. } => {
                let key = *key;
                return self.next_usage_number(key);
            }
            ClientUse::SoftState(_) => None,
        };
        let Some(key) = call else {
            return number.checked_add(1);
        };
        let call = self.calls.get_mut(key)?;
        let is_calling = matches!(
            call.role,
            Role::Caller(uac::State::Calling | uac::State::Proceeding)
        );
        let is_invite = matches!(self.clients.get(&client)?, ClientUse::Invite { .. });
        if is_invite && !is_calling && !call.role.is_confirmed() {
            return None;
        }
        call.dialog.sequence.advance()
    }

    /// Whoever remembers the transaction or the number of a request learns those it has now.
    fn note_sent_again(&mut self, client: ClientKey, number: u32) {
        match self.clients.get(&client) {
            Some(ClientUse::Invite { call, .. }) => {
                if let Some(call) = self.calls.get_mut(*call) {
                    call.exchange = Exchange::Ours { client, number };
                    // Dialogs with those who answered the first one are void.
                    call.early = None;
                    if let Some(mut leg) = call.leg_mut(None) {
                        leg.reinvited();
                    }
                }
            }
            // Notifications name it by its number.
            Some(ClientUse::Subscription { key, asked }) => {
                if *asked == Asked::First
                    && let Some(subscription) = self.subscriptions.get_mut(*key)
                    && let Some(refer) = &mut subscription.refer
                {
                    *refer = number;
                }
            }
            Some(ClientUse::SoftState(key)) => {
                if let Some(record) = self.soft_states.get_mut(*key) {
                    record.cseq = number;
                }
            }
            _ => {}
        }
    }
}
