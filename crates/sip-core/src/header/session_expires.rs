//! Session-Expires and Min-SE (RFC 4028 sections 4 and 5).

use super::grammar::seconds_header;

seconds_header! {
    /// How long a session lasts unless it is refreshed.
    SessionExpires
}
seconds_header! {
    /// The shortest session interval the sender takes.
    MinSe
}

/// Who refreshes a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresher {
    /// The user agent that sent the request.
    Uac,
    /// The user agent that answers it.
    Uas,
}

impl SessionExpires {
    /// Who is to refresh, if that is told.
    pub fn refresher(&self) -> Option<Refresher> {
        let refresher = self.params.get("refresher")?;
        [("uac", Refresher::Uac), ("uas", Refresher::Uas)]
            .into_iter()
            .find(|(name, _)| refresher.eq_ignore_ascii_case(name))
            .map(|(_, refresher)| refresher)
    }

    /// This interval with somebody to refresh it.
    #[must_use]
    pub fn with_refresher(self, refresher: Refresher) -> SessionExpires {
        let name = match refresher {
            Refresher::Uac => "uac",
            Refresher::Uas => "uas",
        };
        let params = self.params.with("refresher", Some(name));
        SessionExpires { params, ..self }
    }
}
