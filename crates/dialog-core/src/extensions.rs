//! The extensions of calls that a user may switch: reliable provisional responses (RFC 3262) and session timers (RFC 4028).

use crate::session_timer::SessionTimerConfig;

/// The option tag of reliable provisional responses.
pub(crate) const RELIABLE: &str = "100rel";

/// Whether provisional responses are reliable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReliableProvisionals {
    /// Never: a peer that requires them is refused with 420.
    Off,
    /// Where both sides want them.
    #[default]
    Supported,
    /// Always: our INVITE requires them, an INVITE of a peer that does not know them is refused with 421.
    Required,
}

/// The extensions of the calls of one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallExtensions {
    /// Whether provisional responses are reliable.
    pub reliable_provisionals: ReliableProvisionals,
    /// How sessions are kept alive; `None` switches session timers off. Our INVITE asks for an interval, a call that comes in
    /// gets one when its INVITE asks for one.
    pub session_timer: Option<SessionTimerConfig>,
}

impl Default for CallExtensions {
    fn default() -> CallExtensions {
        CallExtensions {
            reliable_provisionals: ReliableProvisionals::default(),
            session_timer: Some(SessionTimerConfig::default()),
        }
    }
}
