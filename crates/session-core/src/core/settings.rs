//! What a core is set to do.

use std::path::PathBuf;
use std::time::Duration;

use rvoip_media_core::AudioSource;

use crate::{DtmfMethod, ForwardMode, RedirectPolicy, SessionLimits};

/// The settings of a [`SessionCore`](crate::SessionCore).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CoreSettings {
    /// Sessions that may exist at once. Default 10,000.
    pub max_sessions: usize,
    /// How long a call may last after it was answered. Default without limit.
    pub session_timeout: Option<Duration>,
    /// How long the application may think about a call before the caller hears it ringing. Default 100 ms.
    pub alert_after: Duration,
    /// Where every answered call is recorded, as `SESSION.wav`. Default nowhere.
    pub recording_directory: Option<PathBuf>,
    /// Whether the media sends packets until told otherwise. Default yes.
    pub sends_audio: bool,
    /// What a peer hears that we hold. Default nothing: no packets at all.
    pub music_on_hold: AudioSource,
    /// What to do when a called party sends us elsewhere. Default: go there.
    pub redirects: RedirectPolicy,
    /// What becomes of a call that the application forwards. Default: the caller is told by 302.
    pub forwarding: ForwardMode,
    /// Whether the caller of a call that rings several contacts hears the early media of the first that has any. Default not.
    pub forked_early_media: bool,
    /// How digits go to the peer. Default: as telephone events, or as INFO where there are none.
    pub dtmf: DtmfMethod,
    /// How many sessions one user and one endpoint may have. Default without limit.
    pub limits: SessionLimits,
}

impl Default for CoreSettings {
    fn default() -> Self {
        CoreSettings {
            max_sessions: 10_000,
            session_timeout: None,
            alert_after: Duration::from_millis(100),
            recording_directory: None,
            sends_audio: true,
            music_on_hold: AudioSource::None,
            redirects: RedirectPolicy::default(),
            forwarding: ForwardMode::default(),
            forked_early_media: false,
            dtmf: DtmfMethod::default(),
            limits: SessionLimits::default(),
        }
    }
}
