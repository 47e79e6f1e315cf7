//! A freshly started `sipp_server`: its addresses, its statistics, its end.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use crate::Outcome;
use crate::process::{Process, until};

/// How long a server may take to say `ready`.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// How long SIGTERM may take.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// What a server must hold none of when its calls are over.
const HELD: [&str; 5] = [
    "sessions",
    "dialogs",
    "transactions",
    "connections",
    "ports",
];

/// The numbers of one `stats` line.
type Stats = BTreeMap<String, u64>;

/// What the server has printed so far.
#[derive(Default)]
struct Printed {
    ready: Option<String>,
    stats: Option<Stats>,
    stats_lines: usize,
    peak_sessions: u64,
    reloads: usize,
}

/// A running `sipp_server` on ports of its own choice.
pub struct Server {
    process: Process,
    printed: Arc<Mutex<Printed>>,
    descriptors_at_start: usize,
    ready: String,
    /// Where it listens for datagrams.
    pub udp: SocketAddr,
    /// Where it listens for connections.
    pub tcp: SocketAddr,
}

impl Server {
    /// Starts the server and waits until it listens and has printed its first statistics.
    pub fn start(examples: &Path, arguments: &[&str], log: &Path) -> Outcome<Server> {
        let mut command = Command::new(examples.join("sipp_server"));
        command
            .args(["--listen", "udp:127.0.0.1:0", "--listen", "tcp:127.0.0.1:0"])
            .args(["--stats", "1s"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(log.with_extension("stderr"))?);
        let mut process = Process::spawn(command)?;
        let printed = Arc::new(Mutex::new(Printed::default()));
        if let Some(stdout) = process.take_stdout() {
            let copy = fs::File::create(log)?;
            let printed = Arc::clone(&printed);
            thread::spawn(move || read_lines(stdout, copy, &printed));
        }
        let started = until(READY_WITHIN, || {
            let printed = lock(&printed);
            printed.ready.is_some() && printed.stats.is_some()
        });
        let ready = lock(&printed).ready.clone().unwrap_or_default();
        if !started {
            return Err(format!("the server did not become ready: `{ready}`").into());
        }
        Ok(Server {
            udp: listener(&ready, "udp:")?,
            tcp: listener(&ready, "tcp:")?,
            descriptors_at_start: process.descriptors()?,
            ready,
            process,
            printed,
        })
    }

    /// Where it listens with another transport, such as `tls`.
    pub fn listener(&self, kind: &str) -> Outcome<SocketAddr> {
        listener(&self.ready, &format!("{kind}:"))
    }

    /// Makes it read its certificates again.
    ///
    /// # Errors
    /// When it does not say that it has.
    pub fn reload(&self) -> Outcome {
        let before = lock(&self.printed).reloads;
        self.process.signal("HUP")?;
        match until(STOP_WITHIN, || lock(&self.printed).reloads > before) {
            true => Ok(()),
            false => Err("the server did not reload after SIGHUP".into()),
        }
    }

    /// The process, for what the kernel knows about it.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The largest number of sessions any statistics line has shown.
    pub fn peak_sessions(&self) -> u64 {
        lock(&self.printed).peak_sessions
    }

    /// One number of the latest statistics line.
    pub fn stat(&self, name: &str) -> Option<u64> {
        lock(&self.printed).stats.as_ref()?.get(name).copied()
    }

    /// Waits for a statistics line written from now on that shows nothing held, and for the
    /// file descriptors of the start.
    ///
    /// # Errors
    /// Names what is left after `limit`.
    pub fn wait_until_idle(&self, limit: Duration) -> Outcome {
        let seen = lock(&self.printed).stats_lines;
        let idle = until(limit, || self.left_over(seen).is_empty());
        match idle {
            true => Ok(()),
            false => Err(format!("left over: {}", self.left_over(0).join(" ")).into()),
        }
    }

    fn left_over(&self, seen: usize) -> Vec<String> {
        let printed = lock(&self.printed);
        if printed.stats_lines <= seen {
            return vec!["no statistics".to_owned()];
        }
        let stats = printed.stats.clone().unwrap_or_default();
        let mut left: Vec<String> = HELD
            .into_iter()
            .filter_map(|name| match stats.get(name) {
                Some(0) => None,
                Some(count) => Some(format!("{name}={count}")),
                None => Some(format!("{name}=?")),
            })
            .collect();
        let descriptors = self.process.descriptors().unwrap_or(usize::MAX);
        if descriptors > self.descriptors_at_start {
            left.push(format!(
                "fd={descriptors} ({} at the start)",
                self.descriptors_at_start
            ));
        }
        left
    }

    /// Stops the server by SIGTERM.
    ///
    /// # Errors
    /// When it does not exit with 0 within two seconds.
    pub fn stop(mut self) -> Outcome<Duration> {
        self.process.terminate(STOP_WITHIN)
    }
}

fn lock(printed: &Mutex<Printed>) -> MutexGuard<'_, Printed> {
    printed.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read_lines(stdout: impl std::io::Read, mut copy: fs::File, printed: &Mutex<Printed>) {
    for line in BufReader::new(stdout).lines().map_while(Result::ok) {
        let _ = writeln!(copy, "{line}");
        let mut printed = lock(printed);
        if let Some(rest) = line.strip_prefix("ready ") {
            printed.ready = Some(rest.to_owned());
        } else if line == "reloaded" {
            printed.reloads += 1;
        } else if let Some(rest) = line.strip_prefix("stats ") {
            let stats = numbers(rest);
            let sessions = stats.get("sessions").copied().unwrap_or(0);
            printed.peak_sessions = printed.peak_sessions.max(sessions);
            printed.stats_lines += 1;
            printed.stats = Some(stats);
        }
    }
}

/// The `name=number` words of a line.
pub fn numbers(line: &str) -> Stats {
    line.split_whitespace()
        .filter_map(|word| {
            let (name, value) = word.split_once('=')?;
            Some((name.to_owned(), value.parse().ok()?))
        })
        .collect()
}

fn listener(ready: &str, prefix: &str) -> Outcome<SocketAddr> {
    ready
        .split_whitespace()
        .find_map(|word| word.strip_prefix(prefix)?.parse().ok())
        .ok_or_else(|| format!("no {prefix} listener in `ready {ready}`").into())
}

#[cfg(test)]
mod tests {
    use super::{listener, numbers};

    #[test]
    fn reads_the_ready_line() {
        let ready = "udp:127.0.0.1:4000 tcp:127.0.0.1:4001";
        assert_eq!(listener(ready, "udp:").unwrap().port(), 4000);
        assert_eq!(listener(ready, "tcp:").unwrap().port(), 4001);
        assert!(listener(ready, "tls:").is_err());
    }

    #[test]
    fn reads_a_statistics_line() {
        let stats = numbers("sessions=3 ports=12 uptime=4s");
        assert_eq!(stats.get("sessions"), Some(&3));
        assert_eq!(stats.get("ports"), Some(&12));
        assert_eq!(stats.get("uptime"), None);
    }
}
