//! What a user agent asks of its registrar, and what it is told (RFC 3261 section 10.2, RFC 5626 section 4, RFC 5627
//! section 4). How a registration lives is the machine in [`soft_state`](crate::soft_state).

mod grant;

use std::fmt;
use std::time::Duration;

use rvoip_transaction_core::sip_core::{ByteString, HeaderName, NameAddr, Uri};
use rvoip_transaction_core::sip_transport::Target;

use crate::EndCause;
use crate::soft_state::{BackOff, SoftStateKey};

pub use grant::{Grant, RegisteredContact};

/// A registration to make and to keep.
#[derive(Clone, Debug)]
pub struct OutgoingRegistration {
    /// The address of record: To and From.
    pub aor: NameAddr,
    /// The registrar: the Request-URI, and where the request goes unless target or route say otherwise.
    pub registrar: Uri,
    /// Where the request goes when not where the route or the registrar's URI points.
    pub target: Option<Target>,
    /// A pre-loaded route set, the outbound proxy first.
    pub route: Vec<Uri>,
    /// The lifetime that is asked for. Default 1 hour.
    pub expires: Duration,
    /// The user of our contact, when it is not that of the address of record.
    pub user: Option<ByteString>,
    /// How much our contact is preferred, in thousandths, when that is to be said.
    pub q: Option<u16>,
    /// The device: a URN that stays the same over restarts, as in `urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF`. With it
    /// the registrar replaces what the device had before, and gives it GRUUs.
    pub instance: Option<ByteString>,
    /// Which flow of the device this is (RFC 5626 section 4.2.1): it is kept alive, and made anew when it fails. Needs
    /// `instance`; 0 is none.
    pub reg_id: u32,
    /// Further contacts of the same address of record, beside that of this side; `expires` among their parameters is
    /// theirs.
    pub contacts: Vec<NameAddr>,
    /// How often the flow is kept alive (RFC 5626 section 4.4); `None` leaves it to the transport's own settings.
    pub keep_alive: Option<Duration>,
    /// How long to wait after failures.
    pub back_off: BackOff,
    /// Further headers, in order.
    pub headers: Vec<(HeaderName, ByteString)>,
}

impl OutgoingRegistration {
    /// A registration for an hour of the contact of this side, without route, device and further headers.
    pub fn new(aor: NameAddr, registrar: Uri) -> OutgoingRegistration {
        OutgoingRegistration {
            aor,
            registrar,
            target: None,
            route: Vec::new(),
            expires: Duration::from_secs(3600),
            user: None,
            q: None,
            instance: None,
            reg_id: 0,
            contacts: Vec::new(),
            keep_alive: None,
            back_off: BackOff::default(),
            headers: Vec::new(),
        }
    }

    /// The parameters of our contact, each with its semicolon.
    pub(crate) fn contact_params(&self, expires: Duration) -> ByteString {
        let mut params = format!(";expires={}", expires.as_secs());
        if let Some(q) = self.q {
            let q = q.min(1000);
            params += &format!(";q={}.{:03}", q / 1000, q % 1000);
        }
        if let Some(instance) = &self.instance {
            params += &format!(";+sip.instance=\"<{instance}>\"");
            if self.reg_id > 0 {
                params += &format!(";reg-id={}", self.reg_id);
            }
        }
        params.into()
    }

    /// What is said in Supported.
    pub(crate) fn supported(&self) -> &'static str {
        match (&self.instance, self.reg_id) {
            (None, _) => "path",
            (Some(_), 0) => "path, gruu",
            (Some(_), _) => "path, gruu, outbound",
        }
    }
}

/// A registration of one [`DialogManager`](crate::DialogManager); a key of an ended one never names a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegistrationKey(pub(crate) SoftStateKey);

impl fmt::Display for RegistrationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Where a registration stands. [`Ended`](Self::Ended) comes exactly once and is the last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegistrationStatus {
    /// The first REGISTER, or the first after a failure, is on its way.
    Registering,
    /// The registrar has it.
    Registered(Grant),
    /// It is being refreshed.
    Refreshing,
    /// The registrar could not be reached, or does not do it now.
    Failed {
        /// Why.
        cause: EndCause,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// It is over: taken back, or refused for good.
    Ended {
        /// Why it was refused; `None` when it was taken back.
        refusal: Option<EndCause>,
    },
}
