//! What passes on loopback, as tshark sees it.

use std::fs;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Outcome;
use crate::process::{Process, until};

/// How long tshark may take to begin, and to end.
const TSHARK_WITHIN: Duration = Duration::from_secs(20);

/// No header of a capture file is as long.
const HEADER_OCTETS: u64 = 1024;

/// A tshark that writes down what passes.
pub struct Capture {
    tshark: Process,
    file: PathBuf,
}

impl Capture {
    /// Starts tshark and waits until it sees what passes; `filter` has to let UDP through.
    pub fn start(file: &Path, log: &Path, filter: &[&str]) -> Outcome<Capture> {
        let mut command = Command::new("tshark");
        command.args(["-q", "-i", "lo"]).args(filter);
        command.arg("-w").arg(file);
        let capture = Capture {
            tshark: Process::logged(command, log)?,
            file: file.to_owned(),
        };
        let probe = UdpSocket::bind(("127.0.0.1", 0))?;
        let target = probe.local_addr()?;
        let sees = until(TSHARK_WITHIN, || {
            // tshark writes its header when it has begun, and a packet when it has seen one.
            let _ = probe.send_to(b"probe", target);
            fs::metadata(file).is_ok_and(|it| it.len() > HEADER_OCTETS)
        });
        match sees {
            true => Ok(capture),
            false => Err("tshark sees nothing on lo".into()),
        }
    }

    /// Ends tshark as a person at the screen would, so that it writes out all it has; returns the file.
    pub fn stop(mut self) -> Outcome<PathBuf> {
        self.tshark.signal("INT")?;
        match self.tshark.wait(TSHARK_WITHIN)? {
            Some(_) => Ok(self.file),
            None => Err("tshark does not end".into()),
        }
    }
}
