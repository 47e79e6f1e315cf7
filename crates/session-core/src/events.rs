//! Facts about sessions, in the past tense.

use std::borrow::Cow;
use std::sync::Arc;

use rvoip_dialog_core::sip_core::Request;
use rvoip_media_core::{Codec, MediaStatistics};

use crate::{CallRecord, CallState, SessionId, TerminalCause};

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
    /// A call was answered and its media agreed.
    Established {
        /// The call.
        call: Arc<CallRecord>,
        /// Our session description.
        local_sdp: Option<Arc<str>>,
        /// The peer's session description.
        remote_sdp: Option<Arc<str>>,
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
    /// The media of a call was measured.
    MediaReported {
        /// The call.
        call: Arc<CallRecord>,
        /// The figures.
        statistics: Arc<MediaStatistics>,
    },
    /// The media of a call failed; the call goes on.
    MediaFailed {
        /// The call.
        call: Arc<CallRecord>,
        /// What failed.
        message: Arc<str>,
    },
    /// A call is over; its final figures are in the record.
    Ended {
        /// The call.
        call: Arc<CallRecord>,
        /// Why.
        cause: TerminalCause,
    },
}

impl BasicSessionEvent {
    /// The call that the event is about.
    pub fn call(&self) -> &Arc<CallRecord> {
        match self {
            BasicSessionEvent::CallReceived { call, .. }
            | BasicSessionEvent::CallPlaced { call }
            | BasicSessionEvent::StateChanged { call, .. }
            | BasicSessionEvent::Established { call, .. }
            | BasicSessionEvent::MediaFlowChanged { call, .. }
            | BasicSessionEvent::MediaReported { call, .. }
            | BasicSessionEvent::MediaFailed { call, .. }
            | BasicSessionEvent::Ended { call, .. } => call,
        }
    }

    /// The identity of that call.
    pub fn session_id(&self) -> SessionId {
        self.call().id()
    }
}
