//! Publications as a client: PUBLISH written, its answers read (RFC 3903 section 4).

use std::time::{Duration, Instant};

use rvoip_transaction_core::NextHop;
use rvoip_transaction_core::sip_core::header::{MinExpires, SipEtag};
use rvoip_transaction_core::sip_core::{
    ByteString, Expires, HeaderName, Method, Response, StatusCode,
};

use super::DialogManager;
use super::errand::Errand;
use super::request::with_headers;
use super::soft_state::{Judgement, MAX_ROUNDS, Purpose, SoftState};
use crate::dialog::Dialog;
use crate::id::{LocalTag, mint_call_id};
use crate::options::Capabilities;
use crate::publication::{OutgoingPublication, PublicationKey};
use crate::soft_state::{Input, SoftStateKey, State};
use crate::{Body, DialogError};

/// What a publication knows beside the machine.
#[derive(Debug)]
pub(super) struct Publication {
    wanted: OutgoingPublication,
    /// What the compositor calls the state it has.
    pub(super) etag: Option<ByteString>,
    pub(super) granted: Duration,
    /// The compositor does not have the body as it is now.
    is_changed: bool,
    /// The body is in the request on its way.
    is_carried: bool,
}

impl Publication {
    /// The next PUBLISH: with the state when it is new or changed, without it to refresh and to remove (section 4.1).
    pub(super) fn errand(
        &self,
        record: &SoftState,
        capabilities: &Capabilities,
    ) -> Result<Errand, DialogError> {
        let wanted = &self.wanted;
        let lone = Dialog::outgoing(
            &record.call_id,
            record.tag,
            &wanted.local,
            &wanted.entity,
            &wanted.route,
        );
        let (request, next_hop) = lone
            .request(Method::Publish, record.cseq)
            .map_err(|_| DialogError::Unreachable(wanted.entity.as_str().into()))?;
        let leaves = record.state == State::Removing;
        let expires = match leaves {
            true => 0,
            false => u32::try_from(record.expires.as_secs()).unwrap_or(u32::MAX),
        };
        let request = capabilities
            .sign_request(request)
            .raw(&HeaderName::Event, &wanted.event)
            .header(&Expires(expires));
        let request = match &self.etag {
            Some(etag) => request.raw(&HeaderName::SipIfMatch, etag),
            None => request,
        };
        let body = Some(&wanted.body).filter(|_| self.carries_body() && !leaves);
        let request = Body::attach(body, with_headers(request, &wanted.headers));
        Ok(Errand::new(
            request,
            match &wanted.target {
                Some(target) => NextHop::from(target),
                None => next_hop.into(),
            },
        ))
    }

    fn carries_body(&self) -> bool {
        self.is_changed || self.etag.is_none()
    }

    /// The request is on its way.
    pub(super) fn note_sent(&mut self) {
        self.is_carried = self.carries_body();
    }
}

impl DialogManager {
    /// Publishes state, and keeps it published until [`unpublish`](Self::unpublish). What becomes of it is told by
    /// [`Publication`](crate::SessionCoordinationEvent::Publication) events.
    ///
    /// # Errors
    /// When this manager is a server, drains or is full, or when the PUBLISH cannot be sent; nothing will be told then.
    pub fn publish_state(
        &mut self,
        now: Instant,
        wanted: OutgoingPublication,
    ) -> Result<PublicationKey, DialogError> {
        self.admit_soft_state()?;
        let (call_id, tag) = (mint_call_id(&mut self.rng), LocalTag::mint(&mut self.rng));
        let (expires, back_off) = (wanted.expires, wanted.back_off);
        let publication = Publication {
            wanted,
            etag: None,
            granted: Duration::ZERO,
            is_changed: true,
            is_carried: false,
        };
        let purpose = Purpose::Publication(Box::new(publication));
        let record = SoftState::new(purpose, call_id, tag, expires, back_off);
        let key = self.begin_soft_state(now, record)?;
        self.pump(now);
        Ok(PublicationKey(key))
    }

    /// Publishes other state in place of what was published.
    ///
    /// # Errors
    /// When there is no such publication.
    pub fn modify_state(
        &mut self,
        now: Instant,
        key: PublicationKey,
        body: Body,
    ) -> Result<(), DialogError> {
        let publication = self.known_publication(key)?;
        publication.wanted.body = body;
        (publication.is_changed, publication.is_carried) = (true, false);
        self.prompt_soft_state(now, key.0, Input::Renew);
        self.pump(now);
        Ok(())
    }

    /// Removes published state. [`Ended`](crate::PublicationStatus::Ended) follows when the compositor knows, or cannot be
    /// told.
    ///
    /// # Errors
    /// When there is no such publication.
    pub fn unpublish(&mut self, now: Instant, key: PublicationKey) -> Result<(), DialogError> {
        self.known_publication(key)?;
        self.prompt_soft_state(now, key.0, Input::Remove);
        self.pump(now);
        Ok(())
    }

    fn known_publication(&mut self, key: PublicationKey) -> Result<&mut Publication, DialogError> {
        let record = self.soft_states.get_mut(key.0);
        match record.map(|record| &mut record.purpose) {
            Some(Purpose::Publication(publication)) => Ok(publication),
            _ => Err(DialogError::NoSuchPublication(key)),
        }
    }

    /// What the answer to a PUBLISH means.
    pub(super) fn judge_publication(
        &mut self,
        key: SoftStateKey,
        response: &Response,
    ) -> Judgement {
        let Some(record) = self.soft_states.get_mut(key) else {
            return Judgement::again();
        };
        let refused = Judgement::refused(response, record.was_granted);
        let (expires, has_rounds) = (record.expires, record.rounds < MAX_ROUNDS);
        let Purpose::Publication(publication) = &mut record.purpose else {
            return refused;
        };
        let status = response.status();
        let changed = match status {
            _ if status.is_success() => {
                let etag = response.headers().first::<SipEtag>().ok().flatten();
                // Without a name the state cannot be refreshed: the next PUBLISH is a new one.
                publication.etag = etag.map(|etag| ByteString::from(etag.as_str()));
                let granted = response.expires().ok().flatten();
                let granted = granted.map(|granted| Duration::from_secs(granted.0.into()));
                publication.granted = granted.filter(|time| !time.is_zero()).unwrap_or(expires);
                publication.is_changed &= !publication.is_carried;
                return Judgement::granted(publication.granted);
            }
            // The compositor has forgotten it: it is published anew (section 4.1).
            StatusCode::CONDITIONAL_REQUEST_FAILED => publication.etag.take().is_some(),
            StatusCode::INTERVAL_TOO_BRIEF => {
                let least = response.headers().first::<MinExpires>().ok().flatten();
                let least = least.map(|least| Duration::from_secs(least.0.into()));
                let longer = least.filter(|least| *least > expires);
                record.expires = longer.unwrap_or(expires);
                longer.is_some()
            }
            _ => false,
        };
        if changed && has_rounds {
            record.rounds += 1;
            return Judgement::again();
        }
        refused
    }
}
