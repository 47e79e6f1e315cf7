//! The messages of RFC 4475 and RFC 5118 as they lie beside the repository, when they do: what the parser and `check`
//! say of each.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

use bytes::Bytes;
use rvoip_sip_core::{Limits, Message, StatusCode};

/// What is expected of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    /// Parses and passes `check`.
    Valid,
    /// Parses far enough to be answered with this status.
    Refused(StatusCode),
    /// Not even that: a response that is dropped.
    Unreadable,
}

/// Messages the manifests call invalid although a parser has nothing to refuse, with the reason.
const VALID_TO_A_PARSER: [(&str, &str); 2] = [
    (
        "baddate",
        "Date may be ignored by whom it does not concern (RFC 4475 section 3.1.2.12)",
    ),
    (
        "badbranch",
        "a branch that is the cookie alone is matched the way of RFC 2543 (section 3.2.1)",
    ),
];

fn directory(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/testdata")
        .join(name);
    if !path.is_dir() {
        println!("skipped: {} is not there", path.display());
        return None;
    }
    Some(path)
}

fn verdict(octets: Vec<u8>) -> Verdict {
    match Message::parse(Bytes::from(octets), &Limits::DEFAULT) {
        Err(_) => Verdict::Unreadable,
        Ok(message) => message.check().map_or_else(
            |defect| Verdict::Refused(defect.status),
            |()| Verdict::Valid,
        ),
    }
}

fn expected(name: &str, valid: bool) -> Verdict {
    match name {
        _ if valid || VALID_TO_A_PARSER.iter().any(|(other, _)| *other == name) => Verdict::Valid,
        "bigcode" => Verdict::Unreadable,
        "badvers" => Verdict::Refused(StatusCode::VERSION_NOT_SUPPORTED),
        _ => Verdict::Refused(StatusCode::BAD_REQUEST),
    }
}

fn check_all(set: &str, messages: usize) {
    let Some(directory) = directory(set) else {
        return;
    };
    let manifest = std::fs::read_to_string(directory.join("manifest.tsv")).unwrap();
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in manifest.lines().skip(1) {
        let mut columns = line.split('\t');
        let (name, valid) = (columns.next().unwrap(), columns.nth(1).unwrap() == "valid");
        let found = verdict(std::fs::read(directory.join(name).with_extension("dat")).unwrap());
        if found != expected(name, valid) {
            wrong.push(format!(
                "{name}: {found:?}, expected {:?}",
                expected(name, valid)
            ));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(count, messages);
}

#[test]
fn rfc_4475() {
    check_all("rfc4475", 49);
}

#[test]
fn rfc_5118() {
    check_all("rfc5118", 12);
}
