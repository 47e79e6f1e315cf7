//! What is told of registrations and publications.

use std::time::Duration;

use super::{Purpose, SoftState};
use crate::manager::DialogManager;
use crate::publication::{PublicationKey, PublicationStatus};
use crate::registration::{RegistrationKey, RegistrationStatus};
use crate::soft_state::{SoftStateKey, State};
use crate::{EndCause, SessionCoordinationEvent};

/// What is told, whatever it is about.
enum Told {
    State,
    Failed(EndCause, Duration),
    Ended(Option<EndCause>),
}

impl DialogManager {
    /// Tells in which state it is.
    pub(super) fn tell_state(&mut self, key: SoftStateKey) {
        if let Some(record) = self.soft_states.get(key) {
            let event = event(key, record, Told::State);
            self.emit(event);
        }
    }

    /// Tells that the last request failed, and when the next one will be tried.
    pub(super) fn tell_failure(&mut self, key: SoftStateKey, retry_in: Duration) {
        if let Some(record) = self.soft_states.get(key) {
            let cause = record.cause.clone().unwrap_or(EndCause::TimedOut);
            let event = event(key, record, Told::Failed(cause, retry_in));
            self.emit(event);
        }
    }

    /// Forgets it and tells so.
    pub(super) fn end_soft_state(&mut self, key: SoftStateKey, was_refused: bool) {
        if let Some(record) = self.soft_states.remove(key) {
            let refusal = record.cause.clone().filter(|_| was_refused);
            let event = event(key, &record, Told::Ended(refusal));
            self.emit(event);
        }
    }
}

fn event(key: SoftStateKey, record: &SoftState, told: Told) -> SessionCoordinationEvent {
    match &record.purpose {
        Purpose::Registration(registration) => SessionCoordinationEvent::Registration {
            key: RegistrationKey(key),
            status: match (told, record.state, &registration.grant) {
                (Told::Failed(cause, retry_in), ..) => {
                    RegistrationStatus::Failed { cause, retry_in }
                }
                (Told::Ended(refusal), ..) => RegistrationStatus::Ended { refusal },
                (Told::State, State::Kept, Some(grant)) => {
                    RegistrationStatus::Registered(grant.clone())
                }
                (Told::State, State::Refreshing, _) => RegistrationStatus::Refreshing,
                _ => RegistrationStatus::Registering,
            },
        },
        Purpose::Publication(publication) => SessionCoordinationEvent::Publication {
            key: PublicationKey(key),
            status: match (told, record.state) {
                (Told::Failed(cause, retry_in), _) => PublicationStatus::Failed { cause, retry_in },
                (Told::Ended(refusal), _) => PublicationStatus::Ended { refusal },
                (Told::State, State::Kept) => PublicationStatus::Published {
                    etag: publication.etag.clone().unwrap_or_default(),
                    expires: publication.granted,
                },
                (Told::State, State::Refreshing) => PublicationStatus::Refreshing,
                _ => PublicationStatus::Publishing,
            },
        },
    }
}
