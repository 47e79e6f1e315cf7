//! The README's quality monitoring, run on a call.
#![allow(clippy::print_stdout, clippy::expect_used, clippy::collapsible_if)]

use rvoip_session_core::api::*;

async fn handle_call_with_quality_monitoring(
    coordinator: Arc<SessionCoordinator>,
    session_id: SessionId,
) -> Result<()> {
    // Get real media information
    let media_info = MediaControl::get_media_info(&coordinator, &session_id).await?;

    if let Some(info) = media_info {
        println!("Media Session Info:");
        println!(
            "  Local RTP: {}:{}",
            info.local_rtp_address, info.local_rtp_port
        );
        println!(
            "  Remote RTP: {}:{}",
            info.remote_rtp_address, info.remote_rtp_port
        );
        println!("  Codec: {:?}", info.codec);
    }

    // Start comprehensive quality monitoring
    MediaControl::start_statistics_monitoring(&coordinator, &session_id, Duration::from_secs(2))
        .await?;

    // Monitor call quality in real-time
    let mut poor_quality_strikes = 0;
    let mut quality_history = Vec::new();

    while let Some(session) = SessionControl::get_session(&coordinator, &session_id).await? {
        if session.state().is_final() {
            break;
        }

        // Get comprehensive media statistics
        if let Some(stats) = MediaControl::get_media_statistics(&coordinator, &session_id).await? {
            if let Some(quality) = stats.quality_metrics {
                let mos = quality.mos_score.unwrap_or(0.0);
                let packet_loss = quality.packet_loss_percent;
                let jitter = quality.jitter_ms;
                let rtt = quality.round_trip_time_ms;

                println!("Real-Time Quality Metrics:");
                println!("  MOS Score: {:.1} ({})", mos, quality_rating(mos));
                println!("  Packet Loss: {:.2}%", packet_loss);
                println!("  Jitter: {:.1}ms", jitter);
                println!("  RTT: {:.0}ms", rtt);

                quality_history.push(mos);

                // Adaptive quality management
                if mos < 3.0 || packet_loss > 5.0 {
                    poor_quality_strikes += 1;
                    println!("Poor quality detected (strike {}/3)", poor_quality_strikes);

                    if poor_quality_strikes >= 3 {
                        println!("Sustained poor quality - taking action!");

                        notify_operations_team(&session_id, mos, packet_loss).await?;
                        poor_quality_strikes = 0; // Reset after action
                    }
                } else {
                    poor_quality_strikes = 0; // Reset on good quality
                }
            }
        }

        pause(quality_history.len(), &coordinator, &session_id).await?;
    }

    // Final quality report
    if !quality_history.is_empty() {
        let avg_mos = quality_history.iter().sum::<f64>() / quality_history.len() as f64;
        let min_mos = quality_history.iter().fold(f64::INFINITY, |a, &b| a.min(b));
        let max_mos = quality_history
            .iter()
            .fold(f64::NEG_INFINITY, |a, &b| a.max(b));

        println!("Final Call Quality Report:");
        println!("  Average MOS: {:.1}", avg_mos);
        println!("  Min MOS: {:.1}", min_mos);
        println!("  Max MOS: {:.1}", max_mos);
        println!("  Quality Samples: {}", quality_history.len());
        assert!(min_mos >= 1.0 && max_mos <= 4.5);
    }
    assert!(!quality_history.is_empty());

    Ok(())
}

/// In place of five seconds of sleep: waits for ten more packets, and ends the call when there are figures enough.
async fn pause(
    samples: usize,
    coordinator: &Arc<SessionCoordinator>,
    session_id: &SessionId,
) -> Result<()> {
    if samples >= 3 {
        return match SessionControl::terminate_session(coordinator, session_id).await {
            Err(SessionError::SessionNotFound(_)) => Ok(()),
            terminated => terminated,
        };
    }
    let received = || async move {
        let statistics = MediaControl::get_rtp_statistics(coordinator, session_id).await?;
        Ok::<_, SessionError>(statistics.map_or(0, |statistics| statistics.packets_received))
    };
    let enough = received().await? + 10;
    while received().await? < enough {
        tokio::task::yield_now().await;
    }
    Ok(())
}

async fn notify_operations_team(session_id: &SessionId, mos: f64, packet_loss: f64) -> Result<()> {
    println!("{session_id}: MOS {mos}, loss {packet_loss} %");
    Ok(())
}

fn quality_rating(mos: f64) -> &'static str {
    match mos {
        x if x >= 4.0 => "Excellent",
        x if x >= 3.5 => "Good",
        x if x >= 3.0 => "Fair",
        x if x >= 2.5 => "Poor",
        _ => "Bad",
    }
}

#[tokio::test]
async fn the_quality_of_a_call_is_monitored() -> Result<()> {
    let on = |handler: Option<Arc<dyn CallHandler>>| async move {
        let mut builder = SessionManagerBuilder::new().with_local_bind_addr("127.0.0.1:0".parse()?);
        if let Some(handler) = handler {
            builder = builder.with_handler(handler);
        }
        builder.build().await
    };
    let server = on(Some(Arc::new(AutoAnswerHandler))).await?;
    server.start().await?;
    let client = on(None).await?;
    let target = format!("sip:bob@{}", server.get_bound_address());
    let call = client
        .create_outgoing_call("sip:alice@localhost", &target, None)
        .await?;
    call.wait_for_answer(Duration::from_secs(10)).await?;
    client.start_audio_transmission(call.id()).await?;
    assert!(client.is_audio_transmission_active(call.id()).await?);
    while client.get_call_quality_score(call.id()).await?.is_none() {
        tokio::task::yield_now().await;
    }
    handle_call_with_quality_monitoring(client.clone(), call.id).await?;
    assert_eq!(call.wait_for_end().await, TerminalCause::LocalHangup);
    let last = call.media_statistics().expect("final figures");
    assert!(
        last.packets_sent > 0 && last.packets_received > 0,
        "{last:?}"
    );
    client.stop().await?;
    server.stop().await
}
