//! A Rust source taken apart: per line its code, its comments, its string literals.

/// One line of a source.
#[derive(Default, Debug)]
pub struct Line {
    /// Code without comments, string and character literals emptied.
    pub code: String,
    /// The text of comments, doc comments included.
    pub comment: String,
    /// The contents of string literals, each in double quotes.
    pub strings: String,
    /// Inside an item under `#[cfg(test)]`.
    pub is_test: bool,
}

impl Line {
    /// Whether the line counts as a line of library code.
    pub fn is_code(&self) -> bool {
        let is_empty = self.code.trim().is_empty() && self.strings.is_empty();
        !self.is_test && !is_empty
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Code,
    LineComment,
    BlockComment(usize),
    String { is_raw: bool, hashes: usize },
}

/// Takes a source apart.
pub fn lines(source: &str) -> Vec<Line> {
    let mut scanner = Scanner {
        lines: vec![Line::default()],
        state: State::Code,
    };
    let characters: Vec<char> = source.chars().collect();
    let mut at = 0;
    while at < characters.len() {
        at += scanner.step(&characters[at..]);
    }
    mark_tests(&mut scanner.lines);
    scanner.lines
}

struct Scanner {
    lines: Vec<Line>,
    state: State,
}

impl Scanner {
    /// Consumes the next token of a few characters; returns how many.
    fn step(&mut self, rest: &[char]) -> usize {
        if rest[0] == '\n' {
            if self.state == State::LineComment {
                self.state = State::Code;
            }
            self.lines.push(Line::default());
            return 1;
        }
        match self.state {
            State::Code => self.code(rest),
            State::LineComment => {
                self.line().comment.push(rest[0]);
                1
            }
            State::BlockComment(depth) => self.block_comment(rest, depth),
            State::String { is_raw, hashes } => self.string(rest, is_raw, hashes),
        }
    }

    fn line(&mut self) -> &mut Line {
        if self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        let last = self.lines.len() - 1;
        &mut self.lines[last]
    }

    fn code(&mut self, rest: &[char]) -> usize {
        if let Some((length, hashes)) = raw_string_start(rest)
            && !self.line().code.ends_with(is_word)
        {
            self.open_string(true, hashes);
            return length;
        }
        match rest {
            ['/', '/', ..] => {
                self.state = State::LineComment;
                2
            }
            ['/', '*', ..] => {
                self.state = State::BlockComment(1);
                2
            }
            ['"', ..] => {
                self.open_string(false, 0);
                1
            }
            ['\'', '\\', _, tail @ ..] => {
                let closing = tail.iter().position(|c| *c == '\'').unwrap_or(tail.len());
                self.line().code.push_str("' '");
                3 + closing + 1
            }
            ['\'', _, '\'', ..] => {
                self.line().code.push_str("' '");
                3
            }
            [other, ..] => {
                self.line().code.push(*other);
                1
            }
            [] => 1,
        }
    }

    fn open_string(&mut self, is_raw: bool, hashes: usize) {
        self.state = State::String { is_raw, hashes };
        let line = self.line();
        line.code.push_str("\"\"");
        line.strings.push('"');
    }

    fn block_comment(&mut self, rest: &[char], depth: usize) -> usize {
        match rest {
            ['/', '*', ..] => {
                self.state = State::BlockComment(depth + 1);
                2
            }
            ['*', '/', ..] => {
                self.state = match depth {
                    1 => State::Code,
                    _ => State::BlockComment(depth - 1),
                };
                2
            }
            _ => {
                self.line().comment.push(rest[0]);
                1
            }
        }
    }

    fn string(&mut self, rest: &[char], is_raw: bool, hashes: usize) -> usize {
        if !is_raw && rest[0] == '\\' && rest.get(1) != Some(&'\n') {
            self.line().strings.extend(rest.iter().take(2));
            return 2;
        }
        let closes =
            rest[0] == '"' && rest.iter().skip(1).take_while(|c| **c == '#').count() >= hashes;
        self.line().strings.push(rest[0]);
        if closes {
            self.state = State::Code;
            return 1 + hashes;
        }
        1
    }
}

/// The length of `r"`, `r#"`, `br##"` and the like, and their number of hashes.
fn raw_string_start(rest: &[char]) -> Option<(usize, usize)> {
    let prefix = match rest {
        ['b', 'r', ..] => 2,
        ['r', ..] => 1,
        _ => return None,
    };
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    (rest.get(prefix + hashes) == Some(&'"')).then_some((prefix + hashes + 1, hashes))
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Marks the item after each `#[cfg(test)]`, to its closing brace or semicolon.
fn mark_tests(lines: &mut [Line]) {
    let mut at = 0;
    while at < lines.len() {
        let compact: String = lines[at].code.split_whitespace().collect();
        let starts = ["#[cfg(test)]", "#[cfg(all(test,"]
            .iter()
            .find_map(|attribute| compact.find(attribute));
        at = match starts {
            Some(_) => mark_item(lines, at),
            None => at + 1,
        };
    }
}

fn mark_item(lines: &mut [Line], start: usize) -> usize {
    let end = lines.len();
    let mut depth = 0usize;
    for (at, line) in lines.iter_mut().enumerate().skip(start) {
        line.is_test = true;
        for character in line.code.chars() {
            match character {
                '{' => depth += 1,
                '}' if depth == 1 => return at + 1,
                '}' => depth = depth.saturating_sub(1),
                ';' if depth == 0 => return at + 1,
                _ => {}
            }
        }
    }
    end
}

/// Whether `code` holds `word` with no identifier character on either side.
pub fn has_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        !code[..at].ends_with(is_word) && !code[at + word.len()..].starts_with(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::{has_word, lines};

    #[test]
    fn code_comments_and_strings_come_apart() {
        let lines = lines("let a = \"// no\"; // yes \"quoted\"\nlet c = '\"'; /* a\nb */ let d;");
        assert_eq!(lines[0].code, "let a = \"\"; ");
        assert_eq!(lines[0].comment, " yes \"quoted\"");
        assert_eq!(lines[0].strings, "\"// no\"");
        assert_eq!(lines[1].code, "let c = ' '; ");
        assert_eq!(lines[1].comment, " a");
        assert_eq!(lines[2].code, " let d;");
    }

    #[test]
    fn raw_strings_and_lifetimes_do_not_confuse() {
        let lines = lines("fn f<'a>(x: &'a str) { g(r#\"a\"b // c\"#, '\\n', b'\\'') } // end");
        assert_eq!(lines[0].comment, " end");
        assert_eq!(lines[0].strings, "\"a\"b // c\"");
    }

    #[test]
    fn an_identifier_that_ends_in_r_starts_no_raw_string() {
        let lines = lines("let for_r = bar\"\"; // c");
        assert_eq!(lines[0].comment, " c");
    }

    #[test]
    fn test_items_are_marked_to_their_end() {
        let source = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { }\n}\nfn c() {}\n#[cfg(test)]\nmod more;\nfn d() {}";
        let marked: Vec<bool> = lines(source).iter().map(|line| line.is_test).collect();
        assert_eq!(
            marked,
            [false, true, true, true, true, false, true, true, false]
        );
    }

    #[test]
    fn only_code_counts() {
        let source = "//! Doc\n\nfn a() {\n    // why\n}\n";
        assert_eq!(
            lines(source).iter().filter(|line| line.is_code()).count(),
            2
        );
    }

    #[test]
    fn words_are_whole() {
        assert!(has_word("unsafe {", "unsafe"));
        assert!(!has_word("unsafe_code", "unsafe"));
    }
}
