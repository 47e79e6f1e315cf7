//! One call, from its INVITE to its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rvoip_examples::{MediaWords, Printer};
use rvoip_session_core::api::{
    CallSession, MediaControl, Result, SessionControl, SessionCoordinator, SessionError,
    TerminalCause,
};

use crate::arguments::Call;

/// How long the peer may take to confirm the end.
pub const END_WITHIN: Duration = Duration::from_secs(33);

/// The file of the `index`-th call: `a.wav`, `a-2.wav`, `a-3.wav`.
fn recording(path: &Path, index: usize) -> PathBuf {
    if index == 0 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{}.{extension}", index + 1))
}

/// Places one call and sees it through; returns whether it was answered and ended properly.
pub async fn place(
    coordinator: Arc<SessionCoordinator>,
    call: Arc<Call>,
    index: usize,
    printer: Arc<Printer>,
) -> bool {
    match converse(&coordinator, &call, index, &printer).await {
        Err(error) => {
            printer.line(format_args!("call - failed: {error} ({})", error.advice()));
            false
        }
        Ok((session, cause, well)) => {
            let media = session.media_statistics();
            let media = MediaWords(media.as_deref());
            let (id, seconds) = (session.id(), session.duration().as_secs_f64());
            match session.setup_time() {
                Some(setup) => {
                    let setup_ms = setup.as_secs_f64() * 1000.0;
                    printer.line(format_args!(
                        "call {id} answered setup={setup_ms:.1}ms duration={seconds:.3}s cause=\"{cause}\" {media}"
                    ));
                }
                None => printer.line(format_args!("call {id} failed: {cause}")),
            }
            let proper = matches!(
                cause,
                TerminalCause::LocalHangup | TerminalCause::RemoteHangup
            );
            well && proper && session.setup_time().is_some()
        }
    }
}

async fn converse(
    coordinator: &Arc<SessionCoordinator>,
    call: &Call,
    index: usize,
    printer: &Printer,
) -> Result<(CallSession, TerminalCause, bool)> {
    let session = coordinator
        .create_outgoing_call(&call.caller(), &call.uri, None)
        .await?;
    let mut well = true;
    match session.wait_for_answer(call.answer_timeout).await {
        Ok(()) => {
            if let Some(path) = &call.record {
                coordinator
                    .start_recording(session.id(), recording(path, index))
                    .await?;
            }
            let lasting = async {
                tokio::select! {
                    () = tokio::time::sleep(call.duration) => {}
                    _ = session.wait_for_end() => {}
                }
            };
            ((), well) = tokio::join!(lasting, call.options.script.play(&session, printer));
        }
        Err(SessionError::Timeout { .. } | SessionError::CallEnded { .. }) => {}
        Err(error) => return Err(error),
    }
    // A call that the peer has ended cannot be ended again.
    let _ = session.terminate().await;
    let ended = tokio::time::timeout(END_WITHIN, session.wait_for_end()).await;
    let cause = ended.unwrap_or(TerminalCause::TimedOut);
    Ok((session, cause, well))
}
