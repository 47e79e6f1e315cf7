//! Answers that leave no trace (RFC 3261 section 8.2.7): to defective requests, to those for which there is no room, and to
//! copies of an INVITE that is here already.

use std::time::Instant;

use rvoip_sip_transport::Flow;
use rvoip_sip_transport::sip_core::{Defect, Method, Request, Response, RetryAfter, StatusCode};

use super::TransactionLayer;

impl TransactionLayer {
    /// Whether a new transaction of this method is let in. What may end a call is let in longer than what begins one.
    pub(super) fn has_room(&self, method: &Method) -> bool {
        let limit = self.config.max_transactions;
        let limit = if *method == Method::Invite {
            limit
        } else {
            limit.saturating_add(limit / 4)
        };
        self.store.len() < limit
    }

    pub(super) fn refuse_for_room(&mut self, now: Instant, request: &Request, flow: &Flow) {
        self.counters.refused_table_full += 1;
        let seconds = u32::try_from(self.config.retry_after.as_secs()).unwrap_or(u32::MAX);
        let response = Response::builder_for(request, StatusCode::SERVICE_UNAVAILABLE)
            .to_tag(&self.stateless_tag(request))
            .header(&RetryAfter::new(seconds))
            .build();
        // Whoever does not get this answer asks again.
        let _ = self.transport.send_response(now, &response, flow);
    }

    /// Turns away the copy of an INVITE that a proxy sent here over another path (section 8.2.2.2): the first one is
    /// answered, and the user's telephone rings once.
    pub(super) fn refuse_merged(&mut self, now: Instant, request: &Request, flow: &Flow) {
        self.counters.merged_refused += 1;
        let response = Response::builder_for(request, StatusCode::LOOP_DETECTED)
            .to_tag(&self.stateless_tag(request))
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
            .to_tag(&self.stateless_tag(request))
            .build();
        match self.transport.send_response(now, &response, flow) {
            Ok(_) => self.counters.defective_answered += 1,
            Err(_) => self.counters.defective_dropped += 1,
        }
    }

    /// A To tag that is the same for every repetition of the request.
    pub(super) fn stateless_tag(&self, request: &Request) -> String {
        self.matcher.stateless_tag(&request.to_bytes())
    }
}
