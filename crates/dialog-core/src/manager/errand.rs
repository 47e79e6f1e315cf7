//! Getting requests on their way into the layer below, and remembering what each is for.

use std::time::Instant;

use rvoip_transaction_core::sip_core::{RequestBuilder, Uri};
use rvoip_transaction_core::sip_transport::Target;
use rvoip_transaction_core::{ClientKey, NextHop, OwnContact, TransactionError};

use super::DialogManager;
use super::client::ClientUse;
use crate::DialogError;

/// A request and the way it takes.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    pub(super) request: RequestBuilder,
    /// Puts a Contact in, whose address is that of the way the request goes; the layer below finds it.
    pub(super) contact: Option<OwnContact>,
    pub(super) next_hop: NextHop,
    /// It may have to be sent again with other headers.
    pub(super) is_kept: bool,
    /// It is sent again when its connection breaks.
    pub(super) may_move: bool,
}

impl Errand {
    pub(super) fn new(request: RequestBuilder, next_hop: impl Into<NextHop>) -> Errand {
        Errand {
            request,
            contact: None,
            next_hop: next_hop.into(),
            is_kept: false,
            may_move: false,
        }
    }

    /// A request inside a dialog: it goes to a URI, or the way the dialog has gone so far. A peer that gives up a connection
    /// does not give up the dialogs that used it, so that such a request is sent over another one.
    pub(super) fn inside(request: RequestBuilder, uri: Uri, path: Option<&Target>) -> Errand {
        let connected = path.is_some_and(|path| path.kind().is_reliable())
            || uri.is_sips()
            || uri
                .param("transport")
                .is_some_and(|kind| !kind.eq_ignore_ascii_case("udp"));
        Errand {
            may_move: connected,
            is_kept: connected,
            ..Errand::new(request, along(uri, path))
        }
    }

    pub(super) fn with_contact(self, contact: OwnContact) -> Errand {
        Errand {
            contact: Some(contact),
            ..self
        }
    }

    /// Keeps the request for [`resend`](DialogManager::resend).
    pub(super) fn kept(self) -> Errand {
        Errand {
            is_kept: true,
            ..self
        }
    }
}

impl DialogManager {
    /// Sends a request other than ACK and CANCEL: the one way of all of them. What comes of it is for whom `purpose` names.
    pub(super) fn dispatch(
        &mut self,
        now: Instant,
        purpose: ClientUse,
        errand: Errand,
    ) -> Result<ClientKey, DialogError> {
        if errand.is_kept || self.has_accounts() {
            return self.dispatch_kept(now, purpose, errand);
        }
        let client = self.send_errand(now, errand)?;
        self.clients.insert(client, purpose);
        Ok(client)
    }

    /// Hands a request to the layer below.
    pub(super) fn send_errand(
        &mut self,
        now: Instant,
        errand: Errand,
    ) -> Result<ClientKey, DialogError> {
        let Errand {
            request,
            contact,
            next_hop,
            ..
        } = errand;
        let place = place(&next_hop);
        let sent = match contact {
            None => self.transactions.send_request(now, request, next_hop),
            Some(contact) => self
                .transactions
                .send_request_with_contact(now, request, contact, next_hop),
        };
        sent.map_err(|error| unreachable(error, place))
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
