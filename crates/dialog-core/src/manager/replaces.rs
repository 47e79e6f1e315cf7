//! INVITE with Replaces: the call it names, and one call taking the place of another (RFC 3891 sections 3 to 5).

use std::time::Instant;

use rvoip_transaction_core::sip_core::header::Replaces;
use rvoip_transaction_core::sip_core::{HeaderName, Request, Uri};

use super::DialogManager;
use super::call::{Call, Exchange, Role};
use super::client::ClientUse;
use super::step::{Common, Work};
use crate::id::LocalTag;
use crate::invite::{uac, uas};
use crate::out_of_dialog::Refusal;
use crate::replaces::{Standing, admit};
use crate::{CallKey, EndCause, Refer};

fn standing(call: &Call) -> Standing {
    match call.role {
        Role::Caller(uac::State::Calling | uac::State::Proceeding) => Standing::EarlyOurs,
        Role::Called(uas::State::Received | uas::State::Ringing) => Standing::EarlyTheirs,
        role if role.is_confirmed() => Standing::Confirmed,
        Role::Caller(uac::State::AwaitingAnswer) | Role::Called(uas::State::Accepted) => {
            Standing::Confirmed
        }
        _ => Standing::Ended,
    }
}

impl DialogManager {
    /// The call that an INVITE wants to take the place of.
    pub(super) fn replaced_call(&mut self, invite: &Request) -> Result<Option<CallKey>, Refusal> {
        let headers = invite.headers();
        if !headers.contains(&HeaderName::Replaces) {
            return Ok(None);
        }
        let mut all = headers.all::<Replaces>();
        let (Some(Ok(replaces)), None) = (all.next(), all.next()) else {
            return Err(Refusal::BadRequest);
        };
        let clients = &self.clients;
        let call = LocalTag::parse(replaces.to_tag())
            .and_then(|tag| self.calls.by_tag(tag))
            .filter(|call| {
                // A peer of RFC 2543 has no tag, and is named by `0`.
                let remote = call.dialog.remote_tag().unwrap_or("0");
                let rings = |client| match clients.get(&client) {
                    Some(ClientUse::Invite { forks, .. }) => forks.knows(replaces.from_tag()),
                    _ => false,
                };
                let early = match call.exchange {
                    Exchange::Ours { client, .. } => rings(client),
                    _ => false,
                };
                call.dialog.call_id() == replaces.call_id()
                    && (remote == replaces.from_tag()
                        || early && standing(call) == Standing::EarlyOurs)
            });
        let found = call.map(|call| (call.key, standing(call)));
        admit(
            found.map(|(_, standing)| standing),
            replaces.is_early_only(),
        )?;
        Ok(found.map(|(key, _)| key))
    }

    /// Notes that a call takes the place of another when it is accepted.
    pub(super) fn note_replaced(&mut self, key: CallKey, replaces: CallKey) {
        if let Some(call) = self.calls.get_mut(key) {
            call.usages.get_or_insert_default().replaces = Some(replaces);
        }
    }

    /// The call that this one takes the place of when it is accepted, as its INVITE wants.
    pub fn replaces(&self, key: CallKey) -> Option<CallKey> {
        self.calls.get(key)?.usages.as_ref()?.replaces
    }

    /// A call was accepted: the one that it takes the place of ends, by BYE or CANCEL.
    pub(super) fn replace(&mut self, now: Instant, by: CallKey) {
        let Some(replaced) = self.replaces(by) else {
            return;
        };
        if let Some(call) = self.calls.get_mut(replaced) {
            call.note(EndCause::Replaced { by });
            self.step(now, replaced, Common::Terminate, Work::default());
        }
    }

    /// What asks somebody to take the place of this side in a call: its peer is called, with Replaces. `None` when the call is
    /// not confirmed.
    pub fn takeover(&self, key: CallKey) -> Option<Refer> {
        let call = self.calls.get(key)?;
        if !call.role.is_confirmed() {
            return None;
        }
        let (dialog, target) = (&call.dialog, call.dialog.remote_target());
        let target = Uri::parse(target.into()).ok()?;
        let (theirs, ours) = (
            dialog.remote_tag().unwrap_or("0"),
            dialog.local_tag().text(),
        );
        let replaces = Replaces::of_dialog(dialog.call_id(), theirs, &ours);
        Refer::replacing(&target, &replaces)
    }
}
