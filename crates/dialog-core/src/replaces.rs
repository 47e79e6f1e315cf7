//! INVITE with Replaces: which call it may take the place of (RFC 3891 section 3).

use crate::out_of_dialog::Refusal;

/// How the call that a Replaces names stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// We placed it and it is not answered.
    EarlyOurs,
    /// The peer placed it and we have not answered.
    EarlyTheirs,
    /// Answered.
    Confirmed,
    /// One of the parties has hung up.
    Ended,
}

/// Whether a call that stands so may be replaced.
///
/// # Errors
/// 481 when there is no such call or it is not for the caller to give up, 603 when it is over, 486 when it is answered
/// and only an early one is wanted.
pub fn admit(standing: Option<Standing>, early_only: bool) -> Result<(), Refusal> {
    match standing {
        None | Some(Standing::EarlyTheirs) => Err(Refusal::NoDialog),
        Some(Standing::Ended) => Err(Refusal::Declined),
        Some(Standing::Confirmed) if early_only => Err(Refusal::Busy),
        Some(Standing::Confirmed | Standing::EarlyOurs) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3891_section_3() {
        let status = |standing, early_only| {
            admit(standing, early_only)
                .err()
                .map(|refusal| refusal.status().code())
        };
        for (standing, any, early) in [
            (None, Some(481), Some(481)),
            (Some(Standing::EarlyTheirs), Some(481), Some(481)),
            (Some(Standing::EarlyOurs), None, None),
            (Some(Standing::Confirmed), None, Some(486)),
            (Some(Standing::Ended), Some(603), Some(603)),
        ] {
            assert_eq!(status(standing, false), any, "{standing:?}");
            assert_eq!(status(standing, true), early, "{standing:?}");
        }
    }
}
