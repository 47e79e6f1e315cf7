//! The whole grid of both machines: every state with every input.

use super::{Actions, uac, uas};

fn verbs(actions: Actions) -> String {
    let all = [
        (actions.respond, "respond"),
        (actions.cancel, "cancel"),
        (actions.ack, "ack"),
        (actions.report, "report"),
        (actions.bye, "bye"),
        (actions.end, "end"),
    ];
    all.iter()
        .filter(|(wanted, _)| *wanted)
        .map(|(_, verb)| *verb)
        .collect::<Vec<_>>()
        .join("+")
}

macro_rules! grid {
    ($machine:ident, [$($state:ident),*], [$($input:ident),*]) => {{
        let mut lines = Vec::new();
        let inputs = [$($machine::Input::$input),*];
        for state in [$($machine::State::$state),*] {
            for input in inputs {
                if let Some((next, actions)) = $machine::step(state, input) {
                    lines.push(format!("{state:?} {input:?} -> {next:?} {}", verbs(actions)).trim_end().to_owned());
                }
            }
        }
        lines
    }};
}

fn uac_grid() -> Vec<String> {
    grid!(
        uac,
        [
            Calling,
            Proceeding,
            Cancelling,
            AwaitingAnswer,
            Confirmed,
            Closing,
            Ended
        ],
        [
            Provisional,
            Success,
            SuccessWithOffer,
            Failure,
            TransactionFailed,
            Answer,
            Terminate,
            Limit,
            AckTimeout,
            RemoteBye,
            ByeDone,
            Lost
        ]
    )
}

fn uas_grid() -> Vec<String> {
    grid!(
        uas,
        [
            Received, Ringing, Accepted, Departing, Confirmed, Closing, Ended
        ],
        [
            Provisional,
            Accept,
            Reject,
            Terminate,
            Cancelled,
            TransactionFailed,
            Limit,
            Ack,
            AckTimeout,
            RemoteBye,
            ByeDone,
            Lost
        ]
    )
}

fn assert_grid(actual: &[String], expected: &str) {
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(actual, expected, "\n{}", actual.join("\n"));
}

#[test]
fn the_callers_grid() {
    assert_grid(
        &uac_grid(),
        "
        Calling Provisional -> Proceeding report
        Calling Success -> Confirmed ack+report
        Calling SuccessWithOffer -> AwaitingAnswer report
        Calling Failure -> Ended end
        Calling TransactionFailed -> Ended end
        Calling Terminate -> Cancelling cancel
        Calling RemoteBye -> Cancelling cancel
        Proceeding Provisional -> Proceeding report
        Proceeding Success -> Confirmed ack+report
        Proceeding SuccessWithOffer -> AwaitingAnswer report
        Proceeding Failure -> Ended end
        Proceeding TransactionFailed -> Ended end
        Proceeding Terminate -> Cancelling cancel
        Proceeding Limit -> Cancelling cancel
        Proceeding RemoteBye -> Cancelling cancel
        Cancelling Success -> Closing ack+bye
        Cancelling SuccessWithOffer -> Closing ack+bye
        Cancelling Failure -> Ended end
        Cancelling TransactionFailed -> Ended end
        Cancelling Terminate -> Cancelling
        Cancelling Limit -> Ended end
        Cancelling RemoteBye -> Cancelling
        AwaitingAnswer Answer -> Confirmed ack
        AwaitingAnswer Terminate -> Closing ack+bye
        AwaitingAnswer Limit -> Closing ack+bye
        AwaitingAnswer RemoteBye -> Ended ack+end
        Confirmed Terminate -> Closing bye
        Confirmed AckTimeout -> Ended bye+end
        Confirmed RemoteBye -> Ended end
        Confirmed Lost -> Closing bye
        Closing Terminate -> Closing
        Closing RemoteBye -> Ended end
        Closing ByeDone -> Ended end
        ",
    );
}

#[test]
fn the_called_partys_grid() {
    assert_grid(
        &uas_grid(),
        "
        Received Provisional -> Ringing respond
        Received Accept -> Accepted respond
        Received Reject -> Ended respond+end
        Received Terminate -> Ended respond+end
        Received Cancelled -> Ended respond+end
        Received TransactionFailed -> Ended end
        Received Limit -> Ended respond+end
        Received RemoteBye -> Ended respond+end
        Ringing Provisional -> Ringing respond
        Ringing Accept -> Accepted respond
        Ringing Reject -> Ended respond+end
        Ringing Terminate -> Ended respond+end
        Ringing Cancelled -> Ended respond+end
        Ringing TransactionFailed -> Ended end
        Ringing Limit -> Ended respond+end
        Ringing RemoteBye -> Ended respond+end
        Accepted Terminate -> Departing
        Accepted Ack -> Confirmed report
        Accepted AckTimeout -> Ended bye+end
        Accepted RemoteBye -> Ended end
        Departing Terminate -> Departing
        Departing Ack -> Closing bye
        Departing AckTimeout -> Ended bye+end
        Departing RemoteBye -> Ended end
        Confirmed Terminate -> Closing bye
        Confirmed AckTimeout -> Ended bye+end
        Confirmed RemoteBye -> Ended end
        Confirmed Lost -> Closing bye
        Closing Terminate -> Closing
        Closing RemoteBye -> Ended end
        Closing ByeDone -> Ended end
        ",
    );
}

#[test]
fn what_ends_tells_so_and_nothing_follows() {
    for line in uac_grid().iter().chain(&uas_grid()) {
        assert!(!line.starts_with("Ended"), "{line}");
        assert_eq!(line.contains("-> Ended"), line.ends_with("end"), "{line}");
    }
}
