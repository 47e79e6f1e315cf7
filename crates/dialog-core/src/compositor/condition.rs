//! What a PUBLISH is about, and whether it may be carried out (RFC 3903 section 6, steps 2 to 4).

use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::header::{Event, SipIfMatch};
use rvoip_transaction_core::sip_core::{ByteString, Request};

use super::Compositor;
use crate::out_of_dialog::Refusal;
use crate::registrar::AddressOfRecord;

impl Compositor {
    /// The package of a PUBLISH (step 2).
    pub(super) fn package(&self, request: &Request) -> Result<ByteString, Refusal> {
        let event = request.headers().first::<Event>().ok().flatten();
        let event = event.ok_or(Refusal::BadEvent)?;
        let mut packages = self.config.packages.iter();
        let known = packages.find(|package| package.eq_ignore_ascii_case(event.package()));
        known.cloned().ok_or(Refusal::BadEvent)
    }

    /// The publication that a PUBLISH is to change (step 3).
    pub(super) fn matched(
        &self,
        now: Instant,
        request: &Request,
        entity: &AddressOfRecord,
        event: &ByteString,
    ) -> Result<Option<ByteString>, Refusal> {
        let mut matches = request.headers().all::<SipIfMatch>();
        let Some(first) = matches.next() else {
            return Ok(None);
        };
        let etag = first.map_err(|_| Refusal::BadRequest)?;
        if matches.next().is_some() {
            return Err(Refusal::BadRequest);
        }
        let etag = ByteString::from(etag.as_str());
        let publication = self.publications.get(&etag).filter(|publication| {
            publication.entity == *entity
                && publication.event == *event
                && publication.expires_at > now
        });
        match publication {
            Some(_) => Ok(Some(etag)),
            None => Err(Refusal::ConditionFailed),
        }
    }

    /// How long a PUBLISH holds (step 4).
    pub(super) fn lifetime(&self, request: &Request) -> Result<Duration, Refusal> {
        let asked = request.expires().map_err(|_| Refusal::BadRequest)?;
        let asked = asked.map(|asked| Duration::from_secs(asked.0.into()));
        let asked = asked.unwrap_or(self.config.default_expires);
        match !asked.is_zero() && asked < self.config.min_expires {
            true => Err(Refusal::TooBrief(self.config.min_expires)),
            false => Ok(asked.min(self.config.max_expires)),
        }
    }
}
