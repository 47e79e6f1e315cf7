//! A whole call in one process: a server and a caller on loopback sockets, with audio both ways.
//!
//! Shows the SIP ladder as it happens and the measured quality, listens to both recordings, and leaves them as WAV files.
//!
//! Ends by itself with exit code 0 when everything it shows is right.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use clap::Parser;
use rvoip_dialog_core::sip_transport::Direction;
use rvoip_examples::tone_analysis::{ToneReport, analyse};
use rvoip_media_core::{Audio, SAMPLE_RATE_HZ};
use rvoip_session_core::api::{
    AudioSource, CallDecision, CallHandler, CallSession, IncomingCall, MediaControl,
    MediaStatistics, SessionControl, SessionCoordinator, SessionManagerBuilder,
    SessionManagerConfig, TerminalCause, WireRecord, WireTap,
};
use tokio::sync::{mpsc, oneshot};

/// Shows a call.
#[derive(Parser)]
struct Arguments {
    /// Where the two WAV files go
    #[arg(long, default_value = "target/demo")]
    out: PathBuf,
}

const SERVER_TONE_HZ: f64 = 440.0;
const CALLER_TONE_HZ: f64 = 1000.0;
const THINKS: Duration = Duration::from_millis(350);
const RINGS: Duration = Duration::from_millis(650);
const TALKS: Duration = Duration::from_secs(4);
const LONGEST_GAP: Duration = Duration::from_millis(40);
const LADDER: [&str; 7] = ["INVITE", "100", "180", "200", "ACK", "BYE", "200"];

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Paints for a terminal, and for nothing else.
#[derive(Clone, Copy)]
struct Paint {
    colours: bool,
}

impl Paint {
    fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Paint {
            colours: wanted && std::io::stdout().is_terminal(),
        }
    }

    fn with(self, code: &str, text: impl Display) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }

    fn bold(self, text: impl Display) -> String {
        self.with("1", text)
    }

    fn dim(self, text: impl Display) -> String {
        self.with("2", text)
    }

    fn audio(self, text: impl Display) -> String {
        self.with("35", text)
    }

    fn verdict(self, good: bool, text: impl Display) -> String {
        self.with(if good { "1;32" } else { "1;31" }, text)
    }

    /// Requests cyan, 1xx yellow, 2xx green, the rest red.
    fn message(self, start: &str, text: impl Display) -> String {
        let code = match start.as_bytes().first() {
            Some(b'1') => "33",
            Some(b'2') => "32",
            Some(b'3'..=b'6') => "31",
            _ => "36",
        };
        self.with(code, text)
    }
}

/// One message of the ladder.
struct Step {
    at: Instant,
    from_caller: bool,
    /// The method, or status and reason.
    start: String,
    has_sdp: bool,
}

/// Passes the caller's messages on.
struct Tape(mpsc::Sender<Step>);

impl WireTap for Tape {
    fn message(&self, record: &WireRecord<'_>) {
        let text = String::from_utf8_lossy(record.octets);
        let line = text.lines().next().unwrap_or_default();
        let start = match line.strip_prefix("SIP/2.0 ") {
            Some(status) => status,
            None => line.split(' ').next().unwrap_or_default(),
        };
        // A ladder that is longer than the queue is not worth a stall.
        let _ = self.0.try_send(Step {
            at: record.time,
            from_caller: record.direction == Direction::Out,
            start: start.to_owned(),
            has_sdp: text.contains("\r\n\r\nv=0"),
        });
    }
}

/// Thinks, rings, answers, records.
#[derive(Debug)]
struct Server {
    recording: PathBuf,
    ended: Mutex<Option<oneshot::Sender<CallSession>>>,
}

#[async_trait]
impl CallHandler for Server {
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
        tokio::time::sleep(THINKS).await;
        if call.ring().await.is_ok() {
            tokio::time::sleep(RINGS).await;
        }
        CallDecision::Accept(None)
    }

    async fn on_call_established(
        &self,
        call: CallSession,
        _local: Option<String>,
        _remote: Option<String>,
    ) {
        if let Err(error) = call
            .coordinator()
            .start_recording(call.id(), self.recording.clone())
            .await
        {
            eprintln!("cannot record: {error}");
        }
    }

    async fn on_call_ended(&self, call: CallSession, _reason: &str) {
        let ended = self.ended.lock().ok().and_then(|mut ended| ended.take());
        if let Some(ended) = ended {
            // The demo may have given up waiting.
            let _ = ended.send(call);
        }
    }
}

/// The width of the ladder between its two rails.
const WIDTH: usize = 54;

fn time(since: Duration) -> String {
    format!("{:>9.1} ms", since.as_secs_f64() * 1000.0)
}

fn rung(step: &Step, began: Instant, paint: Paint) -> String {
    let body = match (step.has_sdp, step.start.starts_with("INVITE")) {
        (false, _) => "",
        (true, true) => " (offer)",
        (true, false) => " (answer)",
    };
    let label = format!(" {}{body} ", step.start);
    let dashes = WIDTH.saturating_sub(label.chars().count() + 5);
    let arrow = match step.from_caller {
        true => format!("---{label}{}->", "-".repeat(dashes)),
        false => format!("<-{}{label}---", "-".repeat(dashes)),
    };
    let at = step.at.saturating_duration_since(began);
    format!(
        "  {}  |{}|",
        paint.dim(time(at)),
        paint.message(&step.start, arrow)
    )
}

/// Prints the ladder as it happens; returns what was on it.
async fn show(mut steps: mpsc::Receiver<Step>, began: Instant, paint: Paint) -> Vec<Step> {
    let mut shown = Vec::new();
    while let Some(step) = steps.recv().await {
        println!("{}", rung(&step, began, paint));
        shown.push(step);
    }
    shown
}

fn audio_line(began: Instant, media: Option<&MediaStatistics>, paint: Paint) -> String {
    let (sent, received) =
        media.map_or((0, 0), |media| (media.packets_sent, media.packets_received));
    let mos = media.and_then(|media| media.quality_metrics.and_then(|quality| quality.mos_score));
    let mos = mos.map_or("-".to_owned(), |mos| format!("{mos:.2}"));
    let text = format!("~~~ RTP {sent} packets ~>   <~ {received} packets   MOS {mos}");
    format!(
        "  {}  |{}|",
        paint.dim(time(began.elapsed())),
        paint.audio(format!("{text:^WIDTH$}"))
    )
}

fn figures(name: &str, media: &MediaStatistics, paint: Paint) -> String {
    let rtt = media.round_trip_time.map_or("-".to_owned(), |rtt| {
        format!("{:.2} ms", rtt.as_secs_f64() * 1000.0)
    });
    let mos = media.quality_metrics.and_then(|quality| quality.mos_score);
    let mos_text = mos.map_or("-".to_owned(), |mos| format!("{mos:.2}"));
    format!(
        "  {name:<8}{:>6} {:>6} {:>9} {:>9} {:>12} {:>11}   {}",
        media.codec.map_or("-", |codec| codec.name()),
        media.packets_sent,
        media.packets_received,
        format!("{:.2} %", media.packet_loss_percent),
        format!("{:.2} ms", media.jitter.as_secs_f64() * 1000.0),
        rtt,
        paint.verdict(mos.is_some_and(|mos| mos >= 4.0), mos_text),
    )
}

fn heard(path: &Path, expected_hz: f64) -> Outcome<ToneReport> {
    let audio = Audio::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(analyse(audio.samples(), SAMPLE_RATE_HZ, expected_hz))
}

fn tone_line(name: &str, tone: &ToneReport, good: bool, path: &Path, paint: Paint) -> String {
    let mark = paint.verdict(good, if good { "ok" } else { "NOT THE TONE SENT" });
    let figures = format!(
        "{:>6.0} Hz {:>7.1} % {:>7.2} s {:>9.0} ms",
        tone.dominant_hz,
        tone.purity * 100.0,
        tone.seconds,
        tone.longest_gap.as_secs_f64() * 1000.0
    );
    format!(
        "  {name:<14}{figures}   {mark}   {}",
        paint.dim(path.display())
    )
}

async fn party(frequency_hz: f64) -> Outcome<SessionManagerBuilder> {
    let config = SessionManagerConfig {
        alert_after: Duration::from_secs(5),
        ..SessionManagerConfig::server("127.0.0.1:0")?
    };
    let source = AudioSource::Tone {
        frequency_hz,
        amplitude: 0.3,
    };
    Ok(SessionManagerBuilder::from_config(config).with_media_source(source))
}

/// Talks for a while and says every second how it goes.
async fn talk(
    caller: &Arc<SessionCoordinator>,
    call: &CallSession,
    began: Instant,
    paint: Paint,
) -> Outcome<()> {
    let answered = tokio::time::Instant::now();
    for second in 1..=TALKS.as_secs() {
        tokio::time::sleep_until(answered + Duration::from_secs(second)).await;
        let media = caller.get_media_statistics(call.id()).await?;
        println!("{}", audio_line(began, media.as_ref(), paint));
    }
    Ok(())
}

async fn run(out: &Path, paint: Paint) -> Outcome<Vec<String>> {
    std::fs::create_dir_all(out)?;
    let (caller_file, server_file) = (out.join("caller-heard.wav"), out.join("server-heard.wav"));
    let (ended, server_ended) = oneshot::channel();
    let handler = Server {
        recording: server_file.clone(),
        ended: Mutex::new(Some(ended)),
    };
    let server = party(SERVER_TONE_HZ)
        .await?
        .with_handler(Arc::new(handler))
        .build()
        .await?;
    server.start().await?;
    let (tape, steps) = mpsc::channel(256);
    let caller = party(CALLER_TONE_HZ)
        .await?
        .with_wire_tap(Arc::new(Tape(tape)))
        .build()
        .await?;

    let (here, there) = (caller.get_bound_address(), server.get_bound_address());
    println!(
        "\n  {}\n",
        paint.bold("A call over loopback: signalling, audio both ways, and what was heard")
    );
    let rails = format!(
        "{:<27}{:>29}",
        format!("caller {here}"),
        format!("server {there}")
    );
    println!("  {:>12}  {}", "", paint.bold(rails));
    let began = Instant::now();
    let ladder = tokio::spawn(show(steps, began, paint));

    let call = caller
        .create_outgoing_call("sip:alice@localhost", &format!("sip:bob@{there}"), None)
        .await?;
    call.wait_for_answer(Duration::from_secs(10)).await?;
    caller
        .start_recording(call.id(), caller_file.clone())
        .await?;
    talk(&caller, &call, began, paint).await?;
    call.terminate().await?;
    let cause = tokio::time::timeout(Duration::from_secs(5), call.wait_for_end()).await?;
    let taken = tokio::time::timeout(Duration::from_secs(5), server_ended).await??;
    caller.stop().await?;
    server.stop().await?;
    drop(caller);
    let steps = ladder.await?;

    let mut faults = Vec::new();
    let seen: Vec<&str> = steps
        .iter()
        .filter_map(|step| step.start.split(' ').next())
        .collect();
    if seen != LADDER {
        faults.push(format!(
            "the ladder is {} instead of {}",
            seen.join(" "),
            LADDER.join(" ")
        ));
    }
    if cause != TerminalCause::LocalHangup || taken.cause() != Some(&TerminalCause::RemoteHangup) {
        faults.push(format!(
            "the call ended by {cause} here and {:?} there",
            taken.cause()
        ));
    }

    println!(
        "\n{}",
        paint.dim("           codec   sent   rcvd      loss    jitter   round trip         MOS")
    );
    for (name, party) in [("caller", &call), ("server", &taken)] {
        let Some(media) = party.media_statistics() else {
            faults.push(format!("the {name} has no figures"));
            continue;
        };
        println!("{}", figures(name, &media, paint));
        let mos = media
            .quality_metrics
            .and_then(|quality| quality.mos_score)
            .unwrap_or(0.0);
        if mos < 4.0 || media.packet_loss_percent > 1.0 {
            faults.push(format!("the {name}'s quality is poor"));
        }
    }

    println!(
        "\n{}",
        paint.dim("                strongest   purity  length  longest gap")
    );
    let recordings = [
        ("caller heard", &caller_file, SERVER_TONE_HZ),
        ("server heard", &server_file, CALLER_TONE_HZ),
    ];
    for (name, path, expected_hz) in recordings {
        let tone = heard(path, expected_hz)?;
        let good =
            tone.is_tone(expected_hz, LONGEST_GAP) && tone.seconds > TALKS.as_secs_f64() - 0.5;
        println!("{}", tone_line(name, &tone, good, path, paint));
        if !good {
            faults.push(format!(
                "{name} something else than {expected_hz} Hz without gaps"
            ));
        }
    }
    Ok(faults)
}

#[tokio::main]
async fn main() -> ExitCode {
    let paint = Paint::new();
    let faults = run(&Arguments::parse().out, paint)
        .await
        .unwrap_or_else(|error| vec![error.to_string()]);
    println!();
    for fault in &faults {
        println!("  {}", paint.verdict(false, fault));
    }
    if faults.is_empty() {
        println!(
            "  {}\n",
            paint.verdict(
                true,
                "A good call: every message in its place, every tone where it belongs."
            )
        );
    }
    // Nothing is left to do when stdout is closed.
    let _ = std::io::stdout().flush();
    if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
