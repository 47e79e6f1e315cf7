//! The form of each event, as it is written down.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_dialog_core::sip_core::StatusCode;
use rvoip_media_core::quality::{QualityChange, QualityFigure};
use rvoip_media_core::{Codec, MediaStatistics, QualityMetrics};

use super::*;
use crate::bridge::BridgeId;
use crate::{
    CallDirection, CallRecord, CallState, HoldState, RegistrationStatus, SessionId, TerminalCause,
};

fn events() -> Vec<Event> {
    let record = CallRecord::new(
        SessionId::new(1, 7),
        CallDirection::Incoming,
        "sip:alice@example.com",
        "sip:bob@example.com",
        Instant::now(),
    );
    let call = Arc::new(record);
    let call = || Arc::clone(&call);
    let statistics = MediaStatistics {
        codec: Some(Codec::Pcmu),
        packets_sent: 100,
        octets_sent: 16_000,
        packets_received: 98,
        octets_received: 15_680,
        packets_lost: 2,
        jitter: Duration::from_micros(1_250),
        round_trip_time: Some(Duration::from_millis(42)),
        quality_metrics: Some(QualityMetrics {
            mos_score: Some(4.125),
            packet_loss_percent: 2.0,
            jitter_ms: 1.25,
            round_trip_time_ms: 42.0,
        }),
        ..MediaStatistics::default()
    };
    let (bridge_id, session_id) = (BridgeId(std::num::NonZeroU64::MIN), SessionId::new(1, 7));
    vec![
        Event::CallPlaced { call: call() },
        Event::Redirected {
            call: call(),
            target: "sip:carol@example.com".into(),
        },
        Event::StateChanged {
            call: call(),
            old_state: CallState::Ringing,
            new_state: CallState::OnHold,
            reason: Some(Cow::Borrowed("accepted")),
        },
        Event::EarlyMediaStarted { call: call() },
        Event::Established {
            call: call(),
            local_sdp: Some("a=crypto:1 secret".into()),
            remote_sdp: None,
        },
        Event::HoldChanged {
            call: call(),
            hold: HoldState {
                local: true,
                remote: false,
            },
        },
        Event::OfferRefused {
            call: call(),
            status: StatusCode::NOT_ACCEPTABLE_HERE,
        },
        Event::MediaFlowChanged {
            call: call(),
            active: true,
            codec: Some(Codec::G722),
        },
        Event::DtmfReceived {
            call: call(),
            digit: '#',
            duration: Duration::from_millis(20),
        },
        Event::DtmfEnded {
            call: call(),
            digit: '#',
            duration: Duration::from_millis(100),
        },
        Event::VoiceChanged {
            call: call(),
            speaking: true,
        },
        Event::AudioUnderrun {
            call: call(),
            underruns: 2,
            silence: Duration::from_millis(60),
        },
        Event::AudioDropped {
            call: call(),
            frames: 5,
        },
        Event::MediaReported {
            call: call(),
            statistics: Arc::new(statistics),
        },
        Event::MediaReported {
            call: call(),
            statistics: Arc::default(),
        },
        Event::QualityChanged {
            call: call(),
            change: QualityChange::Degraded {
                figure: QualityFigure::MosScore,
                value: 3.25,
                limit: 3.5,
            },
        },
        Event::QualityChanged {
            call: call(),
            change: QualityChange::Recovered,
        },
        Event::MediaFailed {
            call: call(),
            message: "recording: full".into(),
        },
        Event::RegistrationChanged {
            address_of_record: "sip:bob@example.com".into(),
            status: RegistrationStatus::Refreshing,
        },
        Event::Bridge(BridgeEvent::ParticipantAdded {
            bridge_id,
            session_id,
        }),
        Event::Bridge(BridgeEvent::ParticipantRemoved {
            bridge_id,
            session_id,
            reason: "call ended".to_owned(),
        }),
        Event::Bridge(BridgeEvent::BridgeDestroyed { bridge_id }),
        Event::Ended {
            call: call(),
            cause: TerminalCause::Declined {
                status: StatusCode::BUSY_HERE,
            },
        },
        Event::Ended {
            call: call(),
            cause: TerminalCause::LocalHangup,
        },
    ]
}

#[test]
fn events_are_written_as_the_golden_file_has_them() {
    let written: Vec<String> = events()
        .iter()
        .map(|event| serde_json::to_string(event).unwrap())
        .collect();
    let golden = include_str!("../../../tests/data/events.jsonl");
    let golden: Vec<&str> = golden.lines().collect();
    assert_eq!(written, golden, "{}", written.join("\n"));
}

#[test]
fn keys_stay_out() {
    for event in events() {
        let written = serde_json::to_string(&event).unwrap();
        assert!(!written.contains("secret"), "{written}");
    }
}
