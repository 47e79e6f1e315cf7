//! The figures of media in the serde form of events.

use std::time::Duration;

use rvoip_media_core::MediaStatistics;
use rvoip_media_core::quality::{QualityChange, QualityFigure};
use serde::ser::SerializeMap;

pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

pub(super) fn figures<M: SerializeMap>(
    statistics: &MediaStatistics,
    map: &mut M,
) -> Result<(), M::Error> {
    let codec = statistics.codec.map(|codec| codec.to_string());
    map.serialize_entry("codec", &codec)?;
    for (name, count) in [
        ("packets_sent", statistics.packets_sent),
        ("octets_sent", statistics.octets_sent),
        ("packets_received", statistics.packets_received),
        ("octets_received", statistics.octets_received),
        ("packets_lost", statistics.packets_lost),
    ] {
        map.serialize_entry(name, &count)?;
    }
    map.serialize_entry("jitter_ms", &milliseconds(statistics.jitter))?;
    let round_trip = statistics.round_trip_time.map(milliseconds);
    map.serialize_entry("round_trip_time_ms", &round_trip)?;
    let quality = statistics.quality_metrics.as_ref();
    let mos = quality.and_then(|quality| quality.mos_score);
    map.serialize_entry("mos_score", &mos)?;
    let loss = quality.map(|quality| quality.packet_loss_percent);
    map.serialize_entry("packet_loss_percent", &loss)
}

pub(super) fn quality<M: SerializeMap>(
    change: &QualityChange,
    map: &mut M,
) -> Result<(), M::Error> {
    let degraded = match change {
        QualityChange::Degraded {
            figure,
            value,
            limit,
        } => Some((*figure, *value, *limit)),
        _ => None,
    };
    let figure = degraded.map(|(figure, ..)| match figure {
        QualityFigure::MosScore => "mos_score",
        QualityFigure::PacketLoss => "packet_loss_percent",
        QualityFigure::Jitter => "jitter_ms",
        QualityFigure::RoundTripTime => "round_trip_time_ms",
        _ => "other",
    });
    map.serialize_entry("degraded", &degraded.is_some())?;
    map.serialize_entry("figure", &figure)?;
    map.serialize_entry("value", &degraded.map(|(_, value, _)| value))?;
    map.serialize_entry("limit", &degraded.map(|(.., limit)| limit))
}
