//! One run: both processes, SIPp's verdict, and what is left afterwards.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::noise;
use super::table::{Also, Role, Run, Scenario, Transport};
use crate::Outcome;
use crate::process::{Process, free_port, is_listening, until};
use crate::server::{Server, numbers};

/// SIPp gives up after this long.
const SIPP_LIMIT: Duration = Duration::from_secs(40);

/// Everything lingers at most 32 s by RFC 3261, and statistics come once per second.
const IDLE_LIMIT: Duration = Duration::from_secs(50);

/// Where the programs, the scenarios and the logs are.
pub struct Site {
    pub examples: PathBuf,
    pub scenarios: PathBuf,
    pub logs: PathBuf,
}

/// How a run went.
pub struct Finding {
    pub took: Duration,
    /// What went wrong, if anything did.
    pub failure: Option<String>,
}

/// Performs one run.
pub fn perform(run: &Run, site: &Site) -> Finding {
    let start = Instant::now();
    let logs = site.logs.join(run.name);
    let outcome = fs::create_dir_all(&logs)
        .map_err(Into::into)
        .and_then(|()| match run.role {
            Role::Caller => call_server(run, site, &logs),
            Role::Called => call_sipp(run, site, &logs),
        });
    let failure = outcome.err().map(|error| error.to_string());
    Finding {
        took: start.elapsed(),
        failure,
    }
}

fn call_server(run: &Run, site: &Site, logs: &Path) -> Outcome {
    let server = Server::start(&site.examples, run.ours, &logs.join("server.log"))?;
    let destination = match run.transport {
        Transport::Udp => server.udp,
        Transport::Tcp => server.tcp,
    };
    let mut sipp = sipp(run, site, logs);
    sipp.arg(destination.to_string());
    let mut sipp = Process::logged(sipp, &logs.join("sipp.log"))?;
    let thrown = match run.also {
        Also::Noise if !until(SIPP_LIMIT, || server.stat("sessions") == Some(1)) => {
            return Err("the call did not get under way".into());
        }
        Also::Noise => noise::throw(server.udp, server.tcp)?,
        _ => 0,
    };
    verdict(&mut sipp, logs)?;
    let peak = server.peak_sessions();
    if run.also == Also::AllAtOnce && peak < u64::from(run.calls) {
        return Err(format!("only {peak} of {} calls at once", run.calls).into());
    }
    if run.also == Also::Noise && thrown == 0 {
        return Err("no junk was sent".into());
    }
    server.wait_until_idle(IDLE_LIMIT)?;
    server.stop()?;
    Ok(())
}

fn call_sipp(run: &Run, site: &Site, logs: &Path) -> Outcome {
    let port = free_port()?;
    let mut sipp = sipp(run, site, logs);
    sipp.args(["-p", &port.to_string()]);
    let mut sipp = Process::logged(sipp, &logs.join("sipp.log"))?;
    let is_tcp = run.transport == Transport::Tcp;
    if !until(Duration::from_secs(5), || is_listening(is_tcp, port)) {
        return Err("SIPp does not listen".into());
    }
    let destination = SocketAddr::from(([127, 0, 0, 1], port));
    let (uri, bind) = match run.transport {
        Transport::Udp => (format!("sip:bob@{destination}"), "udp:127.0.0.1:0"),
        Transport::Tcp => (
            format!("sip:bob@{destination};transport=tcp"),
            "tcp:127.0.0.1:0",
        ),
    };
    let mut client = Command::new(site.examples.join("sipp_client"));
    client
        .args([
            "call",
            &uri,
            "--bind",
            bind,
            "--count",
            &run.calls.to_string(),
        ])
        .args(run.ours);
    let log = logs.join("client.log");
    let mut client = Process::logged(client, &log)?;
    let status = client.wait(SIPP_LIMIT)?.ok_or("the client did not end")?;
    verdict(&mut sipp, logs)?;
    let said = fs::read_to_string(&log)?;
    judge_client(run, status.code(), &said)
}

fn judge_client(run: &Run, code: Option<i32>, said: &str) -> Outcome {
    let expected = match run.also {
        Also::ClientReports(word) if !said.contains(word) => {
            return Err(format!("the client does not report `{word}`").into());
        }
        Also::ClientReports(_) => Some(1),
        _ => Some(0),
    };
    if code != expected {
        return Err(format!("the client exits with {code:?} instead of {expected:?}").into());
    }
    let left = said
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("left "))
        .ok_or("the client does not say what it has left")?;
    match numbers(left).values().all(|count| *count == 0) {
        true => Ok(()),
        false => Err(format!("left over: {left}").into()),
    }
}

fn sipp(run: &Run, site: &Site, logs: &Path) -> Command {
    let mut command = Command::new("sipp");
    match run.scenario {
        Scenario::File(name) => command
            .arg("-sf")
            .arg(site.scenarios.join(name).with_extension("xml")),
        Scenario::BuiltIn(name) => command.args(["-sn", name]),
    };
    let transport = match run.transport {
        Transport::Udp => "u1",
        Transport::Tcp => "t1",
    };
    command
        .current_dir(logs)
        .args([
            "-t",
            transport,
            "-i",
            "127.0.0.1",
            "-mi",
            "127.0.0.1",
            "-nostdin",
        ])
        .args(["-m", &run.calls.to_string()])
        .args([
            "-timeout",
            &format!("{}s", SIPP_LIMIT.as_secs()),
            "-timeout_error",
        ])
        .args(["-trace_err", "-error_file", "errors.log"])
        .args(["-trace_msg", "-message_file", "messages.log"])
        .args(run.sipp);
    command
}

fn verdict(sipp: &mut Process, logs: &Path) -> Outcome {
    let status = sipp
        .wait(SIPP_LIMIT + Duration::from_secs(5))?
        .ok_or("SIPp did not end")?;
    if status.success() {
        return Ok(());
    }
    let errors = fs::read_to_string(logs.join("errors.log")).unwrap_or_default();
    let reason = errors
        .lines()
        .find_map(|line| line.split_once(": ").map(|(_, reason)| reason))
        .unwrap_or("see its logs");
    Err(format!("SIPp: {status}: {reason}").into())
}
