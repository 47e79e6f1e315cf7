//! Figures of a call's media as they are now.

use std::sync::Arc;
use std::time::Duration;

use rvoip_media_core::MediaStatistics;

use super::RtpStatistics;
use super::commands::command;
use crate::{Result, SessionCoordinator, SessionId};

impl From<&MediaStatistics> for RtpStatistics {
    fn from(media: &MediaStatistics) -> Self {
        RtpStatistics {
            packets_sent: media.packets_sent,
            octets_sent: media.octets_sent,
            packets_received: media.packets_received,
            octets_received: media.octets_received,
            packets_lost: media.packets_lost,
            jitter: media.jitter,
            round_trip_time: media.round_trip_time,
        }
    }
}

/// How long a measurement may take before the last known figures are given instead.
const MEASURE_WITHIN: Duration = Duration::from_millis(250);

/// Measures the media now; `None` without media and after the end.
pub(super) async fn measure(
    coordinator: &Arc<SessionCoordinator>,
    session_id: &SessionId,
) -> Result<Option<Arc<MediaStatistics>>> {
    let Some(call) = coordinator.switchboard.registry.get(*session_id) else {
        return Ok(None);
    };
    let known = call.media_statistics();
    let has_port = command(coordinator, session_id, |core, now, id| {
        core.report(now, id);
        let info = core.media_info(id);
        Ok(info.is_some_and(|info| info.local_rtp_port != 0))
    });
    if has_port.await? {
        // Without a new report in time, the last one stands.
        let report = call.wait_for_report(known.as_ref());
        let _ = tokio::time::timeout(MEASURE_WITHIN, report).await;
    }
    Ok(call.media_statistics())
}
