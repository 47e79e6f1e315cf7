//! The sessions of one shard without sockets and clock: joins dialogs and media, decides nothing for the application.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::DialogManager;
use rvoip_dialog_core::sip_core::{Method, StatusCode};
use rvoip_dialog_core::sip_transport::Output;
use rvoip_media_core::MediaSessionController;

use crate::limits::Occupancy;
use crate::registry::Registry;
use crate::{
    BasicSessionEvent, CallState, SessionDependencyTracker, SessionId, SessionStats, TerminalCause,
};

mod audio;
mod bridge;
mod coordination;
mod dtmf;
mod early;
mod ending;
mod forward;
mod hold;
mod host_name;
mod incoming;
mod leftovers;
mod legs;
mod limits;
mod media_link;
mod offer;
mod outgoing;
mod permit;
mod publication;
mod quality;
mod redirect;
mod registration;
mod reoffer;
mod request;
mod session;
mod sessions;
mod settings;
mod streams;
mod subscription;
mod target_set;
mod transfer;

use bridge::Bridges;
use host_name::Waiting;
use publication::Publications;
use registration::Registrations;
use request::Replies;
pub use request::RequestReply;
use sessions::Sessions;
pub use settings::CoreSettings;
pub use streams::MediaInfo;
use subscription::Subscriptions;
use transfer::Transfers;

/// What a [`SessionCore`] is made of.
pub struct SessionCoreParts {
    /// The signalling of all calls.
    pub dialogs: DialogManager,
    /// The media of all calls.
    pub media: MediaSessionController,
    /// Where the calls that exist are entered.
    pub registry: Arc<Registry>,
    /// What it is set to do.
    pub settings: CoreSettings,
}

/// The sessions of one shard: a sans-IO core that owns dialogs and media of all its calls.
///
/// Commands are methods that take the time; what happens is polled as [`BasicSessionEvent`]s. Every session ends in
/// exactly one [`BasicSessionEvent::Ended`].
pub struct SessionCore {
    dialogs: DialogManager,
    media: MediaSessionController,
    sessions: Sessions,
    settings: CoreSettings,
    dependencies: SessionDependencyTracker,
    occupancy: Occupancy,
    transfers: Transfers,
    subscriptions: Subscriptions,
    replies: Replies,
    registrations: Registrations,
    publications: Publications,
    /// The application answers INFO.
    answers_info: bool,
    bridges: Bridges,
    /// What waits for the hosts of descriptions.
    waiting: Waiting,
    accepting: bool,
    draining: bool,
    wire: VecDeque<Output<BasicSessionEvent>>,
    events: VecDeque<BasicSessionEvent>,
    totals: Totals,
}

#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    sessions: u64,
    answered: u64,
    failed: u64,
    /// Incoming calls refused because of the limit of their user or endpoint.
    refused: u64,
}

impl SessionCore {
    /// A core without sessions. It refuses incoming calls until [`start`](Self::start).
    pub fn new(parts: SessionCoreParts) -> Self {
        let mut dialogs = parts.dialogs;
        dialogs.limit_calls(parts.settings.max_sessions);
        let answers_info = dialogs.serve_also(&Method::Info);
        let registrations = Registrations::new(Arc::clone(&parts.registry));
        SessionCore {
            dialogs,
            media: parts.media,
            sessions: Sessions::new(parts.registry),
            settings: parts.settings,
            dependencies: SessionDependencyTracker::new(),
            occupancy: Occupancy::default(),
            transfers: Transfers::default(),
            subscriptions: Subscriptions::default(),
            replies: Replies::default(),
            registrations,
            publications: Publications::default(),
            answers_info,
            bridges: Bridges::default(),
            waiting: Waiting::default(),
            accepting: false,
            draining: false,
            wire: VecDeque::new(),
            events: VecDeque::new(),
            totals: Totals::default(),
        }
    }

    /// Takes incoming calls from now on.
    pub fn start(&mut self) {
        self.accepting = true;
    }

    /// Takes and places no new call; those that exist go on. Calls that were prepared and never placed are over.
    pub fn drain(&mut self, now: Instant) {
        self.accepting = false;
        self.draining = true;
        self.dialogs.drain();
        for id in self.sessions.ids() {
            if self.sessions.get(id).is_some_and(|it| it.call.is_none()) {
                self.end(now, id, Some(TerminalCause::Shutdown));
            }
        }
        self.pump(now);
    }

    /// Takes no new call, ends those that exist and takes all registrations back.
    pub fn shutdown(&mut self, now: Instant) {
        self.drain(now);
        self.abandon_transfers(now);
        self.dialogs.withdraw_all(now);
        for id in self.sessions.ids() {
            self.end(now, id, Some(TerminalCause::Shutdown));
        }
        self.pump(now);
    }

    /// Whether no session is left.
    pub fn is_idle(&self) -> bool {
        self.sessions.len() == 0
    }

    /// What exists now and what happened so far.
    pub fn stats(&self) -> SessionStats {
        let transactions = self.dialogs.transactions();
        SessionStats {
            active_sessions: self.sessions.len(),
            dialogs: self.dialogs.calls(),
            transactions: transactions.len(),
            connections: transactions.transport().connection_count(),
            media_sessions: self.media.len(),
            media_ports: self.media.open_ports(),
            total_sessions: self.totals.sessions,
            answered_sessions: self.totals.answered,
            failed_sessions: self.totals.failed,
            refused_for_overload: self.dialogs.counters().overload_refusals,
            refused_for_limits: self.totals.refused,
            retransmissions_sent: transactions.counters().retransmissions_sent,
            messages_dropped: transactions.transport().counters().dropped_total()
                + transactions.counters().stray_responses
                + transactions.counters().defective_dropped,
        }
    }

    /// Enters another state, when it may follow, and tells so.
    fn enter(
        &mut self,
        now: Instant,
        id: SessionId,
        next: CallState,
        reason: Option<Cow<'static, str>>,
    ) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let call = Arc::clone(&session.record);
        let state = call.state();
        if state == next || !state.can_transition_to(next) {
            return;
        }
        let old_state = call.enter(next, now);
        tracing::debug!(session = %id, from = %old_state, to = %next, "state changed");
        self.events.push_back(BasicSessionEvent::StateChanged {
            call,
            old_state,
            new_state: next,
            reason,
        });
    }
}

impl fmt::Debug for SessionCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCore")
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

/// The status that a text begins with, as in `486 Busy Here`.
fn leading_status(text: &str) -> Option<StatusCode> {
    let digits = text.get(..3)?;
    let ends = text[3..].chars().next().is_none_or(|next| next == ' ');
    StatusCode::new(digits.parse().ok()?).filter(|status| ends && status.code() >= 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_may_begin_with_its_status() {
        assert_eq!(
            leading_status("486 Busy Here").map(|status| status.code()),
            Some(486)
        );
        assert_eq!(leading_status("404").map(|status| status.code()), Some(404));
        for text in [
            "180 Ringing",
            "4865",
            "999 x",
            "",
            "no",
            "\u{e9}\u{e9}\u{e9}\u{e9}",
        ] {
            assert_eq!(leading_status(text), None, "{text}");
        }
    }
}
