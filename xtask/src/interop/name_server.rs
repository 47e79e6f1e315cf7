//! `dnsmasq` tells where the servers of a domain are, `sipp` answers there, and `sipp_client` calls by the domain's name.

use std::fs;
use std::net::UdpSocket;
use std::process::Command;
use std::time::Duration;

use super::{Bench, Verdict, missing};
use crate::Outcome;
use crate::process::{Process, free_port, is_listening, until};

/// A program that listens after this long listens.
const UP_WITHIN: Duration = Duration::from_secs(5);
/// A call that is not over by then never will be.
const CALL_WITHIN: Duration = Duration::from_secs(40);

/// What stands between the caller and the server that answers.
pub enum Primary {
    /// A socket that hears everything and says nothing.
    Silent,
    /// A port that nobody listens on: the kernel says so.
    Closed,
}

/// Calls past a primary that is not there.
pub fn run(bench: &Bench, primary: &Primary) -> Outcome<Verdict> {
    if let Some(why) = missing(&[("dnsmasq", "dnsmasq-base"), ("sipp", "sip-tester")]) {
        return Ok(Verdict::Skipped(why));
    }
    let silent = UdpSocket::bind(("127.0.0.1", 0))?;
    let dead = match primary {
        Primary::Silent => silent.local_addr()?.port(),
        Primary::Closed => free_port()?,
    };
    let alive = free_port()?;
    let servers = NameServer::start(
        bench,
        &[
            "naptr-record=example.test,10,10,S,SIP+D2U,,_sip._udp.example.test".to_owned(),
            format!("srv-host=_sip._udp.example.test,one.example.test,{dead},10,0"),
            format!("srv-host=_sip._udp.example.test,two.example.test,{alive},20,0"),
            "host-record=one.example.test,127.0.0.1".to_owned(),
            "host-record=two.example.test,127.0.0.1".to_owned(),
        ],
    )?;
    let mut sipp = Command::new("sipp");
    sipp.current_dir(&bench.directory)
        .args(["-sn", "uas", "-i", "127.0.0.1", "-m", "1", "-nostdin"])
        .args(["-p", &alive.to_string()]);
    let mut sipp = Process::logged(sipp, &bench.directory.join("sipp.log"))?;
    if !until(UP_WITHIN, || is_listening(false, alive)) {
        return Err("SIPp does not listen".into());
    }
    let mut client = Command::new(bench.examples.join("sipp_client"));
    client
        .args(["call", "sip:user@example.test", "--dns", &servers.address()])
        .args(["--bind", "udp:127.0.0.1:0", "--duration", "200ms"])
        .args(["--media", "none"]);
    let log = bench.directory.join("client.log");
    let mut client = Process::logged(client, &log)?;
    let status = client.wait(CALL_WITHIN)?.ok_or("the client did not end")?;
    let said = fs::read_to_string(&log)?;
    if !status.success() {
        return Err(format!("the client: {status}: {said}").into());
    }
    let setup = setup_ms(&said).ok_or("the client does not say how long the call took")?;
    // A silent primary has the time of the first attempt, one that the kernel speaks for has none.
    let expected = match primary {
        Primary::Silent => 4_000.0..5_000.0,
        Primary::Closed => 0.0..1_000.0,
    };
    if !expected.contains(&setup) {
        return Err(format!("the call was up after {setup} ms, expected {expected:?}").into());
    }
    match sipp.wait(CALL_WITHIN)? {
        Some(status) if status.success() => Ok(Verdict::Passed),
        Some(status) => Err(format!("SIPp: {status}").into()),
        None => Err("SIPp did not end".into()),
    }
}

fn setup_ms(said: &str) -> Option<f64> {
    let (_, rest) = said.split_once(" setup=")?;
    rest.split_once("ms")?.0.parse().ok()
}

/// A running `dnsmasq` that knows one domain and asks nobody.
struct NameServer {
    _process: Process,
    port: u16,
}

impl NameServer {
    fn start(bench: &Bench, records: &[String]) -> Outcome<NameServer> {
        let port = free_port()?;
        let file = bench.directory.join("dnsmasq.conf");
        let mut lines = vec![
            format!("port={port}"),
            "listen-address=127.0.0.1".to_owned(),
            "bind-interfaces".to_owned(),
            "no-resolv".to_owned(),
            "no-hosts".to_owned(),
            "local=/test/".to_owned(),
            "log-queries".to_owned(),
            "log-facility=-".to_owned(),
            "pid-file=".to_owned(),
            "user=".to_owned(),
        ];
        lines.extend_from_slice(records);
        fs::write(&file, lines.join("\n") + "\n")?;
        let mut command = Command::new("dnsmasq");
        command
            .current_dir(&bench.directory)
            .arg("--keep-in-foreground")
            .arg(format!("--conf-file={}", file.display()));
        let process = Process::logged(command, &bench.directory.join("dnsmasq.log"))?;
        match until(UP_WITHIN, || is_listening(false, port)) {
            true => Ok(NameServer {
                _process: process,
                port,
            }),
            false => Err("dnsmasq does not listen".into()),
        }
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_call_is_read_from_the_clients_line() {
        let line = "call x answered setup=4012.5ms duration=0.2s cause=\"local hangup\"";
        assert_eq!(setup_ms(line), Some(4012.5));
        assert_eq!(setup_ms("call x failed: busy"), None);
    }
}
