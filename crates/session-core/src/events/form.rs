//! Events as serde writes them (feature `serde`): one flat map each, stable from version to version.
//!
//! Every map has `event`, the name of the event in snake case. Those about a call have `session_id` (16 hexadecimal digits), `from`, `to` and
//! `direction` (`incoming`, `outgoing`). Times are in milliseconds, statuses are numbers, what is not known is `null`. Session descriptions
//! stay out, as they may hold keys, and so do bodies and secrets. Names and meanings stay as they are; new ones may be added.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::BasicSessionEvent as Event;
use super::figures::{figures, milliseconds, quality};
use super::words::{bridge, direction, ended, registered, transferred};
use crate::{BridgeEvent, CallState};

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("event", self.name())?;
        if let Some(call) = self.call() {
            map.serialize_entry("session_id", &call.id().to_string())?;
            map.serialize_entry("from", call.from())?;
            map.serialize_entry("to", call.to())?;
            map.serialize_entry("direction", direction(call.direction()))?;
        }
        self.particulars(&mut map)?;
        map.end()
    }
}

impl Event {
    /// Its name in the serde form.
    pub const fn name(&self) -> &'static str {
        match self {
            Event::CallReceived { .. } => "call_received",
            Event::CallPlaced { .. } => "call_placed",
            Event::Redirected { .. } => "redirected",
            Event::StateChanged { .. } => "state_changed",
            Event::EarlyMediaStarted { .. } => "early_media_started",
            Event::ReplacementReceived { .. } => "replacement_received",
            Event::Transfer { .. } => "transfer",
            Event::Established { .. } => "established",
            Event::HoldChanged { .. } => "hold_changed",
            Event::OfferRefused { .. } => "offer_refused",
            Event::MediaFlowChanged { .. } => "media_flow_changed",
            Event::DtmfReceived { .. } => "dtmf_received",
            Event::DtmfEnded { .. } => "dtmf_ended",
            Event::VoiceChanged { .. } => "voice_changed",
            Event::AudioUnderrun { .. } => "audio_underrun",
            Event::AudioDropped { .. } => "audio_dropped",
            Event::MediaReported { .. } => "media_reported",
            Event::QualityChanged { .. } => "quality_changed",
            Event::MediaFailed { .. } => "media_failed",
            Event::RequestReceived { .. } => "request_received",
            Event::SubscriptionReceived(_) => "subscription_received",
            Event::RegistrationChanged { .. } => "registration_changed",
            Event::Unsolicited { .. } => "unsolicited",
            Event::SecretWanted { .. } => "secret_wanted",
            Event::Bridge(BridgeEvent::ParticipantAdded { .. }) => "participant_added",
            Event::Bridge(BridgeEvent::ParticipantRemoved { .. }) => "participant_removed",
            Event::Bridge(BridgeEvent::BridgeDestroyed { .. }) => "bridge_destroyed",
            Event::BindingChanged(_) => "binding_changed",
            Event::StatePublished(_) => "state_published",
            Event::Ended { .. } => "ended",
        }
    }

    /// What it says besides its name and its call.
    fn particulars<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self {
            Event::Redirected { target, .. } => map.serialize_entry("target", &**target),
            Event::StateChanged {
                old_state,
                new_state,
                reason,
                ..
            } => {
                let word = |state: &CallState| state.to_string().replace(' ', "_");
                map.serialize_entry("old_state", &word(old_state))?;
                map.serialize_entry("new_state", &word(new_state))?;
                map.serialize_entry("reason", reason)
            }
            Event::ReplacementReceived { replaced, .. } => {
                map.serialize_entry("replaced_session_id", &replaced.id().to_string())
            }
            Event::Transfer {
                transfer, progress, ..
            } => {
                let (progress, status) = transferred(*progress);
                map.serialize_entry("transfer_id", &transfer.id().to_string())?;
                map.serialize_entry("target", transfer.target())?;
                map.serialize_entry("progress", progress)?;
                map.serialize_entry("status", &status)
            }
            Event::HoldChanged { hold, .. } => {
                map.serialize_entry("local", &hold.local)?;
                map.serialize_entry("remote", &hold.remote)
            }
            Event::OfferRefused { status, .. } => map.serialize_entry("status", &status.code()),
            Event::MediaFlowChanged { active, codec, .. } => {
                map.serialize_entry("active", active)?;
                map.serialize_entry("codec", &codec.map(|codec| codec.to_string()))
            }
            Event::DtmfReceived {
                digit, duration, ..
            }
            | Event::DtmfEnded {
                digit, duration, ..
            } => {
                map.serialize_entry("digit", digit)?;
                map.serialize_entry("duration_ms", &milliseconds(*duration))
            }
            Event::VoiceChanged { speaking, .. } => map.serialize_entry("speaking", speaking),
            Event::AudioUnderrun {
                underruns, silence, ..
            } => {
                map.serialize_entry("underruns", underruns)?;
                map.serialize_entry("silence_ms", &milliseconds(*silence))
            }
            Event::AudioDropped { frames, .. } => map.serialize_entry("frames", frames),
            Event::MediaReported { statistics, .. } => figures(statistics, map),
            Event::QualityChanged { change, .. } => quality(change, map),
            Event::MediaFailed { message, .. } => map.serialize_entry("message", &**message),
            Event::RequestReceived { request, .. } => {
                map.serialize_entry("method", request.method().as_str())?;
                map.serialize_entry("sender", request.from())
            }
            Event::SubscriptionReceived(subscription) => {
                map.serialize_entry("package", &subscription.package)?;
                map.serialize_entry("subscriber", &subscription.from)
            }
            Event::RegistrationChanged {
                address_of_record,
                status,
            } => {
                map.serialize_entry("address_of_record", &**address_of_record)?;
                map.serialize_entry("status", registered(status))
            }
            Event::Bridge(event) => bridge(event, map),
            Event::BindingChanged(event) => {
                map.serialize_entry("address_of_record", &event.aor.to_string())?;
                map.serialize_entry("contact", &event.contact.to_string())?;
                map.serialize_entry("change", &format!("{:?}", event.change).to_lowercase())
            }
            Event::StatePublished(event) => {
                map.serialize_entry("address_of_record", &event.entity.to_string())?;
                map.serialize_entry("package", &*event.event)?;
                map.serialize_entry("change", &format!("{:?}", event.change).to_lowercase())
            }
            Event::Ended { cause, .. } => {
                map.serialize_entry("cause", ended(cause.kind()))?;
                map.serialize_entry("status", &cause.status().map(|status| status.code()))?;
                map.serialize_entry("words", &cause.words())
            }
            Event::CallReceived { .. }
            | Event::CallPlaced { .. }
            | Event::EarlyMediaStarted { .. }
            | Event::Established { .. }
            | Event::Unsolicited { .. }
            | Event::SecretWanted { .. } => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
