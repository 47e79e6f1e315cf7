//! Searches for servers: each gets its questions answered, and ends in exactly one event (RFC 3263).

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use rvoip_sip_core::Response;

use super::TransportLayer;
use super::lookup::{Answer, Asked};
use crate::{
    LocateError, LocateId, Location, LookupError, LookupId, Output, ServerLocation, Sought, Start,
    Target, TransportEvent, TransportKind, via,
};

type Found = Result<Vec<Target>, LocateError>;

/// The searches that wait for answers.
#[derive(Debug, Default)]
pub(super) struct Searches {
    open: HashMap<LocateId, Search>,
    /// When a search waits no longer for all of its answers.
    hurried: BTreeSet<(Instant, LocateId)>,
    begun: u64,
}

#[derive(Debug)]
struct Search {
    location: Box<ServerLocation>,
    hurry_at: Option<Instant>,
}

impl Searches {
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.hurried.first().map(|(at, _)| *at)
    }

    fn remove(&mut self, id: LocateId) -> Option<Search> {
        let search = self.open.remove(&id)?;
        if let Some(at) = search.hurry_at {
            self.hurried.remove(&(at, id));
        }
        Some(search)
    }
}

impl TransportLayer {
    /// Looks for the servers of a place (RFC 3263). What the domain name system has to be asked for comes later as
    /// [`TransportEvent::Located`], exactly once; so does that there is nothing.
    ///
    /// # Errors
    /// When the place leads nowhere by its own words, or too many searches are open.
    pub fn locate(&mut self, now: Instant, sought: Sought) -> Result<Location, LocateError> {
        let location = match ServerLocation::start(sought, self.reach)? {
            Start::Known(target) => return Ok(Location::Direct(target)),
            Start::Asking(location) => location,
        };
        if self.searches.open.len() >= self.config.location.max_searches {
            return Err(LocateError::TooMany);
        }
        self.searches.begun += 1;
        let id = LocateId(self.searches.begun);
        let search = Search {
            location,
            hurry_at: None,
        };
        match self.search_on(now, id, search) {
            Some(Ok(targets)) => return Ok(Location::Found(targets)),
            found => self.tell_located(id, found),
        }
        Ok(Location::Pending(id))
    }

    /// Looks for where a response goes whose way no address tells, or whose address has failed: the place that its top
    /// Via names (RFC 3263 section 5). `None` when the Via names no host.
    ///
    /// # Errors
    /// As of [`locate`](Self::locate).
    pub fn locate_response(
        &mut self,
        now: Instant,
        response: &Response,
        kind: TransportKind,
    ) -> Option<Result<Location, LocateError>> {
        let via = response.top_via().ok()?;
        let sought = via::named_place(&via, kind)?;
        Some(self.locate(now, sought))
    }

    /// Gives a search up: nothing will be told of it.
    pub fn stop_locating(&mut self, id: LocateId) {
        if let Some(search) = self.searches.remove(id) {
            self.lookups.leave(id, search.location.open_questions());
        }
    }

    /// Searches in progress.
    pub fn search_count(&self) -> usize {
        self.searches.open.len()
    }

    /// Asks what a search wants to know, as far as it is not known; what it has found, if that is the end.
    fn search_on(&mut self, now: Instant, id: LocateId, mut search: Search) -> Option<Found> {
        while let Some(question) = search.location.poll_question() {
            let config = &self.config.location;
            match self.lookups.ask(now, &question, id, config) {
                Asked::Known(answer) => {
                    let answer = answer.as_ref().map_err(|error| *error);
                    let found = search
                        .location
                        .handle_answer(&question, answer, &mut self.rng);
                    if found.is_some() {
                        return found;
                    }
                }
                Asked::Joined => {}
                Asked::New(query) => self.wire.push_back(Output::Lookup { query, question }),
            }
        }
        self.keep_search(now, id, search);
        None
    }

    /// Lets a search wait, and no longer than needed once it has something to go on with.
    fn keep_search(&mut self, now: Instant, id: LocateId, mut search: Search) {
        search.hurry_at = match search.location.is_usable() {
            true => search
                .hurry_at
                .or(Some(now + self.config.location.lookup_patience)),
            false => None,
        };
        if let Some(at) = search.hurry_at {
            self.searches.hurried.insert((at, id));
        }
        self.searches.open.insert(id, search);
    }

    /// Hands an answer to the searches that wait for it.
    pub(super) fn answer(&mut self, now: Instant, query: LookupId, mut answer: Answer) {
        let config = &self.config.location;
        let Some((question, waiting)) = self.lookups.finish(now, query, &mut answer, config) else {
            return;
        };
        tracing::debug!(?question, ?answer, "lookup answered");
        for id in waiting {
            let Some(mut search) = self.searches.remove(id) else {
                continue;
            };
            let answer = answer.as_ref().map_err(|error| *error);
            let found = search
                .location
                .handle_answer(&question, answer, &mut self.rng);
            let found = found.or_else(|| self.search_on(now, id, search));
            self.tell_located(id, found);
        }
    }

    /// Ends questions and the patience of searches whose time is over.
    pub(super) fn expire_lookups(&mut self, now: Instant) {
        while let Some(query) = self.lookups.poll_expired(now) {
            self.answer(now, query, Err(LookupError::Timeout));
        }
        while let Some((at, id)) = self.searches.hurried.first().copied()
            && at <= now
        {
            let Some(mut search) = self.searches.remove(id) else {
                self.searches.hurried.remove(&(at, id));
                continue;
            };
            self.lookups.leave(id, search.location.open_questions());
            search.hurry_at = None;
            let found = search.location.hurry(&mut self.rng);
            let found = found.or_else(|| self.search_on(now, id, search));
            self.tell_located(id, found);
        }
    }

    fn tell_located(&mut self, id: LocateId, found: Option<Found>) {
        if let Some(targets) = found {
            self.events
                .push_back(TransportEvent::Located { id, targets });
        }
    }
}
