//! The rule that every setting is in the document of defaults, and nothing else.

use super::Fault;
use super::tree::Tree;

const DEFAULTS: &str = "docs/DEFAULTS.md";

/// Every section names a struct and its file; the rows under it name the public fields of that struct, each once.
pub fn defaults(tree: &Tree) -> Vec<Fault> {
    let Some(text) = tree.text(DEFAULTS) else {
        return vec![fault(0, "this document is missing".to_owned())];
    };
    let mut faults = Vec::new();
    let mut section: Option<Section> = None;
    for (at, line) in text.lines().enumerate() {
        if let Some(heading) = line.strip_prefix("## `") {
            faults.extend(section.take().into_iter().flat_map(Section::missing));
            let Some((name, path)) = heading.split_once("` in ") else {
                faults.push(fault(at + 1, "names no struct and file".to_owned()));
                continue;
            };
            match fields(tree, path, name) {
                Some(left) => {
                    section = Some(Section {
                        line: at + 1,
                        name,
                        left,
                    });
                }
                None => faults.push(fault(at + 1, format!("there is no `{name}` in {path}"))),
            }
        } else if let (Some(section), Some(row)) = (&mut section, line.strip_prefix("| `")) {
            let field = row.split('`').next().unwrap_or_default();
            let (name, left) = (section.name, &mut section.left);
            match left.iter().position(|known| *known == field) {
                Some(place) => drop(left.remove(place)),
                None => {
                    let what = format!("`{name}` has no field `{field}`, or it has a row already");
                    faults.push(fault(at + 1, what));
                }
            }
        }
    }
    faults.extend(section.into_iter().flat_map(Section::missing));
    faults
}

fn fault(line: usize, what: String) -> Fault {
    Fault {
        path: DEFAULTS.to_owned(),
        line,
        what,
    }
}

/// A section of the document, and the fields that have no row yet.
struct Section<'a> {
    line: usize,
    name: &'a str,
    left: Vec<&'a str>,
}

impl Section<'_> {
    fn missing(self) -> Vec<Fault> {
        let Section { line, name, left } = self;
        let missing = |field| fault(line, format!("`{field}` of `{name}` has no row"));
        left.into_iter().map(missing).collect()
    }
}

/// The public fields of a struct.
fn fields<'a>(tree: &'a Tree, path: &str, name: &str) -> Option<Vec<&'a str>> {
    let text = tree.text(path)?;
    let start = text.find(&format!("pub struct {name} {{\n"))?;
    let body = &text[start..];
    let body = &body[..body.find("\n}")?];
    let field = |line: &'a str| {
        let field = line.trim().strip_prefix("pub ")?;
        Some(field.split_once(':')?.0)
    };
    Some(body.lines().skip(1).filter_map(field).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(rows: &str) -> Vec<String> {
        let source = "pub struct Config {\n    /// One.\n    pub one: u8,\n    pub two: u8,\n}\n";
        let path = "crates/a/src/config.rs";
        let text = format!("## `Config` in {path}\n\n| field |\n|---|\n{rows}");
        let owned = |(path, text): (&str, &str)| (path.to_owned(), text.to_owned());
        let tree = Tree::new([(path, source), (DEFAULTS, &text)].map(owned).to_vec());
        defaults(&tree)
            .into_iter()
            .map(|fault| fault.what)
            .collect()
    }

    #[test]
    fn a_field_without_a_row_and_a_row_without_a_field_are_faults() {
        assert!(faults("| `one` |\n| `two` |\n").is_empty());
        assert_eq!(faults("| `one` |\n"), ["`two` of `Config` has no row"]);
        let twice = faults("| `one` |\n| `one` |\n| `two` |\n");
        assert_eq!(twice.len(), 1, "{twice:?}");
        assert_eq!(faults("| `one` |\n| `two` |\n| `three` |\n").len(), 1);
    }
}
