//! Application audio through calls in virtual time: from mouth to ear, how pure tones come through, and how long an hour takes; how
//! soon an application knows of a key; and how late frames are on sockets.

use std::process::Command;

use crate::process::succeed;
use crate::{Outcome, workspace};

/// Live at 16 kHz, for each codec.
const CODECS: [&str; 6] = ["PCMU", "PCMA", "G722", "opus", "opus/48000", "L16/16000"];

/// What an application may have, and pieces that divide no frame of it.
const RATES: [&str; 4] = ["8000", "16000", "24000", "48000"];
const ODD_PIECE: &str = "77";

/// Streams that one thread sends, and for how long.
const STREAMS: [&str; 2] = ["100", "1000"];
const SECONDS: &str = "60";

/// Keys pressed on sockets.
const PRESSES: &str = "200";

/// Runs the examples for each; it fails where a bound is broken.
pub fn measure() -> Outcome {
    let examples = workspace::build_examples(&["listening_test", "dtmf_delay", "frame_clock"])?;
    let call = examples.join("listening_test");
    let listen = |arguments: &[&str]| {
        println!("\n$ listening_test {}", arguments.join(" "));
        succeed(Command::new(&call).args(arguments))
    };
    for codec in CODECS {
        for what in [&[][..], &["--sweep"]] {
            listen(&[&["--application", "16000", "--codec", codec], what].concat())?;
        }
    }
    for rate in RATES {
        let odd = ["--application", rate, "--chunk", ODD_PIECE];
        for how in [&[][..], &["--ahead"]] {
            listen(&[&odd[..], &["--codec", "L16/16000"], how].concat())?;
        }
    }
    listen(&["--application", "8000", "--seconds", "3600"])?;
    println!();
    succeed(Command::new(examples.join("dtmf_delay")).args(["--presses", PRESSES]))?;
    for streams in STREAMS {
        println!();
        let mut send = Command::new(examples.join("frame_clock"));
        succeed(send.args(["--streams", streams, "--seconds", SECONDS]))?;
    }
    Ok(())
}
