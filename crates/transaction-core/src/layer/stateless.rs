//! Answers that leave no trace (RFC 3261 section 8.2.7): to defective requests and to copies of an INVITE that is here
//! already. Their ACK is known by the tag that they gave.

use std::time::Instant;

use rvoip_sip_transport::Flow;
use rvoip_sip_transport::sip_core::{Defect, Method, Request, Response, StatusCode};

use super::TransactionLayer;
use crate::fingerprint::Fingerprint;
use crate::matching::StatelessTag;

impl TransactionLayer {
    /// Turns away the copy of an INVITE that a proxy sent here over another path (section 8.2.2.2): the first one is
    /// answered, and the user's telephone rings once.
    pub(super) fn refuse_merged(&mut self, now: Instant, request: &Request, flow: &Flow) {
        self.counters.merged_refused += 1;
        let response = Response::builder_for(request, StatusCode::LOOP_DETECTED)
            .to_tag(self.stateless_tag(request).as_str())
            .build();
        // Whoever does not get this answer asks again.
        let _ = self.transport.send_response(now, &response, flow);
    }

    /// Answers a request with the status its defect calls for. An ACK is never answered.
    pub(super) fn refuse_defective(
        &mut self,
        now: Instant,
        request: &Request,
        defect: &Defect,
        flow: &Flow,
    ) {
        tracing::debug!(?defect, ?flow, "defective request");
        if *request.method() == Method::Ack {
            self.counters.defective_dropped += 1;
            return;
        }
        let response = Response::builder_for(request, defect.status)
            .to_tag(self.stateless_tag(request).as_str())
            .build();
        match self.transport.send_response(now, &response, flow) {
            Ok(_) => self.counters.defective_answered += 1,
            Err(_) => self.counters.defective_dropped += 1,
        }
    }

    /// A To tag that is the same for every repetition of the request.
    pub(super) fn stateless_tag(&self, request: &Request) -> StatelessTag {
        let fingerprint = self.matcher.server(request, request.method());
        let fingerprint = fingerprint.unwrap_or_else(|| self.matcher.octets(&request.to_bytes()));
        self.matcher.stateless_tag(fingerprint)
    }

    /// Whether an ACK is for an answer that left no trace: of an INVITE with this fingerprint.
    pub(super) fn answered_stateless(&self, ack: &Request, invite: Option<Fingerprint>) -> bool {
        let tag = ack.to_tag().filter(|tag| StatelessTag::may_be(tag));
        tag.zip(invite)
            .is_some_and(|(tag, invite)| self.matcher.stateless_tag(invite).as_str() == tag)
    }
}
