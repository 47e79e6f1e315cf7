//! Rules about documents, and about what they say of the code.

use super::tree::{Source, Tree};
use super::{Fault, RULES};

const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";
const RFC_TABLE: &str = "docs/RFC.md";
const DEVIATIONS: &str = "docs/DEVIATIONS.md";

pub fn emoji(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (path, text) in &tree.texts {
        for (at, line) in text.lines().enumerate() {
            if let Some(found) = line.chars().find(|character| is_emoji(*character)) {
                let what = format!("the emoji U+{:04X}", u32::from(found));
                faults.push(Fault {
                    path: path.clone(),
                    line: at + 1,
                    what,
                });
            }
        }
    }
    faults
}

fn is_emoji(character: char) -> bool {
    matches!(u32::from(character),
        0x2600..=0x27BF | 0x2B50 | 0x2B55 | 0xFE0F | 0x1F000..=0x1FAFF)
}

/// Every numbered invariant names a check, and every check it names is there.
pub fn invariants(tree: &Tree) -> Vec<Fault> {
    let Some(text) = tree.text(ARCHITECTURE) else {
        return vec![missing(ARCHITECTURE)];
    };
    let mut faults = Vec::new();
    for (line, invariant) in numbered(text) {
        let fault = |what| Fault {
            path: ARCHITECTURE.to_owned(),
            line,
            what,
        };
        let Some((_, checks)) = invariant.split_once("Check:") else {
            faults.push(fault("this invariant names no check".to_owned()));
            continue;
        };
        let cited = quoted(checks);
        if cited.is_empty() {
            faults.push(fault("this invariant names no check".to_owned()));
        }
        for check in cited.into_iter().filter(|check| !exists(tree, check)) {
            faults.push(fault(format!("there is no check `{check}`")));
        }
    }
    if numbered(text).is_empty() {
        faults.push(Fault {
            path: ARCHITECTURE.to_owned(),
            line: 0,
            what: "there are no numbered invariants".to_owned(),
        });
    }
    faults
}

/// Every test cited in the last column of the RFC table, and in the page of deviations, is there.
pub fn cited_tests(tree: &Tree) -> Vec<Fault> {
    let Some(text) = tree.text(RFC_TABLE) else {
        return vec![missing(RFC_TABLE)];
    };
    let mut faults = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let columns: Vec<&str> = line.trim().trim_matches('|').split('|').collect();
        let [_, status, .., tests] = columns.as_slice() else {
            continue;
        };
        let fault = |what| Fault {
            path: RFC_TABLE.to_owned(),
            line: at + 1,
            what,
        };
        let cited = quoted(tests);
        let claims = matches!(status.trim(), "yes" | "partly");
        if claims && cited.is_empty() {
            faults.push(fault(
                "this row claims something and cites no test".to_owned(),
            ));
        }
        for check in cited.into_iter().filter(|check| !exists(tree, check)) {
            faults.push(fault(format!("there is no test `{check}`")));
        }
    }
    faults.extend(deviations(tree));
    faults
}

fn deviations(tree: &Tree) -> Vec<Fault> {
    let text = tree.text(DEVIATIONS).unwrap_or_default();
    let mut faults = Vec::new();
    for (at, line) in text.lines().enumerate() {
        // Folders have a hyphen, types have none.
        let folder = |cited: &str| cited.split("::").next().unwrap_or_default().to_owned();
        let is_test = |cited: &&str| cited.contains("::") && folder(cited).contains('-');
        let cited = quoted(line).into_iter().filter(is_test);
        for check in cited.filter(|check| !exists(tree, check)) {
            faults.push(Fault {
                path: DEVIATIONS.to_owned(),
                line: at + 1,
                what: format!("there is no test `{check}`"),
            });
        }
    }
    faults
}

fn missing(path: &str) -> Fault {
    Fault {
        path: path.to_owned(),
        line: 0,
        what: "the file is missing".to_owned(),
    }
}

/// The items of the numbered list under the heading of the invariants, each with its line.
fn numbered(text: &str) -> Vec<(usize, String)> {
    const HEADING: &str = "## Invariants";
    let mut items: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    let lines = text.lines().enumerate();
    for (at, line) in lines.skip_while(|(_, line)| *line != HEADING) {
        let marker = line.split_once(". ").map_or("", |(number, _)| number);
        if !marker.is_empty() && marker.chars().all(|character| character.is_ascii_digit()) {
            items.push((at + 1, line.to_owned()));
            is_open = true;
        } else if line.starts_with(' ') && is_open {
            if let Some((_, item)) = items.last_mut() {
                item.push(' ');
                item.push_str(line.trim());
            }
        } else {
            is_open = false;
        }
    }
    items
}

/// The words of a text in back quotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Whether a cited check is there: `layers`, `demo`, `interop`, `interop STEP`, `tidy RULE`, `sipp RUN`, a lint of
/// the workspace or `crate::module::test_function`, the modules as far as they are needed.
fn exists(tree: &Tree, check: &str) -> bool {
    if let Some(rule) = check.strip_prefix("tidy ") {
        return RULES.iter().any(|known| known.name == rule);
    }
    if let Some(run) = check.strip_prefix("sipp ") {
        return crate::sipp::has_run(run);
    }
    if let Some(step) = check.strip_prefix("interop ") {
        return crate::interop::has_step(step);
    }
    if let Some(lint) = check.strip_prefix("lint ") {
        let manifest = tree.text("Cargo.toml").unwrap_or_default();
        return manifest
            .lines()
            .any(|line| line.starts_with(&format!("{lint} = ")));
    }
    match check.split_once("::") {
        Some((folder, test)) => has_test(tree, folder, test),
        None => matches!(check, "layers" | "demo" | "interop" | "states"),
    }
}

fn has_test(tree: &Tree, folder: &str, test: &str) -> bool {
    let (modules, name) = test.rsplit_once("::").unwrap_or(("", test));
    let function = format!("fn {name}(");
    let is_place = |source: &&Source| {
        let path = source.path.strip_prefix("crates/").unwrap_or(&source.path);
        let parts: Vec<&str> = path.trim_end_matches(".rs").split('/').collect();
        let mut modules = modules.split("::").filter(|module| !module.is_empty());
        parts.first() == Some(&folder) && modules.all(|module| parts.contains(&module))
    };
    tree.sources.iter().filter(is_place).any(|source| {
        let is_there = |at: &usize| source.lines[*at].code.contains(&function);
        (0..source.lines.len())
            .filter(is_there)
            .any(|at| has_test_attribute(source, at))
    })
}

/// Whether the attributes right above a function make it a test.
fn has_test_attribute(source: &Source, at: usize) -> bool {
    source.lines[..at]
        .iter()
        .rev()
        .map(|line| line.code.trim())
        .take_while(|code| code.is_empty() || code.starts_with("#["))
        .any(|code| code.starts_with("#[") && code.contains("test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let owned = |(path, text): &(&str, &str)| ((*path).to_owned(), (*text).to_owned());
        Tree::new(files.iter().map(owned).collect())
    }

    const TESTED: (&str, &str) = (
        "crates/sip-core/src/uri.rs",
        "//! URIs.\nfn plain() {}\n#[test]\nfn compares_ports() {}\n",
    );

    #[test]
    fn emojis_are_found() {
        let rocket = char::from_u32(0x1F680).unwrap();
        assert_eq!(
            emoji(&tree(&[("README.md", &format!("fast {rocket}"))])).len(),
            1
        );
        assert!(emoji(&tree(&[("README.md", "fast \u{2264} 5")])).is_empty());
    }

    #[test]
    fn an_invariant_without_a_check_is_found() {
        for (text, count) in [
            ("1. Ports compare.", 1),
            ("1. Ports compare. Check: by eye", 1),
            ("1. Ports compare. Check: `sip-core::compares_hosts`", 1),
            ("1. Ports compare. Check: `sip-core::plain`", 1),
            ("1. Ports compare. Check: `tidy no-such-rule`", 1),
            (
                "1. Ports compare.\n   Check: `sip-core::compares_ports`, `layers`",
                0,
            ),
            ("1. Ports compare. Check: `tidy length`", 0),
            ("No list at all.", 1),
        ] {
            let text = format!("1. No invariant.\n\n## Invariants\n\n{text}\n");
            let faults = invariants(&tree(&[(ARCHITECTURE, &text), TESTED]));
            assert_eq!(faults.len(), count, "{text}: {faults:?}");
        }
    }

    #[test]
    fn a_cited_test_that_is_missing_is_found() {
        for (row, count) in [
            (
                "| 19.1.4 | yes | URI comparison | `sip-core::compares_ports` |",
                0,
            ),
            (
                "| 19.1.4 | yes | URI comparison | `sip-core::compares_hosts` |",
                1,
            ),
            ("| 19.1.4 | yes | URI comparison | by eye |", 1),
            ("| 22 | no | Digest | |", 0),
            ("| 9 | yes | CANCEL | `sipp no_such_run` |", 1),
            ("| 9 | yes | CANCEL | `sipp call_cancel` |", 0),
            ("| 9 | yes | CANCEL | `sip-core::uri::compares_ports` |", 0),
            ("| 9 | yes | CANCEL | `sip-core::via::compares_ports` |", 1),
        ] {
            let faults = cited_tests(&tree(&[(RFC_TABLE, row), TESTED]));
            assert_eq!(faults.len(), count, "{row}: {faults:?}");
        }
    }

    #[test]
    fn a_deviation_that_cites_a_missing_test_is_found() {
        let row = "| 22 | no | Digest | |";
        for (line, count) in [
            ("| a | `sip-core::compares_ports` | `Uri::parse` |", 0),
            ("as `sip-core::compares_hosts` shows", 1),
        ] {
            let documents = tree(&[(RFC_TABLE, row), (DEVIATIONS, line), TESTED]);
            assert_eq!(cited_tests(&documents).len(), count, "{line}");
        }
    }

    #[test]
    fn missing_documents_are_found() {
        assert_eq!(invariants(&tree(&[])).len(), 1);
        assert_eq!(cited_tests(&tree(&[])).len(), 1);
    }
}
