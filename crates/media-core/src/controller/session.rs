//! One session of the controller: its port, what was offered and what was agreed.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rand::rngs::StdRng;

use super::{MediaConfig, MediaMode, MediaSessionKey, OpenPort};
use crate::capabilities::{Capabilities, SrtpPolicy};
use crate::codec::Codec;
use crate::error::MediaError;
use crate::negotiate::{
    DISCARD_PORT, LocalMedia, MediaParameters, Negotiated, accept_answer, expected, has_keys,
    negotiate, offer, reoffer,
};
use crate::rtp_core::srtp::SrtpKey;
use crate::sdp::{Direction, Origin, SessionDescription};

/// A call's media, as far as control knows it. Descriptions are kept as they were sent and read again when a new one has
/// to follow them.
pub(super) struct Session {
    pub(super) key: MediaSessionKey,
    /// Its port pair; `None` in inactive mode.
    pub(super) port: Option<Box<OpenPort>>,
    pub(super) advertised: Option<IpAddr>,
    pub(super) direction: Direction,
    /// The number in our `o=` line.
    pub(super) session_id: u64,
    /// The latest description we wrote, agreed on or not; the next one is numbered after it.
    latest: Option<Arc<str>>,
    /// Our offer, as long as the last exchange began with it.
    offered: Option<Arc<str>>,
    /// Our keys, one of each suite; none before they are needed.
    keys: Vec<SrtpKey>,
    /// What was agreed on last.
    pub(super) agreement: Option<Agreement>,
}

/// The outcome of an offer and an answer.
pub(super) struct Agreement {
    /// Our side of it.
    pub(super) local: Arc<str>,
    /// How the stream is run; `None` without audio.
    pub(super) parameters: Option<Box<MediaParameters>>,
}

/// An offer of ours.
pub(super) struct Offered {
    pub(super) description: Arc<str>,
    /// The payload types that may arrive before its answer.
    pub(super) expected: Vec<(u8, Codec)>,
}

impl Session {
    pub(super) fn new(key: MediaSessionKey, port: Option<OpenPort>, session_id: u64) -> Self {
        Self {
            key,
            port: port.map(Box::new),
            advertised: None,
            direction: Direction::SendRecv,
            session_id,
            latest: None,
            offered: None,
            keys: Vec::new(),
            agreement: None,
        }
    }

    /// Writes an offer; it is outstanding from now on.
    pub(super) fn offer(
        &mut self,
        config: &MediaConfig,
        rng: &mut StdRng,
    ) -> Result<Offered, MediaError> {
        self.need_keys(config, rng);
        let local = self.local_media(config)?;
        let capabilities = &config.capabilities;
        let latest = self.latest.clone();
        let description = match &latest {
            Some(latest) => reoffer(&SessionDescription::parse(latest)?, capabilities, local),
            None => {
                let origin = Origin::new(self.session_id, local.address.ip());
                offer(capabilities, local, origin)
            }
        };
        let is_readable = self.parameters().is_some() || !has_keys(&description);
        let expected = match is_readable {
            true => expected(&description, capabilities),
            false => Vec::new(),
        };
        let description: Arc<str> = description.to_text().into();
        self.latest = Some(description.clone());
        self.offered = Some(description.clone());
        Ok(Offered {
            description,
            expected,
        })
    }

    /// The answer to the peer's offer, and what it would make of the session.
    pub(super) fn answer(
        &mut self,
        config: &MediaConfig,
        offer: &str,
        rng: &mut StdRng,
    ) -> Result<Agreement, MediaError> {
        let offer = SessionDescription::parse(offer)?;
        self.need_keys(config, rng);
        let mut negotiated = self.negotiate(config, &offer)?;
        if self.is_keyed_anew(negotiated.media.as_ref()) {
            self.keys.clear();
            self.need_keys(config, rng);
            negotiated = self.negotiate(config, &offer)?;
        }
        let Negotiated { answer, media } = negotiated;
        let local = match &self.latest {
            Some(latest) => answer
                .succeeding(&SessionDescription::parse(latest)?)
                .to_text(),
            None => answer.to_text(),
        };
        Ok(Agreement {
            local: local.into(),
            parameters: media.map(Box::new),
        })
    }

    /// What the peer's answer would make of the session; a later answer to the same offer replaces an earlier one.
    pub(super) fn accept(
        &self,
        config: &MediaConfig,
        answer: &str,
    ) -> Result<Agreement, MediaError> {
        let offered = self.offered.clone();
        let offered = offered.ok_or(MediaError::NoOffer(self.key))?;
        let (offer, answer) = (
            SessionDescription::parse(&offered)?,
            SessionDescription::parse(answer)?,
        );
        let parameters = accept_answer(&offer, &answer, &config.capabilities)?;
        Ok(Agreement {
            local: offered,
            parameters: Some(Box::new(parameters)),
        })
    }

    /// Makes an agreement count. Our own answer ends our offer.
    pub(super) fn agree(&mut self, agreement: Agreement) {
        let local = &agreement.local;
        self.offered = self
            .offered
            .take()
            .filter(|offered| Arc::ptr_eq(offered, local));
        if self.offered.is_none() {
            self.latest = Some(local.clone());
        }
        let parameters = agreement.parameters.as_deref();
        if parameters.is_none_or(|parameters| parameters.security.is_none()) {
            // Should SRTP come back, it does so with counters that begin anew.
            self.keys.clear();
        }
        self.agreement = Some(agreement);
    }

    /// Forgets an offer that was not accepted.
    pub(super) fn withdraw(&mut self) {
        self.offered = None;
    }

    /// How the stream is run, as agreed on.
    pub(super) fn parameters(&self) -> Option<&MediaParameters> {
        self.agreement.as_ref()?.parameters.as_deref()
    }

    fn negotiate<'a>(
        &self,
        config: &MediaConfig,
        offer: &SessionDescription<'a>,
    ) -> Result<Negotiated<'a>, MediaError> {
        let local = self.local_media(config)?;
        let origin = Origin::new(self.session_id, local.address.ip());
        Ok(negotiate(offer, &config.capabilities, local, origin)?)
    }

    /// Makes keys if there are none.
    fn need_keys(&mut self, config: &MediaConfig, rng: &mut StdRng) {
        let Capabilities {
            srtp, srtp_suites, ..
        } = &config.capabilities;
        if self.keys.is_empty() && *srtp != SrtpPolicy::Off {
            let suites = srtp_suites.iter();
            let keys = suites.map(|suite| SrtpKey::generate(*suite, rng));
            self.keys = keys.collect();
        }
    }

    /// Whether the peer has other keys than before, and so may be another one that must not learn what ours protected.
    fn is_keyed_anew(&self, media: Option<&MediaParameters>) -> bool {
        let theirs = |media: &MediaParameters| Some(media.security.as_ref()?.receive.clone());
        let before = self.parameters().and_then(theirs);
        let now = media.and_then(theirs);
        now.is_some() && self.agreement.is_some() && before != now
    }

    fn local_media(&self, config: &MediaConfig) -> Result<LocalMedia, MediaError> {
        let bound = self.port.as_ref().map(|port| port.rtp);
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
            keys: self.keys.clone(),
        })
    }
}
