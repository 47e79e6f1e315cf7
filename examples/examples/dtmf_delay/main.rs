//! How long it takes from a press of a key until an application is told: by telephone events, by tones, through bridges.
//!
//! ```text
//! cargo run --release --example dtmf_delay -- --presses 200
//! ```
//!
//! In virtual time the network has no delay and the figures are those of every machine: how long after the first packet of a telephone
//! event, how long after the key is pressed at the other party, and how long after a tone begins in the sound. Then so many
//! presses on sockets of 127.0.0.1, from the moment at which the first packet is sent until the handler is called.
//!
//! Ends by itself with exit code 0 when every press is told, and none later than it may be in virtual time.

mod peer;
mod sockets;
mod virtual_time;

use std::error::Error;
use std::time::Duration;

use clap::Parser;

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Parser)]
#[command(about = "Tells how long after a press of a key the application knows")]
struct Arguments {
    /// Presses on sockets
    #[arg(long, default_value_t = 10)]
    presses: usize,
}

/// Delays of the same thing.
#[derive(Debug, Default)]
struct Delays(Vec<Duration>);

impl Delays {
    fn note(&mut self, delay: Duration) {
        self.0.push(delay);
    }

    /// What a share of them is at most.
    fn within(&mut self, share: f64) -> Duration {
        self.0.sort_unstable();
        let last = self.0.len().saturating_sub(1) as f64;
        let place = (last * share).round() as usize;
        self.0.get(place).copied().unwrap_or_default()
    }

    /// A row of a table, in milliseconds.
    fn print(&mut self, what: &str) {
        let [least, half, most] = [0.0, 0.5, 1.0].map(|share| milliseconds(self.within(share)));
        println!("| {what} | {least:.1} | {half:.1} | {most:.1} |");
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn main() -> Result<(), Failure> {
    let Arguments { presses } = Arguments::parse();
    virtual_time::measure()?;
    sockets::measure(presses)
}
