//! What can be seen of media sessions without changing them.

use std::net::SocketAddr;
use std::sync::Arc;

use super::session::Session;
use super::{MediaSessionController, MediaSessionKey};
use crate::negotiate::MediaParameters;

impl MediaSessionController {
    /// What was negotiated last; `None` before, and for a call without audio.
    #[must_use]
    pub fn parameters(&self, key: MediaSessionKey) -> Option<&MediaParameters> {
        self.session(key)?.parameters()
    }

    /// Our latest agreed description, as it was sent.
    #[must_use]
    pub fn local_description(&self, key: MediaSessionKey) -> Option<&Arc<str>> {
        Some(&self.session(key)?.agreement.as_ref()?.local)
    }

    /// The address this session receives RTP on; `None` without a port.
    #[must_use]
    pub fn local_rtp(&self, key: MediaSessionKey) -> Option<SocketAddr> {
        Some(self.session(key)?.port.as_ref()?.rtp)
    }

    /// Sessions that were created and not stopped.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there is no session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Port pairs in use; falls to zero when all sessions have ended.
    #[must_use]
    pub fn open_ports(&self) -> usize {
        self.ports.open_ports()
    }

    fn session(&self, key: MediaSessionKey) -> Option<&Session> {
        let session = self.sessions.get(key.index()).map(|session| &**session);
        session.filter(|session| session.key == key)
    }
}
