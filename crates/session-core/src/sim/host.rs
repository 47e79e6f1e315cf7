//! How a simulated host is set up, and what it does about calls by itself.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::DialogManagerConfig;
use rvoip_dialog_core::registrar::RegistrarConfig;
use rvoip_dialog_core::sip_transport::WireTap;
use rvoip_dialog_core::transaction_core::TransactionConfig;
use rvoip_media_core::MediaConfig;

use crate::{CallDecision, CoreSettings};

/// How a simulated host is set up.
pub struct SimHost {
    /// Its only address; SIP is on port 5060 over UDP and TCP.
    pub address: IpAddr,
    /// What it does as a party of calls.
    pub dialogs: DialogManagerConfig,
    /// What it is as a registrar, if it is one.
    pub registrar: Option<RegistrarConfig>,
    /// Its transactions.
    pub transactions: TransactionConfig,
    /// Its media.
    pub media: MediaConfig,
    /// Its first and last port for RTP.
    pub media_ports: (u16, u16),
    /// Its sessions.
    pub settings: CoreSettings,
    /// Sees every SIP message, as the simulation's own log does.
    pub tap: Option<Arc<dyn WireTap>>,
    /// What becomes of calls that nobody decides by hand.
    pub answering: Answering,
}

/// What a host does about an incoming call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answering {
    /// Nothing: the script decides.
    #[default]
    ByHand,
    /// It decides so, this long after the call came in.
    After(Duration, CallDecision),
}

impl Answering {
    /// Answers at once.
    pub fn at_once() -> Self {
        Answering::After(Duration::ZERO, CallDecision::Accept(None))
    }
}

impl SimHost {
    /// A host with default settings that places and takes calls, decides nothing by itself and sends silence.
    pub fn new(address: IpAddr) -> Self {
        SimHost {
            address,
            dialogs: DialogManagerConfig::Hybrid(Default::default()),
            registrar: None,
            transactions: TransactionConfig::default(),
            media: MediaConfig::default(),
            media_ports: (10_000, 20_000),
            settings: CoreSettings::default(),
            tap: None,
            answering: Answering::ByHand,
        }
    }

    /// The same host, which decides about calls so.
    pub fn answering(mut self, answering: Answering) -> Self {
        self.answering = answering;
        self
    }
}

/// A host of a [`CallSimulation`](super::CallSimulation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostId(pub(super) usize);
