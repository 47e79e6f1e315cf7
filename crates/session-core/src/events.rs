//! Facts about sessions, in the past tense.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::compositor::PublicationEvent;
use rvoip_dialog_core::registrar::BindingEvent;
use rvoip_dialog_core::registration::RegistrationStatus;
use rvoip_dialog_core::sip_core::{Request, StatusCode};
use rvoip_dialog_core::{Body, SecretKey, SecretQuery};
use rvoip_media_core::quality::QualityChange;
use rvoip_media_core::{Codec, MediaStatistics};

use crate::{
    BridgeEvent, CallRecord, CallState, HoldState, IncomingRequest, IncomingSubscription,
    SessionId, TerminalCause, Transfer, TransferProgress,
};

#[cfg(feature = "serde")]
mod figures;
#[cfg(feature = "serde")]
mod form;
#[cfg(feature = "serde")]
mod words;

/// Something that happened to a session. [`Ended`](Self::Ended) comes exactly once per session and is its last event.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum BasicSessionEvent {
    /// Somebody calls; the application decides.
    CallReceived {
        /// The new call.
        call: Arc<CallRecord>,
        /// The INVITE.
        request: Arc<Request>,
    },
    /// The application places a call.
    CallPlaced {
        /// The new call.
        call: Arc<CallRecord>,
    },
    /// The called party sent our call elsewhere, and it went there.
    Redirected {
        /// The call.
        call: Arc<CallRecord>,
        /// The URI that it went to.
        target: Arc<str>,
    },
    /// A call entered another state.
    StateChanged {
        /// The call.
        call: Arc<CallRecord>,
        /// The state it left.
        old_state: CallState,
        /// The state it is in.
        new_state: CallState,
        /// What brought it there.
        reason: Option<Cow<'static, str>>,
    },
    /// The peer has described its media before the answer: it may be heard.
    EarlyMediaStarted {
        /// The call.
        call: Arc<CallRecord>,
    },
    /// Somebody calls to take the place of the peer of another call, which ends when this one is accepted (RFC 3891); the
    /// application decides.
    ReplacementReceived {
        /// The new call.
        call: Arc<CallRecord>,
        /// The call to be replaced.
        replaced: Arc<CallRecord>,
        /// The INVITE.
        request: Arc<Request>,
    },
    /// A transfer has come further. It is told to its end, be the call over by then or not.
    Transfer {
        /// The call that is transferred.
        call: Arc<CallRecord>,
        /// The transfer.
        transfer: Arc<Transfer>,
        /// How far it has come.
        progress: TransferProgress,
    },
    /// A call was answered and its media agreed.
    Established {
        /// The call.
        call: Arc<CallRecord>,
        /// Our session description.
        local_sdp: Option<Arc<str>>,
        /// The peer's session description.
        remote_sdp: Option<Arc<str>>,
    },
    /// One of the parties holds the call, or no longer.
    HoldChanged {
        /// The call.
        call: Arc<CallRecord>,
        /// Who holds it now.
        hold: HoldState,
    },
    /// The peer does not agree to a change of the session that we offered; it stays as it was.
    OfferRefused {
        /// The call.
        call: Arc<CallRecord>,
        /// The final status of the peer.
        status: StatusCode,
    },
    /// Media began or ceased to arrive.
    MediaFlowChanged {
        /// The call.
        call: Arc<CallRecord>,
        /// Whether it arrives.
        active: bool,
        /// The codec in use.
        codec: Option<Codec>,
    },
    /// The peer presses a key: told once, with the first packet or INFO of it, be it in the media, as INFO, or in both ways.
    DtmfReceived {
        /// The call.
        call: Arc<CallRecord>,
        /// 0 to 9, `*`, `#`, A to D.
        digit: char,
        /// How long it has been pressed by then.
        duration: Duration,
    },
    /// The peer no longer presses the key that it did.
    DtmfEnded {
        /// The call.
        call: Arc<CallRecord>,
        /// The key.
        digit: char,
        /// How long it was pressed, as far as that is known.
        duration: Duration,
    },
    /// The peer begins to speak, or has not spoken for a quarter of a second; told where it is
    /// [listened for](crate::MediaControl::listen_for).
    VoiceChanged {
        /// The call.
        call: Arc<CallRecord>,
        /// Whether the peer speaks.
        speaking: bool,
    },
    /// The application was late with what it says in a call: silence was sent in between. Told at once, and then once a second.
    AudioUnderrun {
        /// The call.
        call: Arc<CallRecord>,
        /// How often, since this was told last.
        underruns: u64,
        /// How much silence that made.
        silence: Duration,
    },
    /// The application did not read what the peer says in time. Told at once, and then once a second.
    AudioDropped {
        /// The call.
        call: Arc<CallRecord>,
        /// How many frames of 20 ms it has lost, since this was told last.
        frames: u64,
    },
    /// The media of a call was measured.
    MediaReported {
        /// The call.
        call: Arc<CallRecord>,
        /// The figures.
        statistics: Arc<MediaStatistics>,
    },
    /// A call that is watched sounds bad now, or well again.
    QualityChanged {
        /// The call.
        call: Arc<CallRecord>,
        /// What changed.
        change: QualityChange,
    },
    /// The media of a call failed; the call goes on.
    MediaFailed {
        /// The call.
        call: Arc<CallRecord>,
        /// What failed.
        message: Arc<str>,
    },
    /// A peer asks for something that the application answers.
    RequestReceived {
        /// The call that the request is inside of.
        call: Option<Arc<CallRecord>>,
        /// The request.
        request: IncomingRequest,
    },
    /// A peer wants to be told events of ours; the application decides. It waits 16 s and is answered 480 then.
    SubscriptionReceived(IncomingSubscription),
    /// A registration of this side stands otherwise.
    RegistrationChanged {
        /// The address of record.
        address_of_record: Arc<str>,
        /// Where it stands now.
        status: RegistrationStatus,
    },
    /// A peer tells a state that no subscription has asked for, of a
    /// [package](crate::SessionManagerBuilder::with_subscriptions) that is taken so.
    Unsolicited {
        /// The NOTIFY.
        request: Arc<Request>,
        /// The state.
        body: Option<Body>,
    },
    /// A request waits for the secret of its user, which [`SessionCore::answer_secret`](crate::SessionCore::answer_secret)
    /// brings. A coordinator asks its [`AsyncCredentialStore`](crate::AsyncCredentialStore) and tells nobody else.
    SecretWanted {
        /// The request.
        key: SecretKey,
        /// Whose secret it is.
        query: SecretQuery,
    },
    /// A session has joined or left a bridge, or a bridge is no more.
    Bridge(BridgeEvent),
    /// A contact has been registered with this side, refreshed, taken back, or has run out.
    BindingChanged(BindingEvent),
    /// State has been published here, modified, refreshed, removed, or has run out.
    StatePublished(PublicationEvent),
    /// A call is over; its final figures are in the record.
    Ended {
        /// The call.
        call: Arc<CallRecord>,
        /// Why.
        cause: TerminalCause,
    },
}

impl BasicSessionEvent {
    /// The call that the event is about; none of a request beside all calls.
    pub fn call(&self) -> Option<&Arc<CallRecord>> {
        Some(match self {
            BasicSessionEvent::RequestReceived { call, .. } => return call.as_ref(),
            BasicSessionEvent::RegistrationChanged { .. }
            | BasicSessionEvent::SubscriptionReceived(_)
            | BasicSessionEvent::SecretWanted { .. }
            | BasicSessionEvent::Unsolicited { .. }
            | BasicSessionEvent::Bridge(_)
            | BasicSessionEvent::BindingChanged(_)
            | BasicSessionEvent::StatePublished(_) => return None,
            BasicSessionEvent::CallReceived { call, .. }
            | BasicSessionEvent::CallPlaced { call }
            | BasicSessionEvent::StateChanged { call, .. }
            | BasicSessionEvent::ReplacementReceived { call, .. }
            | BasicSessionEvent::Transfer { call, .. }
            | BasicSessionEvent::Established { call, .. }
            | BasicSessionEvent::EarlyMediaStarted { call }
            | BasicSessionEvent::Redirected { call, .. }
            | BasicSessionEvent::HoldChanged { call, .. }
            | BasicSessionEvent::OfferRefused { call, .. }
            | BasicSessionEvent::MediaFlowChanged { call, .. }
            | BasicSessionEvent::DtmfReceived { call, .. }
            | BasicSessionEvent::DtmfEnded { call, .. }
            | BasicSessionEvent::VoiceChanged { call, .. }
            | BasicSessionEvent::AudioUnderrun { call, .. }
            | BasicSessionEvent::AudioDropped { call, .. }
            | BasicSessionEvent::MediaReported { call, .. }
            | BasicSessionEvent::QualityChanged { call, .. }
            | BasicSessionEvent::MediaFailed { call, .. }
            | BasicSessionEvent::Ended { call, .. } => call,
        })
    }

    /// The identity of that call.
    pub fn session_id(&self) -> Option<SessionId> {
        match self {
            BasicSessionEvent::Bridge(
                BridgeEvent::ParticipantAdded { session_id, .. }
                | BridgeEvent::ParticipantRemoved { session_id, .. },
            ) => Some(*session_id),
            _ => self.call().map(|call| call.id()),
        }
    }
}
