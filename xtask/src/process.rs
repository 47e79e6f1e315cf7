//! Child processes that never outlive the task, and what the kernel knows about them.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::Outcome;

/// How often a condition outside this process is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Clock ticks per second in `/proc/PID/stat`; Linux fixes it for user space.
const TICKS_PER_SECOND: u64 = 100;

/// A child process, killed and reaped when dropped.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a command with both outputs in the file `log`.
    pub fn logged(mut command: Command, log: &Path) -> Outcome<Process> {
        let file = fs::File::create(log)?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file);
        Process::spawn(command)
    }

    /// Starts a command whose outputs the caller has arranged.
    pub fn spawn(mut command: Command) -> Outcome<Process> {
        let child = command
            .spawn()
            .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
        Ok(Process { child })
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The pipe of the child's standard output, once.
    pub fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
        self.child.stdout.take()
    }

    /// The exit status, or `None` when the process still runs after `limit`.
    pub fn wait(&mut self, limit: Duration) -> io::Result<Option<ExitStatus>> {
        let mut status = None;
        let mut failure = None;
        until(limit, || match self.child.try_wait() {
            Ok(seen) => {
                status = seen;
                seen.is_some()
            }
            Err(error) => {
                failure = Some(error);
                true
            }
        });
        failure.map_or(Ok(status), Err)
    }

    /// Sends a signal, such as `HUP`.
    pub fn signal(&self, name: &str) -> io::Result<()> {
        let pid = self.id().to_string();
        Command::new("sh")
            .args(["-c", "kill -\"$1\" \"$0\"", &pid, name])
            .status()
            .map(drop)
    }

    /// Sends SIGTERM and waits.
    ///
    /// # Errors
    /// When the process does not end with exit code 0 within `limit`.
    pub fn terminate(&mut self, limit: Duration) -> Outcome<Duration> {
        let start = Instant::now();
        self.signal("TERM")?;
        match self.wait(limit)? {
            Some(status) if status.success() => Ok(start.elapsed()),
            Some(status) => Err(format!("after SIGTERM: {status}").into()),
            None => Err(format!("still running {limit:?} after SIGTERM").into()),
        }
    }

    /// Open file descriptors.
    pub fn descriptors(&self) -> io::Result<usize> {
        Ok(fs::read_dir(format!("/proc/{}/fd", self.id()))?.count())
    }

    /// Resident memory in octets.
    pub fn resident_octets(&self) -> Outcome<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|value| value.split_whitespace().next()?.parse::<u64>().ok())
            .map(|kilo| kilo * 1024)
            .ok_or_else(|| "no VmRSS".into())
    }

    /// User and system time spent so far.
    pub fn cpu_time(&self) -> Outcome<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id()))?;
        // The name in parentheses may hold blanks; fields 14 and 15 are utime and stime.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks: u64 = after_name
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Runs a command to its end.
///
/// # Errors
/// When it cannot be started, or ends with another exit code than 0.
pub fn succeed(command: &mut Command) -> Outcome {
    let status = command
        .status()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{}: {status}", command.get_program().display()).into()),
    }
}

/// Looks at a condition until it holds; false when it does not within `limit`.
pub fn until(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// A port of 127.0.0.1 that is free for UDP and TCP, like the one two above it, where SIPp echoes video. It stays free until
/// whoever is to have it binds it: it is given once, and lies below those that systems hand out by themselves.
pub fn free_port() -> Outcome<u16> {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 20_000;
    const PLACES: u16 = 2_250;
    // Another process of this kind begins elsewhere.
    let start = std::process::id() % u32::from(PLACES);
    for _ in 0..PLACES {
        let given = u32::from(GIVEN.fetch_add(1, Ordering::Relaxed));
        let place = (start + given) % u32::from(PLACES);
        let port = FIRST + 4 * place as u16;
        let is_free = |port| std::net::UdpSocket::bind(("127.0.0.1", port)).is_ok();
        if is_free(port)
            && is_free(port + 2)
            && std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
        {
            return Ok(port);
        }
    }
    Err("no port is free for UDP and TCP".into())
}

/// Whether somebody listens on this port of IPv4 loopback, from the kernel's own tables.
pub fn is_listening(tcp: bool, port: u16) -> bool {
    const LISTEN: &str = "0A";
    let table = if tcp {
        "/proc/net/tcp"
    } else {
        "/proc/net/udp"
    };
    let suffix = format!(":{port:04X}");
    fs::read_to_string(table).is_ok_and(|text| {
        text.lines().skip(1).any(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let local = fields.next().unwrap_or_default();
            let state = fields.nth(1).unwrap_or_default();
            local.ends_with(&suffix) && (!tcp || state == LISTEN)
        })
    })
}
