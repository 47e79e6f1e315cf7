//! Descriptions that name a host in place of an address (RFC 8866 section 5.7): what brings them waits, with all that follows it
//! in its call, until the host is found. When it is not, the description is met as it is, and refused.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use rvoip_dialog_core::sip_transport::LocateId;
use rvoip_dialog_core::{Body, CallKey, HostLookup, SessionCoordinationEvent as Event};
use rvoip_media_core::sdp::NamedHost;

use super::SessionCore;

/// The most hosts that are looked for in one description.
const MAX_HOSTS: u8 = 2;
/// The most that waits in one call; provisional responses beyond are passed over.
const MAX_WAITING: usize = 32;

/// What waits for hosts.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    calls: HashMap<CallKey, VecDeque<Event>>,
    searches: BTreeMap<LocateId, (CallKey, NamedHost, u8)>,
}

impl SessionCore {
    /// Lets an event of a call wait behind a host that has to be found; the event, when it need not.
    pub(super) fn await_host(&mut self, now: Instant, event: Event) -> Option<Event> {
        let Some(call) = call_of(&event) else {
            return Some(event);
        };
        if let Event::Ended { .. } = &event {
            // What came before it is of no use any more.
            self.waiting.calls.remove(&call);
            return Some(event);
        }
        if let Some(waiting) = self.waiting.calls.get_mut(&call) {
            let is_progress = matches!(event, Event::Progress { .. });
            if waiting.len() < MAX_WAITING || !is_progress {
                waiting.push_back(event);
            }
            return None;
        }
        // What is sent on is not ours to read.
        let id = self.sessions.of_call(call);
        if id.is_some_and(|id| self.other_leg(id).is_some()) {
            return Some(event);
        }
        self.seek_host(now, call, event, MAX_HOSTS)
    }

    /// Looks for the host that the description of an event names.
    fn seek_host(
        &mut self,
        now: Instant,
        call: CallKey,
        mut event: Event,
        tries: u8,
    ) -> Option<Event> {
        for left in (0..tries).rev() {
            let text =
                description(&mut event).and_then(|body| std::str::from_utf8(&body.content).ok());
            let Some(named) = text.and_then(NamedHost::of) else {
                break;
            };
            match self.dialogs.look_up(now, &named.host) {
                Some(HostLookup::Pending(search)) => {
                    self.waiting.searches.insert(search, (call, named, left));
                    self.waiting
                        .calls
                        .entry(call)
                        .or_default()
                        .push_front(event);
                    return None;
                }
                Some(HostLookup::Known(addresses)) if replace(&mut event, &named, &addresses) => {}
                _ => break,
            }
        }
        Some(event)
    }

    /// A host has been found, or not: its call goes on.
    pub(super) fn on_host_found(
        &mut self,
        now: Instant,
        search: LocateId,
        addresses: &[std::net::IpAddr],
    ) {
        let Some((call, named, tries)) = self.waiting.searches.remove(&search) else {
            return;
        };
        let Some(mut waiting) = self.waiting.calls.remove(&call) else {
            return;
        };
        let Some(mut first) = waiting.pop_front() else {
            return;
        };
        tracing::debug!(%call, host = named.host, ?addresses, "host of media looked for");
        let is_found = replace(&mut first, &named, addresses);
        let first = match is_found {
            true => self.seek_host(now, call, first, tries),
            false => Some(first),
        };
        if let Some(first) = first {
            self.take_in(now, first);
        }
        // One of those that follow may name a host itself; the rest waits behind it then.
        for event in waiting {
            self.coordinate(now, event);
        }
    }
}

/// The call that an event is about.
pub(super) fn call_of(event: &Event) -> Option<CallKey> {
    match event {
        Event::IncomingCall { key, .. }
        | Event::Progress { key, .. }
        | Event::Answered { key, .. }
        | Event::Confirmed { key, .. }
        | Event::Offer { key, .. }
        | Event::Answer { key, .. }
        | Event::OfferRefused { key, .. }
        | Event::OfferWithdrawn { key, .. }
        | Event::Ended { key, .. } => Some(*key),
        _ => None,
    }
}

/// The description that an event brings.
fn description(event: &mut Event) -> Option<&mut Body> {
    match event {
        Event::IncomingCall { body, .. }
        | Event::Progress { body, .. }
        | Event::Answered { body, .. }
        | Event::Confirmed { body, .. }
        | Event::Offer { body, .. }
        | Event::Answer { body, .. } => body.as_mut(),
        _ => None,
    }
}

/// Puts the address of a host in its place; returns whether it has one.
fn replace(event: &mut Event, named: &NamedHost, addresses: &[std::net::IpAddr]) -> bool {
    let Some(body) = description(event) else {
        return false;
    };
    let text = std::str::from_utf8(&body.content).ok();
    let resolved = text.and_then(|text| named.resolved(text, addresses));
    let Some(resolved) = resolved else {
        return false;
    };
    *body = Body::sdp(resolved);
    true
}
