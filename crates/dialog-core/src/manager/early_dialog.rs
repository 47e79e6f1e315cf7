//! The caller's early dialogs: one with each called party that answers reliably, until one of them becomes the call (RFC 3261
//! section 12.1.2).

use std::time::Instant;

use rvoip_transaction_core::sip_core::{Allow, Method, Response};

use super::DialogManager;
use super::call::Exchange;
use super::client::ClientUse;
use super::leg::{Early, EarlyDialog};
use crate::fork::{ForkId, MAX_FORKS};
use crate::prack::Arrivals;
use crate::{Body, Leg};

impl DialogManager {
    /// The early dialog with the sender of a provisional response, made when it is the first.
    pub(super) fn early_dialog(
        &mut self,
        leg: Leg,
        fork: ForkId,
        response: &Response,
    ) -> Option<&mut EarlyDialog> {
        let call = self.calls.get_mut(leg.call)?;
        let known = call.early.as_ref().map_or(0, |early| early.dialogs.len());
        if call.early_mut(Some(fork)).is_none() {
            if known == MAX_FORKS {
                return None;
            }
            let mut dialog = call.dialog.clone();
            dialog.establish(response).ok()?;
            let allow = response.headers().first::<Allow>().ok().flatten();
            let early = call.early.get_or_insert_default();
            early.dialogs.push(EarlyDialog {
                id: fork,
                dialog,
                ledger: call.ledger,
                change: None,
                arrivals: Arrivals::default(),
                unanswered: None,
                answer: None,
                local: None,
                pracking: 0,
                updates: allow.is_some_and(|allow| allow.contains(&Method::Update)),
            });
        }
        call.early_mut(Some(fork))
    }

    /// Remembers the number of a request in an early dialog: a 2xx that comes too late wants a BYE whose number is new.
    pub(super) fn count_early(&mut self, leg: Leg, number: u32) {
        if let Some(fork) = leg.fork
            && let Some(Exchange::Ours { client, .. }) =
                self.calls.get(leg.call).map(|call| &call.exchange)
            && let Some(ClientUse::Invite { forks, .. }) = self.clients.get_mut(client)
        {
            forks.counted(fork, number);
        }
    }

    /// Of several early dialogs one becomes the call. Gives the answer that it has brought already and our description; `None`
    /// when the 2xx is of a called party that none of them is with.
    pub(super) fn choose(
        &mut self,
        now: Instant,
        leg: Leg,
        early: Early,
        success: &Response,
    ) -> Option<(Option<Body>, Option<Body>)> {
        let mut chosen = None;
        for mut dialog in early.dialogs {
            if Some(dialog.id) != leg.fork {
                if let Some(asked) = dialog.change.and_then(|change| change.asked) {
                    self.servers.remove(&asked.server);
                    let tag = dialog.dialog.local_tag();
                    self.terminate_request(now, asked.server, &asked.request, tag);
                }
                continue;
            }
            if let Err(error) = dialog.dialog.confirm(success) {
                tracing::debug!(%error, "a 2xx confirms a dialog only in part");
            }
            if let Some(call) = self.calls.get_mut(leg.call) {
                call.dialog = dialog.dialog;
                call.ledger = dialog.ledger;
                call.change = dialog.change;
                call.updates = dialog.updates;
            }
            chosen = Some((dialog.answer, dialog.local));
        }
        chosen
    }
}
