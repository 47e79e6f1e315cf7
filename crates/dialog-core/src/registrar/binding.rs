//! Bindings: where a user can be reached, and for how long (RFC 3261 section 10.3).

use std::time::Instant;

use rvoip_transaction_core::sip_core::{ByteString, NameAddr, Uri};
use rvoip_transaction_core::sip_transport::Flow;

use super::AddressOfRecord;

/// One contact of an address of record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The contact with its parameters, `expires` left out.
    pub contact: NameAddr,
    /// How much it is preferred, in thousandths: 1000 the most.
    pub q: u16,
    /// When it runs out.
    pub expires_at: Instant,
    /// When it was made or refreshed.
    pub updated_at: Instant,
    /// The Call-ID of the REGISTER that made or refreshed it.
    pub call_id: ByteString,
    /// The CSeq number of that REGISTER.
    pub cseq: u32,
    /// The proxies that its requests have to pass, the first hop first (RFC 3327).
    pub path: Vec<NameAddr>,
    /// The device, as the URN in its `+sip.instance` (RFC 5626 section 4.1).
    pub instance: Option<ByteString>,
    /// Which of the device's flows it is (RFC 5626 section 4.2); `None` without outbound.
    pub reg_id: Option<u32>,
    /// The flow that its requests go over: that of the REGISTER, when it came without proxies between (RFC 5626 section
    /// 5.3).
    pub flow: Option<Flow>,
    /// The users of its temporary GRUUs, the newest last (RFC 5627 section 3.1.2).
    pub temporary: Vec<ByteString>,
}

impl Binding {
    /// The contact's address.
    pub fn uri(&self) -> &Uri {
        self.contact.uri()
    }
}

/// What became of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindingChange {
    /// It is new.
    Registered,
    /// It holds for longer now.
    Refreshed,
    /// Its user took it back.
    Unregistered,
    /// It ran out.
    Expired,
}

/// A change of one binding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindingEvent {
    /// Whose binding it is.
    pub aor: AddressOfRecord,
    /// The contact.
    pub contact: Uri,
    /// What became of it.
    pub change: BindingChange,
}

impl BindingEvent {
    pub(super) fn new(
        aor: &AddressOfRecord,
        binding: &Binding,
        change: BindingChange,
    ) -> BindingEvent {
        BindingEvent {
            aor: aor.clone(),
            contact: binding.uri().clone(),
            change,
        }
    }
}

/// Takes out what has run out.
pub(super) fn expire(
    now: Instant,
    aor: &AddressOfRecord,
    bindings: &mut Vec<Binding>,
) -> Vec<BindingEvent> {
    let gone = bindings.extract_if(.., |binding| binding.expires_at <= now);
    gone.map(|binding| BindingEvent::new(aor, &binding, BindingChange::Expired))
        .collect()
}
