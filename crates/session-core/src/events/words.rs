//! The names of states and outcomes in the serde form of events.

use serde::ser::SerializeMap;

use crate::{
    BridgeEvent, CallDirection, CauseKind, RegistrationStatus, TransferFailure, TransferProgress,
};

pub(super) fn direction(direction: CallDirection) -> &'static str {
    match direction {
        CallDirection::Incoming => "incoming",
        CallDirection::Outgoing => "outgoing",
    }
}

pub(super) fn transferred(progress: TransferProgress) -> (&'static str, Option<u16>) {
    match progress {
        TransferProgress::Initiated => ("initiated", None),
        TransferProgress::Requested => ("requested", None),
        TransferProgress::Accepted => ("accepted", None),
        TransferProgress::Proceeding { status } => ("proceeding", Some(status.code())),
        TransferProgress::Completed => ("completed", None),
        TransferProgress::Failed(failure) => ("failed", refusal(failure)),
    }
}

fn refusal(failure: TransferFailure) -> Option<u16> {
    match failure {
        TransferFailure::Refused { status } | TransferFailure::TargetFailed { status } => {
            Some(status.code())
        }
        _ => None,
    }
}

pub(super) fn registered(status: &RegistrationStatus) -> &'static str {
    match status {
        RegistrationStatus::Registering => "registering",
        RegistrationStatus::Registered(_) => "registered",
        RegistrationStatus::Refreshing => "refreshing",
        RegistrationStatus::Failed { .. } => "failed",
        RegistrationStatus::Ended { .. } => "ended",
        _ => "other",
    }
}

pub(super) fn ended(kind: CauseKind) -> &'static str {
    match kind {
        CauseKind::Normal => "normal",
        CauseKind::Busy => "busy",
        CauseKind::Rejected => "rejected",
        CauseKind::Cancelled => "cancelled",
        CauseKind::NoAnswer => "no_answer",
        CauseKind::Timeout => "timeout",
        CauseKind::Transport => "transport",
        CauseKind::PeerMisbehaved => "peer_misbehaved",
        CauseKind::Incompatible => "incompatible",
        CauseKind::Replaced => "replaced",
        CauseKind::Redirected => "redirected",
        CauseKind::Limit => "limit",
    }
}

pub(super) fn bridge<M: SerializeMap>(event: &BridgeEvent, map: &mut M) -> Result<(), M::Error> {
    let (bridge, session, reason) = match event {
        BridgeEvent::ParticipantAdded {
            bridge_id,
            session_id,
        } => (bridge_id, Some(session_id), None),
        BridgeEvent::ParticipantRemoved {
            bridge_id,
            session_id,
            reason,
        } => (bridge_id, Some(session_id), Some(reason)),
        BridgeEvent::BridgeDestroyed { bridge_id } => (bridge_id, None, None),
    };
    map.serialize_entry("bridge_id", &bridge.to_string())?;
    if let Some(session) = session {
        map.serialize_entry("session_id", &session.to_string())?;
    }
    match reason {
        Some(reason) => map.serialize_entry("reason", reason),
        None => Ok(()),
    }
}
