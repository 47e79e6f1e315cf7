//! Everything that a server or a client needs: `use rvoip_session_core::api::*`.

pub use std::collections::{HashMap, VecDeque};
pub use std::net::SocketAddr;
pub use std::sync::{Arc, Mutex};
pub use std::time::Duration;

pub use async_trait::async_trait;
pub use rvoip_dialog_core::event_package::message_summary::{MessageCount, MessageSummary};
pub use rvoip_dialog_core::offer_answer::Party;
pub use rvoip_dialog_core::sip_core::header::{Diversion, HistoryInfo};
pub use rvoip_dialog_core::sip_core::{HeaderName, Method, StatusCode, Strictness, Uri};
#[cfg(feature = "dns")]
pub use rvoip_dialog_core::sip_transport::driver::DnsConfig;
pub use rvoip_dialog_core::sip_transport::driver::{BindError, Capture, StreamConfig};
#[cfg(feature = "tls")]
pub use rvoip_dialog_core::sip_transport::driver::{
    ClientCertificates, TlsConfig, TlsContext, TlsError,
};
pub use rvoip_dialog_core::sip_transport::{
    LocateError, LocationConfig, PeerIdentity, TransportKind, WireRecord, WireTap,
};
pub use rvoip_dialog_core::transaction_core::{TimerConfig, TransactionConfig};
pub use rvoip_dialog_core::{
    Body, CallExtensions, EventPackage, ReliableProvisionals, SessionTimerConfig,
    SubscriptionConfig, SubscriptionEnd, TerminationReason,
};
pub use rvoip_media_core::audio::{
    AudioClosed, AudioControl, AudioFormat, AudioFrame, AudioFrameSubscriber, AudioMark,
    AudioProgress, AudioWriter,
};
pub use rvoip_media_core::quality::{QualityChange, QualityFigure, QualityThresholds};
pub use rvoip_media_core::rtp_core::Latching;
pub use rvoip_media_core::{
    AudioSource, Codec, FrameContext, FrameProcessor, FrameProcessors, Listening, MediaStatistics,
    MemoryRecording, OpusConfig, QualityMetrics, RecordedParties, Recording, RecordingSink,
    SampleRate, SrtpPolicy,
};

pub use crate::{
    Account, AccountSecret, AddressOfRecord, AsyncCredentialStore, AutoAnswerHandler, BackOff,
    BasicEventBus, BasicGroupType, BasicSessionEvent, BasicSessionGroup, Bearer, BearerTokens,
    Binding, BindingChange, BindingEvent, BridgeEvent, BridgeEvents, BridgeId, BridgeInfo,
    CallDecision, CallDirection, CallGuard, CallHandler, CallSession, CallState, CallStatistics,
    CauseKind, CompositeHandler, CompositorConfig, ConnectionLimits, CredentialStore, Delivery,
    DtmfMethod, ErrorCategory, EventFilter, EventPriority, EventSubscriber, ForwardMode, Grant,
    Guarded, HoldState, IncomingCall, IncomingRequest, IncomingSubscription, Leftover, LimitScope,
    Located, LocationStore, Lookup, MediaControl, MediaFlowDirection, MediaInfo, MemoryCredentials,
    MemoryLocationStore, OfferMethod, Operation, PreparedCall, Publication, PublicationChange,
    PublicationConfig, PublicationEvent, PublicationStatus, QueueHandler, Realm, RedirectPolicy,
    RegisteredContact, RegistrarConfig, Registration, RegistrationConfig, RegistrationStatus,
    RequestAnswer, Result, RoutingHandler, RtpStatistics, SecretQuery, SessionConfig,
    SessionControl, SessionCoordinator, SessionDependencyTracker, SessionError, SessionId,
    SessionLimits, SessionManager, SessionManagerBuilder, SessionManagerConfig, SessionPriority,
    SessionStats, SipRequest, SipResponse, Subscription, SubscriptionChange, SubscriptionDecision,
    SubscriptionNotice, TerminalCause, TokenVerifier, Transfer, TransferDecision, TransferFailure,
    TransferId, TransferProgress, TransferRole, TransferType, WarningCategory, Watcher,
    create_sip_client, create_sip_server,
};
