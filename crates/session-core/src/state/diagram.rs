//! The states of a call, drawn from the matrix itself.

use std::fmt::Write as _;

use super::CallState;

impl CallState {
    /// The name in code.
    pub const fn name(self) -> &'static str {
        match self {
            CallState::Initiating => "Initiating",
            CallState::Ringing => "Ringing",
            CallState::Active => "Active",
            CallState::OnHold => "OnHold",
            CallState::Transferring => "Transferring",
            CallState::Terminating => "Terminating",
            CallState::Terminated => "Terminated",
            CallState::Cancelled => "Cancelled",
            CallState::Failed => "Failed",
        }
    }

    /// All states and which may follow which, as a state diagram in the language of Mermaid.
    pub fn diagram() -> String {
        let mut drawn = String::from("stateDiagram-v2\n");
        for first in [CallState::Initiating, CallState::Ringing] {
            let _ = writeln!(drawn, "    [*] --> {}", first.name());
        }
        for from in CallState::ALL {
            let next = |to: &CallState| from.can_transition_to(*to);
            for to in CallState::ALL.into_iter().filter(next) {
                let _ = writeln!(drawn, "    {} --> {}", from.name(), to.name());
            }
        }
        for last in CallState::ALL.into_iter().filter(CallState::is_final) {
            let _ = writeln!(drawn, "    {} --> [*]", last.name());
        }
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diagram_has_an_arrow_for_every_pair_that_may_follow_and_no_other() {
        let drawn = CallState::diagram();
        for from in CallState::ALL {
            for to in CallState::ALL {
                let arrow = format!("    {} --> {}\n", from.name(), to.name());
                assert_eq!(
                    drawn.contains(&arrow),
                    from.can_transition_to(to),
                    "{arrow}"
                );
            }
        }
    }
}
