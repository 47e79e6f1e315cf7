//! The picture of the layers, and whether a list of edges keeps to it.
//!
//! ```text
//!         session-core
//!         |          |
//!    dialog-core  media-core
//!         |          |
//! transaction-core rtp-core
//!         |
//!   sip-transport
//!         |
//!      sip-core
//! ```

/// How one package depends on another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A dependency or build dependency.
    Normal,
    /// A dev-dependency.
    Dev,
}

/// One dependency between two packages of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub kind: Kind,
}

/// Each layer with the layers directly below it.
const DRAWN: [(&str, &[&str]); 7] = [
    (
        "rvoip-session-core",
        &["rvoip-dialog-core", "rvoip-media-core"],
    ),
    ("rvoip-dialog-core", &["rvoip-transaction-core"]),
    ("rvoip-transaction-core", &["rvoip-sip-transport"]),
    ("rvoip-sip-transport", &["rvoip-sip-core"]),
    ("rvoip-sip-core", &[]),
    ("rvoip-media-core", &["rvoip-rtp-core"]),
    ("rvoip-rtp-core", &[]),
];

/// Packages that stand outside the layers and may look at all of them.
const SPECTATORS: [&str; 2] = ["rvoip-examples", "rvoip-benches"];

/// Packages that stand outside and look at none of them.
const OUTSIDERS: [&str; 1] = ["xtask"];

/// Every way in which the edges differ from the picture, as sentences.
pub fn faults(edges: &[Edge]) -> Vec<String> {
    let unexpected = edges.iter().filter_map(fault_of);
    let absent = DRAWN.iter().flat_map(|(from, below)| {
        below.iter().filter_map(move |to| {
            let is_there =
                |edge: &Edge| edge.from == *from && edge.to == *to && edge.kind == Kind::Normal;
            (!edges.iter().any(is_there)).then(|| format!("{from} -> {to} is drawn but absent"))
        })
    });
    unexpected.chain(absent).collect()
}

fn fault_of(edge: &Edge) -> Option<String> {
    let Edge { from, to, kind } = edge;
    if SPECTATORS.contains(&from.as_str()) && directly_below(to).is_some() {
        return None;
    }
    let Some(below) = directly_below(from) else {
        let known = OUTSIDERS.contains(&from.as_str()) || SPECTATORS.contains(&from.as_str());
        return Some(match known {
            true => format!("{from} -> {to}: {from} must stand outside the layers"),
            false => format!("{from} -> {to}: {from} is not in the picture"),
        });
    };
    let allowed = match kind {
        Kind::Normal => below.contains(&to.as_str()),
        // Tests may turn on features of their own crate and of any crate down its own chain.
        Kind::Dev => from == to || is_below(to, from),
    };
    (!allowed).then(|| match kind {
        Kind::Normal => format!("{from} -> {to} is not drawn"),
        Kind::Dev => format!("{from} -> {to} (dev) is not down the chain of {from}"),
    })
}

fn directly_below(name: &str) -> Option<&'static [&'static str]> {
    DRAWN
        .iter()
        .find_map(|(layer, below)| (*layer == name).then_some(*below))
}

fn is_below(low: &str, high: &str) -> bool {
    directly_below(high)
        .unwrap_or_default()
        .iter()
        .any(|next| *next == low || is_below(low, next))
}

#[cfg(test)]
mod tests {
    use super::{DRAWN, Edge, Kind, faults};

    fn edge(from: &str, to: &str, kind: Kind) -> Edge {
        let package = |name: &str| match name {
            "xtask" => name.to_owned(),
            _ => format!("rvoip-{name}"),
        };
        Edge {
            from: package(from),
            to: package(to),
            kind,
        }
    }

    fn drawn_and(planted: Edge) -> Vec<String> {
        let mut edges: Vec<Edge> = DRAWN
            .iter()
            .flat_map(|(from, below)| {
                below.iter().map(|to| Edge {
                    from: (*from).to_owned(),
                    to: (*to).to_owned(),
                    kind: Kind::Normal,
                })
            })
            .collect();
        assert!(faults(&edges).is_empty(), "the picture agrees with itself");
        edges.push(planted);
        faults(&edges)
    }

    #[test]
    fn a_planted_edge_is_a_fault() {
        for (from, to, kind) in [
            ("session-core", "sip-core", Kind::Normal),
            ("session-core", "rtp-core", Kind::Normal),
            ("dialog-core", "media-core", Kind::Normal),
            ("media-core", "dialog-core", Kind::Normal),
            ("dialog-core", "sip-transport", Kind::Normal),
            ("sip-core", "sip-transport", Kind::Normal),
            ("sip-transport", "transaction-core", Kind::Dev),
            ("dialog-core", "rtp-core", Kind::Dev),
            ("sip-core", "examples", Kind::Normal),
            ("xtask", "sip-core", Kind::Normal),
            ("call-engine", "session-core", Kind::Normal),
        ] {
            let found = drawn_and(edge(from, to, kind));
            assert_eq!(found.len(), 1, "{from} -> {to}: {found:?}");
        }
    }

    #[test]
    fn tests_may_look_down_their_own_chain() {
        for (from, to) in [
            ("session-core", "sip-core"),
            ("session-core", "session-core"),
            ("transaction-core", "sip-core"),
            ("media-core", "rtp-core"),
        ] {
            assert!(
                drawn_and(edge(from, to, Kind::Dev)).is_empty(),
                "{from} -> {to}"
            );
        }
    }

    #[test]
    fn examples_and_benches_may_look_at_every_layer() {
        for from in ["examples", "benches"] {
            assert!(drawn_and(edge(from, "rtp-core", Kind::Normal)).is_empty());
        }
    }

    #[test]
    fn a_drawn_edge_that_is_absent_is_a_fault() {
        assert!(!faults(&[]).is_empty());
    }
}
