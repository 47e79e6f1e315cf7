//! The event state compositor: what a PUBLISH does to the state of a user (RFC 3903 section 6). The state itself is opaque.
//!
//! Pure: requests and times go in, answers and facts come out.

mod condition;
mod published;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::{ByteString, Host, Request};

use crate::Body;
use crate::out_of_dialog::Refusal;
use crate::registrar::AddressOfRecord;

pub use published::{Accepted, PublicationChange, PublicationEvent};

/// How a [`Compositor`] is set up.
#[derive(Clone, Debug)]
pub struct CompositorConfig {
    /// The event packages whose state is taken, as in `presence`; others are answered 489.
    pub packages: Vec<ByteString>,
    /// The domains whose users may publish; with none, every domain that is asked for.
    pub domains: Vec<Host>,
    /// The shortest lifetime; one that wants less is answered 423. Default 60 s.
    pub min_expires: Duration,
    /// The longest lifetime; what is asked for beyond is cut to it. Default 2 hours.
    pub max_expires: Duration,
    /// The lifetime of what asks for none. Default 1 hour.
    pub default_expires: Duration,
    /// Publications of one user and package at once; one more is answered 503. Default 16.
    pub max_per_user: usize,
    /// Publications at once; one more is answered 503. Default 10,000, with the next setting some 650 MB at most.
    pub max_publications: usize,
    /// The longest state; what is longer is answered 413. Default 64 KiB.
    pub max_octets: usize,
}

impl Default for CompositorConfig {
    /// Takes presence.
    fn default() -> Self {
        CompositorConfig {
            packages: vec![ByteString::from_static("presence")],
            domains: Vec::new(),
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(7200),
            default_expires: Duration::from_secs(3600),
            max_per_user: 16,
            max_publications: 10_000,
            max_octets: 64 * 1024,
        }
    }
}

#[derive(Debug)]
struct Publication {
    entity: AddressOfRecord,
    event: ByteString,
    body: Body,
    expires_at: Instant,
}

/// Keeps what the users of its domains publish.
#[derive(Debug)]
pub struct Compositor {
    config: CompositorConfig,
    publications: BTreeMap<ByteString, Publication>,
    /// The publications of each user and package, the oldest first.
    states: BTreeMap<(AddressOfRecord, ByteString), Vec<ByteString>>,
    deadlines: BTreeSet<(Instant, ByteString)>,
}

impl Compositor {
    /// A compositor without publications.
    pub fn new(config: CompositorConfig) -> Compositor {
        Compositor {
            config,
            publications: BTreeMap::new(),
            states: BTreeMap::new(),
            deadlines: BTreeSet::new(),
        }
    }

    /// The event packages whose state is taken.
    pub fn packages(&self) -> &[ByteString] {
        &self.config.packages
    }

    /// All that is published of a user now, the oldest first.
    pub fn state(&self, entity: &AddressOfRecord, event: &str) -> Vec<&Body> {
        let etags = self.states.get(&(entity.clone(), ByteString::from(event)));
        let bodies = etags.into_iter().flatten();
        let bodies = bodies.filter_map(|etag| self.publications.get(etag));
        bodies.map(|publication| &publication.body).collect()
    }

    /// Carries out a PUBLISH in the order of section 6. `user` is who has proven who he is, if anybody had to: he publishes
    /// his own state alone.
    ///
    /// # Errors
    /// What the request is refused with; nothing has changed then.
    pub fn publish(
        &mut self,
        now: Instant,
        request: &Request,
        user: Option<&str>,
        rng: &mut StdRng,
    ) -> Result<Accepted, Refusal> {
        let uri = request.uri().map_err(|_| Refusal::BadRequest)?;
        let serves =
            |host: &Host| self.config.domains.is_empty() || self.config.domains.contains(host);
        let entity = AddressOfRecord::of(&uri).filter(|_| uri.host().is_some_and(serves));
        let entity = entity.ok_or(Refusal::NotFound)?;
        if user.is_some_and(|user| !entity.is_named(user)) {
            return Err(Refusal::Forbidden);
        }
        let event = self.package(request)?;
        let known = self.matched(now, request, &entity, &event)?;
        let expires = self.lifetime(request)?;
        let body = Body::of_request(request);
        if body
            .as_ref()
            .is_some_and(|body| body.content.len() > self.config.max_octets)
        {
            return Err(Refusal::TooLarge);
        }
        let etag = ByteString::from(format!("{:016x}", rng.next_u64()));
        let (body, change) = match (known, body) {
            (None, Some(body)) if !expires.is_zero() => {
                self.has_room(&entity, &event)?;
                (body.owned(), PublicationChange::Published)
            }
            (None, _) => return Err(Refusal::BadRequest),
            (Some(known), body) => {
                let before = self.take(&known).ok_or(Refusal::ConditionFailed)?;
                match body {
                    _ if expires.is_zero() => (before.body, PublicationChange::Removed),
                    Some(body) => (body.owned(), PublicationChange::Modified),
                    None => (before.body, PublicationChange::Refreshed),
                }
            }
        };
        if !expires.is_zero() {
            self.put(
                etag.clone(),
                Publication {
                    entity: entity.clone(),
                    event: event.clone(),
                    body: body.clone(),
                    expires_at: now + expires,
                },
            );
        }
        let event = PublicationEvent {
            entity,
            event,
            change,
            body,
        };
        Ok(Accepted {
            etag,
            expires,
            event,
        })
    }

    /// Removes the publications that have run out by now, and tells them.
    pub fn expire(&mut self, now: Instant) -> Vec<PublicationEvent> {
        let mut events = Vec::new();
        while let Some((_, etag)) = self.deadlines.first().filter(|(at, _)| *at <= now) {
            let etag = etag.clone();
            let Some(gone) = self.take(&etag) else {
                self.deadlines.pop_first();
                continue;
            };
            events.push(PublicationEvent {
                entity: gone.entity,
                event: gone.event,
                change: PublicationChange::Expired,
                body: gone.body,
            });
        }
        events
    }

    /// When [`expire`](Self::expire) has something to do.
    pub fn next_expiry(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    fn has_room(&self, entity: &AddressOfRecord, event: &ByteString) -> Result<(), Refusal> {
        let of_user = self.states.get(&(entity.clone(), event.clone()));
        let is_full = self.publications.len() >= self.config.max_publications
            || of_user.is_some_and(|etags| etags.len() >= self.config.max_per_user);
        match is_full {
            true => Err(Refusal::Unavailable(self.config.min_expires)),
            false => Ok(()),
        }
    }

    fn put(&mut self, etag: ByteString, publication: Publication) {
        let state = (publication.entity.clone(), publication.event.clone());
        self.states.entry(state).or_default().push(etag.clone());
        self.deadlines
            .insert((publication.expires_at, etag.clone()));
        self.publications.insert(etag, publication);
    }

    fn take(&mut self, etag: &ByteString) -> Option<Publication> {
        let publication = self.publications.remove(etag)?;
        self.deadlines
            .remove(&(publication.expires_at, etag.clone()));
        let state = (publication.entity.clone(), publication.event.clone());
        if let Some(etags) = self.states.get_mut(&state) {
            etags.retain(|other| other != etag);
            if etags.is_empty() {
                self.states.remove(&state);
            }
        }
        Some(publication)
    }
}

#[cfg(test)]
mod tests;
