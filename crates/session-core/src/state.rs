//! The states of a call and which may follow which.

use std::fmt;

mod diagram;

/// Where a call stands.
///
/// ```text
///  Initiating --> Ringing --> Active <--> OnHold
///      |             |         |  ^         |
///      |             |         v  |         |
///      |             |      Transferring <--+
///      v             v         v            v
///      +------> Terminating (we asked for the end)
///                    |
///                    v
///      Terminated | Cancelled | Failed   (final)
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum CallState {
    /// Placed by us; nobody has rung yet.
    Initiating,
    /// The called party is being alerted.
    Ringing,
    /// Answered, media as negotiated.
    Active,
    /// Answered, media suspended by one of the parties.
    OnHold,
    /// A transfer of this call is under way.
    Transferring,
    /// We have asked for the end and wait for it to be carried out.
    Terminating,
    /// Ended by a hang-up after it was answered.
    Terminated,
    /// Ended by the caller before it was answered.
    Cancelled,
    /// Ended by a refusal, a timeout or a fault.
    Failed,
}

impl CallState {
    /// Every state, in the order of a call.
    pub const ALL: [CallState; 9] = [
        CallState::Initiating,
        CallState::Ringing,
        CallState::Active,
        CallState::OnHold,
        CallState::Transferring,
        CallState::Terminating,
        CallState::Terminated,
        CallState::Cancelled,
        CallState::Failed,
    ];

    /// Whether the call is over.
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            CallState::Terminated | CallState::Cancelled | CallState::Failed
        )
    }

    /// Whether the call is not over yet.
    pub const fn is_in_progress(&self) -> bool {
        !self.is_final()
    }

    /// Whether the call has been answered and not ended.
    pub const fn is_answered(&self) -> bool {
        matches!(
            self,
            CallState::Active | CallState::OnHold | CallState::Transferring
        )
    }

    /// Whether a call in this state may become `next`.
    pub const fn can_transition_to(&self, next: CallState) -> bool {
        use CallState::*;
        match self {
            Initiating => matches!(next, Ringing | Active | Terminating | Cancelled | Failed),
            Ringing => matches!(next, Active | Terminating | Terminated | Cancelled | Failed),
            Active => matches!(
                next,
                OnHold | Transferring | Terminating | Terminated | Failed
            ),
            OnHold => matches!(
                next,
                Active | Transferring | Terminating | Terminated | Failed
            ),
            Transferring => matches!(next, Active | OnHold | Terminating | Terminated | Failed),
            Terminating => matches!(next, Terminated | Cancelled | Failed),
            Terminated | Cancelled | Failed => false,
        }
    }

    /// The state that [`CallState`]` as u8` stands for.
    pub(crate) fn from_index(index: u8) -> CallState {
        Self::ALL
            .get(usize::from(index))
            .copied()
            .unwrap_or(CallState::Failed)
    }
}

impl fmt::Display for CallState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CallState::Initiating => "initiating",
            CallState::Ringing => "ringing",
            CallState::Active => "active",
            CallState::OnHold => "on hold",
            CallState::Transferring => "transferring",
            CallState::Terminating => "terminating",
            CallState::Terminated => "terminated",
            CallState::Cancelled => "cancelled",
            CallState::Failed => "failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows: from. Columns: to, in the order of `ALL`. `x` may follow.
    const MATRIX: [(&str, &str); 9] = [
        //                I R A H T g t c F
        ("initiating", "  . x x . . x . x x"),
        ("ringing", "     . . x . . x x x x"),
        ("active", "      . . . x x x x . x"),
        ("on hold", "     . . x . x x x . x"),
        ("transferring", ". . x x . x x . x"),
        ("terminating", " . . . . . . x x x"),
        ("terminated", "  . . . . . . . . ."),
        ("cancelled", "   . . . . . . . . ."),
        ("failed", "      . . . . . . . . ."),
    ];

    #[test]
    fn every_pair_of_states_is_as_the_matrix_says() {
        for (from, (name, row)) in CallState::ALL.into_iter().zip(MATRIX) {
            assert_eq!(from.to_string(), name);
            let cells: Vec<&str> = row.split_whitespace().collect();
            assert_eq!(cells.len(), CallState::ALL.len());
            for (to, cell) in CallState::ALL.into_iter().zip(cells) {
                assert_eq!(from.can_transition_to(to), cell == "x", "{from} -> {to}");
            }
        }
    }

    #[test]
    fn a_final_state_has_no_successor_and_every_other_can_fail() {
        for state in CallState::ALL {
            let successors = CallState::ALL
                .into_iter()
                .filter(|next| state.can_transition_to(*next))
                .count();
            assert_eq!(state.is_final(), successors == 0, "{state}");
            assert_eq!(
                state.can_transition_to(CallState::Failed),
                state.is_in_progress(),
                "{state}"
            );
        }
    }

    #[test]
    fn the_index_names_the_state() {
        for state in CallState::ALL {
            assert_eq!(CallState::from_index(state as u8), state);
        }
    }
}
