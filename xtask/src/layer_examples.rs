//! The examples of the lower layers, spoken to as any peer would and held to their answers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::Outcome;
use crate::process::Process;
use crate::workspace;

/// The examples that this file runs.
pub const NAMES: [&str; 3] = ["sip_inspect", "sip_echo", "options_server"];

/// How long an answer may take; on loopback none takes a thousandth of it.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Runs all three.
pub fn run(programs: &Path) -> Outcome {
    workspace::need_program("tshark", "tshark")?;
    inspect(programs)?;
    println!("sip_inspect: reads, judges and refuses");
    echo(programs)?;
    println!("sip_echo: echoes over UDP and TCP, refuses what it does not know");
    options_server(programs)?;
    println!("options_server: answers a repeated request with the same octets");
    Ok(())
}

fn expect(what: &str, text: &str, parts: &[&str]) -> Outcome {
    match parts.iter().find(|part| !text.contains(*part)) {
        None => Ok(()),
        Some(part) => Err(format!("{what}: `{part}` is not in:\n{text}").into()),
    }
}

fn inspect(programs: &Path) -> Outcome {
    let invite = std::fs::read_to_string(workspace::root().join("benches/testdata/invite.sip"))?;
    let broken = invite.replacen("CSeq: ", "CSeq: x", 1);
    let request_line = invite.lines().next().unwrap_or_default();
    let request = request_line.trim_end_matches(" SIP/2.0");
    let request = format!("request  {request}");
    for (message, succeeds, parts) in [
        (
            invite.as_str(),
            true,
            &[&*request, "hop ", "from ", "verdict  may be acted upon"][..],
        ),
        (&broken, false, &["number   unreadable", "verdict  400"]),
        ("hello", false, &["not a SIP message"]),
    ] {
        let mut child = Command::new(programs.join("sip_inspect"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut input = child.stdin.take().ok_or("no standard input")?;
        input.write_all(message.as_bytes())?;
        drop(input);
        let output = child.wait_with_output()?;
        let text = String::from_utf8(output.stdout)?;
        expect("sip_inspect", &text, parts)?;
        if output.status.success() != succeeds {
            return Err(format!("sip_inspect: {}\n{text}", output.status).into());
        }
    }
    Ok(())
}

/// A server that listens on a UDP and a TCP port of the system's choice.
struct Server {
    process: Process,
    said: BufReader<ChildStdout>,
    udp: SocketAddr,
    tcp: SocketAddr,
}

impl Server {
    fn start(programs: &Path, name: &str, arguments: &[&str]) -> Outcome<Self> {
        let mut command = Command::new(programs.join(name));
        command
            .args(["--listen", "udp:127.0.0.1:0", "--listen", "tcp:127.0.0.1:0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut process = Process::spawn(command)?;
        let stdout = process.take_stdout().ok_or("no standard output")?;
        let mut said = BufReader::new(stdout);
        let mut ready = String::new();
        said.read_line(&mut ready)?;
        let address = |transport: &str| -> Outcome<SocketAddr> {
            let mut words = ready.split_whitespace();
            let address = words.find_map(|word| word.strip_prefix(transport));
            Ok(address
                .ok_or_else(|| format!("{name} says `{ready}`"))?
                .parse()?)
        };
        let (udp, tcp) = (address("udp:")?, address("tcp:")?);
        Ok(Self {
            process,
            said,
            udp,
            tcp,
        })
    }

    /// Ends the server; returns what it says last.
    fn stop(mut self) -> Outcome<String> {
        self.process.terminate(ANSWER_WITHIN)?;
        let mut last = String::new();
        self.said.read_to_string(&mut last)?;
        Ok(last)
    }

    /// The answer to a request over UDP.
    fn ask(&self, request: &str) -> Outcome<String> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(ANSWER_WITHIN))?;
        socket.send_to(request.as_bytes(), self.udp)?;
        let mut octets = vec![0; 65_536];
        let (length, source) = socket.recv_from(&mut octets)?;
        if source != self.udp {
            return Err(format!("answered from {source}").into());
        }
        Ok(String::from_utf8(octets[..length].to_vec())?)
    }

    /// The answer to a request over TCP, which is written octet by octet.
    fn ask_over_tcp(&self, request: &str, end: &str) -> Outcome<String> {
        let mut stream = TcpStream::connect(self.tcp)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        stream.set_nodelay(true)?;
        for octet in request.as_bytes() {
            stream.write_all(&[*octet])?;
        }
        let mut answer = Vec::new();
        let mut some = [0; 4096];
        while !answer.ends_with(end.as_bytes()) {
            match stream.read(&mut some)? {
                0 => return Err("the connection was closed".into()),
                length => answer.extend_from_slice(&some[..length]),
            }
        }
        Ok(String::from_utf8(answer)?)
    }
}

fn request(method: &str, transport: &str, body: &str) -> String {
    format!(
        "{method} sip:echo@127.0.0.1 SIP/2.0\r\n\
         Via: SIP/2.0/{transport} 127.0.0.1:9;rport;branch=z9hG4bK{method}\r\n\
         Max-Forwards: 70\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:echo@127.0.0.1>\r\n\
         Call-ID: {method}@127.0.0.1\r\nCSeq: 1 {method}\r\nContent-Type: text/plain\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn echo(programs: &Path) -> Outcome {
    let directory = workspace::target()?.join("examples-run");
    std::fs::create_dir_all(&directory)?;
    let capture = directory.join("echo.pcapng").display().to_string();
    let server = Server::start(programs, "sip_echo", &["--capture", &capture])?;
    let ports = [server.udp.port(), server.tcp.port()];
    let message = request("MESSAGE", "UDP", "there and back");
    let answer = server.ask(&message)?;
    let parts = [
        "SIP/2.0 200 OK\r\n",
        "received=127.0.0.1",
        "\r\n\r\nthere and back",
    ];
    expect("sip_echo", &answer, &parts)?;
    if server.ask(&message)?.len() != answer.len() {
        return Err("sip_echo: a repeated request is answered otherwise".into());
    }
    let refused = server.ask(&request("INVITE", "UDP", ""))?;
    expect(
        "sip_echo",
        &refused,
        &["SIP/2.0 405 ", "Allow: OPTIONS, MESSAGE\r\n"],
    )?;
    let refused = server.ask(&message.replace("CSeq: 1 MESSAGE", "CSeq: 1 INFO"))?;
    expect("sip_echo", &refused, &["SIP/2.0 400 "])?;
    let answer =
        server.ask_over_tcp(&request("OPTIONS", "TCP", "over a stream"), "over a stream")?;
    expect("sip_echo", &answer, &["SIP/2.0 200 OK\r\n"])?;
    let last = server.stop()?;
    expect("sip_echo", &last, &["received 5 sent 5 dropped 0"])?;
    captured(&capture, ports)
}

/// Whether tshark reads in the capture what was said, with the real ports.
fn captured(capture: &str, [udp, tcp]: [u16; 2]) -> Outcome {
    let decode = [
        format!("udp.port=={udp},sip"),
        format!("tcp.port=={tcp},sip"),
    ];
    let output = Command::new("tshark")
        .args([
            "-r", capture, "-n", "-d", &decode[0], "-d", &decode[1], "-T", "fields",
        ])
        .args(["-e", "sip.Method", "-e", "sip.Status-Code"])
        .output()
        .map_err(|error| format!("tshark: {error}"))?;
    let read = String::from_utf8(output.stdout)?;
    let read: Vec<&str> = read.lines().map(str::trim).collect();
    let said = [
        "MESSAGE", "200", "MESSAGE", "200", "INVITE", "405", "MESSAGE", "400", "OPTIONS", "200",
    ];
    match read == said {
        true => Ok(()),
        false => Err(format!("{capture}: tshark reads {read:?}").into()),
    }
}

fn options_server(programs: &Path) -> Outcome {
    let server = Server::start(programs, "options_server", &[])?;
    let options = request("OPTIONS", "UDP", "");
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.set_read_timeout(Some(ANSWER_WITHIN))?;
    let mut answers = Vec::new();
    for _ in 0..3 {
        socket.send_to(options.as_bytes(), server.udp)?;
        let mut octets = vec![0; 65_536];
        let (length, _) = socket.recv_from(&mut octets)?;
        answers.push(String::from_utf8(octets[..length].to_vec())?);
    }
    expect(
        "options_server",
        &answers[0],
        &["SIP/2.0 200 OK\r\n", "Allow: OPTIONS\r\n"],
    )?;
    if answers.iter().any(|answer| *answer != answers[0]) {
        return Err(format!("options_server: answers differ: {answers:#?}").into());
    }
    let refused = server.ask(&request("MESSAGE", "UDP", "x"))?;
    expect("options_server", &refused, &["SIP/2.0 405 "])?;
    server.stop()?;
    Ok(())
}
