//! Replaces (RFC 3891), Join (RFC 3911) and Target-Dialog (RFC 4538): headers that name a dialog.

use super::grammar::{is_call_id, word_params_header};
use crate::Params;

macro_rules! dialog_header {
    ($(#[$doc:meta])* $type:ident, $own:ident $own_tag:literal, $other:ident $other_tag:literal) => {
        word_params_header! {
            $(#[$doc])*
            ///
            /// Call-ID and tags compare octet by octet.
            $type, One,
            /// The Call-ID of the dialog.
            call_id, is_call_id,
            where |params| stands_once(params, $own_tag) && stands_once(params, $other_tag)
        }

        impl $type {
            /// The dialog of this Call-ID and these tags, as the receiver of the header sees them.
            pub fn of_dialog(
                call_id: impl Into<crate::ByteString>,
                $own: &str,
                $other: &str,
            ) -> $type {
                $type::new(call_id)
                    .with_param($own_tag, Some($own))
                    .with_param($other_tag, Some($other))
            }

            /// The tag of the receiver.
            pub fn $own(&self) -> &str {
                self.params.get($own_tag).unwrap_or("")
            }

            /// The tag of the receiver's peer.
            pub fn $other(&self) -> &str {
                self.params.get($other_tag).unwrap_or("")
            }
        }
    };
}

dialog_header! {
    /// The dialog that a call is to take the place of.
    Replaces, to_tag "to-tag", from_tag "from-tag"
}
dialog_header! {
    /// The dialog that a call is to join.
    Join, to_tag "to-tag", from_tag "from-tag"
}
dialog_header! {
    /// The dialog that shows why the sender may ask this.
    TargetDialog, local_tag "local-tag", remote_tag "remote-tag"
}

impl Replaces {
    /// Whether only a dialog that is not yet confirmed may be replaced.
    pub fn is_early_only(&self) -> bool {
        self.params.contains("early-only")
    }
}

/// Whether the named parameter is there once, with a value.
fn stands_once(params: &Params, name: &str) -> bool {
    let mut values = params
        .iter()
        .filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let first = values.next().and_then(|(_, value)| value);
    first.is_some_and(|value| !value.starts_with('"')) && values.next().is_none()
}
