//! rtpengine in user space, with one thread for media as our worker has one; calls are set up by its `ng` protocol.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, process};

use super::{LOCALHOST, Measured, Outcome, times};

/// How often the daemon is asked whether it is there, and how long each answer may take.
const ATTEMPTS: usize = 100;
const PATIENCE: Duration = Duration::from_millis(100);

struct Rtpengine {
    daemon: Child,
    control: UdpSocket,
    address: SocketAddr,
    pid_file: PathBuf,
    asked: u64,
}

impl Drop for Rtpengine {
    fn drop(&mut self) {
        // It may have ended of itself.
        self.daemon.kill().ok();
        self.daemon.wait().ok();
        fs::remove_file(&self.pid_file).ok();
    }
}

impl Rtpengine {
    fn start() -> Outcome<Rtpengine> {
        let free = UdpSocket::bind((LOCALHOST, 0))?.local_addr()?;
        let pid_file = env::temp_dir().join(format!("rtpengine-{}.pid", process::id()));
        let daemon = Command::new("rtpengine")
            .args(["--table=-1", "--foreground", "--log-stderr"])
            .args(["--log-level=3", "--num-threads=1"])
            .args(["--port-min=16384", "--port-max=32767"])
            .arg(format!("--interface={LOCALHOST}"))
            .arg(format!("--listen-ng={free}"))
            .arg(format!("--pidfile={}", pid_file.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let control = UdpSocket::bind((LOCALHOST, 0))?;
        control.set_read_timeout(Some(PATIENCE))?;
        let mut it = Rtpengine {
            daemon,
            control,
            address: free,
            pid_file,
            asked: 0,
        };
        for _ in 0..ATTEMPTS {
            if it.ask(&[("command", "ping")]).is_ok() {
                return Ok(it);
            }
        }
        Err("rtpengine does not answer".into())
    }

    /// Asks a question, a bencoded dictionary after a cookie, and returns the answer.
    fn ask(&mut self, question: &[(&str, &str)]) -> io::Result<String> {
        self.asked += 1;
        let question: BTreeMap<_, _> = question.iter().copied().collect();
        let text = |text: &str| format!("{}:{text}", text.len());
        let pairs = question
            .iter()
            .map(|(key, value)| text(key) + &text(value))
            .collect::<String>();
        let asked = format!("{} d{pairs}e", self.asked);
        self.control.send_to(asked.as_bytes(), self.address)?;
        let mut answer = [0; 4096];
        let octets = self.control.recv(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer[..octets]).into_owned())
    }

    /// Tells of a party's address; returns where the other party sends to.
    fn tell(&mut self, command: &str, call: usize, party: SocketAddr) -> Outcome<SocketAddr> {
        let sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 {LOCALHOST}\r\ns=-\r\nc=IN IP4 {LOCALHOST}\r\nt=0 0\r\n\
             m=audio {} RTP/AVP 0\r\n",
            party.port()
        );
        let call = call.to_string();
        let answer = self.ask(&[
            ("command", command),
            ("call-id", &call),
            ("from-tag", "a"),
            ("to-tag", "b"),
            ("sdp", &sdp),
        ])?;
        let media = answer.split_once("m=audio ").map(|(_, rest)| rest);
        let port = media.and_then(|rest| rest.split(' ').next()?.parse().ok());
        let port = port.ok_or_else(|| format!("rtpengine says {answer}"))?;
        Ok(SocketAddr::new(LOCALHOST, port))
    }

    /// Processor time of all its threads so far.
    fn time(&self) -> io::Result<Duration> {
        Ok(times(self.daemon.id(), |_| true)?.into_iter().sum())
    }
}

/// The daemon with a call for every two of these parties.
pub fn rtpengine(parties: &[SocketAddr]) -> Outcome<Measured> {
    let mut it = Rtpengine::start()?;
    let mut ports = Vec::new();
    for (call, pair) in parties.chunks_exact(2).enumerate() {
        let second = it.tell("offer", call, pair[0])?;
        let first = it.tell("answer", call, pair[1])?;
        ports.extend([first, second]);
    }
    Ok(Measured {
        time: Box::new(move || it.time()),
        ports,
        introduce: Box::new(|_, _| Ok(())),
        missed: Box::new(|| 0),
    })
}
