//! The messages of RFC 4475 and RFC 5118 as they lie beside the repository, when they do: the parser says of each what it
//! says of our own message of the same name, and what the manifest says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "torture/messages.rs"]
mod messages;

use std::path::{Path, PathBuf};

use bytes::Bytes;
use messages::{Torture, Verdict, messages};
use rvoip_sip_core::{Limits, Message, Strictness};

const MODES: [Strictness; 2] = [Strictness::Lenient, Strictness::Strict];

fn verdict(octets: &[u8], strictness: Strictness) -> Verdict {
    match Message::parse(Bytes::copy_from_slice(octets), &Limits::DEFAULT) {
        Err(_) => Verdict::Unreadable,
        Ok(message) => message.check(strictness).map_or_else(
            |defect| Verdict::Refused(defect.status.code()),
            |()| Verdict::Taken,
        ),
    }
}

/// Name, octets, and what the manifest says, of each message of a set.
fn shared(set: &str) -> Option<Vec<(String, Vec<u8>, bool)>> {
    let directory: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/testdata")
        .join(set);
    if !directory.is_dir() {
        println!("skipped: {} is not there", directory.display());
        return None;
    }
    let manifest = std::fs::read_to_string(directory.join("manifest.tsv")).unwrap();
    let lines = manifest.lines().skip(1);
    let read = |line: &str| {
        let columns: Vec<&str> = line.split('\t').collect();
        let file = directory.join(columns[0]).with_extension("dat");
        let mut octets = std::fs::read(file).unwrap();
        if columns[0] == "baddn" {
            // The archive has lost the blank line, for which alone a message is refused.
            assert!(octets.ends_with(b"l: 0\r\n"));
            assert_eq!(verdict(&octets, Strictness::Lenient), Verdict::Refused(400));
            octets.extend_from_slice(b"\r\n");
        }
        (columns[0].to_owned(), octets, columns[2] == "valid")
    };
    Some(lines.map(read).collect())
}

fn differences(name: &str, octets: &[u8], own: &Torture) -> Vec<String> {
    let of_mode = |(strictness, expected): (Strictness, Verdict)| {
        let found = verdict(octets, strictness);
        (found != expected)
            .then(|| format!("{name}: {strictness:?} {found:?}, expected {expected:?}"))
    };
    MODES
        .into_iter()
        .zip(own.verdicts)
        .filter_map(of_mode)
        .collect()
}

#[test]
fn our_own_messages_meet_their_verdict() {
    let own = messages();
    let wrong: Vec<String> = own
        .iter()
        .flat_map(|message| differences(message.name, &message.octets, message))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(own.len(), 49 + 12);
}

#[test]
fn every_shared_message_has_one_of_ours_and_its_verdict() {
    let own = messages();
    for (set, count) in [("rfc4475", 49), ("rfc5118", 12)] {
        let Some(shared) = shared(set) else { return };
        let mut wrong = Vec::new();
        for (name, octets, is_valid) in &shared {
            let counterpart = own.iter().find(|own| own.name == name).expect(name);
            assert_ne!(counterpart.octets, *octets);
            wrong.extend(differences(name, octets, counterpart));
            // A strict reader and the manifest are of one mind.
            let taken = verdict(octets, Strictness::Strict) == Verdict::Taken;
            if taken != *is_valid {
                wrong.push(format!("{name}: the manifest says valid: {is_valid}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert_eq!(shared.len(), count);
    }
}

/// Section 3.1.2 of RFC 4475 has 19 messages that break the grammar. The other 30 can be read, four of which no server may
/// act upon: `badbranch`, `insuf`, `multi01` and `mcl01`.
#[test]
fn strictly_19_of_19_are_refused_and_30_of_30_read() {
    let is_invalid = |message: &&Torture| message.section.starts_with("4475 3.1.2.");
    let own = messages();
    let strictly = |message: &Torture| verdict(&message.octets, Strictness::Strict);
    let refused = own
        .iter()
        .filter(is_invalid)
        .filter(|m| strictly(m) != Verdict::Taken);
    assert_eq!(refused.count(), 19);
    let others = own
        .iter()
        .filter(|m| m.section.starts_with("4475") && !is_invalid(m));
    let (taken, other): (Vec<_>, Vec<_>) = others.partition(|m| strictly(m) == Verdict::Taken);
    assert_eq!(taken.len(), 26);
    let names: Vec<&str> = other.iter().map(|message| message.name).collect();
    assert_eq!(names, ["badbranch", "insuf", "multi01", "mcl01"]);
    assert!(other.iter().all(|m| strictly(m) == Verdict::Refused(400)));
}
