//! Consultation: a call is held while another one is placed to ask, and resumed when that ends (RFC 5589 section 7).

use std::sync::Arc;
use std::time::Instant;

use super::own_uri;
use crate::core::SessionCore;
use crate::{CallRecord, Operation, Result, SessionError, SessionId};

impl SessionCore {
    /// Holds a call and places another one. The first is resumed when the second ends and the first is still there.
    ///
    /// # Errors
    /// As [`transfer`](Self::transfer), and as [`prepare`](Self::prepare) and [`initiate`](Self::initiate).
    pub fn consult(
        &mut self,
        now: Instant,
        id: SessionId,
        target: &str,
    ) -> Result<Arc<CallRecord>> {
        let session = self.permit(id, Operation::Transfer)?;
        let own = own_uri(&session.record).map(|uri| uri.to_string());
        let own = own.ok_or_else(|| SessionError::InvalidUri(session.record.from().to_owned()))?;
        let call = self.prepare(now, &own, target, None)?;
        match self.hold(now, id) {
            // The application's own media: it holds by itself.
            Ok(()) | Err(SessionError::NoMedia { .. }) => {}
            Err(error) => {
                self.end(now, call.id(), None);
                return Err(error);
            }
        }
        self.transfers.consultations.insert(call.id(), id);
        self.initiate(now, call.id())?;
        Ok(call)
    }

    /// A session is over. One that was placed to ask gives the held call back.
    pub(in crate::core) fn follow_consultation(&mut self, now: Instant, id: SessionId) {
        let Some(held) = self.transfers.consultations.remove(&id) else {
            return;
        };
        if let Err(error) = self.resume(now, held) {
            tracing::debug!(session = %held, %error, "not resumed");
        }
    }
}
