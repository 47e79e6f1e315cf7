//! A baresip that answers by itself or places calls, plays a tone and records what it hears.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::wave::Wave;
use crate::Outcome;
use crate::process::{Process, free_port, is_listening, until};

/// Where Debian keeps the modules.
const MODULES: &str = "/usr/lib/baresip/modules";

/// After this many seconds it leaves by itself, whatever happens.
const LEAVES_AFTER: &str = "60";

/// A codec that baresip has as a module.
#[derive(Debug)]
pub struct Codec {
    /// Its name in SDP.
    pub name: &'static str,
    module: &'static str,
    /// The rate of our sound.
    pub our_rate_hz: u32,
    /// At which rate, and in how many channels, baresip wants its own.
    pub rate_hz: u32,
    channels: usize,
}

pub const PCMU: Codec = Codec {
    name: "PCMU",
    module: "g711.so",
    our_rate_hz: 8_000,
    rate_hz: 8_000,
    channels: 1,
};

pub const PCMA: Codec = Codec {
    name: "PCMA",
    ..PCMU
};

pub const G722: Codec = Codec {
    name: "G722",
    module: "g722.so",
    our_rate_hz: 16_000,
    rate_hz: 16_000,
    channels: 1,
};

pub const OPUS: Codec = Codec {
    name: "opus",
    module: "opus.so",
    our_rate_hz: 16_000,
    rate_hz: 48_000,
    channels: 2,
};

/// What TLS needs.
pub struct Pem {
    pub certificate_and_key: PathBuf,
    pub roots: PathBuf,
}

/// A user of a registrar.
pub struct User<'a> {
    pub name: &'a str,
    /// What it answers challenges with, if it can.
    pub password: Option<&'a str>,
    pub registrar: SocketAddr,
    /// Whether it answers calls by itself, or only rings.
    pub answers: bool,
}

/// A running baresip.
pub struct Baresip {
    process: Process,
    /// Its SIP port on 127.0.0.1; the next one is for TLS.
    port: u16,
    /// Where it takes commands.
    control: u16,
}

impl Baresip {
    /// Starts it in `directory` with one codec; it calls `destination` if there is one. `encryption` is how it secures the sound.
    pub fn start(
        directory: &Path,
        (hz, codec): (f64, &Codec),
        security: Option<Pem>,
        encryption: Option<&str>,
        destination: Option<&str>,
    ) -> Outcome<Baresip> {
        let transport = security.as_ref().map_or("udp", |_| "tls");
        let encryption = encryption.map_or_else(String::new, |name| format!(";mediaenc={name}"));
        let account = |port| {
            format!(
                "<sip:bob@127.0.0.1:{port};transport={transport}>;regint=0;answermode=auto\
                 {encryption}\n"
            )
        };
        Baresip::launch(
            directory,
            (hz, codec),
            security.as_ref(),
            destination,
            account,
        )
    }

    /// Starts it in `directory`, and waits until it is registered.
    ///
    /// # Errors
    /// When it is refused as well.
    pub fn registered(directory: &Path, hz: f64, user: &User) -> Outcome<Baresip> {
        fs::create_dir_all(directory)?;
        let User {
            name, registrar, ..
        } = user;
        let account = |_| {
            let mut account = format!("<sip:{name}@{registrar}>;regint=60");
            if let Some(password) = user.password {
                account += &format!(";auth_user={name};auth_pass={password}");
            }
            account
                + if user.answers {
                    ";answermode=auto\n"
                } else {
                    "\n"
                }
        };
        let baresip = Baresip::launch(directory, (hz, &PCMU), None, None, account)?;
        let log = || fs::read_to_string(directory.join("baresip.log")).unwrap_or_default();
        match until(Duration::from_secs(10), || log().contains(" 200 OK (")) {
            true => Ok(baresip),
            false => Err(format!("baresip does not register {name}").into()),
        }
    }

    fn launch(
        directory: &Path,
        (hz, codec): (f64, &Codec),
        security: Option<&Pem>,
        destination: Option<&str>,
        account: impl FnOnce(u16) -> String,
    ) -> Outcome<Baresip> {
        let (port, control) = (free_pair()?, free_port()?);
        let tone = directory.join("theirs.wav");
        Wave::tone(hz, Duration::from_secs(60), codec.rate_hz, codec.channels).write(&tone)?;
        fs::write(
            directory.join("config"),
            configuration(directory, (&tone, codec), (port, control), security)?,
        )?;
        fs::write(directory.join("accounts"), account(port))?;
        fs::write(directory.join("contacts"), "")?;
        let mut command = Command::new("baresip");
        command
            .current_dir(directory)
            .args(["-s", "-t", LEAVES_AFTER, "-f"])
            .arg(directory);
        if let Some(destination) = destination {
            command.args(["-e", &format!("d {destination}")]);
        }
        let process = Process::logged(command, &directory.join("baresip.log"))?;
        let listens = || {
            is_listening(false, port)
                && is_listening(true, control)
                && (security.is_none() || is_listening(true, port + 1))
        };
        match until(Duration::from_secs(10), listens) {
            true => Ok(Baresip {
                process,
                port,
                control,
            }),
            false => Err("baresip does not listen".into()),
        }
    }

    /// Where it listens.
    pub fn address(&self, transport: &str) -> SocketAddr {
        let port = self.port + u16::from(transport == "tls");
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    /// Gives it a command of its menu, such as `hold`, and waits until it has been taken.
    pub fn command(&self, command: &str, parameter: &str) -> Outcome {
        let text = json!({ "command": command, "params": parameter, "token": "1" }).to_string();
        let mut control = TcpStream::connect(("127.0.0.1", self.control))?;
        control.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(control, "{}:{text},", text.len())?;
        let mut said = [0; 1024];
        match control.read(&mut said)? {
            0 => Err(format!("baresip does not take `{command}`").into()),
            _ => Ok(()),
        }
    }

    /// Ends it, so that its recordings are complete.
    pub fn stop(mut self) -> Outcome {
        self.process.terminate(Duration::from_secs(10)).map(drop)
    }
}

fn configuration(
    directory: &Path,
    (tone, codec): (&Path, &Codec),
    (port, control): (u16, u16),
    security: Option<&Pem>,
) -> Outcome<String> {
    let mut text = String::new();
    if let Some(Pem {
        certificate_and_key,
        roots,
    }) = security
    {
        writeln!(text, "sip_certificate {}", certificate_and_key.display())?;
        writeln!(text, "sip_cafile {}", roots.display())?;
    }
    for (name, value) in [
        ("poll_method", "epoll".to_owned()),
        ("sip_listen", format!("127.0.0.1:{port}")),
        ("net_interface", "127.0.0.1".to_owned()),
        ("audio_source", format!("aufile,{}", tone.display())),
        ("audio_player", "aubridge,nil".to_owned()),
        ("audio_alert", "aufile,/dev/null".to_owned()),
        ("audio_buffer", "20-160".to_owned()),
        ("jitter_buffer_delay", "1-5".to_owned()),
        ("module_path", MODULES.to_owned()),
        ("module", codec.module.to_owned()),
        ("module", "aufile.so".to_owned()),
        ("module", "aubridge.so".to_owned()),
        ("module", "sndfile.so".to_owned()),
        ("module", "srtp.so".to_owned()),
        ("module_tmp", "account.so".to_owned()),
        ("module_app", "menu.so".to_owned()),
        ("module_app", "ctrl_tcp.so".to_owned()),
        ("ctrl_tcp_listen", format!("127.0.0.1:{control}")),
        ("snd_path", directory.display().to_string()),
    ] {
        writeln!(text, "{name} {value}")?;
    }
    Ok(text)
}

/// A port that is free together with the one behind it.
fn free_pair() -> Outcome<u16> {
    for _ in 0..64 {
        let port = free_port()?;
        if port < u16::MAX && std::net::TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return Ok(port);
        }
    }
    Err("no two ports in a row are free".into())
}
