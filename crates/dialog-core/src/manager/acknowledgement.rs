//! The ACK of a 2xx: sent once, kept for repeats, and what becomes of a 2xx that nobody waits for (RFC 3261 section
//! 13.2.2.4).

use std::time::Instant;

use rvoip_transaction_core::ClientKey;
use rvoip_transaction_core::sip_core::{ByteString, Method, Response};

use super::DialogManager;
use super::call::Exchange;
use super::client::ClientUse;
use super::errand::{Errand, Purpose};
use crate::dialog::Dialog;
use crate::{Body, CallKey};

impl DialogManager {
    /// Sends the ACK of the 2xx that won the call.
    pub(super) fn acknowledge(&mut self, now: Instant, key: CallKey, answer: Option<Body>) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Exchange::Ours {
            client: Some(client),
            number,
        } = call.exchange
        else {
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
        let tag = call.dialog.remote_tag().map(ByteString::from);
        let path = call.path;
        // An ACK that cannot be sent shows by the 2xx that comes again, and at last by the peer's BYE.
        if let Err(error) = self.dispatch(
            now,
            Errand::new(Purpose::Ack { invite, tag }, request),
            &next_hop,
            path,
        ) {
            tracing::debug!(call = %key, %error, "an ACK could not be sent");
        }
    }

    /// Answers a 2xx that wins no call with ACK, and with BYE unless its dialog has been ended already.
    pub(super) fn disown(
        &mut self,
        now: Instant,
        invite: ClientKey,
        success: &Response,
        bye: bool,
    ) {
        let Ok(mut dialog) = Dialog::unwanted(success) else {
            return;
        };
        let tag = dialog.remote_tag().map(ByteString::from);
        let mut send = |purpose: Purpose, request: Option<_>| {
            if let Some((request, next_hop)) = request {
                let request = self.capabilities.sign_request(request);
                let _ = self.dispatch(now, Errand::new(purpose, request), &next_hop, None);
            }
        };
        send(
            Purpose::Ack { invite, tag },
            dialog.request(Method::Ack, dialog.sequence.local()).ok(),
        );
        if bye {
            let number = dialog.sequence.advance();
            send(
                Purpose::Bye(None),
                number.and_then(|number| dialog.request(Method::Bye, number).ok()),
            );
            self.counters.lost_forks += 1;
        }
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
        let (octets, target) = (ack.octets.clone(), ack.target);
        if let Err(error) = self.transactions.resend_ack(now, octets, &target) {
            tracing::debug!(%error, "an ACK could not be repeated");
        }
    }
}
