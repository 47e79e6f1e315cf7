//! Ends by itself: prints docs/STATES.md, drawn from the code.
//!
//! ```text
//! cargo run --example states
//! ```

use rvoip_session_core::api::*;

fn main() {
    println!(
        "# The states of a call\n\n\
         Drawn from the code by `cargo xtask states`; `cargo xtask states --check` fails when this file and the code differ.\n\n\
         ```mermaid\n{}```\n",
        CallState::diagram()
    );
    println!("An incoming call begins in `Ringing`, one that is placed in `Initiating`.\n");
    matrix();
    operations();
    substates();
    causes();
}

/// Which state may follow which.
fn matrix() {
    println!("## What may follow what\n");
    let names: Vec<String> = CallState::ALL
        .iter()
        .map(|state| format!("`{}`", state.name()))
        .collect();
    println!("| from \\ to | {} |", names.join(" | "));
    println!("|---|{}", "---|".repeat(names.len()));
    for (from, name) in CallState::ALL.into_iter().zip(&names) {
        let cells: Vec<&str> = CallState::ALL
            .into_iter()
            .map(|to| if from.can_transition_to(to) { "x" } else { "" })
            .collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
    println!();
}

/// What may be asked of a call.
fn operations() {
    println!(
        "## What may be asked of a call\n\n\
         Anything else is refused with `SessionError::InvalidState`, which names the state, what was asked for and what may be. \
         `i` is an incoming call, `o` one that was placed.\n"
    );
    let states = CallState::ALL.into_iter().filter(CallState::is_in_progress);
    let states: Vec<CallState> = states.collect();
    let names: Vec<String> = states
        .iter()
        .map(|state| format!("`{}`", state.name()))
        .collect();
    println!("| | {} |", names.join(" | "));
    println!("|---|{}", "---|".repeat(names.len()));
    for operation in Operation::ALL {
        let cell = |state: &CallState| {
            let may = |direction| state.allowed(direction).contains(&operation);
            let marks = [
                ("i", may(CallDirection::Incoming)),
                ("o", may(CallDirection::Outgoing)),
            ];
            let marks = marks.into_iter().filter(|(_, may)| *may);
            marks.map(|(mark, _)| mark).collect::<Vec<_>>().join(" ")
        };
        let cells: Vec<String> = states.iter().map(cell).collect();
        println!("| {operation} | {} |", cells.join(" | "));
    }
    println!();
}

/// What goes on beside the state.
fn substates() {
    println!(
        "## Beside the state\n\n\
         | substate | where | what |\n|---|---|---|\n\
         | early media | `Ringing` | the peer has described its media before the answer: it may be heard |\n\
         | offer pending | `Active`, `OnHold`, `Transferring` | a change of the session that we asked for is not settled yet |"
    );
    for (local, remote) in [(true, false), (false, true), (true, true)] {
        let hold = HoldState { local, remote };
        println!(
            "| {hold} | `OnHold` | the holds of both sides are independent, and unwound in any order |"
        );
    }
    println!();
}

/// Why a call may end.
fn causes() {
    println!(
        "## The end\n\n\
         Every call ends in exactly one `Ended` event with a `TerminalCause`; its kind is for those who act on it.\n\n\
         | kind | what happened |\n|---|---|"
    );
    for kind in CauseKind::ALL {
        println!("| `{kind:?}` | {kind} |");
    }
}
