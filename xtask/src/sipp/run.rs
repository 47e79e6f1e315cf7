//! One run: the processes, SIPp's verdict, and what is left afterwards.

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

/// SIPp gives up after this long: the longest of RFC 3261's waits, and time to come to it on a busy machine.
const SIPP_LIMIT: Duration = Duration::from_secs(70);

/// Everything lingers at most 32 s by RFC 3261, and statistics come once per second.
const IDLE_LIMIT: Duration = Duration::from_secs(50);

/// A server beside so many other programs may be slow without being overloaded.
const SHED_AFTER: [&str; 2] = ["--shed-after", "10s"];

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
        .and_then(|()| {
            let third = run
                .third
                .map(|scenario| {
                    {
                        Called::start(
                            run,
                            Scenario::File(scenario),
                            site,
                            &logs.join("third"),
                            None,
                        )
                    }
                })
                .transpose()?;
            match run.role {
                Role::Caller => call_server(run, site, &logs, third.as_ref())?,
                Role::Called => call_sipp(run, site, &logs, third.as_ref())?,
            }
            third.map_or(Ok(()), |mut third| third.verdict())
        });
    let failure = outcome.err().map(|error| error.to_string());
    Finding {
        took: start.elapsed(),
        failure,
    }
}

/// A SIPp that is called.
struct Called {
    sipp: Process,
    logs: PathBuf,
    address: SocketAddr,
}

impl Called {
    fn start(
        run: &Run,
        scenario: Scenario,
        site: &Site,
        logs: &Path,
        third: Option<SocketAddr>,
    ) -> Outcome<Called> {
        fs::create_dir_all(logs)?;
        let port = free_port()?;
        let mut sipp = sipp(run, scenario, site, logs, third)?;
        sipp.args(["-p", &port.to_string()]).args(run.sipp);
        let sipp = Process::logged(sipp, &logs.join("sipp.log"))?;
        let is_tcp = run.transport == Transport::Tcp;
        match until(Duration::from_secs(20), || is_listening(is_tcp, port)) {
            true => Ok(Called {
                sipp,
                logs: logs.to_owned(),
                address: SocketAddr::from(([127, 0, 0, 1], port)),
            }),
            false => Err("SIPp does not listen".into()),
        }
    }

    fn verdict(&mut self) -> Outcome {
        verdict(&mut self.sipp, &self.logs)
    }
}

fn call_server(run: &Run, site: &Site, logs: &Path, third: Option<&Called>) -> Outcome {
    let third = third.map(|third| third.address);
    let ours = words(run, None, third);
    let ours: Vec<&str> = SHED_AFTER
        .into_iter()
        .chain(ours.iter().map(String::as_str))
        .collect();
    let log = logs.join("server.log");
    let server = Server::start(&site.examples, &ours, &log)?;
    let destination = match run.transport {
        Transport::Udp => server.udp,
        Transport::Tcp => server.tcp,
    };
    let mut sipp = sipp(run, run.scenario, site, logs, third)?;
    let destination = destination.to_string();
    let words = run
        .sipp
        .iter()
        .map(|word| word.replace("{peer}", &destination));
    // Of a port of its own choice SIPp finds out too late that another has it.
    sipp.args(["-p", &free_port()?.to_string()])
        .args(words)
        .arg(&destination);
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
    listen_for(run, "the server", &fs::read_to_string(&log)?)
}

fn call_sipp(run: &Run, site: &Site, logs: &Path, third: Option<&Called>) -> Outcome {
    let third_address = third.map(|third| third.address);
    let mut called = Called::start(run, run.scenario, site, logs, third_address)?;
    let (peer, third) = (called.address, third_address);
    let (uri, bind) = match run.transport {
        Transport::Udp => (format!("sip:bob@{peer}"), "udp:127.0.0.1:0"),
        Transport::Tcp => (format!("sip:bob@{peer};transport=tcp"), "tcp:127.0.0.1:0"),
    };
    let mut client = Command::new(site.examples.join("sipp_client"));
    match run.also {
        Also::Text => client.args(["message", &uri]),
        Also::RegistersOnly => client.args(["call", &uri, "--count", "0"]),
        _ => client.args(["call", &uri, "--count", &run.calls.to_string()]),
    };
    client
        .args(["--bind", bind])
        .args(words(run, Some(peer), third));
    let log = logs.join("client.log");
    let mut client = Process::logged(client, &log)?;
    let status = client.wait(SIPP_LIMIT)?.ok_or("the client did not end")?;
    called.verdict()?;
    judge_client(run, status.code(), &fs::read_to_string(&log)?)
}

/// Our arguments, addresses filled in.
fn words(run: &Run, peer: Option<SocketAddr>, third: Option<SocketAddr>) -> Vec<String> {
    let fill = |word: String, name: &str, address: Option<SocketAddr>| match address {
        Some(address) => word.replace(name, &address.to_string()),
        None => word,
    };
    run.ours
        .iter()
        .map(|word| fill(fill((*word).to_owned(), "{peer}", peer), "{third}", third))
        .collect()
}

fn listen_for(run: &Run, who: &str, said: &str) -> Outcome {
    match run.says.iter().find(|words| !said.contains(**words)) {
        None => Ok(()),
        Some(words) => Err(format!("{who} does not say `{words}`").into()),
    }
}

fn judge_client(run: &Run, code: Option<i32>, said: &str) -> Outcome {
    listen_for(run, "the client", said)?;
    if code != Some(run.exit) {
        return Err(format!("the client exits with {code:?} instead of {}", run.exit).into());
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

fn sipp(
    run: &Run,
    scenario: Scenario,
    site: &Site,
    logs: &Path,
    third: Option<SocketAddr>,
) -> Outcome<Command> {
    let mut command = Command::new("sipp");
    if let Some(third) = third {
        command.args(["-key", "third", &third.to_string()]);
    }
    match scenario {
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
        .args(["-t", transport, "-nostdin"])
        // It reads late on a busy machine; what does not fit by then is lost.
        .args(["-buff_size", "1048576"])
        .args(["-i", "127.0.0.1", "-mi", "127.0.0.1"])
        // Of its own accord it tries a hundred ports, the same as all others that start at this moment.
        .args(["-mp", &free_port()?.to_string()])
        .args(["-m", &run.calls.to_string()])
        .args([
            "-timeout",
            &format!("{}s", SIPP_LIMIT.as_secs()),
            "-timeout_error",
        ])
        .args(["-trace_err", "-error_file", "errors.log"])
        .args(["-trace_msg", "-message_file", "messages.log"]);
    Ok(command)
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
