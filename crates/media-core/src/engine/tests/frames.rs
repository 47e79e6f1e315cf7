//! Frames of many streams, which are done a few at a time.

use super::*;
use crate::rtp_core::RtpPacket;

const STREAMS: usize = 45;

/// An engine whose streams all send a tone, the first thirty of them in bridges of three; and their keys.
fn engine(now: Instant) -> (MediaEngine, Vec<MediaSessionKey>) {
    let clock = WallClock::new(now, SystemTime::UNIX_EPOCH);
    let mut engine = MediaEngine::new(EngineConfig::default(), clock);
    let keys = keys(STREAMS);
    for (n, key) in keys.iter().copied().enumerate() {
        let peer = SocketAddr::from(([192, 0, 2, 2], 10_000 + 2 * n as u16));
        open(&mut engine, now, (key, PortKey(n as u64)), TONE, peer);
        if n < 30 {
            let bridge = BridgeKey(n as u64 / 3);
            engine.handle_command(now, MediaCommand::JoinBridge { key, bridge });
        }
    }
    (engine, keys)
}

/// The timestamps that each stream has sent since the last time.
fn sent(engine: &mut MediaEngine) -> Vec<(PortKey, u32)> {
    let mut sent = Vec::new();
    while let Some(transmit) = engine.poll_transmit() {
        if transmit.channel == Channel::Rtp {
            let packet = RtpPacket::parse(transmit.payload).unwrap();
            sent.push((transmit.port, packet.header().timestamp));
        }
    }
    sent
}

#[test]
fn a_frame_is_done_a_few_streams_at_a_time_and_once_by_each() {
    let mut now = Instant::now();
    let (mut engine, _) = engine(now);
    let mut last: BTreeMap<PortKey, u32> = BTreeMap::new();
    for _ in 0..10 {
        now += FRAME;
        let (mut turns, mut done) = (0, 0);
        while engine.poll_timeout().is_some_and(|at| at <= now) {
            assert_eq!(
                engine.poll_timeout(),
                Some(now),
                "the frame is due until it is done"
            );
            engine.handle_timeout(now);
            let sent = sent(&mut engine);
            assert!(sent.len() < STREAMS / 2, "{} at once", sent.len());
            for (port, timestamp) in sent {
                done += 1;
                let last = last.insert(port, timestamp);
                let step = last.map(|last| timestamp.wrapping_sub(last));
                assert!(step.is_none_or(|step| step == 160), "{port:?}: {step:?}");
            }
            turns += 1;
        }
        assert_eq!(done, STREAMS);
        assert!(turns > 2, "{turns}");
        assert_eq!(engine.poll_timeout(), Some(now + FRAME));
    }
}

#[test]
fn a_frame_that_is_late_is_done_by_all_streams_at_once() {
    let now = Instant::now();
    let (mut engine, _) = engine(now);
    let late = now + FRAME + Duration::from_millis(6);
    engine.handle_timeout(late);
    assert_eq!(sent(&mut engine).len(), STREAMS);
    assert_eq!(engine.poll_timeout(), Some(now + FRAME * 2));
}

#[test]
fn a_command_finds_all_streams_in_the_same_frame() {
    let mut now = Instant::now();
    let (mut engine, keys) = engine(now);
    for frame in 0..STREAMS {
        now += FRAME;
        engine.handle_timeout(now);
        let begun = sent(&mut engine).len();
        // Into a bridge that has had its turn or one that has not, out of one of the other kind or of none.
        let bridge = BridgeKey((frame % 10) as u64);
        let key = keys[30 + frame * 7 % 15];
        engine.handle_command(now, MediaCommand::JoinBridge { key, bridge });
        assert_eq!(engine.poll_timeout(), Some(now + FRAME));
        assert_eq!(begun + sent(&mut engine).len(), STREAMS);
    }
}

#[test]
fn after_a_stall_every_stream_makes_up_for_the_same_frames() {
    let start = Instant::now();
    let (mut engine, _) = engine(start);
    let late = start + FRAME * 40;
    let mut counts: BTreeMap<PortKey, Vec<u32>> = BTreeMap::new();
    while engine.poll_timeout().is_some_and(|at| at <= late) {
        engine.handle_timeout(late);
        for (port, timestamp) in sent(&mut engine) {
            counts.entry(port).or_default().push(timestamp);
        }
    }
    assert_eq!(counts.len(), STREAMS);
    let burst = FrameClock::MAX_BURST_FRAMES as usize;
    for (port, timestamps) in counts {
        assert_eq!(timestamps.len(), burst, "{port:?}");
        assert!(
            timestamps
                .windows(2)
                .all(|two| two[1].wrapping_sub(two[0]) == 160)
        );
    }
    assert_eq!(engine.poll_timeout(), Some(late + FRAME));
}
