//! Sends callers elsewhere by the URI they called.

use async_trait::async_trait;

use crate::{CallDecision, CallHandler, CallSession, IncomingCall};

/// Forwards calls whose called URI begins with a pattern; the longest pattern wins.
#[derive(Debug)]
pub struct RoutingHandler {
    routes: Vec<(String, String)>,
    default_action: CallDecision,
}

impl RoutingHandler {
    /// No routes; what matches none is answered 404.
    pub fn new() -> Self {
        RoutingHandler {
            routes: Vec::new(),
            default_action: CallDecision::Reject("404 Not Found".to_owned()),
        }
    }

    /// Calls to a URI that begins with `pattern` go to `target`.
    pub fn add_route(&mut self, pattern: impl Into<String>, target: impl Into<String>) {
        self.routes.push((pattern.into(), target.into()));
        self.routes
            .sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.len()));
    }

    /// What becomes of calls that match no route.
    pub fn set_default_action(&mut self, action: CallDecision) {
        self.default_action = action;
    }

    fn decide(&self, called: &str) -> CallDecision {
        let route = self
            .routes
            .iter()
            .find(|(pattern, _)| called.starts_with(pattern.as_str()));
        route.map_or_else(
            || self.default_action.clone(),
            |(_, target)| CallDecision::Forward(target.clone()),
        )
    }
}

impl Default for RoutingHandler {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl CallHandler for RoutingHandler {
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
        self.decide(&call.to)
    }

    async fn on_call_ended(&self, _call: CallSession, _reason: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_pattern_wins_and_the_default_takes_the_rest() {
        let mut routing = RoutingHandler::new();
        routing.add_route("sip:s", "sip:operator@example.com");
        routing.add_route("sip:sales@", "sip:queue@example.com");
        assert_eq!(
            routing.decide("sip:sales@example.com"),
            CallDecision::Forward("sip:queue@example.com".to_owned())
        );
        assert_eq!(
            routing.decide("sip:sue@example.com"),
            CallDecision::Forward("sip:operator@example.com".to_owned())
        );
        assert_eq!(
            routing.decide("tel:+491234"),
            CallDecision::Reject("404 Not Found".to_owned())
        );
        routing.set_default_action(CallDecision::Accept(None));
        assert_eq!(routing.decide("tel:+491234"), CallDecision::Accept(None));
    }
}
