//! A call that waits for a decision.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rvoip_dialog_core::registrar::Located;
use rvoip_dialog_core::sip_core::header::{Diversion, HistoryInfo};
use rvoip_dialog_core::sip_core::{ByteString, HeaderName, Request};
use rvoip_dialog_core::sip_transport::PeerIdentity;

use crate::switchboard::Switchboard;
use crate::{CallDecision, CallRecord, CallSession, Result, SessionId};

/// A call that waits for a decision. When the last clone is dropped undecided, the call is answered 480.
#[derive(Debug, Clone)]
pub struct IncomingCall {
    /// The identity of the session.
    pub id: SessionId,
    /// The URI of the caller.
    pub from: String,
    /// The URI that was called.
    pub to: String,
    /// The offered session description.
    pub sdp: Option<String>,
    /// The headers of the INVITE.
    pub headers: CallHeaders,
    /// When the call came in.
    pub received_at: Instant,
    undecided: Arc<Undecided>,
}

/// The headers of an INVITE.
#[derive(Debug, Clone)]
pub struct CallHeaders(Arc<Request>);

impl CallHeaders {
    /// The first value of a header, its name in any case and form.
    pub fn get(&self, name: &str) -> Option<&str> {
        let name = HeaderName::parse(ByteString::from(name)).ok()?;
        self.0.headers().raw(&name)
    }

    /// All headers in their order, as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (HeaderName, &str)> {
        let lines = self.0.headers().iter();
        lines.map(|line| (line.name, line.value))
    }

    /// Who sent the call on before it came here, the last first (RFC 5806); values that cannot be read are left out.
    pub fn diversions(&self) -> impl Iterator<Item = Diversion> {
        self.0.headers().all().flatten()
    }

    /// The targets that the call has been sent to, the first first (RFC 7044); values that cannot be read are left out.
    pub fn history(&self) -> impl Iterator<Item = HistoryInfo> {
        self.0.headers().all().flatten()
    }

    /// The INVITE itself.
    pub fn request(&self) -> &Request {
        &self.0
    }
}

/// The duty to answer a call.
pub(crate) struct Undecided {
    switchboard: Arc<Switchboard>,
    call: Arc<CallRecord>,
    settled: AtomicBool,
}

impl std::fmt::Debug for Undecided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Undecided")
            .field("settled", &self.settled)
            .finish_non_exhaustive()
    }
}

impl Undecided {
    /// The decision has been taken.
    pub(crate) fn settle(&self) {
        self.settled.store(true, Ordering::Relaxed);
    }
}

impl Drop for Undecided {
    fn drop(&mut self) {
        let id = self.call.id();
        if !*self.settled.get_mut() && self.call.state().is_in_progress() {
            // A full queue leaves the call to the ringing limit of the signalling.
            let _ = self
                .switchboard
                .try_post(move |core, now| core.forget(now, id));
        }
    }
}

impl IncomingCall {
    /// The call and the duty to answer it, which ends with the last of both.
    pub(crate) fn new(
        switchboard: &Arc<Switchboard>,
        call: &Arc<CallRecord>,
        request: Arc<Request>,
    ) -> (Self, Arc<Undecided>) {
        let undecided = Arc::new(Undecided {
            switchboard: Arc::clone(switchboard),
            call: Arc::clone(call),
            settled: AtomicBool::new(false),
        });
        let sdp = std::str::from_utf8(request.body())
            .ok()
            .filter(|body| !body.is_empty());
        let call = IncomingCall {
            id: call.id(),
            from: call.from().to_owned(),
            to: call.to().to_owned(),
            sdp: sdp.map(str::to_owned),
            headers: CallHeaders(request),
            received_at: call.created_at(),
            undecided: Arc::clone(&undecided),
        };
        (call, undecided)
    }

    /// Lets the caller hear it ringing (180); done by itself when the call is deferred or accepted.
    ///
    /// # Errors
    /// When the call no longer waits.
    pub async fn ring(&self) -> Result<()> {
        let id = self.id;
        self.undecided
            .switchboard
            .call(move |core, now| core.ring(now, id))
            .await?
    }

    /// Describes our media before the call is answered (183) and sends it: an announcement, or a ringing tone of our own.
    /// The same description answers the call later. `reliable` repeats it until the caller has it (RFC 3262), where the
    /// caller can do that.
    ///
    /// # Errors
    /// When the call no longer waits, came without an offer, or no media can be agreed on.
    pub async fn start_early_media(&self, reliable: bool) -> Result<()> {
        let id = self.id;
        self.undecided
            .switchboard
            .call(move |core, now| core.start_early_media(now, id, None, reliable))
            .await?
    }

    /// Answers the call with a generated session description.
    ///
    /// # Errors
    /// When the call no longer waits, or no media can be agreed on: it is refused then.
    pub async fn accept(&self) -> Result<CallSession> {
        self.decide(CallDecision::Accept(None)).await?;
        Ok(self.session())
    }

    /// Answers the call with the application's session description.
    ///
    /// # Errors
    /// When the call no longer waits.
    pub async fn accept_with_sdp(&self, sdp: impl Into<String>) -> Result<CallSession> {
        self.decide(CallDecision::Accept(Some(sdp.into()))).await?;
        Ok(self.session())
    }

    /// Refuses the call; see [`CallDecision::Reject`] for the meaning of the reason.
    ///
    /// # Errors
    /// When the call no longer waits.
    pub async fn reject(&self, reason: &str) -> Result<()> {
        self.decide(CallDecision::Reject(reason.to_owned())).await
    }

    /// Sends the call on to another URI, as the configuration says: by 302, or in a second leg from here.
    ///
    /// # Errors
    /// When the call no longer waits, or the URI cannot be called: it is refused then.
    pub async fn forward(&self, target: &str) -> Result<()> {
        self.decide(CallDecision::Forward(target.to_owned())).await
    }

    /// The URI that the call is for: that of [`to`](Self::to), unless it was sent elsewhere on its way.
    pub fn request_uri(&self) -> &str {
        self.headers.request().raw_uri()
    }

    /// Where the user that the call is for is registered with this side, the preferred contact first. A
    /// [forward](Self::forward) to the [Request-URI](Self::request_uri) rings them.
    ///
    /// # Errors
    /// A Request-URI that is no SIP URI, and after the coordinator was stopped.
    pub async fn registered_contacts(&self) -> Result<Vec<Located>> {
        let user = self.request_uri().to_owned();
        self.undecided
            .switchboard
            .call(move |core, now| core.registered_contacts(now, &user))
            .await?
    }

    /// Whose certificate came with the call, when it came over TLS from a peer that showed one.
    pub fn peer(&self) -> Option<&Arc<PeerIdentity>> {
        self.undecided.call.peer()
    }

    /// The session of the call.
    pub fn session(&self) -> CallSession {
        CallSession::new(&self.undecided.switchboard, &self.undecided.call)
    }

    pub(crate) async fn decide(&self, decision: CallDecision) -> Result<()> {
        self.undecided.settle();
        let id = self.id;
        self.undecided
            .switchboard
            .call(move |core, now| core.decide(now, id, decision))
            .await?
    }
}
