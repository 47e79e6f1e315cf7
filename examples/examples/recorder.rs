//! Records both parties of a call into a WAV file of two channels, and listens to what is in them.
//!
//! ```text
//! cargo run --example recorder -- [FILE]
//! ```
//!
//! Ends by itself with exit code 0 when everything it shows is right.

use std::path::PathBuf;

use rvoip_examples::tone_analysis::analyse;
use rvoip_session_core::api::*;

const LENGTH: Duration = Duration::from_secs(3);
const LONGEST_GAP: Duration = Duration::from_millis(40);
/// What each party says.
const TONES_HZ: [f64; 2] = [440.0, 1_000.0];

async fn party() -> Result<Arc<SessionCoordinator>> {
    let party = SessionManagerBuilder::new()
        .with_local_bind_addr(([127, 0, 0, 1], 0).into())
        .with_media_ports(32_500, 32_999)
        .with_handler(Arc::new(AutoAnswerHandler))
        .build()
        .await?;
    party.start().await?;
    Ok(party)
}

/// The samples of one channel of a file, and its rate.
fn channel(path: &PathBuf, number: usize) -> std::io::Result<(Vec<i16>, u32)> {
    let octets = std::fs::read(path)?;
    let word = |at: usize| i16::from_le_bytes([octets[at], octets[at + 1]]);
    let rate_hz = u32::from_le_bytes([octets[24], octets[25], octets[26], octets[27]]);
    let samples = (44 + 2 * number..octets.len() - 1).step_by(4);
    Ok((samples.map(word).collect(), rate_hz))
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let name = format!("rvoip-recorder-{}.wav", std::process::id());
    let kept = std::env::args_os().nth(1).map(PathBuf::from);
    let path = kept.clone().unwrap_or(std::env::temp_dir().join(name));
    let (caller, called) = (party().await?, party().await?);
    let target = format!("sip:bob@{}", called.get_bound_address());
    let call = caller.create_outgoing_call("sip:alice@127.0.0.1", &target, None);
    let call = call.await?;
    call.wait_for_answer(Duration::from_secs(10)).await?;
    let received = called.list_active_sessions().await?;
    let received = received.first().ok_or("no call came in")?;
    caller
        .start_audio_transmission_with_tone(call.id(), TONES_HZ[0], 0.3)
        .await?;
    called
        .start_audio_transmission_with_tone(received, TONES_HZ[1], 0.3)
        .await?;
    let recording = Recording {
        sink: RecordingSink::File(path.clone()),
        parties: RecordedParties::Stereo,
        sample_rate: None,
    };
    caller.start_recording_of(call.id(), recording).await?;
    tokio::time::sleep(LENGTH).await;
    call.terminate().await?;
    call.wait_for_end().await;
    caller.stop().await?;
    called.stop().await?;

    // Left is the peer, right is what the peer was sent.
    for (number, frequency_hz) in [TONES_HZ[1], TONES_HZ[0]].into_iter().enumerate() {
        let (samples, rate_hz) = channel(&path, number)?;
        let report = analyse(&samples, rate_hz, frequency_hz);
        println!(
            "channel {number}: {frequency_hz} Hz for {:.2} s, {:.4} of what is heard",
            report.seconds, report.purity
        );
        if !report.is_tone(frequency_hz, LONGEST_GAP) || report.seconds < 0.8 * LENGTH.as_secs_f64()
        {
            return Err("a party is not where it should be".into());
        }
    }
    match kept {
        Some(path) => println!("kept as {}", path.display()),
        None => std::fs::remove_file(&path)?,
    }
    Ok(())
}
