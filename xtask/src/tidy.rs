//! `cargo xtask tidy`: the house style of sources and documents, one rule at a time.

mod defaults;
mod documents;
mod sources;
mod text;
mod tree;

use std::fmt;

use crate::{Outcome, workspace};
use tree::Tree;

/// A rule with the name by which documents cite it.
struct Rule {
    name: &'static str,
    check: fn(&Tree) -> Vec<Fault>,
}

/// One place where a rule is broken.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    path: String,
    /// Counted from 1; 0 means the whole file.
    line: usize,
    what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

const RULES: &[Rule] = &[
    Rule {
        name: "length",
        check: sources::length,
    },
    Rule {
        name: "first-line",
        check: sources::first_line,
    },
    Rule {
        name: "file-name",
        check: sources::file_name,
    },
    Rule {
        name: "unfinished",
        check: sources::unfinished,
    },
    Rule {
        name: "unsafe",
        check: sources::unsafe_code,
    },
    Rule {
        name: "print",
        check: sources::print,
    },
    Rule {
        name: "sleep",
        check: sources::sleep,
    },
    Rule {
        name: "fixed-port",
        check: sources::fixed_port,
    },
    Rule {
        name: "switched-off",
        check: sources::switched_off,
    },
    Rule {
        name: "unbounded",
        check: sources::unbounded,
    },
    Rule {
        name: "sans-io",
        check: sources::sans_io,
    },
    Rule {
        name: "sip-free-facade",
        check: sources::sip_free_facade,
    },
    Rule {
        name: "sdp-home",
        check: sources::sdp_home,
    },
    Rule {
        name: "emoji",
        check: documents::emoji,
    },
    Rule {
        name: "invariants",
        check: documents::invariants,
    },
    Rule {
        name: "defaults",
        check: defaults::defaults,
    },
    Rule {
        name: "cited-tests",
        check: documents::cited_tests,
    },
];

/// Applies every rule to the working tree.
pub fn run() -> Outcome {
    let tree = Tree::read(workspace::root())?;
    let mut count = 0;
    for rule in RULES {
        for fault in (rule.check)(&tree) {
            eprintln!("{fault} [{}]", rule.name);
            count += 1;
        }
    }
    match count {
        0 => {
            println!(
                "tidy: {} files, {} rules, nothing to mend",
                tree.len(),
                RULES.len()
            );
            Ok(())
        }
        count => Err(format!("tidy: {count} places to mend").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::RULES;

    #[test]
    fn rule_names_are_unique() {
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), RULES.len());
    }
}
