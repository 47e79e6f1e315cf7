//! Getting requests on their way into the layer below, and remembering what each is for.

use std::time::Instant;

use rvoip_transaction_core::sip_core::{RequestBuilder, Uri};
use rvoip_transaction_core::sip_transport::Target;
use rvoip_transaction_core::{ClientKey, NextHop, OwnContact, TransactionError};

use super::DialogManager;
use super::client::ClientUse;
use crate::fork::Forks;
use crate::{CallKey, DialogError};

impl DialogManager {
    /// Sends the INVITE that begins a call. Its Contact depends on the way it takes, which the layer below finds.
    pub(super) fn send_first_invite(
        &mut self,
        now: Instant,
        call: CallKey,
        request: RequestBuilder,
        contact: OwnContact,
        next_hop: NextHop,
    ) -> Result<ClientKey, DialogError> {
        let place = place(&next_hop);
        let sent = self
            .transactions
            .send_request_with_contact(now, request, contact, next_hop);
        let client = sent.map_err(|error| unreachable(error, place))?;
        self.expect_answer(client, call, true);
        Ok(client)
    }

    /// Sends a later INVITE of a call.
    pub(super) fn send_later_invite(
        &mut self,
        now: Instant,
        call: CallKey,
        request: RequestBuilder,
        next_hop: NextHop,
    ) -> Result<ClientKey, DialogError> {
        let client = self.send_by(now, request, next_hop)?;
        self.expect_answer(client, call, false);
        Ok(client)
    }

    /// Sends a BYE, of no call when it is for a fork that lost.
    pub(super) fn dispatch_bye(
        &mut self,
        now: Instant,
        call: Option<CallKey>,
        request: RequestBuilder,
        next_hop: NextHop,
    ) -> Result<(), DialogError> {
        let client = self.send_by(now, request, next_hop)?;
        self.clients.insert(client, ClientUse::Bye { call });
        Ok(())
    }

    fn send_by(
        &mut self,
        now: Instant,
        request: RequestBuilder,
        next_hop: NextHop,
    ) -> Result<ClientKey, DialogError> {
        let place = place(&next_hop);
        let sent = self.transactions.send_request(now, request, next_hop);
        sent.map_err(|error| unreachable(error, place))
    }

    fn expect_answer(&mut self, client: ClientKey, call: CallKey, initial: bool) {
        let forks = Box::new(Forks::default());
        let invite = ClientUse::Invite {
            call,
            initial,
            forks,
        };
        self.clients.insert(client, invite);
    }
}

/// What an error calls the place that a request goes to.
fn place(next_hop: &NextHop) -> Option<Uri> {
    match next_hop {
        NextHop::Uri { uri, .. } => Some(uri.clone()),
        NextHop::Target(_) => None,
    }
}

/// The layer below knows no servers of a URI by its own words.
fn unreachable(error: TransactionError, place: Option<Uri>) -> DialogError {
    match (error, place) {
        (TransactionError::Locate(_), Some(uri)) => DialogError::Unreachable(uri.as_str().into()),
        (error, _) => error.into(),
    }
}

/// The next hop of a request inside a dialog: a URI, and the way the dialog has gone so far.
pub(super) fn along(uri: Uri, path: Option<&Target>) -> NextHop {
    NextHop::Uri {
        uri,
        path: path.cloned(),
    }
}
