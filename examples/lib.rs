//! Parts that several examples share: command-line words, call reports, and an ear for tones.

use std::fmt;
use std::io::{BufWriter, Stdout, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rvoip_media_core::Audio;
use rvoip_session_core::api::{
    AudioSource, CallSession, CallState, MediaStatistics, SessionManagerBuilder, SrtpPolicy,
    TransportKind,
};
use tokio::sync::Notify;

pub mod call_options;
pub mod registration;
pub mod script;
pub mod setup_times;
pub mod tls_options;
pub mod tone_analysis;

pub use call_options::CallOptions;
pub use registration::RegistrationWords;
pub use script::Script;
pub use setup_times::SetupTimes;
pub use tls_options::TlsOptions;

/// The amplitude of tones, of full scale.
const AMPLITUDE: f64 = 0.3;

/// What a call sends.
#[derive(Debug, Clone, PartialEq)]
pub enum MediaChoice {
    /// A tone of so many Hz.
    Tone(f64),
    /// What it receives.
    Echo,
    /// Silence.
    Silence,
    /// A WAV file, again and again.
    File(PathBuf),
    /// Nothing: inactive media, no RTP port.
    None,
}

impl MediaChoice {
    /// Sets up a coordinator for this.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn apply(
        &self,
        builder: SessionManagerBuilder,
    ) -> Result<SessionManagerBuilder, Box<dyn std::error::Error>> {
        let source = match self {
            MediaChoice::None => return Ok(builder.without_media()),
            MediaChoice::Silence => AudioSource::Silence,
            MediaChoice::Echo => AudioSource::Echo,
            MediaChoice::Tone(frequency_hz) => AudioSource::Tone {
                frequency_hz: *frequency_hz,
                amplitude: AMPLITUDE,
            },
            MediaChoice::File(path) => AudioSource::File {
                audio: Arc::new(Audio::open(path)?),
                repeat: true,
            },
        };
        Ok(builder.with_media_source(source))
    }
}

impl FromStr for MediaChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':').unwrap_or((text, "")) {
            ("none", "") => Ok(MediaChoice::None),
            ("silence", "") => Ok(MediaChoice::Silence),
            ("echo", "") => Ok(MediaChoice::Echo),
            ("tone", "") => Ok(MediaChoice::Tone(440.0)),
            ("tone", hz) => match hz.parse() {
                Ok(hz) if (20.0..=3900.0).contains(&hz) => Ok(MediaChoice::Tone(hz)),
                _ => Err(format!("{hz} is not a frequency from 20 to 3900 Hz")),
            },
            ("file", path) if !path.is_empty() => Ok(MediaChoice::File(path.into())),
            _ => Err("expected tone:HZ, echo, silence, file:PATH or none".to_owned()),
        }
    }
}

/// Reads `500ms`, `5s`, `2m` or a number of seconds.
///
/// # Errors
/// When the text is none of these.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let seconds_per_unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        unit => return Err(format!("unknown unit {unit}")),
    };
    let number: f64 = digits
        .parse()
        .map_err(|_| format!("{text} is not a duration"))?;
    Duration::try_from_secs_f64(number * seconds_per_unit).map_err(|error| error.to_string())
}

/// Reads `off`, `offer` or `require`.
///
/// # Errors
/// When the text is none of these.
pub fn parse_srtp(text: &str) -> Result<SrtpPolicy, String> {
    match text {
        "off" => Ok(SrtpPolicy::Off),
        "offer" => Ok(SrtpPolicy::Offer),
        "require" => Ok(SrtpPolicy::Require),
        _ => Err("expected off, offer or require".to_owned()),
    }
}

/// Reads `udp:127.0.0.1:5060`.
///
/// # Errors
/// When the text is not a transport and an address.
pub fn parse_listener(text: &str) -> Result<(TransportKind, SocketAddr), String> {
    let (kind, address) = text
        .split_once(':')
        .ok_or("expected a transport and an address, as udp:IP:PORT")?;
    let kind = kind
        .parse::<TransportKind>()
        .map_err(|error| error.to_string())?;
    Ok((
        kind,
        address
            .parse()
            .map_err(|error| format!("{address}: {error}"))?,
    ))
}

/// Reads `10000-20000`.
///
/// # Errors
/// When the text is not a range of ports.
pub fn parse_ports(text: &str) -> Result<(u16, u16), String> {
    let (first, last) = text.split_once('-').ok_or("expected FIRST-LAST")?;
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok((first, last)),
        _ => Err(format!("{text} is not a range of ports")),
    }
}

/// The media figures of a call as `name=value` words.
pub struct MediaWords<'a>(pub Option<&'a MediaStatistics>);

impl fmt::Display for MediaWords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(media) = self.0 else {
            return f.write_str("media=none");
        };
        write!(
            f,
            "codec={}",
            media.codec.map_or("none", |codec| codec.name())
        )?;
        write!(
            f,
            " sent={} received={}",
            media.packets_sent, media.packets_received
        )?;
        write!(
            f,
            " lost={} loss={:.2}%",
            media.packets_lost, media.packet_loss_percent
        )?;
        write!(f, " jitter={:.2}ms", media.jitter.as_secs_f64() * 1000.0)?;
        match media.round_trip_time {
            Some(rtt) => write!(f, " rtt={:.2}ms", rtt.as_secs_f64() * 1000.0)?,
            None => f.write_str(" rtt=-")?,
        }
        match media.quality_metrics.and_then(|quality| quality.mos_score) {
            Some(mos) => write!(f, " mos={mos:.2}"),
            None => f.write_str(" mos=-"),
        }
    }
}

/// The end of a call as one line: session, duration, cause, media.
pub struct EndLine<'a>(pub &'a CallSession, pub &'a str);

impl fmt::Display for EndLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EndLine(call, cause) = self;
        let outcome = match call.setup_time() {
            Some(_) => " answered",
            None => " unanswered",
        };
        let fault = match call.state() {
            CallState::Failed => " failed",
            _ => "",
        };
        let duration = call.duration();
        let (seconds, millis) = (duration.as_secs(), duration.subsec_millis());
        write!(f, "call {}{outcome}{fault}", call.id())?;
        write!(f, " duration={seconds}.{millis:03}s cause=\"{cause}\" ")?;
        MediaWords(call.media_statistics().as_deref()).fmt(f)
    }
}

/// Lines for stdout: printed soon, but not with one write for each when there are thousands.
#[derive(Debug)]
pub struct Printer {
    out: Mutex<BufWriter<Stdout>>,
    waiting: Notify,
}

impl Default for Printer {
    fn default() -> Self {
        Printer {
            out: Mutex::new(BufWriter::new(std::io::stdout())),
            waiting: Notify::new(),
        }
    }
}

impl Printer {
    /// How long a line may wait.
    const DELAY: Duration = Duration::from_millis(20);

    /// Prints a line soon; [`run`](Self::run) does it.
    pub fn line(&self, line: impl fmt::Display) {
        // Nobody is left to read when stdout is closed.
        let _ = writeln!(
            self.out.lock().unwrap_or_else(PoisonError::into_inner),
            "{line}"
        );
        self.waiting.notify_one();
    }

    /// Prints a line and all before it now.
    pub fn now(&self, line: impl fmt::Display) {
        self.line(line);
        self.flush();
    }

    /// Prints what waits.
    pub fn flush(&self) {
        let _ = self
            .out
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .flush();
    }

    /// Prints what is due, for ever.
    pub async fn run(&self) {
        loop {
            self.waiting.notified().await;
            tokio::time::sleep(Self::DELAY).await;
            self.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_command_line_are_read() {
        assert_eq!("tone:1000".parse(), Ok(MediaChoice::Tone(1000.0)));
        assert_eq!("file:a.wav".parse(), Ok(MediaChoice::File("a.wav".into())));
        assert!("tone:9000".parse::<MediaChoice>().is_err());
        assert!("file:".parse::<MediaChoice>().is_err());
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_secs(120)));
        assert!(parse_duration("-1s").is_err());
        assert!(parse_duration("5d").is_err());
        assert_eq!(parse_ports("10000-10010"), Ok((10_000, 10_010)));
        assert!(parse_ports("20-10").is_err());
        let listener = parse_listener("tcp:[::1]:5060").unwrap();
        assert_eq!(
            listener,
            (TransportKind::Tcp, "[::1]:5060".parse().unwrap())
        );
        assert!(parse_listener("smtp:127.0.0.1:25").is_err());
    }
}
