//! The users that are registered with this side (RFC 3261 section 10.3).

use rvoip_dialog_core::registrar::Located;

use crate::{Result, SessionCoordinator};

impl SessionCoordinator {
    /// Where the user of an address of record, or the device of a GRUU, can be reached now: the preferred contacts first,
    /// of equal ones the newest. Nobody is known without
    /// [`with_registrar`](crate::SessionManagerBuilder::with_registrar).
    ///
    /// # Errors
    /// A text that is no SIP URI, and [`SessionError::Stopped`](crate::SessionError::Stopped).
    pub async fn registered_contacts(&self, address_of_record: &str) -> Result<Vec<Located>> {
        let uri = address_of_record.to_owned();
        self.switchboard
            .call(move |core, now| core.registered_contacts(now, &uri))
            .await?
    }
}
