//! Published state (RFC 3903): that of this side, kept published, and that of others, kept here.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::sip_core::{ByteString, NameAddr, Uri};
use rvoip_dialog_core::{Body, OutgoingPublication, PublicationKey, PublicationStatus};
use tokio::sync::watch;

use crate::switchboard::Switchboard;
use crate::{Result, SessionCoordinator, SessionError};

/// State to publish, and to keep published.
#[derive(Clone, Debug)]
pub struct PublicationConfig {
    /// Whose state it is, as in `sip:alice@example.com`, perhaps with a name.
    pub entity: String,
    /// The event package, as in `presence`.
    pub event: String,
    /// The media type of the state, as in `application/pidf+xml`.
    pub media_type: String,
    /// The state.
    pub state: Vec<u8>,
    /// The lifetime that is asked for. Default 1 hour.
    pub expires: Duration,
}

impl PublicationConfig {
    /// A publication for an hour.
    pub fn new(
        entity: impl Into<String>,
        event: impl Into<String>,
        media_type: impl Into<String>,
        state: impl Into<Vec<u8>>,
    ) -> Self {
        PublicationConfig {
            entity: entity.into(),
            event: event.into(),
            media_type: media_type.into(),
            state: state.into(),
            expires: Duration::from_secs(3600),
        }
    }

    pub(crate) fn outgoing(self) -> Result<OutgoingPublication> {
        let entity = NameAddr::parse(ByteString::from(self.entity.as_str())).ok();
        let entity = entity.ok_or(SessionError::InvalidUri(self.entity))?;
        let uri: Uri = entity.uri().clone();
        let body = body(self.media_type, self.state);
        let mut wanted = OutgoingPublication::new(entity, uri, self.event, body);
        wanted.expires = self.expires;
        Ok(wanted)
    }
}

fn body(media_type: String, state: Vec<u8>) -> Body {
    Body {
        content_type: media_type.into(),
        content: state.into(),
    }
}

/// A handle on one publication. Cheap to clone, and dropping it does nothing to the publication, which is kept until
/// [`remove`](Self::remove) or the stop of the coordinator.
#[derive(Clone)]
pub struct Publication {
    key: PublicationKey,
    status: watch::Receiver<PublicationStatus>,
    switchboard: Arc<Switchboard>,
}

impl Publication {
    /// Where it stands now.
    pub fn status(&self) -> PublicationStatus {
        self.status.borrow().clone()
    }

    /// Waits until it stands otherwise than at the last call, and tells how; `None` when it is over or the coordinator has
    /// stopped.
    pub async fn changed(&mut self) -> Option<PublicationStatus> {
        self.status.changed().await.ok()?;
        Some(self.status.borrow_and_update().clone())
    }

    /// Publishes other state in its place.
    ///
    /// # Errors
    /// When it is over.
    pub async fn modify(
        &self,
        media_type: impl Into<String>,
        state: impl Into<Vec<u8>>,
    ) -> Result<()> {
        let (key, body) = (self.key, body(media_type.into(), state.into()));
        self.switchboard
            .call(move |core, now| core.modify_publication(now, key, body))
            .await?
    }

    /// Removes it. Returns when the compositor knows, or cannot be told; one that is over already is left alone.
    ///
    /// # Errors
    /// [`SessionError::Stopped`] after the coordinator was stopped.
    pub async fn remove(&self) -> Result<()> {
        let key = self.key;
        let removed = self
            .switchboard
            .call(move |core, now| core.remove_publication(now, key));
        if removed.await?.is_ok() {
            let mut status = self.status.clone();
            let over =
                |status: &PublicationStatus| matches!(status, PublicationStatus::Ended { .. });
            // A coordinator that stops meanwhile has removed everything by itself.
            let _ = status.wait_for(over).await;
        }
        Ok(())
    }
}

impl fmt::Debug for Publication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publication")
            .field("key", &self.key)
            .field("status", &*self.status.borrow())
            .finish_non_exhaustive()
    }
}

impl SessionCoordinator {
    /// Publishes state, and keeps it published: refreshed before it runs out, published anew when the compositor has
    /// forgotten it. It goes the way of the registration of its entity, if there is one.
    ///
    /// # Errors
    /// A URI that cannot be used, too many publications, or a compositor that cannot be sent to.
    pub async fn publish(&self, config: PublicationConfig) -> Result<Publication> {
        let wanted = config.outgoing()?;
        let (key, status) = self
            .switchboard
            .call(move |core, now| core.publish_state(now, wanted))
            .await??;
        Ok(Publication {
            key,
            status,
            switchboard: Arc::clone(&self.switchboard),
        })
    }

    /// All that is published here of a user and an event package, the oldest first: media types and states. Nothing is
    /// kept without [`with_compositor`](crate::SessionManagerBuilder::with_compositor).
    ///
    /// # Errors
    /// A text that is no SIP URI, and [`SessionError::Stopped`].
    pub async fn published_state(
        &self,
        entity: &str,
        event: &str,
    ) -> Result<Vec<(String, Vec<u8>)>> {
        let (entity, event) = (entity.to_owned(), event.to_owned());
        self.switchboard
            .call(move |core, _| core.published_state(&entity, &event))
            .await?
    }
}
