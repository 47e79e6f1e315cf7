//! `cargo xtask layers`: the crates depend on each other only as drawn.

mod edges;

use crate::{Outcome, workspace};
use edges::{Edge, Kind, faults};

/// Reads `cargo metadata` and fails on any edge that is not drawn.
pub fn run() -> Outcome {
    let edges = read_edges()?;
    let faults = faults(&edges);
    for fault in &faults {
        eprintln!("{fault}");
    }
    match faults.len() {
        0 => {
            println!("layers: {} edges, all as drawn", edges.len());
            Ok(())
        }
        count => Err(format!("layers: {count} faults").into()),
    }
}

fn read_edges() -> Outcome<Vec<Edge>> {
    let packages = workspace::metadata()?["packages"]
        .as_array()
        .ok_or("cargo metadata lists no packages")?;
    let name_of = |value: &serde_json::Value| value["name"].as_str().unwrap_or_default().to_owned();
    let own: Vec<String> = packages.iter().map(name_of).collect();
    let mut edges = Vec::new();
    for package in packages {
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = name_of(dependency);
            if own.contains(&to) {
                let kind = match dependency["kind"].as_str() {
                    Some("dev") => Kind::Dev,
                    _ => Kind::Normal,
                };
                edges.push(Edge {
                    from: name_of(package),
                    to,
                    kind,
                });
            }
        }
    }
    Ok(edges)
}

#[cfg(test)]
mod tests {
    #[test]
    fn this_workspace_is_as_drawn() {
        let edges = super::read_edges().unwrap();
        assert_eq!(super::faults(&edges), Vec::<String>::new());
    }
}
