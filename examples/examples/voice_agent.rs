//! A voice agent: it listens to the caller as frames, answers as soon as the caller pauses, and stops when it is interrupted.
//!
//! Agent and caller are in one process here. The caller says a short word, a tone of 600 Hz; the agent answers with a long
//! sentence, a tone of 440 Hz at 24 kHz that it has at once, as speech synthesis does. The caller interrupts it by another word; the
//! agent stops within a frame, and knows how much of its sentence was heard.
//!
//! Ends by itself with exit code 0 when everything it shows is right.

use std::f64::consts::TAU;

use rvoip_session_core::api::*;

/// What the agent hears and says with.
const RATE: SampleRate = SampleRate::Hz24000;
const SENTENCE: Duration = Duration::from_secs(8);
/// Louder than this is speech, as the mean of magnitudes.
const LOUD: u32 = 500;
/// So many quiet frames end what the caller says.
const PAUSE_FRAMES: usize = 10;

#[derive(Debug)]
struct Agent;

#[async_trait]
impl CallHandler for Agent {
    async fn on_incoming_call(&self, _: IncomingCall) -> CallDecision {
        CallDecision::Accept(None)
    }

    async fn on_call_established(&self, call: CallSession, _: Option<String>, _: Option<String>) {
        // Callbacks of a call come one after the other; a conversation is a task of its own.
        tokio::spawn(converse(call));
    }

    async fn on_call_ended(&self, _: CallSession, _: &str) {}
}

fn is_loud(frame: &AudioFrame) -> bool {
    let sum: u32 = frame
        .samples
        .iter()
        .map(|s| u32::from(s.unsigned_abs()))
        .sum();
    sum / frame.samples.len() as u32 > LOUD
}

/// Listens, answers, is interrupted, and hangs up.
async fn converse(call: CallSession) -> Result<()> {
    let (mut heard, mut speech) = call.audio(AudioFormat::at(RATE)).await?;
    let (mut spoken_to, mut quiet) = (false, 0);
    while let Some(frame) = heard.recv().await {
        let loud = is_loud(&frame);
        quiet = if loud { 0 } else { quiet + 1 };
        let speaking = speech.progress().waiting > 0;
        if loud && speaking {
            let progress = speech.flush().await;
            println!(
                "the agent was interrupted after {:.2} s of its {} s",
                progress.heard_for().as_secs_f64(),
                SENTENCE.as_secs()
            );
            break;
        }
        if !loud && spoken_to && !speaking && quiet == PAUSE_FRAMES {
            println!("the caller has spoken; the agent answers");
            let _ = speech.write(&tone(440.0, RATE, SENTENCE)).await;
        }
        spoken_to |= loud;
    }
    call.terminate().await
}

fn tone(frequency_hz: f64, rate: SampleRate, length: Duration) -> Vec<i16> {
    let step = frequency_hz * TAU / f64::from(rate.hz());
    let count = (length.as_secs_f64() * f64::from(rate.hz())) as usize;
    (0..count)
        .map(|n| (8_000.0 * (n as f64 * step).sin()) as i16)
        .collect()
}

async fn party(handler: Option<Arc<dyn CallHandler>>) -> Result<Arc<SessionCoordinator>> {
    let mut builder = SessionManagerBuilder::new()
        .with_local_bind_addr(([127, 0, 0, 1], 0).into())
        .with_media_ports(32_000, 32_499);
    if let Some(handler) = handler {
        builder = builder.with_handler(handler);
    }
    let party = builder.build().await?;
    party.start().await?;
    Ok(party)
}

#[tokio::main]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let agent = party(Some(Arc::new(Agent))).await?;
    let caller = party(None).await?;
    let target = format!("sip:agent@{}", agent.get_bound_address());
    let call = caller.create_outgoing_call("sip:caller@127.0.0.1", &target, None);
    let call = call.await?;
    call.wait_for_answer(Duration::from_secs(10)).await?;

    let rate = SampleRate::Hz8000;
    let word = tone(600.0, rate, Duration::from_millis(300));
    let (mut heard, mut speech) = call.audio(AudioFormat::at(rate)).await?;
    speech.write(&word).await?;
    let mut answered = 0;
    while let Some(frame) = heard.recv().await {
        answered += usize::from(is_loud(&frame));
        if answered == 50 {
            println!("the caller has heard a second of the answer, and interrupts");
            speech.write(&word).await?;
        }
    }
    // A frame that waits in a jitter buffer may be heard after the interruption.
    println!("the caller heard the agent for {} ms", answered * 20);
    call.wait_for_end().await;
    caller.stop().await?;
    agent.stop().await?;
    match answered {
        50..=100 => Ok(()),
        _ => Err(format!("the answer lasted {answered} frames").into()),
    }
}
