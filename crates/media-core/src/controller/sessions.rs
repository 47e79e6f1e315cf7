//! The table of media sessions, and what can be done with each of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Instant;

use rand::RngExt;
use rand::rngs::StdRng;
use slab::Slab;

use super::session::Session;
use super::{MediaConfig, MediaMode, MediaPorts, MediaSessionKey, Stopped};
use crate::engine::MediaCommand;
use crate::error::MediaError;
use crate::event::MediaEvent;
use crate::play::AudioSource;
use crate::rtp_core::{PortKey, RtpError};
use crate::stream::Listening;

/// The media sessions of all calls. Deterministic: ports come through [`MediaPorts`], randomness from a seed.
pub struct MediaSessionController {
    pub(super) config: MediaConfig,
    pub(super) ports: Box<dyn MediaPorts>,
    pub(super) rng: StdRng,
    /// Each in memory of its own: the table grows without moving them.
    pub(super) sessions: Slab<Box<Session>>,
    generation: u32,
    /// Stopped sessions whose port is still open.
    closing: HashMap<MediaSessionKey, PortKey>,
    /// Those of them that the engine had no room to be told of.
    untold: Vec<MediaSessionKey>,
}

pub(super) type Done = Result<(), MediaError>;

impl MediaSessionController {
    /// A controller without sessions; `rng` makes everything random about them, keys too.
    #[must_use]
    pub fn new(config: MediaConfig, ports: Box<dyn MediaPorts>, rng: StdRng) -> Self {
        Self {
            config,
            ports,
            rng,
            sessions: Slab::new(),
            generation: 0,
            closing: HashMap::new(),
            untold: Vec::new(),
        }
    }

    /// Begins a session; opens its port pair unless media is inactive.
    ///
    /// # Errors
    /// [`MediaError::Port`] when no port can be had.
    pub fn create_session(&mut self, now: Instant) -> Result<MediaSessionKey, MediaError> {
        self.tell_untold(now);
        let entry = self.sessions.vacant_entry();
        self.generation = self.generation.wrapping_add(1);
        let key = MediaSessionKey {
            index: u32::try_from(entry.key()).unwrap_or(u32::MAX),
            generation: self.generation,
        };
        let port = match self.config.mode {
            MediaMode::Active => Some(self.ports.open(now)?),
            MediaMode::Inactive => None,
        };
        if let Some(port) = port {
            let open = MediaCommand::Open {
                key,
                port: port.key,
                seed: self.rng.random(),
                source: self.config.source.clone(),
            };
            if let Err(error) = self.ports.command(now, port.key, open) {
                self.ports.release(now, port.key);
                return Err(error.into());
            }
        }
        let session_id = u64::from(self.rng.random::<u32>());
        entry.insert(Box::new(Session::new(key, port, session_id)));
        let listening = self.config.listening;
        if listening != Listening::default() {
            self.listen(now, key, listening)?;
        }
        if !self.config.processors.is_empty() {
            let processors = self.config.processors.clone();
            self.set_processors(now, key, &processors)?;
        }
        Ok(key)
    }

    /// Sets the address that this session's descriptions tell, in place of the configured or bound one.
    ///
    /// # Errors
    /// [`MediaError::UnknownSession`].
    pub fn set_advertised(&mut self, key: MediaSessionKey, address: IpAddr) -> Done {
        self.session_mut(key)?.advertised = Some(address);
        Ok(())
    }

    /// Lets media flow as negotiated; before this nothing is sent.
    ///
    /// # Errors
    /// [`MediaError::UnknownSession`], [`MediaError::Port`].
    pub fn start(&mut self, now: Instant, key: MediaSessionKey) -> Done {
        self.command(now, key, MediaCommand::Start { key })
    }

    /// Sets what is sent; sequence and timestamp run on.
    ///
    /// # Errors
    /// As [`MediaSessionController::start`].
    pub fn set_source(&mut self, now: Instant, key: MediaSessionKey, source: AudioSource) -> Done {
        self.command(now, key, MediaCommand::SetSource { key, source })
    }

    /// Sends silence in place of the source, or the source again.
    ///
    /// # Errors
    /// As [`MediaSessionController::start`].
    pub fn set_muted(&mut self, now: Instant, key: MediaSessionKey, muted: bool) -> Done {
        self.command(now, key, MediaCommand::SetMuted { key, muted })
    }

    /// Asks for a [`MediaEvent::Statistics`] now. Without a port there is nothing to report, and none comes.
    ///
    /// # Errors
    /// As [`MediaSessionController::start`].
    pub fn request_statistics(&mut self, now: Instant, key: MediaSessionKey) -> Done {
        self.command(now, key, MediaCommand::Report { key })
    }

    /// Ends the session.
    ///
    /// # Errors
    /// [`MediaError::UnknownSession`].
    pub fn stop(&mut self, now: Instant, key: MediaSessionKey) -> Result<Stopped, MediaError> {
        self.tell_untold(now);
        self.session_mut(key)?;
        let session = self.sessions.remove(key.index());
        let Some(port) = session.port else {
            return Ok(Stopped::Done);
        };
        let close = MediaCommand::Close { key };
        match self.ports.command(now, port.key, close) {
            Err(RtpError::WorkerStopped) => {
                self.ports.release(now, port.key);
                return Ok(Stopped::Done);
            }
            Err(_) => self.untold.push(key),
            Ok(()) => {}
        }
        self.closing.insert(key, port.key);
        Ok(Stopped::EventFollows)
    }

    /// Takes note of an engine's event before the application sees it; gives the port of an ended session back.
    pub fn handle_event(&mut self, now: Instant, event: &MediaEvent) {
        if let MediaEvent::Ended { key, .. } = event
            && let Some(port) = self.closing.remove(key)
        {
            self.ports.release(now, port);
        }
        self.tell_untold(now);
    }

    pub(super) fn command(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
        command: MediaCommand,
    ) -> Done {
        let session = session_mut(&mut self.sessions, key)?;
        if let Some(port) = &session.port {
            self.ports.command(now, port.key, command)?;
        }
        Ok(())
    }

    /// Repeats the closings that did not reach the engine.
    fn tell_untold(&mut self, now: Instant) {
        while let Some(key) = self.untold.pop() {
            let Some(port) = self.closing.get(&key) else {
                continue;
            };
            if self
                .ports
                .command(now, *port, MediaCommand::Close { key })
                .is_err()
            {
                self.untold.push(key);
                break;
            }
        }
    }

    pub(super) fn session_mut(&mut self, key: MediaSessionKey) -> Result<&mut Session, MediaError> {
        session_mut(&mut self.sessions, key)
    }
}

pub(super) fn session_mut(
    sessions: &mut Slab<Box<Session>>,
    key: MediaSessionKey,
) -> Result<&mut Session, MediaError> {
    let session = sessions.get_mut(key.index()).map(|session| &mut **session);
    session
        .filter(|session| session.key == key)
        .ok_or(MediaError::UnknownSession(key))
}
