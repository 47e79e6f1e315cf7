//! Everything that a server or a client needs: `use rvoip_session_core::api::*`.

pub use std::collections::{HashMap, VecDeque};
pub use std::net::SocketAddr;
pub use std::sync::{Arc, Mutex};
pub use std::time::Duration;

pub use async_trait::async_trait;
pub use rvoip_dialog_core::sip_core::{HeaderName, Method, StatusCode, Strictness, Uri};
#[cfg(feature = "dns")]
pub use rvoip_dialog_core::sip_transport::driver::DnsConfig;
pub use rvoip_dialog_core::sip_transport::driver::{BindError, Capture, StreamConfig};
#[cfg(feature = "tls")]
pub use rvoip_dialog_core::sip_transport::driver::{
    ClientCertificates, TlsConfig, TlsContext, TlsError,
};
pub use rvoip_dialog_core::sip_transport::{LocateError, TransportKind, WireRecord, WireTap};
pub use rvoip_dialog_core::transaction_core::{TimerConfig, TransactionConfig};
pub use rvoip_media_core::{AudioSource, Codec, MediaStatistics, QualityMetrics};

pub use crate::{
    AutoAnswerHandler, BasicEventBus, BasicSessionEvent, CallDecision, CallDirection, CallGuard,
    CallHandler, CallSession, CallState, CallStatistics, CompositeHandler, Delivery, ErrorCategory,
    EventSubscriber, IncomingCall, MediaControl, MediaFlowDirection, MediaInfo, PreparedCall,
    QueueHandler, Result, RoutingHandler, RtpStatistics, SessionConfig, SessionControl,
    SessionCoordinator, SessionError, SessionId, SessionManager, SessionManagerBuilder,
    SessionManagerConfig, SessionStats, TerminalCause, WarningCategory, create_sip_client,
    create_sip_server,
};
