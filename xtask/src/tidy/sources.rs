//! Rules about Rust sources.

use super::Fault;
use super::text::{Line, has_word};
use super::tree::{Source, Tree, Zone};

/// Lines of code a library file may have.
const LONGEST: usize = 200;

const VAGUE_NAMES: [&str; 8] = [
    "mod", "utils", "util", "helpers", "helper", "common", "types", "misc",
];

const UNFINISHED: [&str; 5] = [
    "TODO",
    "FIXME",
    "XXX",
    "for now",
    "in a real implementation",
];

/// What only drivers may touch: the clock, tasks, threads, sockets, foreign randomness.
const EFFECTS: [&str; 11] = [
    "Instant::now",
    "SystemTime::now",
    "tokio::spawn",
    "thread::spawn",
    "spawn_blocking",
    "tokio::net",
    "UdpSocket::bind",
    "TcpListener::bind",
    "TcpStream::connect",
    "rand::rng",
    "rand::random",
];

/// What builds or parses SIP messages.
const SIP_WORKSHOP: [&str; 6] = [
    "RequestBuilder",
    "ResponseBuilder",
    "Request::builder",
    "Response::builder",
    "Response::builder_for",
    "Message::parse",
];

pub fn length(tree: &Tree) -> Vec<Fault> {
    tree.sources
        .iter()
        .filter(|source| source.zone == Zone::Library)
        .filter_map(|source| {
            let count = source.lines.iter().filter(|line| line.is_code()).count();
            let what = format!("{count} lines of code; {LONGEST} are allowed");
            (count > LONGEST).then(|| Fault {
                path: source.path.clone(),
                line: 0,
                what,
            })
        })
        .collect()
}

pub fn first_line(tree: &Tree) -> Vec<Fault> {
    let lacking = |source: &&Source| !source.first_line.starts_with("//! ");
    let fault = |source: &Source| Fault {
        path: source.path.clone(),
        line: 1,
        what: "the first line must say with `//!` what the file is for".to_owned(),
    };
    tree.sources.iter().filter(lacking).map(fault).collect()
}

pub fn file_name(tree: &Tree) -> Vec<Fault> {
    tree.sources
        .iter()
        .filter_map(|source| {
            let name = source.path.rsplit('/').next()?.strip_suffix(".rs")?;
            let what = format!("`{name}` is not the name of a thing");
            VAGUE_NAMES.contains(&name).then(|| Fault {
                path: source.path.clone(),
                line: 0,
                what,
            })
        })
        .collect()
}

pub fn unfinished(tree: &Tree) -> Vec<Fault> {
    find(tree, |_, line| {
        ["todo!", "unimplemented!"]
            .into_iter()
            .find(|word| line.code.contains(word))
            .or_else(|| {
                UNFINISHED
                    .into_iter()
                    .find(|word| has_word(&line.comment, word))
            })
    })
}

pub fn unsafe_code(tree: &Tree) -> Vec<Fault> {
    find(tree, |_, line| {
        has_word(&line.code, "unsafe").then_some("unsafe")
    })
}

pub fn print(tree: &Tree) -> Vec<Fault> {
    find(tree, |source, line| {
        let words = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
        let is_library = source.zone == Zone::Library && !line.is_test;
        words
            .into_iter()
            .find(|word| is_library && line.code.contains(word))
    })
}

pub fn sleep(tree: &Tree) -> Vec<Fault> {
    find(tree, |source, line| {
        let is_test = source.zone == Zone::Test || line.is_test;
        match source.zone {
            Zone::Tool => None,
            _ if line.code.contains("thread::sleep") => Some("thread::sleep"),
            _ if is_test && line.code.contains("time::sleep") => Some("time::sleep"),
            _ => None,
        }
    })
}

pub fn fixed_port(tree: &Tree) -> Vec<Fault> {
    find(tree, |source, line| {
        let is_test = source.zone == Zone::Test || line.is_test;
        let opens = ["Socket::bind(", "Listener::bind(", "Sockets::bind("]
            .iter()
            .any(|call| line.code.contains(call));
        (is_test && opens && names_a_port(&line.strings)).then_some("a fixed port")
    })
}

/// Whether a string literal ends in a colon and a port other than 0.
fn names_a_port(strings: &str) -> bool {
    strings.split('"').any(|literal| {
        literal
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok_and(|port| port != 0))
    })
}

pub fn switched_off(tree: &Tree) -> Vec<Fault> {
    find(tree, |source, line| {
        // A test may hold code that is compiled and never run.
        let is_test = source.zone == Zone::Test || line.is_test;
        ["#[ignore", "allow(warnings)", "allow(dead_code)"]
            .into_iter()
            .filter(|word| !is_test || *word != "allow(dead_code)")
            .find(|word| line.code.contains(word))
    })
}

pub fn unbounded(tree: &Tree) -> Vec<Fault> {
    find(tree, |source, line| {
        let words = ["unbounded_channel", "mpsc::channel()", "mpsc::channel::<"];
        let is_library = source.zone == Zone::Library && !line.is_test;
        let is_tokio = line.code.contains("tokio::sync");
        words
            .into_iter()
            .find(|word| is_library && !is_tokio && line.code.contains(word))
    })
}

/// Whether a file may touch the clock and the sockets: drivers, the places where they are put
/// together, and the facade over them, but not the facade's own core.
fn is_driver(source: &Source) -> bool {
    const ASSEMBLY: [&str; 3] = [
        "crates/media-core/src/controller/socket.rs",
        "crates/media-core/src/record/file.rs",
        // A virtual clock has to begin at some `Instant`, and only the real one makes them.
        "crates/sip-transport/src/sim/simulation.rs",
    ];
    let is_facade = source.layer() == Some("session-core")
        && !source.path.starts_with("crates/session-core/src/core");
    is_facade
        || ASSEMBLY.contains(&source.path.as_str())
        || source
            .path
            .split('/')
            .any(|part| matches!(part, "driver" | "driver.rs"))
}

pub fn sans_io(tree: &Tree) -> Vec<Fault> {
    find(tree, |source, line| {
        let applies = source.zone == Zone::Library && !line.is_test && !is_driver(source);
        EFFECTS
            .into_iter()
            .find(|word| applies && has_word(&line.code, word))
    })
}

pub fn sip_free_facade(tree: &Tree) -> Vec<Fault> {
    find(tree, |source, line| {
        let applies =
            source.layer() == Some("session-core") && source.zone == Zone::Library && !line.is_test;
        SIP_WORKSHOP
            .into_iter()
            .find(|word| applies && has_word(&line.code, word))
    })
}

pub fn sdp_home(tree: &Tree) -> Vec<Fault> {
    find(tree, |source, line| {
        let applies =
            source.zone == Zone::Library && !line.is_test && source.layer() != Some("media-core");
        ["m=audio", "a=rtpmap", "c=IN IP"]
            .into_iter()
            .find(|word| applies && line.strings.contains(word))
    })
}

/// Every line for which `broken` names what it found.
fn find(tree: &Tree, broken: impl Fn(&Source, &Line) -> Option<&'static str>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for source in &tree.sources {
        for (at, line) in source.lines.iter().enumerate() {
            if let Some(word) = broken(source, line) {
                faults.push(Fault {
                    path: source.path.clone(),
                    line: at + 1,
                    what: format!("`{word}` has no place here"),
                });
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBRARY: &str = "crates/sip-core/src/uri.rs";
    const TEST: &str = "crates/sip-core/tests/uri.rs";
    const DRIVER: &str = "crates/sip-transport/src/driver/udp.rs";
    const FACADE: &str = "crates/session-core/src/call.rs";
    const TOOL: &str = "xtask/src/main.rs";

    fn tree(path: &str, text: &str) -> Tree {
        Tree::new(vec![(path.to_owned(), text.to_owned())])
    }

    #[track_caller]
    fn planted(rule: fn(&Tree) -> Vec<Fault>, path: &str, text: &str) {
        assert_eq!(rule(&tree(path, text)).len(), 1, "in {path}: {text}");
    }

    #[track_caller]
    fn allowed(rule: fn(&Tree) -> Vec<Fault>, path: &str, text: &str) {
        assert_eq!(rule(&tree(path, text)), Vec::new(), "in {path}: {text}");
    }

    #[test]
    fn long_files_are_found() {
        planted(length, LIBRARY, &"let a;\n".repeat(201));
        allowed(length, LIBRARY, &"let a;\n// why\n\n".repeat(200));
        allowed(length, TOOL, &"let a;\n".repeat(201));
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "let a;\n".repeat(300));
        allowed(length, LIBRARY, &tests);
    }

    #[test]
    fn first_lines_must_be_documentation() {
        planted(first_line, LIBRARY, "use std::fmt;\n");
        planted(first_line, TEST, "");
        allowed(first_line, LIBRARY, "//! URIs.\n");
    }

    #[test]
    fn vague_names_are_found() {
        planted(file_name, "crates/sip-core/src/utils.rs", "");
        planted(file_name, "crates/sip-core/src/uri/mod.rs", "");
        allowed(file_name, "crates/sip-core/src/lib.rs", "");
    }

    #[test]
    fn unfinished_work_is_found() {
        planted(unfinished, LIBRARY, "fn a() { todo!() }");
        planted(unfinished, TEST, "// TODO: later");
        planted(unfinished, LIBRARY, "/// Enough for now.");
        allowed(unfinished, TOOL, "let word = \"TODO\";");
    }

    #[test]
    fn unsafe_is_found() {
        planted(unsafe_code, TOOL, "unsafe { a() }");
        allowed(
            unsafe_code,
            LIBRARY,
            "// nothing unsafe\n#![forbid(unsafe_code)]",
        );
    }

    #[test]
    fn printing_libraries_are_found() {
        planted(print, LIBRARY, "println!(\"a\");");
        allowed(print, LIBRARY, "#[cfg(test)]\nfn a() { println!(); }");
        allowed(print, TOOL, "println!(\"a\");");
    }

    #[test]
    fn sleeping_tests_are_found() {
        planted(sleep, TEST, "thread::sleep(a);");
        planted(sleep, TEST, "tokio::time::sleep(a).await;");
        planted(sleep, LIBRARY, "std::thread::sleep(a);");
        allowed(sleep, DRIVER, "tokio::time::sleep_until(a).await;");
    }

    #[test]
    fn fixed_ports_are_found() {
        planted(fixed_port, TEST, "UdpSocket::bind(\"127.0.0.1:5060\");");
        allowed(fixed_port, TEST, "UdpSocket::bind(\"127.0.0.1:0\");");
        allowed(fixed_port, TEST, "let uri = \"sip:127.0.0.1:5060\";");
    }

    #[test]
    fn switched_off_checks_are_found() {
        planted(switched_off, TEST, "#[ignore]");
        planted(switched_off, LIBRARY, "#[allow(dead_code)]");
        allowed(switched_off, TEST, "#[allow(dead_code)]");
    }

    #[test]
    fn unbounded_queues_are_found() {
        planted(unbounded, LIBRARY, "let (a, b) = mpsc::channel();");
        allowed(unbounded, LIBRARY, "let (a, b) = mpsc::channel(16);");
    }

    #[test]
    fn effects_outside_drivers_are_found() {
        planted(sans_io, LIBRARY, "let now = Instant::now();");
        planted(sans_io, LIBRARY, "tokio::spawn(a);");
        planted(
            sans_io,
            "crates/session-core/src/core/ending.rs",
            "Instant::now();",
        );
        allowed(sans_io, FACADE, "let now = Instant::now();");
        allowed(sans_io, DRIVER, "let now = Instant::now();");
        allowed(sans_io, LIBRARY, "#[cfg(test)]\nfn a() { Instant::now(); }");
    }

    #[test]
    fn a_facade_that_builds_sip_is_found() {
        planted(
            sip_free_facade,
            FACADE,
            "let request = Request::builder(a, b);",
        );
        allowed(
            sip_free_facade,
            LIBRARY,
            "let request = Request::builder(a, b);",
        );
    }

    #[test]
    fn sdp_outside_its_home_is_found() {
        planted(sdp_home, LIBRARY, "let a = \"m=audio 0\";");
        allowed(
            sdp_home,
            "crates/media-core/src/sdp.rs",
            "let a = \"m=audio 0\";",
        );
    }
}
