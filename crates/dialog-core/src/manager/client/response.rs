//! The responses to requests of ours, each to whom its request was for.

use std::time::Instant;

use rvoip_transaction_core::ClientKey;
use rvoip_transaction_core::sip_core::{Response, StatusCode};

use super::ClientUse;
use crate::Leg;
use crate::fork::Verdict;
use crate::manager::DialogManager;
use crate::manager::step::{Common, Work};

impl DialogManager {
    pub(in crate::manager) fn handle_response(
        &mut self,
        now: Instant,
        client: ClientKey,
        response: &Response,
    ) {
        let status = response.status();
        match self.clients.get_mut(&client) {
            Some(ClientUse::Bye { call }) if status.is_final() => {
                let call = *call;
                self.clients.remove(&client);
                if let Some(call) = call {
                    self.step(now, call, Common::ByeDone, Work::default());
                }
            }
            Some(ClientUse::Subscription { key, asked }) if status.is_final() => {
                let usage = (*key, *asked);
                self.handle_subscription_response(now, client, usage, response);
            }
            Some(ClientUse::SoftState(key)) if status.is_final() => {
                let key = *key;
                self.clients.remove(&client);
                self.soft_state_answered(now, key, response);
            }
            Some(ClientUse::Request { key, call }) if status.is_final() => {
                let (key, call) = (*key, *call);
                self.clients.remove(&client);
                self.handle_answered(now, key, call, response);
            }
            Some(ClientUse::Prack { leg, rseq }) if status.is_final() => {
                let (leg, rseq) = (*leg, *rseq);
                self.clients.remove(&client);
                self.prack_answered(now, leg, rseq, status.is_success());
            }
            Some(ClientUse::Update { .. }) if status.is_final() => {
                if let Some(ClientUse::Update { leg, proposal }) = self.clients.remove(&client) {
                    self.handle_update_answered(now, leg, *proposal, status, Some(response));
                }
            }
            Some(ClientUse::Invite { .. }) => self.handle_invite_response(now, client, response),
            _ => {}
        }
    }

    fn handle_invite_response(&mut self, now: Instant, client: ClientKey, response: &Response) {
        let Some(ClientUse::Invite {
            call,
            initial,
            forks,
        }) = self.clients.get_mut(&client)
        else {
            return;
        };
        let (call, initial, status) = (*call, *initial, response.status());
        let tag = response.to_tag();
        if !status.is_final() {
            if initial {
                let tag = tag.filter(|_| status != StatusCode::TRYING);
                let fork = tag.and_then(|tag| forks.early(Some(tag)));
                self.handle_progress(now, Leg { call, fork }, response);
            } else {
                self.take_later_reliable(now, call, response);
            }
        } else if status.is_success() {
            match forks.success(tag) {
                Verdict::Winner(fork) if initial => {
                    let leg = Leg {
                        call,
                        fork: Some(fork),
                    };
                    self.handle_success(now, leg, client, response)
                }
                Verdict::Winner(_) => self.handle_reoffer_answered(now, call, client, response),
                Verdict::Repeat => self.repeat_ack(now, client, tag),
                Verdict::Loser => self.disown(now, Some(client), response, true),
                Verdict::Ignored => {}
            }
        } else if initial {
            self.handle_refusal(now, call, client, response);
        } else if let Some(ClientUse::Invite { forks, .. }) = self.clients.remove(&client) {
            self.reoffer_failed(now, call, forks.proposal, status, Some(response));
        }
    }
}
