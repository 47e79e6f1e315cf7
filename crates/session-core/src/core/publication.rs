//! State of this side that is kept published, and state of others that is kept here.

use std::collections::BTreeMap;
use std::time::Instant;

use rvoip_dialog_core::compositor::PublicationEvent;
use rvoip_dialog_core::registrar::AddressOfRecord;
use rvoip_dialog_core::{Body, OutgoingPublication, PublicationKey, PublicationStatus};
use tokio::sync::watch;

use super::SessionCore;
use super::outgoing::parse_uri;
use super::registration::{over, refused};
use crate::{BasicSessionEvent, Result, SessionError};

/// Who watches the publications that have not ended.
pub(super) type Publications = BTreeMap<PublicationKey, watch::Sender<PublicationStatus>>;

impl SessionCore {
    /// Publishes state, and keeps it published.
    ///
    /// # Errors
    /// Too many publications, or a compositor that cannot be sent to.
    pub fn publish_state(
        &mut self,
        now: Instant,
        mut wanted: OutgoingPublication,
    ) -> Result<(PublicationKey, watch::Receiver<PublicationStatus>)> {
        if wanted.route.is_empty() {
            wanted.route = self.account_route(wanted.local.uri());
        }
        let entity = wanted.entity.to_string();
        let published = self.dialogs.publish_state(now, wanted);
        let key = published.map_err(|source| refused(source, entity))?;
        let (status, watched) = watch::channel(PublicationStatus::Publishing);
        self.publications.insert(key, status);
        self.pump(now);
        Ok((key, watched))
    }

    /// Publishes other state in place of what was published.
    ///
    /// # Errors
    /// When the publication is over.
    pub fn modify_publication(
        &mut self,
        now: Instant,
        key: PublicationKey,
        body: Body,
    ) -> Result<()> {
        let modified = self.dialogs.modify_state(now, key, body);
        self.pump(now);
        modified.map_err(over)
    }

    /// Removes published state.
    ///
    /// # Errors
    /// When the publication is over.
    pub fn remove_publication(&mut self, now: Instant, key: PublicationKey) -> Result<()> {
        let removed = self.dialogs.unpublish(now, key);
        self.pump(now);
        removed.map_err(over)
    }

    /// All that is published here of a user and an event package, the oldest first: media types and states.
    ///
    /// # Errors
    /// A text that is no SIP URI with a user.
    pub fn published_state(&self, entity: &str, event: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let invalid = || SessionError::InvalidUri(entity.to_owned());
        let aor = AddressOfRecord::of(&parse_uri(entity)?).ok_or_else(invalid)?;
        let compositor = self.dialogs.compositor();
        let state = compositor.map_or_else(Vec::new, |compositor| compositor.state(&aor, event));
        let copy = |body: &Body| (body.content_type.to_string(), body.content.to_vec());
        Ok(state.into_iter().map(copy).collect())
    }

    pub(super) fn on_publication(&mut self, key: PublicationKey, status: PublicationStatus) {
        let watcher = match status {
            PublicationStatus::Ended { .. } => self.publications.remove(&key),
            _ => self.publications.get(&key).cloned(),
        };
        if let Some(watcher) = watcher {
            watcher.send_replace(status);
        }
    }

    pub(super) fn on_published(&mut self, event: PublicationEvent) {
        self.events
            .push_back(BasicSessionEvent::StatePublished(event));
    }
}
