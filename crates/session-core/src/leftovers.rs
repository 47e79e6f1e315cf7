//! What has not ended, and what it waits for: the answer to "why does this not stop, and who leaks".

use std::fmt;
use std::time::Duration;

use crate::{CallState, SessionId};

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leftover {
    /// The session.
    pub session_id: SessionId,
    /// Its state.
    pub state: CallState,
    /// How long it has existed.
    pub age: Duration,
    /// Who has to do something for it to go on or to end.
    pub waits_for: WaitsFor,
}

/// Who has to do something for a session to go on or to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WaitsFor {
    /// The application: a prepared call that was never placed, or an incoming one that nobody has decided about.
    Decision,
    /// The peer, to answer our call.
    Answer,
    /// Either party, to hang up: the call stands.
    Hangup,
    /// The peer, to confirm the end, until its time is over.
    Farewell,
    /// The media worker, to close the port.
    Media,
    /// Nobody: the call is unknown to signalling and media. This is a fault of this crate.
    Nobody,
}

impl fmt::Display for WaitsFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WaitsFor::Decision => "the application's decision",
            WaitsFor::Answer => "the peer's answer",
            WaitsFor::Hangup => "either party to hang up",
            WaitsFor::Farewell => "the peer to confirm the end",
            WaitsFor::Media => "the media worker",
            WaitsFor::Nobody => "nobody",
        })
    }
}

impl fmt::Display for Leftover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "session {} has been {} for {:?} in all and waits for {}",
            self.session_id, self.state, self.age, self.waits_for
        )
    }
}
