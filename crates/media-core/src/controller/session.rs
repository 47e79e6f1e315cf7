//! One session of the controller: its port, what was offered and what was agreed.

use std::net::{IpAddr, SocketAddr};

use super::{MediaConfig, MediaMode, MediaSessionKey, OpenPort};
use crate::error::MediaError;
use crate::negotiate::{
    DISCARD_PORT, LocalMedia, MediaParameters, accept_answer, negotiate, offer, reoffer,
};
use crate::sdp::{Direction, Origin, SessionDescription};

/// A call's media, as far as control knows it.
pub(super) struct Session {
    pub(super) key: MediaSessionKey,
    /// Its port pair; `None` in inactive mode.
    pub(super) port: Option<OpenPort>,
    pub(super) advertised: Option<IpAddr>,
    pub(super) direction: Direction,
    /// The number in our `o=` line.
    pub(super) session_id: u64,
    /// The latest description we wrote, agreed on or not; the next one is numbered after it.
    latest: Option<SessionDescription>,
    /// Our offer, as long as the last exchange began with it.
    offered: Option<SessionDescription>,
    pub(super) local: Option<SessionDescription>,
    pub(super) remote: Option<SessionDescription>,
    pub(super) parameters: Option<MediaParameters>,
}

impl Session {
    pub(super) fn new(key: MediaSessionKey, port: Option<OpenPort>, session_id: u64) -> Self {
        Self {
            key,
            port,
            advertised: None,
            direction: Direction::SendRecv,
            session_id,
            latest: None,
            offered: None,
            local: None,
            remote: None,
            parameters: None,
        }
    }

    /// Writes an offer; it is outstanding from now on.
    pub(super) fn offer(&mut self, config: &MediaConfig) -> Result<String, MediaError> {
        let local = self.local_media(config)?;
        let description = match &self.latest {
            Some(latest) => reoffer(latest, &config.capabilities, local),
            None => {
                let origin = Origin::new(self.session_id, local.address.ip());
                offer(&config.capabilities, local, origin)
            }
        };
        let text = description.to_string();
        self.latest = Some(description.clone());
        self.offered = Some(description);
        Ok(text)
    }

    /// Answers the peer's offer.
    pub(super) fn answer(
        &mut self,
        config: &MediaConfig,
        text: &str,
    ) -> Result<String, MediaError> {
        let offer = SessionDescription::parse(text)?;
        let local = self.local_media(config)?;
        let origin = Origin::new(self.session_id, local.address.ip());
        let negotiated = negotiate(&offer, &config.capabilities, local, origin)?;
        let answer = match &self.latest {
            Some(latest) => negotiated.answer.succeeding(latest),
            None => negotiated.answer,
        };
        let text = answer.to_string();
        self.latest = Some(answer.clone());
        self.local = Some(answer);
        self.remote = Some(offer);
        self.parameters = negotiated.media;
        self.offered = None;
        Ok(text)
    }

    /// Takes the peer's answer; a later answer to the same offer replaces an earlier one.
    pub(super) fn accept(&mut self, text: &str) -> Result<(), MediaError> {
        let offered = self.offered.as_ref();
        let offered = offered.ok_or(MediaError::NoOffer(self.key))?;
        let answer = SessionDescription::parse(text)?;
        self.parameters = Some(accept_answer(offered, &answer)?);
        self.local = Some(offered.clone());
        self.remote = Some(answer);
        Ok(())
    }

    /// Forgets an offer that was not accepted.
    pub(super) fn withdraw(&mut self) {
        self.offered = None;
    }

    fn local_media(&self, config: &MediaConfig) -> Result<LocalMedia, MediaError> {
        let bound = self.port.map(|port| port.rtp);
        let ip = self
            .advertised
            .or(config.advertised)
            .or(bound.map(|address| address.ip()))
            .filter(|ip| !ip.is_unspecified())
            .ok_or(MediaError::NoAddress(self.key))?;
        let port = bound.map_or(DISCARD_PORT, |address| address.port());
        Ok(LocalMedia {
            address: SocketAddr::new(ip, port),
            direction: match config.mode {
                MediaMode::Active => self.direction,
                MediaMode::Inactive => Direction::Inactive,
            },
        })
    }
}
