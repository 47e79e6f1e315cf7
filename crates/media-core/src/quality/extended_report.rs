//! Quality that is told to the peer, and by it: the VoIP metrics of RTCP XR (RFC 3611 section 4.7).

use std::time::Duration;

use super::{CodecImpairment, mos, rating};
use crate::jitter_buffer::{GAP_THRESHOLD, JitterBufferStatistics};
use crate::rtp_core::RtpStatistics;
use crate::rtp_core::rtcp::{Concealment, VoipMetrics};

/// The bound of the jitter buffer's delay.
const LONGEST_DELAY: Duration = Duration::from_millis(200);

/// What the peer says about how we sound to it. Everything is its own estimate.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RemoteQuality {
    /// The mean opinion score of the conversation, 1.0 to 5.0.
    pub mos_score: Option<f64>,
    /// The score of listening alone, without the delay.
    pub listening_mos_score: Option<f64>,
    /// The rating of the E-model, 0 to 100.
    pub rating: Option<f64>,
    /// Packets the network lost since the beginning, in per cent.
    pub packet_loss_percent: f64,
    /// Packets that came too late or too early to be played, in per cent.
    pub discarded_percent: f64,
    /// Its delay from the network to the ear and from the mouth to the network; `None` when it does not know.
    pub end_system_delay: Option<Duration>,
}

impl From<VoipMetrics> for RemoteQuality {
    fn from(metrics: VoipMetrics) -> Self {
        let percent = |share: u8| f64::from(share) * 100.0 / 256.0;
        // RFC 3611 4.7.5: 10 to 50; others are not used.
        let score = |tenths: Option<u8>| {
            let tenths = tenths.filter(|tenths| (10..=50).contains(tenths))?;
            Some(f64::from(tenths) / 10.0)
        };
        let rating = metrics.r_factor.filter(|rating| *rating <= 100);
        let delay = metrics.end_system_delay;
        Self {
            mos_score: score(metrics.conversational_mos_tenths),
            listening_mos_score: score(metrics.listening_mos_tenths),
            rating: rating.map(f64::from),
            packet_loss_percent: percent(metrics.loss_rate),
            discarded_percent: percent(metrics.discard_rate),
            end_system_delay: (!delay.is_zero()).then_some(delay),
        }
    }
}

/// What is received of a peer.
pub(crate) struct Heard<'a> {
    pub(crate) rtp: &'a RtpStatistics,
    pub(crate) jitter_buffer: &'a JitterBufferStatistics,
    pub(crate) codec: CodecImpairment,
    /// The sound of a packet.
    pub(crate) packet: Duration,
    /// From mouth to ear.
    pub(crate) delay: Duration,
    /// What could not be played lately, in per cent, and how it lay; `None` when nothing came.
    pub(crate) lately: Option<(f64, f64)>,
}

/// What the peer is told about its sound.
pub(crate) fn voip_metrics(heard: &Heard<'_>) -> VoipMetrics {
    let (rtp, buffer) = (heard.rtp, heard.jitter_buffer);
    let share = |part: u64, whole: u64| (part * 256).checked_div(whole).unwrap_or(0).min(255) as u8;
    let (bursts, in_bursts, lost_in_bursts) = buffer.losses.bursts();
    let whole = buffer.losses.played.saturating_add(buffer.losses.lost);
    let (in_gaps, lost_in_gaps) = (
        whole - in_bursts.min(whole),
        buffer.losses.lost.saturating_sub(lost_in_bursts),
    );
    let lasting = |packets: u32| heard.packet.saturating_mul(packets);
    let rated = |delay| {
        let (loss, burst_ratio) = heard.lately?;
        Some(rating(delay, loss, burst_ratio, heard.codec))
    };
    let tenths = |rating: f64| (mos(rating) * 10.0).round() as u8;
    let conversation = rated(heard.delay);
    VoipMetrics {
        loss_rate: share(rtp.packets_lost, rtp.packets_expected),
        discard_rate: share(buffer.late + buffer.overflowed, rtp.packets_expected),
        burst_density: share(lost_in_bursts.into(), in_bursts.into()),
        gap_density: share(lost_in_gaps.into(), in_gaps.into()),
        burst_duration: lasting(in_bursts.checked_div(bursts).unwrap_or(0)),
        gap_duration: lasting(in_gaps / bursts.saturating_add(1)),
        round_trip: rtp.round_trip.unwrap_or_default(),
        end_system_delay: heard.packet + buffer.delay,
        gap_threshold: GAP_THRESHOLD,
        r_factor: conversation.map(|rating| rating.clamp(0.0, 100.0).round() as u8),
        listening_mos_tenths: rated(Duration::ZERO).map(tenths),
        conversational_mos_tenths: conversation.map(tenths),
        concealment: Concealment::Enhanced,
        adaptive: Some(true),
        jitter_buffer_nominal: buffer.delay,
        jitter_buffer_maximum: LONGEST_DELAY,
        jitter_buffer_absolute_maximum: LONGEST_DELAY,
        ..VoipMetrics::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_peer_may_say_is_not_believed() {
        let nothing = RemoteQuality::from(VoipMetrics::default());
        assert_eq!((nothing.mos_score, nothing.rating), (None, None));
        assert_eq!(nothing.end_system_delay, None);
        let wild = RemoteQuality::from(VoipMetrics {
            conversational_mos_tenths: Some(9),
            listening_mos_tenths: Some(51),
            r_factor: Some(101),
            loss_rate: 64,
            ..VoipMetrics::default()
        });
        assert_eq!((wild.mos_score, wild.listening_mos_score), (None, None));
        assert_eq!((wild.rating, wild.packet_loss_percent), (None, 25.0));
    }

    #[test]
    fn rates_are_in_256ths_and_unknown_stays_unknown() {
        let rtp = RtpStatistics {
            packets_expected: 1000,
            packets_lost: 50,
            ..RtpStatistics::default()
        };
        let buffer = JitterBufferStatistics {
            late: 20,
            ..JitterBufferStatistics::default()
        };
        let mut heard = Heard {
            rtp: &rtp,
            jitter_buffer: &buffer,
            codec: CodecImpairment::G711_CONCEALED,
            packet: Duration::from_millis(20),
            delay: Duration::ZERO,
            lately: None,
        };
        let told = voip_metrics(&heard);
        assert_eq!((told.loss_rate, told.discard_rate), (12, 5));
        assert_eq!(
            (told.r_factor, told.conversational_mos_tenths),
            (None, None)
        );
        heard.lately = Some((5.0, 1.0));
        // FIELD: 5 % with concealment is 3.92.
        assert_eq!(voip_metrics(&heard).conversational_mos_tenths, Some(39));
    }
}
