//! Event packages as data: what may be subscribed to, in which media type it is told, and for how long.

pub mod dialog_info;
pub mod message_summary;

use std::time::Duration;

use rvoip_transaction_core::sip_core::{ByteString, sipfrag};

/// An event package (RFC 6665 section 5). Those of the application are made as any other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPackage {
    /// The name in the Event header, templates included.
    pub name: ByteString,
    /// The media type of its notifications.
    pub media_type: ByteString,
    /// How long a subscription lasts that does not say.
    pub expires: Duration,
    /// A SUBSCRIBE that forks makes one subscription for each branch that notifies, instead of one in all.
    pub forks: bool,
}

impl EventPackage {
    /// A package that is told once an hour at least, to one branch.
    pub fn new(name: &'static str, media_type: &'static str) -> EventPackage {
        EventPackage {
            name: ByteString::from_static(name),
            media_type: ByteString::from_static(media_type),
            expires: Duration::from_secs(3600),
            forks: false,
        }
    }

    /// How far a referred call has come (RFC 3515). The one who refers says how long; this is longer than a call may ring.
    pub fn refer() -> EventPackage {
        EventPackage {
            expires: Duration::from_secs(240),
            forks: true,
            ..EventPackage::new("refer", sipfrag::MEDIA_TYPE)
        }
    }

    /// Who is there (RFC 3856).
    pub fn presence() -> EventPackage {
        EventPackage::new("presence", "application/pidf+xml")
    }

    /// The dialogs of a user (RFC 4235).
    pub fn dialog() -> EventPackage {
        EventPackage {
            forks: true,
            ..EventPackage::new("dialog", dialog_info::MEDIA_TYPE)
        }
    }

    /// The messages that wait in a mailbox (RFC 3842).
    pub fn message_summary() -> EventPackage {
        EventPackage {
            forks: true,
            ..EventPackage::new("message-summary", message_summary::MEDIA_TYPE)
        }
    }
}
