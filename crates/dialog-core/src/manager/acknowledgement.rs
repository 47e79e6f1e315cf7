//! The ACK of a 2xx: sent once, kept for repeats, and what becomes of a 2xx that nobody waits for (RFC 3261 section
//! 13.2.2.4).

use std::time::Instant;

use rvoip_transaction_core::sip_core::{Method, Response};
use rvoip_transaction_core::{Ack, ClientKey};

use super::DialogManager;
use super::call::Exchange;
use super::client::ClientUse;
use super::errand::{Errand, along};
use crate::dialog::Dialog;
use crate::{Body, CallKey};

impl DialogManager {
    /// Sends the ACK of the 2xx that won the call.
    pub(super) fn acknowledge(&mut self, now: Instant, key: CallKey, answer: Option<Body>) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Exchange::Ours { client, number } = call.exchange else {
            return;
        };
        call.exchange = Exchange::None;
        call.limit = None;
        self.send_ack(now, key, client, number, answer);
    }

    /// Sends the ACK of a 2xx inside a dialog of ours.
    pub(super) fn send_ack(
        &mut self,
        now: Instant,
        key: CallKey,
        invite: ClientKey,
        number: u32,
        body: Option<Body>,
    ) {
        let Some(call) = self.calls.get(key) else {
            return;
        };
        let Ok((request, next_hop)) = call.dialog.request(Method::Ack, number) else {
            return;
        };
        let request = Body::attach(body.as_ref(), self.capabilities.sign_request(request));
        let request = self.with_credentials_of(invite, request);
        let next_hop = along(next_hop, call.path.as_deref());
        // An ACK that cannot be sent shows by the 2xx that comes again, and at last by the peer's BYE.
        match self.transactions.send_ack(now, request, next_hop) {
            Ok(ack) => self.keep_ack(key, invite, ack),
            Err(error) => tracing::debug!(call = %key, %error, "an ACK could not be sent"),
        }
    }

    /// Keeps the ACK of a call's 2xx for the repetitions of the 2xx.
    fn keep_ack(&mut self, key: CallKey, invite: ClientKey, ack: Ack) {
        if let (Some(call), Some(ClientUse::Invite { forks, .. })) =
            (self.calls.get(key), self.clients.get_mut(&invite))
        {
            forks.acknowledged(call.dialog.remote_tag(), ack);
        }
    }

    /// Answers a 2xx that wins no call with ACK, and with BYE unless its dialog has been ended already. The INVITE may be
    /// forgotten: the 2xx of a server that was given up comes late.
    pub(super) fn disown(
        &mut self,
        now: Instant,
        invite: Option<ClientKey>,
        success: &Response,
        bye: bool,
    ) {
        let Ok(mut dialog) = Dialog::unwanted(success) else {
            return;
        };
        let forks = invite.and_then(|invite| self.clients.get(&invite));
        let spent = match forks {
            Some(ClientUse::Invite { forks, .. }) => forks.number(dialog.remote_tag()),
            _ => 0,
        };
        if let Ok((request, next_hop)) = dialog.request(Method::Ack, dialog.sequence.local()) {
            let request = self.capabilities.sign_request(request);
            let ack = self.transactions.send_ack(now, request, next_hop);
            if let (Ok(ack), Some(invite)) = (ack, invite)
                && let Some(ClientUse::Invite { forks, .. }) = self.clients.get_mut(&invite)
            {
                forks.acknowledged(dialog.remote_tag(), ack);
            }
        }
        if bye {
            dialog.sequence.pass(spent);
            let number = dialog.sequence.advance();
            let request = number.and_then(|number| dialog.request(Method::Bye, number).ok());
            if let Some((request, next_hop)) = request {
                let request = self.capabilities.sign_request(request);
                let errand = Errand::new(request, next_hop);
                let _ = self.dispatch(now, ClientUse::Bye { call: None }, errand);
            }
            self.counters.lost_forks += 1;
        }
    }

    /// The 2xx of a re-INVITE whose connection broke comes over another one. It has its ACK, lest the peer repeats it and ends
    /// the call; what it answers has been offered again. Whether there is such a call.
    pub(super) fn acknowledge_late(&mut self, now: Instant, success: &Response) -> bool {
        let Some(number) = success
            .cseq()
            .ok()
            .filter(|cseq| cseq.method == Method::Invite && success.status().is_success())
            .map(|cseq| cseq.number)
        else {
            return false;
        };
        let Some(call) = self.calls.of_response(success) else {
            return false;
        };
        let Ok((request, next_hop)) = call.dialog.request(Method::Ack, number) else {
            return false;
        };
        let next_hop = along(next_hop, call.path.as_deref());
        let request = self.capabilities.sign_request(request);
        if let Err(error) = self.transactions.send_ack(now, request, next_hop) {
            tracing::debug!(%error, "an ACK could not be sent");
        }
        true
    }

    /// A 2xx came again, so its ACK was lost: the same octets once more (RFC 3261 section 13.2.2.4).
    pub(super) fn repeat_ack(&mut self, now: Instant, client: ClientKey, tag: Option<&str>) {
        let Some(ClientUse::Invite { forks, .. }) = self.clients.get(&client) else {
            return;
        };
        let Some(ack) = forks.acknowledgement(tag) else {
            return;
        };
        self.counters.ack_repeats += 1;
        if let Err(error) = self.transactions.resend_ack(now, ack) {
            tracing::debug!(%error, "an ACK could not be repeated");
        }
    }
}
