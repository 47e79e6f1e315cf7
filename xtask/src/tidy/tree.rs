//! The files of the working tree, read once.

use std::fs;
use std::io;
use std::path::Path;

use super::text::{self, Line};

/// Directories that hold nothing of ours.
const SKIPPED: [&str; 3] = ["target", ".git", "testdata"];

/// File types that are text of ours.
const TEXT: [&str; 6] = ["rs", "md", "toml", "xml", "sh", "yml"];

/// What kind of Rust file one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// `crates/*/src`, apart from files of tests.
    Library,
    /// Files of tests under `crates/`.
    Test,
    /// Examples, benches and the tasks.
    Tool,
}

/// A Rust source.
pub struct Source {
    pub path: String,
    pub zone: Zone,
    pub lines: Vec<Line>,
    pub first_line: String,
}

impl Source {
    /// A source at this path, which decides its zone.
    pub fn new(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            zone: zone_of(path),
            lines: text::lines(text),
            first_line: text.lines().next().unwrap_or_default().to_owned(),
        }
    }

    /// The folder under `crates/`, if the file is there.
    pub fn layer(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }
}

/// All texts, and the Rust sources among them taken apart.
pub struct Tree {
    pub texts: Vec<(String, String)>,
    pub sources: Vec<Source>,
}

impl Tree {
    /// Reads every text under `root`.
    pub fn read(root: &Path) -> io::Result<Tree> {
        let mut texts = Vec::new();
        read_directory(root, root, &mut texts)?;
        texts.sort();
        Ok(Tree::new(texts))
    }

    /// A tree of these files: pairs of path and text.
    pub fn new(texts: Vec<(String, String)>) -> Tree {
        let sources = texts
            .iter()
            .filter(|(path, _)| path.ends_with(".rs"))
            .map(|(path, text)| Source::new(path, text))
            .collect();
        Tree { texts, sources }
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// The text at a path.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.texts
            .iter()
            .find_map(|(known, text)| (known == path).then_some(text.as_str()))
    }
}

fn read_directory(
    root: &Path,
    directory: &Path,
    texts: &mut Vec<(String, String)>,
) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if !SKIPPED.contains(&&*entry.file_name().to_string_lossy()) {
                read_directory(root, &path, texts)?;
            }
        } else if path
            .extension()
            .is_some_and(|kind| TEXT.contains(&&*kind.to_string_lossy()))
        {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            texts.push((
                relative.to_string_lossy().into_owned(),
                fs::read_to_string(&path)?,
            ));
        }
    }
    Ok(())
}

fn zone_of(path: &str) -> Zone {
    let is_tests =
        path.ends_with("/tests.rs") || path.contains("/tests/") || path.contains("/benches/");
    match path.starts_with("crates/") {
        true if path.contains("/examples/") => Zone::Tool,
        true if is_tests => Zone::Test,
        true => Zone::Library,
        false => Zone::Tool,
    }
}

#[cfg(test)]
mod tests {
    use super::{Zone, zone_of};

    #[test]
    fn paths_tell_the_zone() {
        assert_eq!(zone_of("crates/a/src/uri.rs"), Zone::Library);
        assert_eq!(zone_of("crates/a/src/uri/tests.rs"), Zone::Test);
        assert_eq!(zone_of("crates/a/tests/calls.rs"), Zone::Test);
        assert_eq!(zone_of("examples/examples/demo.rs"), Zone::Tool);
    }
}
