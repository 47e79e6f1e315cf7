//! The media of calls, one session each: ports, descriptions and the engine, joined.

use std::fmt;
use std::net::IpAddr;

mod audio;
mod bridge;
mod dtmf;
mod hold;
mod inspect;
mod offer_answer;
mod placement;
mod ports;
mod session;
mod sessions;
mod simulated;
mod socket;

pub use ports::{MediaPorts, OpenPort};
pub use sessions::MediaSessionController;
pub use simulated::{SimulatedMedia, SimulatedPorts};
pub use socket::SocketPorts;

use crate::capabilities::Capabilities;
use crate::dtmf::DtmfTiming;
use crate::frame_processor::FrameProcessors;
use crate::play::AudioSource;
use crate::stream::Listening;

/// Names a media session; never used twice in the life of a controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaSessionKey {
    index: u32,
    generation: u32,
}

impl MediaSessionKey {
    /// A small number that no two sessions have at a time.
    pub(crate) fn index(self) -> usize {
        self.index as usize
    }
}

impl fmt::Display for MediaSessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m{}.{}", self.index, self.generation)
    }
}

/// Whether calls carry media at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MediaMode {
    /// Every session opens a port pair.
    #[default]
    Active,
    /// No session opens a port; descriptions say `a=inactive`. For signalling alone.
    Inactive,
}

/// What all sessions of a controller share.
#[derive(Debug, Clone)]
pub struct MediaConfig {
    /// Whether calls carry media.
    pub mode: MediaMode,
    /// The address that descriptions tell peers; needed when ports are bound to all addresses.
    pub advertised: Option<IpAddr>,
    /// Codecs and packet length.
    pub capabilities: Capabilities,
    /// What a session sends until told otherwise.
    pub source: AudioSource,
    /// How long the digits are that a session sends.
    pub dtmf_timing: DtmfTiming,
    /// What a session listens for in the peer's sound.
    pub listening: Listening,
    /// Who works on the sound of a session until told otherwise.
    pub processors: FrameProcessors,
}

impl Default for MediaConfig {
    /// Active media, the bound address, default [`Capabilities`], silence, digits of 100 ms,
    /// listening for nothing, no processors.
    fn default() -> Self {
        Self {
            mode: MediaMode::default(),
            advertised: None,
            capabilities: Capabilities::default(),
            source: AudioSource::Silence,
            dtmf_timing: DtmfTiming::default(),
            listening: Listening::default(),
            processors: FrameProcessors::default(),
        }
    }
}

/// How a stopped session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Stopped {
    /// It had no port; it is over, and no event follows.
    Done,
    /// [`MediaEvent::Ended`](crate::MediaEvent::Ended) follows when its port is closed.
    EventFollows,
}

#[cfg(test)]
mod tests;
