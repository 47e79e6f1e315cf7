//! Walks a machine over every state and input and compares with a table written by hand.
//!
//! A table is text: a row per input, a column per state, cells parted by `|`. A cell names the next state (nothing when it
//! stays) and the actions in order; `.` is a state that stays and nothing done. The row `*` stands for every input without
//! a row of its own.

use std::collections::HashMap;
use std::fmt::Debug;

use super::{Action, Actions, Ending};
use crate::timer::Timer;

pub(super) const TIMERS: [Timer; 15] = [
    Timer::A,
    Timer::B,
    Timer::D,
    Timer::E,
    Timer::F,
    Timer::G,
    Timer::H,
    Timer::I,
    Timer::J,
    Timer::K,
    Timer::L,
    Timer::M,
    Timer::Trying,
    Timer::Cancelled,
    Timer::Unanswered,
];

fn word(action: &Action) -> String {
    match action {
        Action::Send => "send".into(),
        Action::Repeat => "repeat".into(),
        Action::Acknowledge => "ack".into(),
        Action::Deliver => "deliver".into(),
        Action::Start(timer) => format!("+{timer:?}"),
        Action::Again(timer) => format!("again:{timer:?}"),
        Action::AgainAtT2(timer) => format!("t2:{timer:?}"),
        Action::Stop(timer) => format!("-{timer:?}"),
        Action::End(Ending::Done) => "done".into(),
        Action::End(Ending::TimedOut) => "timed-out".into(),
        Action::End(Ending::TransportFailed) => "transport-failed".into(),
        Action::End(Ending::Unanswered) => "unanswered".into(),
    }
}

fn cell<S: Debug + PartialEq>(before: &S, after: &S, actions: &Actions) -> String {
    let mut words: Vec<String> = actions.iter().map(word).collect();
    if before != after {
        words.insert(0, format!("{after:?}"));
    }
    if words.is_empty() {
        ".".into()
    } else {
        words.join(" ")
    }
}

pub(super) fn walk<S, I>(
    table: &str,
    states: &[S],
    inputs: &[I],
    step: impl Fn(S, I) -> (S, Actions),
) where
    S: Copy + Debug + PartialEq,
    I: Copy + Debug,
{
    let mut rows: HashMap<String, Vec<String>> = HashMap::new();
    for line in table.lines().filter(|line| !line.trim().is_empty()) {
        let mut cells = line
            .split('|')
            .map(|cell| cell.split_whitespace().collect::<Vec<_>>().join(" "));
        let name = cells.next().unwrap();
        let cells: Vec<String> = cells.collect();
        assert_eq!(cells.len(), states.len(), "row {name}");
        assert!(
            rows.insert(name.clone(), cells).is_none(),
            "two rows {name}"
        );
    }
    let names: Vec<String> = inputs.iter().map(|input| format!("{input:?}")).collect();
    for name in rows.keys().filter(|name| *name != "*") {
        assert!(names.contains(name), "row {name} names no input");
    }
    for (input, name) in inputs.iter().zip(&names) {
        let row = rows.get(name).unwrap_or(&rows["*"]);
        for (state, expected) in states.iter().zip(row) {
            let (after, actions) = step(*state, *input);
            assert_eq!(
                &cell(state, &after, &actions),
                expected,
                "{state:?} x {name}"
            );
            let ends = actions
                .iter()
                .filter(|action| matches!(action, Action::End(_)))
                .count();
            let ended =
                format!("{after:?}") == "Terminated" && format!("{state:?}") != "Terminated";
            assert_eq!(
                ends,
                usize::from(ended),
                "{state:?} x {name}: one end, and only at the end"
            );
        }
    }
}
