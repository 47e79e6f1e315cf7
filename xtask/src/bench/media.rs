//! Application audio through calls in virtual time: from mouth to ear, how pure a tone comes through, and how long an hour takes.

use std::process::Command;

use crate::process::succeed;
use crate::{Outcome, workspace};

/// Live at 16 kHz, for each codec.
const CODECS: [&str; 6] = ["PCMU", "PCMA", "G722", "opus", "opus/48000", "L16/16000"];

/// What an application may have, and pieces that divide no frame of it.
const RATES: [&str; 4] = ["8000", "16000", "24000", "48000"];
const ODD_PIECE: &str = "77";

/// Runs the example for each; it fails where a bound is broken.
pub fn measure() -> Outcome {
    let call = workspace::build_examples(&["listening_test"])?.join("listening_test");
    let listen = |arguments: &[&str]| {
        println!("\n$ listening_test {}", arguments.join(" "));
        succeed(Command::new(&call).args(arguments))
    };
    for codec in CODECS {
        listen(&["--application", "16000", "--codec", codec])?;
    }
    for rate in RATES {
        let odd = ["--application", rate, "--chunk", ODD_PIECE];
        for how in [&[][..], &["--ahead"]] {
            listen(&[&odd[..], &["--codec", "L16/16000"], how].concat())?;
        }
    }
    listen(&["--application", "8000", "--seconds", "3600"])
}
