//! The limits of the role that a manager has: client, server or both.

use std::time::Duration;

use super::DialogManager;
use crate::config::DialogManagerConfig;

impl DialogManager {
    /// Allows no more than so many calls at once from now on, whatever the configuration says beyond that; those that exist
    /// go on.
    pub fn limit_calls(&mut self, max_calls: usize) {
        let (client, server) = match &mut self.config {
            DialogManagerConfig::Client(client) => (Some(client), None),
            DialogManagerConfig::Server(server) => (None, Some(server)),
            DialogManagerConfig::Hybrid(both) => (Some(&mut both.client), Some(&mut both.server)),
        };
        let limits = [
            client.map(|client| &mut client.max_calls),
            server.map(|server| &mut server.max_calls),
        ];
        for limit in limits.into_iter().flatten() {
            *limit = max_calls.min(*limit);
        }
    }

    /// The limits of the role, the smaller of both for a hybrid: calls at once, and for how long they may ring.
    pub(super) fn limits(&self) -> (usize, Duration) {
        match &self.config {
            DialogManagerConfig::Client(client) => (client.max_calls, client.max_ringing),
            DialogManagerConfig::Server(server) => (server.max_calls, server.max_ringing),
            DialogManagerConfig::Hybrid(both) => (
                both.client.max_calls.min(both.server.max_calls),
                both.client.max_ringing.min(both.server.max_ringing),
            ),
        }
    }

    /// Requests that may wait for an answer at once, in each direction; the smaller of both for a hybrid.
    pub(super) fn max_requests(&self) -> usize {
        match &self.config {
            DialogManagerConfig::Client(client) => client.max_requests,
            DialogManagerConfig::Server(server) => server.max_requests,
            DialogManagerConfig::Hybrid(both) => {
                both.client.max_requests.min(both.server.max_requests)
            }
        }
    }

    /// How long the application may leave a request of a peer without an answer.
    pub(super) fn max_answering(&self) -> Duration {
        self.config
            .server()
            .map_or(Duration::ZERO, |server| server.max_answering)
    }
}
