//! What a call does while it is up, by the clock of the call.

use std::time::Duration;

use rvoip_session_core::api::{CallSession, MediaControl, OfferMethod, TransferProgress};

use crate::{Printer, parse_duration};

/// The command-line words of a script. Times count from the answer; where several are the same, the order is that of the
/// help.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Script {
    /// Hold the call at this time, as 1s; may be given several times
    #[arg(long, value_parser = parse_duration)]
    hold_at: Vec<Duration>,
    /// Take the call back from hold at this time; may be given several times
    #[arg(long, value_parser = parse_duration)]
    resume_at: Vec<Duration>,
    /// Offer our description again, unchanged, by re-INVITE at this time
    #[arg(long, value_parser = parse_duration)]
    reinvite_after: Option<Duration>,
    /// Offer our description again, unchanged, by UPDATE at this time; by re-INVITE where the peer does not allow UPDATE
    #[arg(long, value_parser = parse_duration)]
    update_after: Option<Duration>,
    /// Press these keys
    #[arg(long, value_parser = parse_keys)]
    dtmf: Option<String>,
    /// Send the peer to this URI
    #[arg(long)]
    transfer_to: Option<String>,
    /// Call the target first, and connect the peer with it once it has answered
    #[arg(long, requires = "transfer_to")]
    consult: bool,
    /// When to transfer
    #[arg(long, value_parser = parse_duration, default_value = "1s")]
    transfer_at: Duration,
}

/// How long the target of a transfer may take to answer when it is asked first.
const CONSULTED_WITHIN: Duration = Duration::from_secs(30);

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act<'a> {
    Hold,
    Resume,
    Offer(OfferMethod),
    Press(char),
    Transfer(&'a str),
    Consult(&'a str),
}

fn parse_keys(text: &str) -> Result<String, String> {
    match text
        .chars()
        .all(|key| matches!(key, '0'..='9' | '*' | '#' | 'A'..='D'))
    {
        true => Ok(text.to_owned()),
        false => Err("keys are 0 to 9, *, #, and A to D".to_owned()),
    }
}

impl Script {
    /// The acts in the order of their times.
    fn acts(&self) -> Vec<(Duration, Act<'_>)> {
        let mut acts = Vec::new();
        acts.extend(self.hold_at.iter().map(|at| (*at, Act::Hold)));
        acts.extend(self.resume_at.iter().map(|at| (*at, Act::Resume)));
        let offers = [
            (self.reinvite_after, OfferMethod::Invite),
            (self.update_after, OfferMethod::Update),
        ];
        acts.extend(
            offers
                .into_iter()
                .filter_map(|(at, method)| Some((at?, Act::Offer(method)))),
        );
        let keys = self.dtmf.iter().flat_map(|keys| keys.chars());
        acts.extend(keys.map(|key| (Duration::ZERO, Act::Press(key))));
        acts.extend(self.transfer_to.iter().map(|target| {
            let act = match self.consult {
                true => Act::Consult(target),
                false => Act::Transfer(target),
            };
            (self.transfer_at, act)
        }));
        acts.sort_by_key(|(at, _)| *at);
        acts
    }

    /// Plays the script of a call that has been answered, and prints how each act went. Gives whether all went well. A call
    /// that ends leaves the rest out.
    pub async fn play(&self, call: &CallSession, printer: &Printer) -> bool {
        let start = tokio::time::Instant::now();
        let mut well = true;
        for (at, act) in self.acts() {
            tokio::select! {
                () = tokio::time::sleep_until(start + at) => {}
                _ = call.wait_for_end() => return well,
            }
            let id = call.id();
            match perform(act, call).await {
                Ok(()) => printer.line(format_args!("call {id} {act:?}: done")),
                Err(error) => {
                    well = false;
                    printer.line(format_args!("call {id} {act:?}: failed: {error}"));
                }
            }
        }
        well
    }
}

async fn perform(
    act: Act<'_>,
    call: &CallSession,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    match act {
        Act::Hold => call.hold().await?,
        Act::Resume => call.resume().await?,
        Act::Offer(method) => {
            let info = call.coordinator().get_media_info(call.id()).await?;
            let sdp = info.and_then(|info| info.local_sdp);
            let sdp = sdp.ok_or("no media of ours")?;
            call.update_media_by(method, &sdp).await?;
        }
        Act::Press(key) => call.send_dtmf(&key.to_string()).await?,
        Act::Transfer(target) => {
            let transfer = call.transfer(target).await?;
            completed(transfer.wait_for_outcome().await)?;
        }
        Act::Consult(target) => {
            let consultation = call.consult(target).await?;
            consultation.wait_for_answer(CONSULTED_WITHIN).await?;
            let transfer = call.transfer_attended(consultation.id()).await?;
            completed(transfer.wait_for_outcome().await)?;
        }
    }
    Ok(())
}

fn completed(outcome: TransferProgress) -> Result<(), String> {
    match outcome {
        TransferProgress::Failed(failure) => Err(failure.to_string()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_come_by_their_times() {
        let second = Duration::from_secs;
        let script = Script {
            hold_at: vec![second(1), second(5)],
            resume_at: vec![second(3)],
            dtmf: Some("1#".to_owned()),
            ..Script::default()
        };
        let acts: Vec<Act<'_>> = script.acts().into_iter().map(|(_, act)| act).collect();
        let expected = [
            Act::Press('1'),
            Act::Press('#'),
            Act::Hold,
            Act::Resume,
            Act::Hold,
        ];
        assert_eq!(acts, expected);
    }

    #[test]
    fn only_keys_of_a_telephone_are_pressed() {
        assert!(parse_keys("0123456789*#ABCD").is_ok());
        assert!(parse_keys("1 2").is_err());
    }
}
