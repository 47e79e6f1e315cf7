//! Alarms about how calls sound.

use std::sync::Arc;

use rvoip_media_core::MediaStatistics;
use rvoip_media_core::quality::{QualityAlarm, QualityThresholds};

use super::SessionCore;
use crate::{BasicSessionEvent, Result, SessionId};

impl SessionCore {
    /// Watches how a call sounds, or no longer.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    pub fn watch_quality(
        &mut self,
        id: SessionId,
        thresholds: Option<QualityThresholds>,
    ) -> Result<()> {
        self.media_key(id)?;
        if let Some(session) = self.sessions.get_mut(id)
            && (thresholds.is_some() || session.extras().is_some())
        {
            session.extras_mut().alarm =
                thresholds.map(|thresholds| Box::new(QualityAlarm::new(thresholds)));
        }
        Ok(())
    }

    /// Tells when a call that is watched sounds bad, or well again.
    pub(super) fn judge_quality(&mut self, id: SessionId, statistics: &MediaStatistics) {
        let session = self.sessions.get_mut(id);
        let watched = session.and_then(|session| session.watched());
        let metrics = statistics.quality_metrics.as_ref();
        if let Some(((call, alarm), metrics)) = watched.zip(metrics)
            && let Some(change) = alarm.judge(metrics)
        {
            let call = Arc::clone(call);
            let event = BasicSessionEvent::QualityChanged { call, change };
            self.events.push_back(event);
        }
    }
}
