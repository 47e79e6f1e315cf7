//! What dialog-core tells the session above it, and what that session hands down.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rvoip_transaction_core::sip_core::header::Substate;
use rvoip_transaction_core::sip_core::{ByteString, NameAddr, Request, Response, StatusCode};
use rvoip_transaction_core::sip_transport::{Flow, LocateError, LocateId};

use crate::compositor::PublicationEvent;
use crate::credential_store::{SecretKey, SecretQuery};
use crate::publication::{PublicationKey, PublicationStatus};
use crate::registrar::BindingEvent;
use crate::registration::{RegistrationKey, RegistrationStatus};
use crate::{
    Body, CallKey, ForkId, IncomingRequestKey, Refer, RequestKey, SubscriptionEnd, SubscriptionKey,
};

/// Facts about calls. [`Ended`](Self::Ended) comes exactly once per call and is its last event.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionCoordinationEvent {
    /// Somebody calls; answer with `provisional`, `accept` or `reject`.
    IncomingCall {
        /// The new call.
        key: CallKey,
        /// The INVITE.
        request: Arc<Request>,
        /// Where it came from.
        flow: Flow,
        /// The offer, if the INVITE carries one; without one `accept` takes our offer.
        body: Option<Body>,
    },
    /// A provisional response to our INVITE.
    Progress {
        /// The call.
        key: CallKey,
        /// Which of the called parties it is from; `None` when that cannot be told.
        fork: Option<ForkId>,
        /// It is reliable and its PRACK has been sent: its body is the answer, no preview.
        reliable: bool,
        /// 101..=199.
        status: StatusCode,
        /// The body, when the response carries one: a preview of the answer.
        body: Option<Body>,
    },
    /// Our INVITE was answered with a 2xx. The ACK has been sent, unless the body is an offer that waits for
    /// [`ack_answer`](crate::DialogManager::ack_answer): see `offer`.
    Answered {
        /// The call.
        key: CallKey,
        /// Which of the called parties it is from. The others are no part of the call any more.
        fork: Option<ForkId>,
        /// The answer, or the offer when ours carried none. The answer may have come with a reliable provisional response
        /// already; there is none when the session has been changed since.
        body: Option<Body>,
        /// The body is an offer and wants an answer.
        offer: bool,
    },
    /// The ACK of the call that we accepted has arrived.
    Confirmed {
        /// The call.
        key: CallKey,
        /// The answer, when our 2xx carried the offer.
        body: Option<Body>,
    },
    /// The peer offers, to change the session or to begin it (re-INVITE, UPDATE, PRACK, reliable provisional response); answer
    /// with `answer_offer` or `refuse_offer`.
    Offer {
        /// The call.
        key: CallKey,
        /// Which of the called parties, while there may be several.
        fork: Option<ForkId>,
        /// The new offer; `None` asks us to offer in `answer_offer`.
        body: Option<Body>,
    },
    /// The answer to an offer of ours: to a re-INVITE or in the ACK of one, to an UPDATE, in a PRACK.
    Answer {
        /// The call.
        key: CallKey,
        /// Which of the called parties, while there may be several.
        fork: Option<ForkId>,
        /// The answer.
        body: Option<Body>,
    },
    /// The peer refused our offer; the session stays as it was. An offer that meets one of the peer is tried again by itself.
    OfferRefused {
        /// The call.
        key: CallKey,
        /// Which of the called parties, while there may be several.
        fork: Option<ForkId>,
        /// Why; 408 when there was no answer, 491 when the peer has changed the session first, so that a new description is
        /// wanted: it may be offered at once.
        status: StatusCode,
    },
    /// An [`Offer`](Self::Offer) waits no longer: the peer took it back, or nobody answered it in time.
    OfferWithdrawn {
        /// The call.
        key: CallKey,
        /// Which of the called parties, while there may be several.
        fork: Option<ForkId>,
    },
    /// A host that was looked for: the end of a [`look_up`](crate::DialogManager::look_up).
    HostFound {
        /// The search.
        search: LocateId,
        /// Its addresses, best first; none when nobody knows it, or nobody has answered in time.
        addresses: Vec<IpAddr>,
    },
    /// A request of ours has its final response. Its last event.
    RequestAnswered {
        /// The request.
        key: RequestKey,
        /// The response.
        response: Arc<Response>,
    },
    /// A request of ours has no answer. Its last event.
    RequestFailed {
        /// The request.
        key: RequestKey,
        /// Why: [`TimedOut`](EndCause::TimedOut), [`Unlocated`](EndCause::Unlocated) or
        /// [`TransportFailed`](EndCause::TransportFailed).
        cause: EndCause,
    },
    /// A peer asks for something of a method that the application serves; answer with
    /// [`answer_request`](crate::DialogManager::answer_request).
    IncomingRequest {
        /// The request.
        key: IncomingRequestKey,
        /// The call that it is inside of.
        call: Option<CallKey>,
        /// The message.
        request: Arc<Request>,
        /// Where it came from.
        flow: Flow,
    },
    /// An [`IncomingRequest`](Self::IncomingRequest) waits no longer: nobody answered it in time.
    RequestExpired {
        /// The request.
        key: IncomingRequestKey,
    },
    /// A peer wants to be told the events of a package; answer with
    /// [`accept_subscription`](crate::DialogManager::accept_subscription) or
    /// [`refuse_subscription`](crate::DialogManager::refuse_subscription).
    IncomingSubscription {
        /// The new subscription.
        key: SubscriptionKey,
        /// The package.
        package: ByteString,
        /// The SUBSCRIBE.
        request: Arc<Request>,
        /// Where it came from.
        flow: Flow,
    },
    /// A subscriber wants to be told for longer; it has been told the state once more.
    SubscriptionRefreshed {
        /// The subscription.
        key: SubscriptionKey,
        /// For how long from now on.
        expires: Duration,
    },
    /// Our SUBSCRIBE or REFER was answered with 2xx.
    Subscribed {
        /// The subscription.
        key: SubscriptionKey,
        /// 200..=299.
        status: StatusCode,
    },
    /// We were told something by what we subscribed to.
    Notified {
        /// The subscription.
        key: SubscriptionKey,
        /// Where the subscription stands; after `Terminated` its end follows.
        state: Substate,
        /// The state of what is watched, if it was told.
        body: Option<Body>,
    },
    /// Another branch of our SUBSCRIBE or REFER notifies: a subscription of its own, with an end of its own.
    SubscriptionForked {
        /// The new subscription.
        key: SubscriptionKey,
        /// The one that we made.
        of: SubscriptionKey,
    },
    /// A peer asks us to call somebody (REFER); answer with [`accept_refer`](crate::DialogManager::accept_refer) or
    /// [`refuse_refer`](crate::DialogManager::refuse_refer).
    IncomingRefer {
        /// The subscription by which the peer is told how far that has come.
        key: SubscriptionKey,
        /// The call that it is inside of.
        call: Option<CallKey>,
        /// What is asked for.
        refer: Box<Refer>,
        /// The REFER.
        request: Arc<Request>,
        /// Where it came from.
        flow: Flow,
    },
    /// How far the call has come that we asked for by REFER.
    ReferProgress {
        /// The subscription that the REFER made.
        key: SubscriptionKey,
        /// 1xx while it is on its way, 2xx when it is answered, above when it has failed.
        status: StatusCode,
    },
    /// A subscription of ours has ended for a time and will be made again, with the same key: those who want it no longer
    /// unsubscribe.
    SubscriptionInterrupted {
        /// The subscription.
        key: SubscriptionKey,
        /// Why it has ended.
        cause: SubscriptionEnd,
        /// When it is made again.
        retry_after: Duration,
    },
    /// A peer tells a state that no subscription has asked for, of a package that is taken so.
    Unsolicited {
        /// The NOTIFY.
        request: Arc<Request>,
        /// The state.
        body: Option<Body>,
    },
    /// The subscription is over and its key is void. Comes exactly once for each, of either side.
    SubscriptionEnded {
        /// The subscription.
        key: SubscriptionKey,
        /// Why.
        cause: SubscriptionEnd,
    },
    /// A registration of ours stands otherwise.
    Registration {
        /// The registration.
        key: RegistrationKey,
        /// Where it stands now.
        status: RegistrationStatus,
    },
    /// A publication of ours stands otherwise.
    Publication {
        /// The publication.
        key: PublicationKey,
        /// Where it stands now.
        status: PublicationStatus,
    },
    /// A request waits for a secret that the store does not have at hand; it is to be brought by
    /// [`answer_secret`](crate::DialogManager::answer_secret).
    SecretWanted {
        /// The request.
        key: SecretKey,
        /// Whose secret it is.
        query: SecretQuery,
    },
    /// A binding at our registrar has changed.
    Binding(BindingEvent),
    /// State that is published here has changed.
    Published(PublicationEvent),
    /// The call is over and its key is void.
    Ended {
        /// The call.
        key: CallKey,
        /// Why.
        cause: EndCause,
    },
}

/// Why a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndCause {
    /// We hung up.
    LocalBye,
    /// The peer hung up.
    RemoteBye,
    /// The caller gave up before the answer.
    Cancelled,
    /// The peer refused our call.
    Rejected {
        /// The final status, 300..=699.
        status: StatusCode,
        /// The reason phrase of the response.
        reason: ByteString,
    },
    /// The peer names other places for our call (RFC 3261 section 8.1.3.4).
    Redirected {
        /// 300..=399.
        status: StatusCode,
        /// Where to, each with its `q`, in the order of the response.
        contacts: Vec<NameAddr>,
    },
    /// We refused the peer's call.
    Refused {
        /// The final status, 300..=699.
        status: StatusCode,
    },
    /// It rang for too long.
    NoAnswer,
    /// The peer did not answer our INVITE at all.
    TimedOut,
    /// No server of the peer's domain was found: its name does not exist, or the name servers are silent.
    Unlocated {
        /// What was missing.
        error: LocateError,
    },
    /// Nothing could be sent to the peer.
    TransportFailed {
        /// What the socket said.
        error: io::ErrorKind,
    },
    /// The ACK of our 2xx never came.
    AckTimeout,
    /// The PRACK of our reliable provisional response never came.
    PrackTimeout,
    /// Nobody refreshed the session in time (RFC 4028 section 10).
    SessionExpired,
    /// Another call took its place (RFC 3891).
    Replaced {
        /// That call.
        by: CallKey,
    },
    /// The dialog is gone at the peer: 481 or 408 inside the call.
    DialogLost {
        /// The status that said so.
        status: StatusCode,
    },
}

/// Why the user ends a call; chooses the status of a call not yet answered and the Reason header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TerminateCause {
    /// The user hangs up; an incoming call is declined with 603.
    Normal,
    /// Nobody answered in time: 480, ends as [`EndCause::NoAnswer`].
    NoAnswer,
    /// The program stops: 503.
    Shutdown,
    /// No agreement on media: 488.
    MediaFailed,
}
